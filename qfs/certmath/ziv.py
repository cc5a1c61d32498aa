"""Ziv's loop: widen an integer enclosure until both ends round to the same integer.

- An enclosure is ``(low, high, shift)`` with low <= f * S * 2**shift <= high, S = 10**18.
- There is no cap: the loop ends because f * S is no breakpoint, which each function's docstring
  proves before it calls. Where no theorem says so, the function passes a cap and says
  "termination unproved".
- Source: Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded last
  bit", ACM TOMS 17(3), 1991.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from qfs.certmath.rounding import Rounding, round_enclosure
from qfs.errors import InvalidOperation

Enclosure: TypeAlias = tuple[int, int, int]

UNPROVED_CAP: Final = 4096
"""Bits after which a function without a termination proof raises instead of widening."""


def widen(p: int) -> int:
    """Return the next precision: 384 after anything below it, then twice as much each time."""
    return 384 if p < 384 else 2 * p


def settle(
    enclose: Callable[[int], Enclosure], start: int, rounding: Rounding, cap: int | None = None
) -> int:
    """Return R(f * S) from enclosures at growing precision, beginning with start bits.

    Raises InvalidOperation where a cap was given and reached.
    """
    p = start
    while True:
        low, high, shift = enclose(p)
        raw = round_enclosure(low, high, shift, rounding)
        if raw is not None:
            return raw
        if cap is not None and p >= cap:
            raise InvalidOperation(
                f"undecided after {p} bits: the value is within 2**-{p} of a tie or an integer",
                way_out="termination is unproved for this function; use another argument",
            )
        p = widen(p) if cap is None else min(widen(p), cap)
