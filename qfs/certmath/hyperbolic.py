"""sinh, cosh, tanh, sigmoid and softplus on raw integers, from the exponential kernel.

- Far from zero a value lies within half a unit of its limit; ``round_beside`` decides it.
- Termination: for rational x != 0 each is transcendental. e**x = f would make sinh, cosh, tanh and
  sigmoid algebraic functions of a transcendental number; softplus(x) = r rational would mean
  1 + e**x = e**r with 0, x, r distinct, against Lindemann-Weierstrass (softplus(0) = ln 2).
"""

from typing import Final

from qfs.certmath.basic import in_range
from qfs.certmath.exponential import (
    EXP_HIGH,
    EXP_LOW,
    LOG2_E,
    exp_overflow,
    exp_parts,
    precision_for,
)
from qfs.certmath.logarithm import ln_integer
from qfs.certmath.rounding import HALF_EVEN, SCALE, Rounding, round_beside
from qfs.certmath.series import ln2
from qfs.certmath.ziv import Enclosure, settle

SINH_ULPS: Final = 66  # 32 of e**x, 32 + 1 of e**-x shifted, 1 spare
DECAY_ULPS: Final = 33  # 32 of the kernel, 1 of the shift
TANH_ULPS: Final = 68  # slope 2 times 33, 1 of the division, 1 spare
SIGMOID_ULPS: Final = 36  # slope 1 times 33, 1 of the division, 2 spare
SOFTPLUS_ULPS: Final = 60  # slope 1 times 33, 24 of the logarithm, 2 of ln 2, 1 spare
TANH_HIGH: Final = 22 * SCALE  # 1 - tanh 22 = 2 e**-44/(1 + e**-44) = 1.6e-19 < 1/2 unit


def sinh(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(sinh(x/S) * S). Exact only at 0. Raises Overflow from |x| = 135.99."""
    return 0 if x == 0 else _half_sum(x, -1, rounding)


def cosh(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(cosh(x/S) * S). Exact only at 0. Raises Overflow from |x| = 135.99."""
    return SCALE if x == 0 else _half_sum(x, 1, rounding)


def _half_sum(x: int, sign: int, rounding: Rounding) -> int:
    size = abs(x)
    if size > EXP_HIGH + SCALE:
        raise exp_overflow(x)

    def enclose(p: int) -> Enclosure:
        v, k = exp_parts(size, p)
        w, j = exp_parts(-size, p)
        v += sign * (w >> (k - j))
        if sign < 0 and x < 0:
            v = -v
        return (v - SINH_ULPS) * SCALE, (v + SINH_ULPS) * SCALE, p - k + 1

    units = size * LOG2_E // (SCALE * SCALE) + 61
    return in_range(settle(enclose, precision_for(units), rounding))


def _decay(size: int, p: int) -> int:
    """Return e**(-size/S) at precision p, within 33 ulps; size > 0."""
    v, k = exp_parts(-size, p)
    return v >> -k if k < 0 else v << k


def tanh(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(tanh(x/S) * S). Exact only at 0."""
    if x == 0:
        return 0
    side = 1 if x > 0 else -1
    if abs(x) > TANH_HIGH:
        return round_beside(side * SCALE, -side, rounding)

    def enclose(p: int) -> Enclosure:
        one = 1 << p
        u = _decay(2 * abs(x), p)
        v = side * (((one - u) << p) // (one + u))
        return (v - TANH_ULPS) * SCALE, (v + TANH_ULPS) * SCALE, p

    return settle(enclose, 160, rounding)


def sigmoid(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(S/(1 + e**(-x/S))). Exact only at 0, where it is one half."""
    if x == 0:
        return SCALE >> 1
    if x < EXP_LOW:
        return round_beside(0, 1, rounding)
    if x > -EXP_LOW:
        return round_beside(SCALE, -1, rounding)

    def enclose(p: int) -> Enclosure:
        one = 1 << p
        u = _decay(abs(x), p)
        v = ((one if x > 0 else u) << p) // (one + u)
        return (v - SIGMOID_ULPS) * SCALE, (v + SIGMOID_ULPS) * SCALE, p

    return settle(enclose, 160, rounding)


def softplus(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(ln(1 + e**(x/S)) * S). Never exact. Raises Overflow at the end of the range."""
    if x < EXP_LOW:
        return round_beside(0, 1, rounding)
    if x > -EXP_LOW:
        return in_range(round_beside(x, 1, rounding))

    def enclose(p: int) -> Enclosure:
        # ln(1 + e**x) = max(x, 0) + ln(1 + e**-|x|).
        one = 1 << p
        u = _decay(abs(x), p) if x else one
        v = (ln_integer(one + u, p) - p * ln2(p + 32)) >> 32
        base = max(x, 0) << p
        return (
            base + (v - SOFTPLUS_ULPS) * SCALE,
            base + (v + SOFTPLUS_ULPS) * SCALE,
            p,
        )

    return settle(enclose, 160, rounding)
