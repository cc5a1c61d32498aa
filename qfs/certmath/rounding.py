"""The eight decimal rounding modes, and the three ways in which a kernel rounds.

- A result is ``R(f(X / S) * S)``: a function from integers to integers, so that any correct
  implementation gives the same bits. S = 10**18.
- A breakpoint of R is a real number where R jumps: the integers for the directed modes, the
  integers plus one half for the half modes.
- ``round_ratio`` is exact. ``round_enclosure`` answers only where both ends agree.
- Source: the General Decimal Arithmetic specification 1.70, "Rounding algorithms".
"""

from enum import StrEnum
from typing import Final

from qfs.errors import InvalidOperation

PLACES: Final = 18
SCALE: Final = 10**18  # 1_000_000_000_000_000_000


class Rounding(StrEnum):
    """What to do with a value between two neighbours; equal to ``decimal``'s constants."""

    ROUND_HALF_EVEN = "ROUND_HALF_EVEN"
    """To the nearest; a tie to the even neighbour."""
    ROUND_HALF_UP = "ROUND_HALF_UP"
    """To the nearest; a tie away from zero."""
    ROUND_HALF_DOWN = "ROUND_HALF_DOWN"
    """To the nearest; a tie towards zero."""
    ROUND_FLOOR = "ROUND_FLOOR"
    """Towards minus infinity."""
    ROUND_CEILING = "ROUND_CEILING"
    """Towards plus infinity."""
    ROUND_DOWN = "ROUND_DOWN"
    """Towards zero."""
    ROUND_UP = "ROUND_UP"
    """Away from zero."""
    ROUND_05UP = "ROUND_05UP"
    """Towards zero, but away from zero where the last digit would be 0 or 5."""


HALF_EVEN: Final = Rounding.ROUND_HALF_EVEN
HALF_UP: Final = Rounding.ROUND_HALF_UP
HALF_DOWN: Final = Rounding.ROUND_HALF_DOWN
FLOOR: Final = Rounding.ROUND_FLOOR
CEILING: Final = Rounding.ROUND_CEILING
DOWN: Final = Rounding.ROUND_DOWN
UP: Final = Rounding.ROUND_UP
ZERO_FIVE_UP: Final = Rounding.ROUND_05UP


def rounding_of(name: str) -> Rounding:
    """Return the mode of a name, such as one of ``decimal``'s constants.

    Raises InvalidOperation for a name that is no mode.
    """
    if isinstance(name, Rounding):
        return name
    try:
        return Rounding(name)
    except ValueError:
        raise InvalidOperation(
            f"{name!r} is no rounding", way_out=f"use one of {', '.join(Rounding)}"
        ) from None


def round_ratio(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Return R(numerator over denominator), denominator > 0, exactly.

    Raises InvalidOperation for an unknown rounding.
    """
    floor, rest = divmod(numerator, denominator)
    if rest == 0:
        return floor
    if rounding is HALF_EVEN or rounding is HALF_UP or rounding is HALF_DOWN:
        twice = 2 * rest
        if twice != denominator:
            return floor + 1 if twice > denominator else floor
        if rounding is HALF_EVEN:
            return floor + (floor & 1)
        # A tie away from zero is up for a value above zero; a tie towards zero is the reverse.
        return floor + 1 if (rounding is HALF_UP) == (numerator > 0) else floor
    return round_between(floor, rounding)


def round_between(floor: int, rounding: Rounding) -> int:
    """Return R of any value strictly between floor and floor + 1, for a directed mode.

    Raises InvalidOperation for an unknown rounding.
    """
    if rounding is FLOOR:
        return floor
    if rounding is CEILING:
        return floor + 1
    if rounding is DOWN:
        return floor if floor >= 0 else floor + 1
    if rounding is UP:
        return floor + 1 if floor >= 0 else floor
    if rounding is ZERO_FIVE_UP:
        near, far = (floor, floor + 1) if floor >= 0 else (floor + 1, floor)
        # The last digit is 0 or 5 exactly where five divides the neighbour nearer to zero.
        return far if near % 5 == 0 else near
    raise InvalidOperation(
        f"{rounding!r} is no rounding of the raw functions",
        way_out="pass a member of Rounding, not its name",
    )


def round_enclosure(low: int, high: int, shift: int, rounding: Rounding) -> int | None:
    """Return R(v) for low <= v * 2**shift <= high, or None where the two ends disagree.

    The caller knows that v is no breakpoint of R. shift >= 1.
    Raises InvalidOperation for an unknown rounding.
    """
    if rounding is HALF_EVEN or rounding is HALF_UP or rounding is HALF_DOWN:
        half = 1 << (shift - 1)
        nearest = (low + half) >> shift
        return nearest if nearest == (high + half) >> shift else None
    floor = low >> shift
    return round_between(floor, rounding) if floor == high >> shift else None


def round_beside(base: int, side: int, rounding: Rounding) -> int:
    """Return R of a value closer than one half to the integer base, on one side of it.

    side is 1 for just above, -1 for just below.
    """
    if rounding is HALF_EVEN or rounding is HALF_UP or rounding is HALF_DOWN:
        return base
    return round_between(base if side > 0 else base - 1, rounding)


def mirrored(rounding: Rounding) -> Rounding:
    """Return the mode M with R(-v) = -M(v)."""
    if rounding is FLOOR:
        return CEILING
    if rounding is CEILING:
        return FLOOR
    return rounding
