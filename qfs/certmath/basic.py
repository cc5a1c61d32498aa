"""Arithmetic on raw integers: a raw integer n stands for n / 10**18.

- For hot loops: no object, the same bits as ``Fixed``. Rounding must be a ``Rounding`` member.
- Sums, differences, products and quotients are exact rationals, rounded once.
- Results outside ±(2**255 - 1) raise Overflow; nothing saturates or wraps unless its name says so.
- Proof: each result is ``round_ratio`` of an exact ratio; there is no approximation to bound.
"""

from collections.abc import Sequence
from typing import Final

from qfs.certmath.rounding import FLOOR, HALF_EVEN, PLACES, SCALE, Rounding, round_ratio
from qfs.errors import DivisionByZero, DomainError, Inexact, InvalidOperation, Overflow

MAX_RAW: Final = 2**255 - 1  # 578960446186580977117854925043439539266349...
MIN_RAW: Final = -MAX_RAW
_WRAP: Final = 2 * MAX_RAW + 1  # 2**256 - 1: how many values there are


def in_range(raw: int) -> int:
    """Return raw; raises Overflow outside ±(2**255 - 1)."""
    if MIN_RAW <= raw <= MAX_RAW:
        return raw
    raise Overflow(
        f"a result of {raw.bit_length()} bits exceeds 255",
        way_out="keep amounts below 5.7e58, or use a saturating_ or checked_ form",
    )


def add(a: int, b: int) -> int:
    """Return a + b, exactly. Raises Overflow."""
    return in_range(a + b)


def sub(a: int, b: int) -> int:
    """Return a - b, exactly. Raises Overflow."""
    return in_range(a - b)


def mul(a: int, b: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return a * b rounded once. Raises Overflow."""
    product = a * b
    if rounding is HALF_EVEN:
        raw, rest = divmod(product, SCALE)
        if rest > _HALF or (rest == _HALF and raw & 1):
            raw += 1
    else:
        raw = round_ratio(product, SCALE, rounding)
    return raw if MIN_RAW <= raw <= MAX_RAW else in_range(raw)


def div(a: int, b: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return a divided by b, rounded once. Raises DivisionByZero, Overflow."""
    if b == 0:
        raise DivisionByZero(f"{a} units divided by zero", way_out="check the divisor first")
    if b < 0:
        a, b = -a, -b
    raw = round_ratio(a * SCALE, b, rounding)
    return raw if MIN_RAW <= raw <= MAX_RAW else in_range(raw)


def muldiv(a: int, b: int, c: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return a * b divided by c, rounded once; no intermediate can overflow.

    Raises DivisionByZero, Overflow.
    """
    if c == 0:
        raise DivisionByZero(f"{a} * {b} units divided by zero", way_out="check the divisor first")
    product = a * b
    return in_range(
        round_ratio(product, c, rounding) if c > 0 else round_ratio(-product, -c, rounding)
    )


def divmod_(a: int, b: int, rounding: Rounding = FLOOR) -> tuple[int, int]:
    """Return (q, r) with q = R(a over b), a whole number, and r = a - q * b exactly.

    The default is Python's: ROUND_FLOOR. Raises DivisionByZero; Overflow where r leaves the range.
    """
    if b == 0:
        raise DivisionByZero(f"{a} units divided by zero", way_out="check the divisor first")
    quotient = round_ratio(a, b, rounding) if b > 0 else round_ratio(-a, -b, rounding)
    return quotient, in_range(a - quotient * b)


def mod(a: int, b: int, rounding: Rounding = FLOOR) -> int:
    """Return a - R(a over b) * b, exactly; with ROUND_FLOOR it has the sign of b, as in Python.

    Raises DivisionByZero.
    """
    return divmod_(a, b, rounding)[1]


def quantize(a: int, places: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return a rounded to a number of decimal places, 0 to 18.

    Raises InvalidOperation for other places, Overflow.
    """
    if not 0 <= places <= PLACES:
        raise InvalidOperation(f"{places} places", way_out=f"ask for 0 to {PLACES}")
    step: int = 10 ** (PLACES - places)
    return in_range(round_ratio(a, step, rounding) * step)


def sum_(values: Sequence[int]) -> int:
    """Return the exact sum; only the total must be in range. Raises Overflow."""
    total = 0
    for value in values:
        total += value
    return in_range(total)


def dot(left: Sequence[int], right: Sequence[int], rounding: Rounding = HALF_EVEN) -> int:
    """Return the sum of left[i] * right[i], rounded once.

    Raises InvalidOperation for unequal lengths, Overflow.
    """
    if len(left) != len(right):
        raise InvalidOperation(
            f"{len(left)} factors against {len(right)}", way_out="pass equally many of both"
        )
    total = 0
    for index in range(len(left)):
        total += left[index] * right[index]
    return in_range(round_ratio(total, SCALE, rounding))


def allocate(amount: int, weights: Sequence[int], rounding: Rounding = FLOOR) -> list[int]:
    """Split an amount in proportion to weights; the parts add up to the amount exactly.

    Part i starts as R(amount * weight[i] over the sum of weights). The units that remain, or are
    too many, go one each to the parts whose rounding was furthest off, the earlier part first.
    Weights are at least 0 and not all 0. Raises DomainError.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise DomainError(
            f"weights {list(weights)} in units", way_out="pass weights >= 0 with a sum above 0"
        )
    parts = [round_ratio(amount * weight, total, rounding) for weight in weights]
    missing = amount - sum(parts)
    step = 1 if missing > 0 else -1
    # How far part i is below its exact share, in units of 1/total, in the direction of the step.
    order = sorted(
        [
            (step * (part * total - amount * weight), index)
            for index, (part, weight) in enumerate(zip(parts, weights, strict=True))
            if weight
        ]
    )
    for _, index in order[: missing * step]:
        parts[index] += step
    return parts


def mul_exact(a: int, b: int) -> int:
    """Return a * b; raises Inexact where it would need rounding, Overflow."""
    raw, rest = divmod(a * b, SCALE)
    if rest:
        raise Inexact(f"the product of {a} and {b} units needs more than {PLACES} places")
    return in_range(raw)


def div_exact(a: int, b: int) -> int:
    """Return a divided by b; raises Inexact where it would need rounding.

    Raises DivisionByZero, Overflow.
    """
    if b == 0:
        raise DivisionByZero(f"{a} units divided by zero", way_out="check the divisor first")
    raw, rest = divmod(a * SCALE, b)
    if rest:
        raise Inexact(f"the quotient of {a} and {b} units needs more than {PLACES} places")
    return in_range(raw)


def wrap(raw: int) -> int:
    """Return raw modulo 2**256 - 1, into ±(2**255 - 1): the wrapping_ forms."""
    return (raw + MAX_RAW) % _WRAP - MAX_RAW


def saturate(raw: int) -> int:
    """Return the nearest value in ±(2**255 - 1): the saturating_ forms."""
    return min(max(raw, MIN_RAW), MAX_RAW)


_HALF: Final = SCALE >> 1
