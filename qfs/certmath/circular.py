"""sin, cos, tan, atan and pi on raw integers.

- The argument is reduced by multiples of pi/2 at a precision that grows with it, so that the whole
  range has the same error; then the series of ``series`` do the rest.
- Termination: sin, cos and tan of a rational other than 0 are transcendental, and so is atan
  (Lindemann-Weierstrass); cos 0 = 1 and the zeros at 0 are decided first. pi is transcendental.
"""

from typing import Final

from qfs.certmath.basic import in_range
from qfs.certmath.rounding import HALF_EVEN, SCALE, Rounding
from qfs.certmath.series import atan_fraction, sin_cos_fraction
from qfs.certmath.series import pi as pi_series
from qfs.certmath.ziv import Enclosure, settle

CIRCULAR_ULPS: Final = 4
ATAN_ULPS: Final = 6


def sin_cos(x: int, p: int) -> tuple[int, int]:
    """Return (sin, cos) of x/S at precision p, each within 4 ulps.

    x/S = n * pi/2 + r, with |n| < 2**extra. At precision q = p + extra + 8, r errs by 1 (x) plus
    2 |n| (pi/2 errs by less than 2): below 2**-6 ulps at p, plus 1 for the shift. The functions
    have slope at most 1, and the series err by 2.
    """
    extra = max(x.bit_length() - 59, 0)
    q = p + extra + 8
    half_pi = pi_series(q + 32) >> 33
    n, r = divmod((x << q) // SCALE, half_pi)
    swap = 2 * r > half_pi
    if swap:
        r = half_pi - r
    sine, cosine = sin_cos_fraction(r >> (q - p), p)
    if swap:
        sine, cosine = cosine, sine
    quadrant = n & 3
    if quadrant == 1:
        return cosine, -sine
    if quadrant == 2:
        return -sine, -cosine
    if quadrant == 3:
        return -cosine, sine
    return sine, cosine


def sin(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(sin(x/S) * S), x in radians. Exact only at 0. Termination: Lindemann."""
    if x == 0:
        return 0

    def enclose(p: int) -> Enclosure:
        v = sin_cos(x, p)[0]
        return (v - CIRCULAR_ULPS) * SCALE, (v + CIRCULAR_ULPS) * SCALE, p

    return settle(enclose, 160, rounding)


def cos(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(cos(x/S) * S), x in radians. Exact only at 0. Termination: Lindemann."""
    if x == 0:
        return SCALE

    def enclose(p: int) -> Enclosure:
        v = sin_cos(x, p)[1]
        return (v - CIRCULAR_ULPS) * SCALE, (v + CIRCULAR_ULPS) * SCALE, p

    return settle(enclose, 160, rounding)


def tan(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(tan(x/S) * S), x in radians.

    Exact only at 0. Termination: Lindemann. No rational is a pole; Raises Overflow beside one.
    """
    if x == 0:
        return 0
    return in_range(settle(lambda p: tan_enclosure(x, p), 160, rounding))


def tan_enclosure(x: int, p: int) -> Enclosure:
    """Return an enclosure of tan(x/S) * S: the quotient of two intervals.

    Beside a pole, where the cosine's interval holds 0, the answer decides nothing.
    """
    sine, cosine = sin_cos(x, p)
    if cosine < 0:
        sine, cosine = -sine, -cosine
    if cosine <= CIRCULAR_ULPS:
        return -SCALE, SCALE, 1
    near, far = cosine - CIRCULAR_ULPS, cosine + CIRCULAR_ULPS
    low, high = (sine - CIRCULAR_ULPS) * SCALE << p, (sine + CIRCULAR_ULPS) * SCALE << p
    # The end further from zero divides by the smaller cosine.
    return (
        low // (near if low < 0 else far),
        high // (far if high < 0 else near) + 1,
        p,
    )


def atan(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(atan(x/S) * S). Exact only at 0. Termination: Lindemann."""
    if x == 0:
        return 0
    return settle(lambda p: atan_enclosure(x, p), 160, rounding)


def atan_enclosure(x: int, p: int) -> Enclosure:
    """Return an enclosure of atan(x/S) * S.

    The argument, or its reciprocal above 1, errs by 1 ulp, the slope is at most 1, the series err
    by 2; pi/2 adds less than 2. In all below 6.
    """
    size = abs(x)
    if size <= SCALE:
        v = atan_fraction((size << p) // SCALE, p)
    else:
        v = (pi_series(p + 32) >> 33) - atan_fraction((SCALE << p) // size, p)
    if x < 0:
        v = -v
    return (v - ATAN_ULPS) * SCALE, (v + ATAN_ULPS) * SCALE, p


def pi(rounding: Rounding = HALF_EVEN) -> int:
    """Return R(pi * S). Termination: pi is transcendental (Lindemann, 1882)."""

    def enclose(p: int) -> Enclosure:
        v = pi_series(p)
        return (v - 2) * SCALE, (v + 2) * SCALE, p

    return settle(enclose, 160, rounding)
