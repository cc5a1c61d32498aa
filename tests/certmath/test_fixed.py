"""``Fixed`` as a number: what it accepts, equals, prints and refuses."""

import copy
import decimal
import math
import pickle
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import pack, unpack
from qfs.certmath import (
    CertifiedMathError,
    ConversionSyntax,
    DivisionByZero,
    Fixed,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    Rounding,
)
from qfs.errors import QFSError, RecordError
from qfs.shell.hypothesis_fixed import fixed_numbers
from tests.certmath.records import Price

MAX = 2**255 - 1
SCALE = 10**18
fixed = fixed_numbers()


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("0", 0),
        ("-0", 0),
        ("1.5", 1_500_000_000_000_000_000),
        ("+1.5", 1_500_000_000_000_000_000),
        ("-0.000000000000000001", -1),
        ("007", 7 * SCALE),
        ("57896044618658097711785492504343953926634992332820282019728.792003956564819967", MAX),
    ],
)
def test_decimal_text_is_read(text: str, raw: int) -> None:
    assert Fixed(text).raw == raw


@pytest.mark.parametrize(
    "text",
    [
        "", " 1", "1 ", "1_000", "1e5", "1E5", "NaN", "inf", "-inf", ".5", "5.", "1.2.3", "--1",
        "٣", "\uff11", "0x10", "1,5", "1.0000000000000000001", "1" * 79, "\n1", "1\n", "1\x00",
    ],
)  # fmt: skip
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ConversionSyntax, match="is no fixed-point number"):
        Fixed(text)


@pytest.mark.parametrize("value", [0.5, float("nan"), type("Sub", (float,), {})(1.0)])
def test_a_float_is_refused_as_a_type_error(value: Any) -> None:
    for call in (Fixed, Fixed.from_raw, lambda v: Fixed(1) + v, lambda v: v * Fixed(1)):
        with pytest.raises(FloatOperation) as caught:
            call(value)
        assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("value", [True, None, b"1", [1], Decimal(1), Fraction(1)])
def test_a_value_of_another_type_is_no_number(value: Any) -> None:
    with pytest.raises(ConversionSyntax):
        Fixed(value)


@pytest.mark.parametrize("value", [True, None, "1", Decimal(1)])
def test_operators_leave_other_types_alone(value: Any) -> None:
    x = Fixed(2)
    for operation in (
        lambda: x + value, lambda: value + x, lambda: x - value, lambda: value - x,
        lambda: x * value, lambda: value * x, lambda: x / value, lambda: value / x,
        lambda: x // value, lambda: value // x, lambda: x % value, lambda: divmod(x, value),
        lambda: divmod(value, x),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            operation()
    for other in (value, "abc"):
        if not isinstance(other, str):
            assert x.__rmod__(other) is NotImplemented


def test_order_with_another_type_is_a_type_error() -> None:
    for operation in (
        lambda: Fixed(1) < "1", lambda: Fixed(1) <= "1", lambda: Fixed(1) > "1",
        lambda: Fixed(1) >= "1", lambda: Fixed(1) < Decimal("NaN"),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            operation()


@given(fixed)
def test_text_bytes_pickle_and_copies_come_back(x: Fixed) -> None:
    assert Fixed(str(x)) == x
    assert eval(repr(x)) == x
    assert Fixed.from_bytes(x.to_bytes()) == x
    assert len(x.to_bytes()) == 32
    assert pickle.loads(pickle.dumps(x)) == x
    assert copy.copy(x) is x
    assert copy.deepcopy(x) is x
    assert Fixed(x) is x
    assert Fixed.from_raw(x.raw) == x
    assert Fixed.from_canonical(x.canonical()) == x
    assert Fixed.from_decimal(x.to_decimal()) == x
    assert Fixed.from_ratio(*x.as_integer_ratio()) == x


@given(fixed, fixed)
def test_equality_order_and_hash_agree_with_exact_types(x: Fixed, y: Fixed) -> None:
    for exact in (x.to_fraction(), x.to_decimal()):
        assert x == exact
        assert exact == x
        assert hash(x) == hash(exact)
    for other in (y, y.to_fraction(), y.to_decimal()):
        assert (x < other) == (x.raw < y.raw)
        assert (x <= other) == (x.raw <= y.raw)
        assert (x > other) == (x.raw > y.raw)
        assert (x >= other) == (x.raw >= y.raw)
        assert (x == other) == (x.raw == y.raw)
    assert bool(x) == (x.raw != 0)


def test_whole_numbers_equal_ints() -> None:
    assert Fixed(2) == 2
    assert {Fixed(2): "two"}[2] == "two"  # type: ignore[index]
    assert Fixed(-1) < 0 < Fixed(1)
    assert Fixed("0.5") != 0.5
    assert Fixed(1) != "1"


def test_the_hash_that_python_reserves_is_avoided() -> None:
    # The raw number whose rational hash would be -1.
    inverse = pow(SCALE, -1, 2**61 - 1)
    raw = -pow(inverse, -1, 2**61 - 1)
    assert hash(Fixed.from_raw(raw)) == hash(Fraction(raw, SCALE)) == -2


@pytest.mark.parametrize("huge", ["1e999999", "-1e999999", "1e-999999", "-1e-999999"])
def test_a_decimal_of_a_million_digits_is_compared_without_writing_it_out(huge: str) -> None:
    value = Decimal(huge)
    zero = Fixed(0)
    assert zero != value
    assert (zero < value) == (value > 0)
    assert (Fixed.from_raw(MAX) < value) == (value > Decimal("1e60"))


def test_numbers_cannot_be_changed() -> None:
    x = Fixed(1)
    with pytest.raises(AttributeError, match="immutable"):
        x.raw = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        del x.raw
    assert x == 1


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (lambda: Fixed("1.5") + Fixed("2.25"), "3.75"),
        (lambda: 1 + Fixed("0.5"), "1.5"),
        (lambda: Fixed("1.5") + 1, "2.5"),
        (lambda: Fixed("1.5") - 1, "0.5"),
        (lambda: Fixed("1.5") - Fixed("0.5"), "1"),
        (lambda: 1 - Fixed("1.5"), "-0.5"),
        (lambda: Fixed("1.5") * 3, "4.5"),
        (lambda: 3 * Fixed("1.5"), "4.5"),
        (lambda: Fixed("1.5") * Fixed("1.5"), "2.25"),
        (lambda: Fixed(1) / 3, "0.333333333333333333"),
        (lambda: 2 / Fixed(3), "0.666666666666666667"),
        (lambda: Fixed(7) % Fixed(-2), "-1"),
        (lambda: -7 % Fixed(2), "1"),
        (lambda: -Fixed("1.5"), "-1.5"),
        (lambda: +Fixed("1.5"), "1.5"),
        (lambda: abs(Fixed("-1.5")), "1.5"),
        (lambda: round(Fixed("2.5")), "2"),
        (lambda: round(Fixed("2.675"), 2), "2.68"),
        (lambda: Fixed("0.1").mul(Fixed("0.1"), Rounding.ROUND_UP), "0.01"),
        (lambda: Fixed("0.000000000000000001").mul_floor(Fixed("-0.5")), "-0.000000000000000001"),
        (lambda: Fixed("0.000000000000000001").mul_ceil(Fixed("-0.5")), "0"),
        (lambda: Fixed(2).div(3, Rounding.ROUND_DOWN), "0.666666666666666666"),
        (lambda: Fixed(-1).div_floor(3), "-0.333333333333333334"),
        (lambda: Fixed(-1).div_ceil(3), "-0.333333333333333333"),
        (lambda: Fixed(1).div_exact(4), "0.25"),
        (lambda: Fixed("0.5").mul_exact(Fixed("0.5")), "0.25"),
        (lambda: Fixed("1.25").quantize(1), "1.2"),
        (lambda: Fixed("1.25").quantize(1, Rounding.ROUND_HALF_UP), "1.3"),
        (lambda: Fixed.from_ratio(1, 3, Rounding.ROUND_UP), "0.333333333333333334"),
        (lambda: Fixed.from_decimal(Decimal("1e-30"), Rounding.ROUND_UP), "0.000000000000000001"),
        (lambda: Fixed.from_decimal(Decimal("1e-5000"), Rounding.ROUND_UP), "0.000000000000000001"),
    ],
)  # fmt: skip
def test_arithmetic_reads_as_python(call: Callable[[], Fixed], result: str) -> None:
    assert str(call()) == result


def test_whole_parts_follow_python() -> None:
    for text in ("-2.5", "-2", "-0.5", "0", "0.5", "2.5"):
        x, exact = Fixed(text), Fraction(text)
        assert (int(x), math.trunc(x), math.floor(x), math.ceil(x), round(x)) == (
            int(exact), math.trunc(exact), math.floor(exact), math.ceil(exact), round(exact)
        )  # fmt: skip
    assert divmod(Fixed(-7), 2) == (-4, Fixed(1))
    assert divmod(-7, Fixed(2)) == (-4, Fixed(1))
    assert Fixed(-7) // 2 == -4
    assert -7 // Fixed(2) == -4
    assert Fixed(3).to_int_exact() == 3
    with pytest.raises(TypeError):
        float(Fixed(1))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "error", "builtin"),
    [
        (lambda: Fixed.from_raw(MAX + 1), Overflow, OverflowError),
        (lambda: Fixed(10**60), Overflow, OverflowError),
        (lambda: Fixed("9" * 60), Overflow, OverflowError),
        (lambda: Fixed.from_raw(MAX) + 1, Overflow, OverflowError),
        (lambda: Fixed.from_raw(-MAX) - Fixed(1), Overflow, OverflowError),
        (lambda: Fixed.from_raw(MAX) * 2, Overflow, OverflowError),
        (lambda: Fixed.from_raw(MAX) / Fixed("0.5"), Overflow, OverflowError),
        (lambda: Fixed.from_decimal(Decimal("1e999999")), Overflow, OverflowError),
        (lambda: Fixed(1) / 0, DivisionByZero, ZeroDivisionError),
        (lambda: Fixed(1) % 0, DivisionByZero, ZeroDivisionError),
        (lambda: Fixed(1).div_exact(0), DivisionByZero, ZeroDivisionError),
        (lambda: Fixed(1).div_exact(3), Inexact, ArithmeticError),
        (lambda: Fixed("0.000000000000000001").mul_exact(Fixed("0.5")), Inexact, ArithmeticError),
        (lambda: Fixed("0.5").to_int_exact(), Inexact, ArithmeticError),
        (lambda: Fixed.from_ratio(1, 3), Inexact, ArithmeticError),
        (lambda: Fixed(1).quantize(19), InvalidOperation, ArithmeticError),
        (lambda: Fixed(1).mul(1, "ROUND_ODD"), InvalidOperation, ArithmeticError),  # type: ignore[arg-type]
        (lambda: Fixed.from_decimal(Decimal("NaN")), ConversionSyntax, ValueError),
        (lambda: Fixed.from_decimal(Decimal("Infinity")), ConversionSyntax, ValueError),
        (lambda: Fixed.from_decimal(1), ConversionSyntax, ValueError),  # type: ignore[arg-type]
        (lambda: Fixed.from_raw("1"), ConversionSyntax, ValueError),  # type: ignore[arg-type]
        (lambda: Fixed.from_bytes(bytes(31)), ConversionSyntax, ValueError),
        (lambda: Fixed.from_bytes(b"\x80" + bytes(31)), ConversionSyntax, ValueError),
        (lambda: Fixed.from_canonical(True), RecordError, ValueError),
        (lambda: Fixed.from_canonical(-(2**255)), RecordError, ValueError),
    ],
)
def test_each_error_is_also_the_builtin_that_one_would_catch(
    call: Callable[[], object], error: type[Exception], builtin: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        call()
    assert isinstance(caught.value, builtin)
    assert isinstance(caught.value, QFSError)


def test_every_error_of_this_room_is_an_arithmetic_error_with_its_own_code() -> None:
    kinds = CertifiedMathError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds) == 7
    assert all(issubclass(kind, ArithmeticError) for kind in kinds)


@pytest.mark.parametrize(
    ("text", "spec", "shown"),
    [
        ("1234567.895", ",.2f", "1,234,567.90"),
        ("1234567.885", ",.2f", "1,234,567.88"),
        ("-1.5", "", "-1.5"),
        ("-1.5", ">8", "    -1.5"),
        ("-1.5", "*^9", "**-1.5***"),
        ("0.125", ".1%", "12.5%"),
        ("0.12345", "%", "12.345%"),
        ("1.5", "f", "1.5"),
        ("1.5", ".20f", "1.50000000000000000000"),
        ("1.5", "+08.1f", "+00001.5"),
        ("0.000000000000000001", "", "0.000000000000000001"),
        ("1000", "", "1000"),
    ],
)
def test_formatting_follows_the_mini_language(text: str, spec: str, shown: str) -> None:
    assert format(Fixed(text), spec) == shown


@pytest.mark.parametrize("spec", ["e", "g", "n", "d", ".2e", "x", "s", "abc"])
def test_formats_that_are_not_fixed_point_are_refused(spec: str) -> None:
    with pytest.raises(ConversionSyntax):
        format(Fixed(1), spec)


def test_formatting_ignores_the_ambient_decimal_context() -> None:
    with decimal.localcontext() as context:
        context.prec = 1
        context.rounding = decimal.ROUND_UP
        assert f"{Fixed('2.675'):.2f} {Fixed('2.665'):.2f}" == "2.68 2.66"
        assert str(Fixed("123.456").to_decimal()) == "123.456"


@given(fixed, st.integers(0, 25))
def test_formatting_agrees_with_decimal(x: Fixed, places: int) -> None:
    with decimal.localcontext() as context:
        context.prec = 200
        context.rounding = decimal.ROUND_HALF_EVEN
        # Decimal shows -0.00 where Fixed, which has no negative zero, shows 0.00.
        rounded = round(x.to_decimal(), places) + 0
        assert format(x, f".{places}f") == format(rounded, f".{places}f")


def test_there_is_no_negative_zero() -> None:
    assert str(-Fixed(0)) == "0"
    assert f"{Fixed('-0.001'):.2f}" == "0.00"


def test_a_number_is_a_field_of_a_canonical_record() -> None:
    price = Price(Fixed("1.25"))
    assert pack(price) == [1_250_000_000_000_000_000]
    assert unpack(Price, [1_250_000_000_000_000_000]) == price
