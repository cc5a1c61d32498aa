"""pow and powi on raw integers, and the enclosures of rational powers that finance shares.

- x**y with y = P/Q in lowest terms is rational only if numerator and denominator of x are Q-th
  powers (unique factorisation); then it is a rational power, decided in integers.
- A rational power (u/v)**n in lowest terms is a breakpoint only if v**n divides 2 * 10**18; then it
  is computed exactly. Every other power goes through Ziv's loop, which therefore ends.
- Overflow and underflow are decided before any large number is made.
"""

from math import gcd, isqrt
from typing import Final

from qfs.certmath.basic import in_range
from qfs.certmath.exponential import (
    EXP_HIGH,
    EXP_LOW,
    LOG2_E,
    POWER_ULPS,
    over_ln2,
    power_of_two,
    precision_for,
)
from qfs.certmath.logarithm import LEVELS, ln_units
from qfs.certmath.rounding import (
    HALF_EVEN,
    SCALE,
    Rounding,
    mirrored,
    round_beside,
    round_enclosure,
    round_ratio,
)
from qfs.certmath.ziv import Enclosure, settle, widen
from qfs.errors import DivisionByZero, DomainError, Overflow

RESULT_BITS: Final = 256
"""No result in range reaches 2**256 units, nor 2**196 itself."""


def pow_(x: int, y: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R((x/S) ** (y/S) * S); 0**0 is 1.

    Raises DivisionByZero for a negative power of 0, DomainError for a fractional power of a
    negative number, Overflow.
    """
    if y == 0:
        return SCALE
    if x == 0:
        if y < 0:
            raise DivisionByZero("zero to a negative power", way_out="check the base first")
        return 0
    common = gcd(y, SCALE)
    p, q = y // common, SCALE // common
    if x < 0:
        if q != 1:
            raise DomainError(
                f"{x} units to the power of {y} units",
                way_out="a negative base needs a whole exponent",
            )
        if p & 1:
            return in_range(-_positive_power(-x, y, p, q, mirrored(rounding)))
        x = -x
    return in_range(_positive_power(x, y, p, q, rounding))


def powi(x: int, n: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R((x/S) ** n * S) for a whole n; 0**0 is 1.

    Exact where v**n divides 2 * 10**18 (see the module); otherwise never a breakpoint.
    Raises DivisionByZero for a negative power of 0, Overflow.
    """
    return pow_(x, n * SCALE, rounding)


def _positive_power(x: int, y: int, p: int, q: int, rounding: Rounding) -> int:
    """Return R of the power for x > 0, y = p/q * S in lowest terms, not yet range-checked."""
    if x == SCALE:
        return SCALE
    common = gcd(x, SCALE)
    u, v = x // common, SCALE // common
    if q == 1:
        return _rational_power(u, v, p, rounding)
    root_u = perfect_root(u, q)
    root_v = perfect_root(v, q) if root_u else 0
    if root_v:
        return _rational_power(root_u, root_v, p, rounding)
    return _irrational_power(x, y, rounding)


def perfect_root(n: int, k: int) -> int:
    """Return the k-th root of n >= 1 where it is whole, else 0."""
    if n == 1:
        return 1
    twos = (n & -n).bit_length() - 1
    # A whole root is at least 2, and the number of factors 2 in n is a multiple of k.
    if k >= n.bit_length() or twos % k:
        return 0
    root = integer_root(n, k)
    return root if root**k == n else 0


def integer_root(n: int, k: int) -> int:
    """Return the floor of the k-th root of n >= 0, by Newton from above (Cohen, GTM 138, 1.7.1)."""
    if k == 2:
        return isqrt(n)
    if k == 1 or n < 2:
        return n
    guess = 1 << -(-n.bit_length() // k)
    while True:
        better = ((k - 1) * guess + n // guess ** (k - 1)) // k
        if better >= guess:
            return guess
        guess = better


def _rational_power(u: int, v: int, n: int, rounding: Rounding) -> int:
    """Return R((u/v)**n * S) for u/v > 0 in lowest terms."""
    if n < 0:
        u, v, n = v, u, -n
    return scaled_power(SCALE, u, v, n, rounding)


def scaled_power(factor: int, u: int, v: int, n: int, rounding: Rounding) -> int:
    """Return R(factor * (u/v)**n) for factor > 0, u/v > 0 in lowest terms, n >= 0.

    With gcd(u, v) = 1 this is a breakpoint only if v**n divides 2 * factor. Raises Overflow.
    """
    below = 0 if v == 1 else v.bit_length()
    if n * (u.bit_length() - 1 - below) + factor.bit_length() > RESULT_BITS + 1:
        raise power_overflow()
    if n * (v.bit_length() - 1) <= (2 * factor).bit_length():
        # v**n is small; u**n too, or the check above had raised.
        return round_ratio(factor * u**n, v**n, rounding)
    p = 160
    while True:
        low, high, shift = power_enclosure(u, v, n, p)
        if shift > factor.bit_length() + high.bit_length() + 1:
            return round_beside(0, 1, rounding)
        if factor.bit_length() + low.bit_length() - 2 - shift > RESULT_BITS:
            raise power_overflow()
        if shift > 0:
            raw = round_enclosure(factor * low, factor * high, shift, rounding)
            if raw is not None:
                return raw
        p = widen(p)


def power_enclosure(u: int, v: int, n: int, p: int) -> Enclosure:
    """Return low, high, shift with low <= (u/v)**n * 2**shift <= high, of about p good bits.

    Left-to-right squaring of an interval, each end rounded outwards to q bits; shift may be of any
    sign. Rounding costs a relative 2**(1-q) at most 2 * bits(n) times, each doubled by later
    squarings: 2**(2-q) * n * 2 in all, which the bits added to p absorb.
    """
    q = p + n.bit_length() + 4
    scale = q + v.bit_length() - u.bit_length()
    base_low = (u << scale) // v if scale >= 0 else u // (v << -scale)
    base_high = base_low + 1
    low, high, shift = base_low, base_high, scale
    for index in range(n.bit_length() - 2, -1, -1):
        low, high, shift = _trim(low * low, high * high, 2 * shift, q)
        if (n >> index) & 1:
            low, high, shift = _trim(low * base_low, high * base_high, shift + scale, q)
    return low, high, shift


def _trim(low: int, high: int, shift: int, q: int) -> Enclosure:
    excess = high.bit_length() - q
    return low >> excess, (high >> excess) + 1, shift - excess


def _irrational_power(x: int, y: int, rounding: Rounding) -> int:
    """Return R of an irrational power; its logarithm also tells which precision it needs."""
    wide = log_precision(y, 160)
    product = ln_units(x, wide) * y
    log = product >> wide
    if log > EXP_HIGH:
        raise power_overflow()
    if log < EXP_LOW:
        return round_beside(0, 1, rounding)
    start = precision_for(log * LOG2_E // (SCALE * SCALE) + 61)
    if start == 160:
        low, high, shift = _power_from(product, wide, start)
        raw = round_enclosure(low, high, shift, rounding)
        if raw is not None:
            return raw
        start = 384
    return settle(lambda p: _power_of(x, y, p), start, rounding)


def log_precision(y: int, p: int) -> int:
    """Return a precision for ln x such that y * ln x is good to p bits after the point.

    ln x errs by 24 ulps and |y/S| < 2**extra, so 10 more bits leave 24 * 2**-10/ln 2 < 0.04 ulps.
    """
    need = p + max(y.bit_length() - 59, 0) + 10
    for level in LEVELS:
        if level >= need:
            return level
    return need


def _power_of(x: int, y: int, p: int) -> Enclosure:
    wide = log_precision(y, p)
    return _power_from(ln_units(x, wide) * y, wide, p)


def _power_from(product: int, wide: int, p: int) -> Enclosure:
    """Enclose e**(product * 2**-wide/S) * S for a product of ``log_precision``.

    In ulps at p: 0.04 from ln x, 2 from over_ln2: below the 3 that power_of_two allows.
    """
    v, k = power_of_two(over_ln2(product, wide, p), p)
    v *= SCALE
    return v - POWER_ULPS * SCALE, v + POWER_ULPS * SCALE, p - k


def root_enclosure(x: int, n: int, p: int) -> Enclosure:
    """Return an enclosure of (x/S) ** (1/n) * S for n >= 64, where the result is below 16."""
    wide = log_precision(0, p)
    return _power_from(ln_units(x, wide) * SCALE // n, wide, p)


def power_overflow() -> Overflow:
    """Return the error of a power that exceeds the range."""
    return Overflow("a power exceeds 2**255 - 1 units", way_out="keep the result below 5.7e58")
