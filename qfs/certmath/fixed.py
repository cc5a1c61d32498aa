"""``Fixed``: an immutable decimal number with 18 places, ±(2**255 - 1) units of 10**-18.

- Operators read as Python; ``*`` and ``/`` round half to even, named forms round as they say.
- Operands are ``Fixed`` or ``int``. A float, bool or other type is never taken for a number.
- Equality and hash agree with int, Decimal and Fraction. No NaN, infinity or -0.
- One text form (``str``), one 32-byte form (``to_bytes``), one canonical form (the raw integer).
- Source: hashing of numeric types, Python library reference, "Built-in Types".
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import gcd
from typing import Any, Final, NoReturn, TypeAlias, final

from qfs.canon import Value
from qfs.certmath import basic
from qfs.certmath.rounding import (
    CEILING,
    DOWN,
    FLOOR,
    HALF_EVEN,
    SCALE,
    Rounding,
    round_ratio,
    rounding_of,
)
from qfs.certmath.text import format_spec, parse, to_text
from qfs.errors import (
    CertifiedMathError,
    ConversionSyntax,
    FloatOperation,
    Inexact,
    RecordError,
)

BYTES: Final = 32
_MAX: Final = basic.MAX_RAW
_MIN: Final = basic.MIN_RAW
_DECIMAL_DIGITS: Final = 1000  # the range has 59 digits before the point and 18 after it
_HASH_PRIME: Final = 2**61 - 1  # sys.hash_info.modulus of every 64-bit CPython
JSON_PATTERN: Final = r"^[+-]?[0-9]{1,78}(\.[0-9]{1,18})?$"
_HASH_OF_UNIT: Final = pow(SCALE, -1, _HASH_PRIME)


@final
class Fixed:
    """A number n / 10**18; ``raw`` is n."""

    __slots__ = ("raw",)

    raw: int
    """Units of 10**-18; ±(2**255 - 1)."""

    def __new__(cls, value: "str | int | Fixed" = 0) -> "Fixed":
        """Read a decimal text, an int, or a Fixed.

        Raises FloatOperation for a float, ConversionSyntax for any other value, Overflow.
        """
        if type(value) is str:
            return _make(parse(value))
        if type(value) is int:
            return _make(basic.in_range(value * SCALE))
        if type(value) is Fixed:
            return value
        raise refusal(value)

    @classmethod
    def from_raw(cls, raw: int) -> "Fixed":
        """Return raw units of 10**-18; raises ConversionSyntax for no int, Overflow."""
        if type(raw) is not int:
            raise refusal(raw)
        return _make(basic.in_range(raw))

    @classmethod
    def from_ratio(
        cls, numerator: int, denominator: int, rounding: Rounding | None = None
    ) -> "Fixed":
        """Return a ratio, rounded once; without a rounding it must be exact.

        Raises Inexact, DivisionByZero, Overflow.
        """
        if rounding is None:
            return _make(basic.div_exact(numerator, denominator))
        return _make(basic.div(numerator, denominator, rounding_of(rounding)))

    @classmethod
    def from_decimal(cls, value: Decimal, rounding: Rounding | None = None) -> "Fixed":
        """Return a finite Decimal, rounded once; without a rounding it must be exact.

        Raises ConversionSyntax for NaN and infinities, Inexact, Overflow.
        """
        if type(value) is not Decimal or not value.is_finite():
            raise refusal(value)
        return cls.from_ratio(*_ratio_of_decimal(value), rounding)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"Fixed is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"Fixed is immutable: {name} cannot be deleted")

    # Forms.

    def __str__(self) -> str:
        return to_text(self.raw)

    def __repr__(self) -> str:
        return f"Fixed('{to_text(self.raw)}')"

    def __format__(self, spec: str) -> str:
        return format_spec(self.raw, spec)

    def to_bytes(self) -> bytes:
        """Return the 32-byte form: raw, two's complement, most significant byte first."""
        return self.raw.to_bytes(BYTES, "big", signed=True)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Fixed":
        """Return the number of a 32-byte form; raises ConversionSyntax for any other bytes."""
        if type(data) is not bytes or len(data) != BYTES:
            raise ConversionSyntax("not the 32-byte form of a Fixed", way_out="pass 32 bytes")
        raw = int.from_bytes(data, "big", signed=True)
        if raw < _MIN:
            raise ConversionSyntax("-2**255 units are no Fixed", way_out="the range is symmetric")
        return _make(raw)

    def canonical(self) -> int:
        """Return the canonical form for ``qfs.canon.records``: the raw integer."""
        return self.raw

    @classmethod
    def from_canonical(cls, value: Value) -> "Fixed":
        """Return the number of a canonical form; raises RecordError."""
        if type(value) is not int or not _MIN <= value <= _MAX:
            raise RecordError(f"{value!r} is no raw Fixed", way_out="pass an int of 255 bits")
        return _make(value)

    def to_decimal(self) -> Decimal:
        """Return the same number as a Decimal, exactly, whatever the context."""
        return Decimal(to_text(self.raw))

    def to_fraction(self) -> Fraction:
        """Return the same number as a Fraction, exactly."""
        return Fraction(self.raw, SCALE)

    def as_integer_ratio(self) -> tuple[int, int]:
        """Return (numerator, denominator) in lowest terms, the denominator above 0."""
        common = gcd(self.raw, SCALE)
        return self.raw // common, SCALE // common

    def __reduce__(self) -> tuple[Any, tuple[int]]:
        return _make, (self.raw,)

    def __copy__(self) -> "Fixed":
        return self

    def __deepcopy__(self, memo: object) -> "Fixed":
        return self

    # Comparison.

    def __hash__(self) -> int:
        # CPython's hash of the rational raw / 10**18: raw times the inverse of 10**18 modulo the
        # prime, with the sign put back, and -1 reserved by the interpreter.
        found = abs(self.raw) * _HASH_OF_UNIT % _HASH_PRIME
        if self.raw < 0:
            found = -found
        return -2 if found == -1 else found

    def __eq__(self, other: object) -> bool:
        if type(other) is Fixed:
            return self.raw == other.raw
        ratio = _exact_ratio(other)
        if ratio is None:
            return NotImplemented
        return self.raw * ratio[1] == ratio[0] * SCALE

    def __lt__(self, other: "Fixed | int | Decimal | Fraction") -> bool:
        if type(other) is Fixed:
            return self.raw < other.raw
        ratio = _exact_ratio(other)
        if ratio is None:
            return NotImplemented
        return self.raw * ratio[1] < ratio[0] * SCALE

    def __le__(self, other: "Fixed | int | Decimal | Fraction") -> bool:
        if type(other) is Fixed:
            return self.raw <= other.raw
        ratio = _exact_ratio(other)
        if ratio is None:
            return NotImplemented
        return self.raw * ratio[1] <= ratio[0] * SCALE

    def __gt__(self, other: "Fixed | int | Decimal | Fraction") -> bool:
        if type(other) is Fixed:
            return self.raw > other.raw
        ratio = _exact_ratio(other)
        if ratio is None:
            return NotImplemented
        return self.raw * ratio[1] > ratio[0] * SCALE

    def __ge__(self, other: "Fixed | int | Decimal | Fraction") -> bool:
        if type(other) is Fixed:
            return self.raw >= other.raw
        ratio = _exact_ratio(other)
        if ratio is None:
            return NotImplemented
        return self.raw * ratio[1] >= ratio[0] * SCALE

    def __bool__(self) -> bool:
        return self.raw != 0

    # Arithmetic.

    def __add__(self, other: "Fixed | int") -> "Fixed":
        if type(other) is Fixed:
            raw = self.raw + other.raw
        else:
            operand = _operand(other)
            if operand is None:
                return NotImplemented
            raw = self.raw + operand
        if _MIN <= raw <= _MAX:
            made = _new(Fixed)
            _set_raw(made, raw)
            return made
        return _make(basic.in_range(raw))

    __radd__ = __add__

    def __sub__(self, other: "Fixed | int") -> "Fixed":
        if type(other) is Fixed:
            raw = self.raw - other.raw
        else:
            operand = _operand(other)
            if operand is None:
                return NotImplemented
            raw = self.raw - operand
        if _MIN <= raw <= _MAX:
            made = _new(Fixed)
            _set_raw(made, raw)
            return made
        return _make(basic.in_range(raw))

    def __mul__(self, other: "Fixed | int") -> "Fixed":
        if type(other) is Fixed:
            raw = basic.mul(self.raw, other.raw)
        else:
            operand = _operand(other)
            if operand is None:
                return NotImplemented
            raw = basic.mul(self.raw, operand)
        made = _new(Fixed)
        _set_raw(made, raw)
        return made

    __rmul__ = __mul__

    def __rsub__(self, other: "Fixed | int") -> "Fixed":
        operand = _operand(other)
        if operand is None:
            return NotImplemented
        return _make(basic.sub(operand, self.raw))

    def __truediv__(self, other: "Fixed | int") -> "Fixed":
        operand = _operand(other)
        if operand is None:
            return NotImplemented
        return _make(basic.div(self.raw, operand))

    def __rtruediv__(self, other: "Fixed | int") -> "Fixed":
        operand = _operand(other)
        if operand is None:
            return NotImplemented
        return _make(basic.div(operand, self.raw))

    def __floordiv__(self, other: "Fixed | int") -> int:
        operand = _operand(other)
        if operand is None:
            return NotImplemented
        return basic.divmod_(self.raw, operand)[0]

    def __rfloordiv__(self, other: "Fixed | int") -> int:
        operand = _operand(other)
        if operand is None:
            return NotImplemented
        return basic.divmod_(operand, self.raw)[0]

    def __mod__(self, other: "Fixed | int") -> "Fixed":
        operand = _operand(other)
        if operand is None:
            return NotImplemented
        return _make(basic.mod(self.raw, operand))

    def __rmod__(self, other: "Fixed | int") -> "Fixed":
        operand = _operand(other)
        if operand is None:
            return NotImplemented
        return _make(basic.mod(operand, self.raw))

    def __divmod__(self, other: "Fixed | int") -> "tuple[int, Fixed]":
        operand = _operand(other)
        if operand is None:
            return NotImplemented
        return _divmod(self.raw, operand)

    def __rdivmod__(self, other: "Fixed | int") -> "tuple[int, Fixed]":
        operand = _operand(other)
        if operand is None:
            return NotImplemented  # type: ignore[no-any-return]  # mypy omits __rdivmod__
        return _divmod(operand, self.raw)

    def __neg__(self) -> "Fixed":
        return _make(-self.raw)

    def __pos__(self) -> "Fixed":
        return self

    def __abs__(self) -> "Fixed":
        return _make(abs(self.raw))

    def mul(self, other: "Fixed | int", rounding: Rounding = HALF_EVEN) -> "Fixed":
        """Return the product, rounded once. Raises Overflow."""
        return _make(basic.mul(self.raw, raw_of(other), rounding_of(rounding)))

    def mul_floor(self, other: "Fixed | int") -> "Fixed":
        """Return the product, rounded down. Raises Overflow."""
        return _make(basic.mul(self.raw, raw_of(other), FLOOR))

    def mul_ceil(self, other: "Fixed | int") -> "Fixed":
        """Return the product, rounded up. Raises Overflow."""
        return _make(basic.mul(self.raw, raw_of(other), CEILING))

    def mul_exact(self, other: "Fixed | int") -> "Fixed":
        """Return the product; raises Inexact where it would need rounding, Overflow."""
        return _make(basic.mul_exact(self.raw, raw_of(other)))

    def div(self, other: "Fixed | int", rounding: Rounding = HALF_EVEN) -> "Fixed":
        """Return the quotient, rounded once. Raises DivisionByZero, Overflow."""
        return _make(basic.div(self.raw, raw_of(other), rounding_of(rounding)))

    def div_floor(self, other: "Fixed | int") -> "Fixed":
        """Return the quotient, rounded down. Raises DivisionByZero, Overflow."""
        return _make(basic.div(self.raw, raw_of(other), FLOOR))

    def div_ceil(self, other: "Fixed | int") -> "Fixed":
        """Return the quotient, rounded up. Raises DivisionByZero, Overflow."""
        return _make(basic.div(self.raw, raw_of(other), CEILING))

    def div_exact(self, other: "Fixed | int") -> "Fixed":
        """Return the quotient; raises Inexact where it would need rounding.

        Raises DivisionByZero, Overflow.
        """
        return _make(basic.div_exact(self.raw, raw_of(other)))

    def quantize(self, places: int, rounding: Rounding = HALF_EVEN) -> "Fixed":
        """Return the number rounded to 0 to 18 places. Raises InvalidOperation, Overflow."""
        return _make(basic.quantize(self.raw, places, rounding_of(rounding)))

    # Whole numbers.

    def __int__(self) -> int:
        return round_ratio(self.raw, SCALE, DOWN)

    __trunc__ = __int__

    def __floor__(self) -> int:
        return self.raw // SCALE

    def __ceil__(self) -> int:
        return -(-self.raw // SCALE)

    def __round__(self, places: int | None = None) -> "int | Fixed":
        if places is None:
            return round_ratio(self.raw, SCALE, HALF_EVEN)
        return _make(basic.quantize(self.raw, places))

    def to_int_exact(self) -> int:
        """Return the whole number that this is; raises Inexact for a fraction."""
        whole, rest = divmod(self.raw, SCALE)
        if rest:
            raise Inexact(f"{self} is no whole number", way_out="round it first: round(x), int(x)")
        return whole

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Return pydantic's core schema, a plain dictionary: JSON strings only, no numbers."""
        text = {
            "type": "function-after",
            "function": {"type": "no-info", "function": cls},
            "schema": {"type": "str", "strict": True, "pattern": JSON_PATTERN},
        }
        number = {"type": "union", "choices": [{"type": "is-instance", "cls": cls}, text]}
        return {
            "type": "json-or-python",
            "json_schema": text,
            "python_schema": number,
            "serialization": {"type": "to-string"},
        }


Number: TypeAlias = Fixed | int
"""What every function takes for a number."""


def raw_of(value: Number) -> int:
    """Return the raw integer of a Fixed or of an int.

    Raises FloatOperation for a float, ConversionSyntax for any other type.
    """
    if type(value) is Fixed:
        return value.raw
    if type(value) is int:
        return value * SCALE
    raise refusal(value)


def raws_of(values: Sequence[Number]) -> tuple[int, ...]:
    """Return the raw integers of a sequence; raises as raw_of, and for no list or tuple."""
    if not isinstance(values, list | tuple):
        raise refusal(values)
    return tuple([raw_of(value) for value in values])


def whole(count: int) -> int:
    """Return a count as it is; raises as raw_of for no int, Overflow above 255 bits."""
    if type(count) is not int:
        raise refusal(count)
    return basic.in_range(count)


def refusal(value: object) -> CertifiedMathError:
    """Return the error for a value that is no exact number: FloatOperation for a float."""
    if _is_float(value):
        return FloatOperation(
            f"{value!r} is a binary float, not an exact number",
            way_out=f"pass a string: Fixed('{value}')",
        )
    return ConversionSyntax(
        f"{value!r} of type {type(value).__name__} is no exact number",
        way_out="pass a string, an int or a Fixed",
    )


def _is_float(value: object) -> bool:
    # By name, since the deterministic zone does not mention the type itself.
    return "float" in [base.__name__ for base in type(value).__mro__]


def _operand(value: object) -> int | None:
    if type(value) is int:
        return value * SCALE
    if type(value) is Fixed:
        return value.raw
    if _is_float(value):
        raise refusal(value)
    return None


def _exact_ratio(value: object) -> tuple[int, int] | None:
    if type(value) is int:
        return value, 1
    if isinstance(value, Fraction):
        return value.as_integer_ratio()
    if isinstance(value, Decimal) and value.is_finite():
        return _ratio_of_decimal(value)
    return None


def _ratio_of_decimal(value: Decimal) -> tuple[int, int]:
    # A number beyond every Fixed, or below its unit, stands in for one whose digits would fill
    # the memory: it orders and rounds alike, and no Fixed equals either.
    if value and value.adjusted() > _DECIMAL_DIGITS:
        return (-1 if value < 0 else 1) * 10**_DECIMAL_DIGITS, 1
    if value and value.adjusted() < -_DECIMAL_DIGITS:
        return -1 if value < 0 else 1, 10**_DECIMAL_DIGITS
    return value.as_integer_ratio()


def _divmod(left: int, right: int) -> tuple[int, Fixed]:
    quotient, rest = basic.divmod_(left, right)
    return quotient, _make(rest)


def _make(raw: int) -> Fixed:
    made = _new(Fixed)
    _set_raw(made, raw)
    return made


from_raw: Final = _make
"""For this room's functions, whose results are already in range."""


_new: Final = object.__new__
# The slot's own setter: the one way past __setattr__, used only on an object not yet handed out.
_set_raw: Final = Fixed.__dict__["raw"].__set__
