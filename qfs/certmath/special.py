"""erf, e, phi, phi_pow and phi_series on raw integers.

- erf: termination unproved (no theorem excludes that erf of a rational is a tie), so the loop is
  capped at 4,096 bits and then raises; random arguments settle at the first step.
- phi = (1 + sqrt 5)/2 is irrational. phi**x, x = P/Q != 0: a rational r would give phi**P = r**Q,
  but phi**P = (L + F sqrt 5)/2 with F != 0 (Lucas, Fibonacci) is irrational.
- phi_series is rational and computed exactly.
"""

from functools import lru_cache
from math import gcd, isqrt, lcm
from typing import Final

from qfs.certmath.basic import in_range
from qfs.certmath.exponential import (
    EXP_HIGH,
    EXP_LOW,
    LOG2_E,
    POWER_ULPS,
    exp,
    over_ln2,
    power_of_two,
    precision_for,
)
from qfs.certmath.power import log_precision, power_overflow
from qfs.certmath.rounding import (
    HALF_EVEN,
    SCALE,
    Rounding,
    round_beside,
    round_ratio,
)
from qfs.certmath.series import erf_series, ln_mantissa, pi
from qfs.certmath.ziv import UNPROVED_CAP, Enclosure, settle
from qfs.errors import InvalidOperation

ERF_HIGH: Final = 7 * SCALE  # 1 - erf 7 = 4.2e-23 < 1/2 unit
SERIES_TERMS: Final = 4096


def erf(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(erf(x/S) * S). Exact at 0 by definition; termination unproved, cap 4,096 bits.

    Raises InvalidOperation where 4,096 bits do not decide; no such argument is known.
    """
    if x == 0:
        return 0
    side = 1 if x > 0 else -1
    if abs(x) >= ERF_HIGH:
        return round_beside(side * SCALE, -side, rounding)
    return settle(lambda p: erf_enclosure(x, p), 160, rounding, UNPROVED_CAP)


def erf_enclosure(x: int, p: int) -> Enclosure:
    """Return an enclosure of erf(x/S) * S for 0 < |x| < 7 S: a product of three intervals.

    e**(-x²) errs by 32 ulps of its own size, the sum by its returned bound. c = 2/sqrt(pi): pi errs
    by 2 ulps at 2 p, which is nothing at p; the floor by 1.
    """
    size = abs(x)
    wide = p + 64
    v, k = power_of_two(over_ln2(-(size * size << wide) // SCALE, wide, p), p)
    total, bound = erf_series(size, SCALE, p)
    c = isqrt((4 << (4 * p)) // pi(2 * p))
    low = (v - POWER_ULPS) * max(total - bound, 0) * (c - 2) * SCALE
    high = (v + POWER_ULPS) * (total + bound) * (c + 2) * SCALE
    return (low, high, 3 * p - k) if x > 0 else (-high, -low, 3 * p - k)


def e(rounding: Rounding = HALF_EVEN) -> int:
    """Return R(e * S). Termination: e is transcendental (Hermite, 1873)."""
    return exp(SCALE, rounding)


def phi(rounding: Rounding = HALF_EVEN) -> int:
    """Return R(phi * S), phi = (1 + sqrt 5)/2. Termination: irrational."""
    return settle(lambda p: _twice_phi(p, SCALE), 160, rounding)


def _twice_phi(p: int, scale: int) -> Enclosure:
    v = (scale << p) + isqrt(5 * scale * scale << (2 * p))
    return v, v + 1, p + 1


@lru_cache(maxsize=16)
def ln_phi(p: int) -> int:
    """Return ln phi at precision p, within 4 ulps: 2 of the mantissa's floor, 2 of the series."""
    return ln_mantissa(_twice_phi(p, 1)[0] >> 1, p)


def phi_pow(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(phi ** (x/S) * S). Exact only at 0; otherwise irrational (see the module).

    Raises Overflow above x = 281.
    """
    if x == 0:
        return SCALE
    wide = log_precision(x, 64)
    log = ln_phi(wide) * x >> wide
    if log > EXP_HIGH:
        raise power_overflow()
    if log < EXP_LOW:
        return round_beside(0, 1, rounding)

    def enclose(p: int) -> Enclosure:
        q = log_precision(x, p)
        v, k = power_of_two(over_ln2(ln_phi(q) * x, q, p), p)
        v *= SCALE
        return v - POWER_ULPS * SCALE, v + POWER_ULPS * SCALE, p - k

    units = log * LOG2_E // (SCALE * SCALE) + 61
    return in_range(settle(enclose, precision_for(units), rounding))


def phi_series(x: int, n: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R of the sum of (-1)**k * z**(2k+1)/(2k+1) over k < n, z = x/S: n terms of atan z.

    Exact rational arithmetic, rounded once. 0 <= n <= 4096. Raises InvalidOperation, Overflow.
    """
    if not 0 <= n <= SERIES_TERMS:
        raise InvalidOperation(f"{n} terms", way_out=f"ask for 0 to {SERIES_TERMS}")
    if n == 0 or x == 0:
        return 0
    # For |z| >= 2 terms grow by 4/3 or more, so that the sum exceeds a quarter of the last one.
    doublings = (abs(x) // SCALE).bit_length() - 1
    if doublings >= 1 and (2 * n - 1) * doublings - n.bit_length() - 3 > 196:
        raise power_overflow()
    common = gcd(x, SCALE)
    u, v = x // common, SCALE // common
    multiple = lcm(*range(1, 2 * n, 2))
    above, below = u * u, v * v
    power = 1
    total = 0
    for k in range(n - 1, -1, -1):
        total = multiple // (2 * k + 1) * power - above * total
        power *= below
    # total * u/(v**(2n - 1) * multiple), since power ended at v**(2n).
    return in_range(round_ratio(total * u * v * SCALE, power * multiple, rounding))
