"""checked_, wrapping_ and saturating_ forms: what happens at the end of the range, by name.

- checked_ gives None where the plain form would raise Overflow or DivisionByZero.
- wrapping_ counts modulo 2**256 - 1, the number of values, so that MAX + one unit is MIN.
- saturating_ gives the nearest end. Division by zero still raises there.
"""

from qfs.certmath import basic
from qfs.certmath.fixed import Fixed, Number, from_raw, raw_of
from qfs.certmath.rounding import HALF_EVEN, SCALE, Rounding, round_ratio, rounding_of
from qfs.errors import DivisionByZero


def checked_add(x: Number, y: Number) -> Fixed | None:
    """Return x + y, or None outside the range."""
    return _checked(raw_of(x) + raw_of(y))


def checked_sub(x: Number, y: Number) -> Fixed | None:
    """Return x - y, or None outside the range."""
    return _checked(raw_of(x) - raw_of(y))


def checked_mul(x: Number, y: Number, rounding: Rounding = HALF_EVEN) -> Fixed | None:
    """Return x * y rounded once, or None outside the range."""
    return _checked(_product(x, y, rounding))


def checked_div(x: Number, y: Number, rounding: Rounding = HALF_EVEN) -> Fixed | None:
    """Return x over y rounded once, or None for y = 0 or outside the range."""
    return None if raw_of(y) == 0 else _checked(_quotient(x, y, rounding))


def wrapping_add(x: Number, y: Number) -> Fixed:
    """Return x + y modulo 2**256 - 1 units."""
    return from_raw(basic.wrap(raw_of(x) + raw_of(y)))


def wrapping_sub(x: Number, y: Number) -> Fixed:
    """Return x - y modulo 2**256 - 1 units."""
    return from_raw(basic.wrap(raw_of(x) - raw_of(y)))


def wrapping_mul(x: Number, y: Number, rounding: Rounding = HALF_EVEN) -> Fixed:
    """Return x * y rounded once, modulo 2**256 - 1 units."""
    return from_raw(basic.wrap(_product(x, y, rounding)))


def wrapping_div(x: Number, y: Number, rounding: Rounding = HALF_EVEN) -> Fixed:
    """Return x over y rounded once, modulo 2**256 - 1 units. Raises DivisionByZero."""
    return from_raw(basic.wrap(_quotient(x, y, rounding)))


def saturating_add(x: Number, y: Number) -> Fixed:
    """Return x + y, or the end of the range that it passes."""
    return from_raw(basic.saturate(raw_of(x) + raw_of(y)))


def saturating_sub(x: Number, y: Number) -> Fixed:
    """Return x - y, or the end of the range that it passes."""
    return from_raw(basic.saturate(raw_of(x) - raw_of(y)))


def saturating_mul(x: Number, y: Number, rounding: Rounding = HALF_EVEN) -> Fixed:
    """Return x * y rounded once, or the end of the range that it passes."""
    return from_raw(basic.saturate(_product(x, y, rounding)))


def saturating_div(x: Number, y: Number, rounding: Rounding = HALF_EVEN) -> Fixed:
    """Return x over y rounded once, or the end of the range. Raises DivisionByZero."""
    return from_raw(basic.saturate(_quotient(x, y, rounding)))


def _checked(raw: int) -> Fixed | None:
    return from_raw(raw) if basic.MIN_RAW <= raw <= basic.MAX_RAW else None


def _product(x: Number, y: Number, rounding: Rounding) -> int:
    return round_ratio(raw_of(x) * raw_of(y), SCALE, rounding_of(rounding))


def _quotient(x: Number, y: Number, rounding: Rounding) -> int:
    above, below = raw_of(x) * SCALE, raw_of(y)
    if below == 0:
        raise DivisionByZero(f"{x} divided by zero", way_out="check the divisor first")
    mode = rounding_of(rounding)
    return round_ratio(above, below, mode) if below > 0 else round_ratio(-above, -below, mode)
