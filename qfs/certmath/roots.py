"""sqrt, root and hypot on raw integers.

- Square roots are exact integer arithmetic: ``isqrt`` and a test of the remainder.
- A tie is impossible: a whole number n with sqrt(n) = r + 1/2 would be r**2 + r + 1/4.
- An n-th root of a rational that is rational lies on the grid, so roots have no ties either.
"""

from math import isqrt
from typing import Final

from qfs.certmath.basic import in_range
from qfs.certmath.power import integer_root, root_enclosure
from qfs.certmath.rounding import (
    HALF_DOWN,
    HALF_EVEN,
    HALF_UP,
    SCALE,
    Rounding,
    mirrored,
    round_between,
)
from qfs.certmath.ziv import settle
from qfs.errors import DomainError

EXACT_ROOTS: Final = 64
"""Up to this index roots are taken in integers: x * S**63 has fewer than 4096 bits."""


ROOT_BITS: Final = 196
"""2**196 exceeds every number in range, so that no larger index has a whole root above 1."""


def sqrt(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(sqrt(x/S) * S) = R(sqrt(x * S)), exactly. Raises DomainError for x < 0."""
    if x < 0:
        raise DomainError(f"the square root of {x} units", way_out="pass a number >= 0")
    n = x * SCALE
    root_ = isqrt(n)
    rest = n - root_ * root_
    if rest == 0:
        return root_
    if rounding is HALF_EVEN or rounding is HALF_UP or rounding is HALF_DOWN:
        # sqrt(n) > root + 1/2 exactly where n > root**2 + root + 1/4, that is rest > root.
        return root_ + 1 if rest > root_ else root_
    return round_between(root_, rounding)


def hypot(x: int, y: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(sqrt(x**2 + y**2)), exactly; no intermediate can overflow. Raises Overflow."""
    return in_range(_root_of_integer(x * x + y * y, 2, rounding))


def root(x: int, n: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(x ** (1/n)) for n >= 1; an odd root of a negative number is negative.

    Exact arithmetic up to n = 64. Above it x = u/v has a rational root only if u and v are n-th
    powers, and u < 2**255, v <= 10**18 leave only x = 1 for n > 255; for 65 <= n <= 255 u and v are
    tested. Any other root is irrational, so Ziv's loop ends. Raises DomainError.
    """
    if n < 1 or (x < 0 and n & 1 == 0):
        raise DomainError(
            f"root number {n} of {x} units", way_out="pass n >= 1, and an odd n for x < 0"
        )
    if x < 0:
        return -root(-x, n, mirrored(rounding))
    if x in (0, SCALE):
        return x
    if n <= EXACT_ROOTS:
        return _root_of_integer(x * SCALE ** (n - 1), n, rounding)
    # A root beyond the 64th that is rational: v is an n-th power at most 10**18 < 2**65, so v = 1,
    # and u >= 2**n, so that x is a whole number with a whole root and n < 196.
    if x % SCALE == 0 and n < ROOT_BITS:
        whole = integer_root(x // SCALE, n)
        if whole**n * SCALE == x:
            return whole * SCALE
    return settle(lambda p: root_enclosure(x, n, p), 160, rounding)


def _root_of_integer(n: int, k: int, rounding: Rounding) -> int:
    """Return R(n ** (1/k)) for whole n >= 0."""
    floor = integer_root(n, k)
    if floor**k == n:
        return floor
    if rounding is HALF_EVEN or rounding is HALF_UP or rounding is HALF_DOWN:
        return floor + 1 if n << k > (2 * floor + 1) ** k else floor
    return round_between(floor, rounding)
