"""Elementary functions at any precision, in pure integers: no table, no cap.

- A real v at precision p is an integer n with |n - v * 2**p| <= the bound that the function names;
  the unit of these bounds, 2**-p, is called an ulp.
- The table kernels are generated from these, and hand over to them above ``TABLE_BITS``.
- Every shift and ``//`` floors, so that each costs less than one ulp of the working precision;
  guard bits make the sum of these costs vanish below one ulp of the answer.
- Source: Brent, Zimmermann, Modern Computer Arithmetic, ch. 4; argument reduction as cited below.
"""

from functools import lru_cache
from math import isqrt
from typing import Final

TABLE_BITS: Final = 1024
"""Above this precision tables would cost more than they save."""


@lru_cache(maxsize=64)
def ln2(p: int) -> int:
    """Return ln 2 at precision p, within 2 ulps.

    ln 2 = 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749) (Gourdon, Sebah, "The logarithmic
    constant"). Each series errs by less than p + 40 ulps at 32 guard bits, times 28.
    """
    q = p + 32
    return (18 * _atanh_unit(26, q) - 2 * _atanh_unit(4801, q) + 8 * _atanh_unit(8749, q)) >> 32


@lru_cache(maxsize=64)
def ln10(p: int) -> int:
    """Return ln 10 at precision p, within 2 ulps.

    ln 10 = 46 atanh(1/31) + 34 atanh(1/49) + 20 atanh(1/161); budget as for ln 2, times 100.
    """
    q = p + 32
    return (46 * _atanh_unit(31, q) + 34 * _atanh_unit(49, q) + 20 * _atanh_unit(161, q)) >> 32


@lru_cache(maxsize=64)
def pi(p: int) -> int:
    """Return pi at precision p, within 2 ulps: 16 atan(1/5) - 4 atan(1/239) (Machin, 1706)."""
    q = p + 32
    return (16 * _atan_unit(5, q) - 4 * _atan_unit(239, q)) >> 32


def _atanh_unit(k: int, p: int) -> int:
    """Return atanh(1/k): each term floors twice, at most p terms."""
    power = (1 << p) // k
    total = power
    square = k * k
    n = 1
    while power:
        power //= square
        n += 2
        total += power // n
    return total


def _atan_unit(k: int, p: int) -> int:
    """Return atan(1/k): as atanh, with alternating signs."""
    power = (1 << p) // k
    total = power
    square = k * k
    n = 1
    while power:
        power //= square
        n += 2
        total += power // n if n & 2 == 0 else -(power // n)
    return total


def ln_ratio(n: int, d: int, p: int) -> int:
    """Return ln(n/d) = 2 atanh((n - d)/(n + d)) at precision p, within 2 ulps; 1/2 <= n/d <= 2.

    |z| <= 1/3, so fewer than p terms; each errs by less than 2 ulps at 32 guard bits.
    """
    q = p + 32
    above, below = abs(n - d), n + d
    power = (above << q) // below
    total = power
    above *= above
    below *= below
    k = 1
    while power:
        power = power * above // below
        k += 2
        total += power // k
    return (total if n >= d else -total) >> 31


def exp_fraction(s: int, p: int) -> int:
    """Return e**(s * 2**-p) at precision p, within 2 ulps; 0 <= s < 2**p.

    The argument is halved r times, summed by Taylor and squared back. Taylor: at most p + 40 terms,
    each floor < 1 ulp at q; squaring: each doubles the error, values below e, floors add 1. In all
    less than (p + 44) * 2**(r + 3) ulps at q, which r + 4 + bit_length(p + 44) guard bits absorb.
    """
    r = isqrt(p) >> 1
    q = p + r + 6 + (p + 44).bit_length()
    x = s << (q - p)
    power = total = 1 << q
    n = 0
    while power:
        n += 1
        power = (power * x >> (q + r)) // n
        total += power
    for _ in range(r):
        total = total * total >> q
    return total >> (q - p)


def ln_mantissa(m: int, p: int) -> int:
    """Return ln(m * 2**-p) at precision p, within 2 ulps; 2**p <= m < 2**(p + 1).

    r square roots bring m to 1 + u, u < 2**-r; each root halves the error and floors: below 2 ulps
    at q. ln m = 2**(r + 1) * atanh(u/(u + 2)); fewer than p terms, each with two floors. In all
    less than (2 p + 8) * 2**(r + 1) ulps at q, absorbed by r + 2 + bit_length(2 p + 8) guard bits.
    """
    r = isqrt(p) >> 1
    q = p + r + 4 + (2 * p + 8).bit_length()
    x = m << (q - p)
    for _ in range(r):
        x = isqrt(x << q)
    one = 1 << q
    u = x - one
    z = (u << q) // (u + 2 * one)
    square = z * z >> q
    power = total = z
    n = 1
    while power:
        power = power * square >> q
        n += 2
        total += power // n
    return total << (r + 1) >> (q - p)


def sin_cos_fraction(x: int, p: int) -> tuple[int, int]:
    """Return (sin, cos) of x * 2**-p at precision p, each within 2 ulps; 0 <= x <= 2**p.

    The argument is halved r times, summed by Taylor, and doubled back by sin 2a = 2 sin a cos a,
    cos 2a = 1 - 2 sin² a. With e the larger error, a doubling gives at most 4 e + 2; Taylor errs by
    less than p + 4. In all (p + 8) * 4**r ulps at q, which 2 r + 1 + bit_length(p + 8) bits absorb.
    """
    r = isqrt(p) >> 2
    q = p + 2 * r + 2 + (p + 8).bit_length()
    y = x << (q - p) >> r
    square = y * y >> q
    sine = power = y
    cosine = other = 1 << q
    n = 1
    while power or other:
        other = (other * square >> q) // (n * (n + 1))
        power = (power * square >> q) // ((n + 1) * (n + 2))
        if n & 2:
            sine += power
            cosine += other
        else:
            sine -= power
            cosine -= other
        n += 2
    for _ in range(r):
        sine, cosine = sine * cosine >> (q - 1), (1 << q) - (sine * sine >> (q - 1))
    return sine >> (q - p), cosine >> (q - p)


def atan_fraction(x: int, p: int) -> int:
    """Return atan(x * 2**-p) at precision p, within 2 ulps; 0 <= x <= 2**p.

    atan x = 2 atan(x/(1 + sqrt(1 + x²))), r times. The map contracts (its slope is below 1/2), so
    the error before the series stays below 4 ulps at q; the series adds less than 2 p. In all
    (2 p + 8) * 2**r ulps at q, which r + 1 + bit_length(2 p + 8) guard bits absorb.
    """
    r = isqrt(p) >> 1
    q = p + r + 2 + (2 * p + 8).bit_length()
    one = 1 << q
    y = x << (q - p)
    for _ in range(r):
        y = (y << q) // (one + isqrt((one << q) + y * y))
    square = y * y >> q
    power = total = y
    n = 1
    while power:
        power = power * square >> q
        n += 2
        total += power // n if n & 2 == 0 else -(power // n)
    return total << r >> (q - p)


def erf_series(x: int, scale: int, p: int) -> tuple[int, int]:
    """Return (sum, bound): sum of 2**n z**(2n+1)/(2n+1)!! at precision p, z = x/scale > 0.

    erf z = 2/sqrt(pi) * e**(-z²) * sum (DLMF 7.6.2). Term n is its predecessor times
    r_n = 2 z²/(2n+1), floored. A loss of one ulp at some term grows over all later terms by at most
    1 + r_1 + r_1 r_2 + ... = sum/z, since r falls: below 2 sum + 2 (for z < 1/2 it is below 2). The
    bound is that times the number of losses; a term that floors to 0 causes none after it.
    """
    power = total = (x << p) // scale
    above, below = 2 * x * x, scale * scale
    n = 0
    while power:
        n += 1
        power = power * above // (below * (2 * n + 1))
        total += power
    return total, (n + 1) * (2 * (total >> p) + 4)
