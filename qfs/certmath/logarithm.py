"""The logarithm kernel, and ln, log1p, log2, log10 on raw integers.

- ``ln_integer`` normalises, multiplies by three short reciprocals whose logarithms are tabled, and
  sums atanh of what remains; the error budget is beside each step (Gappa proves the polynomial).
- Above ``TABLE_BITS`` the mantissa's logarithm comes from ``series``; nothing caps the precision.
- Termination: ln of a rational other than 1 is transcendental (Lindemann); log2 and log10 of a
  rational are irrational unless it is a power of 2 or of 10 (unique factorisation).
"""

from functools import lru_cache
from typing import Final

from qfs.certmath.rounding import HALF_EVEN, SCALE, Rounding, round_enclosure
from qfs.certmath.series import TABLE_BITS, ln2, ln10, ln_mantissa, ln_ratio
from qfs.certmath.ziv import Enclosure, settle, widen
from qfs.errors import DomainError

LN_ULPS: Final = 24
"""What ``ln_integer`` and ``ln_units`` may err by."""
LN_ERROR: Final = LN_ULPS * SCALE
"""The same, of a result times S."""
SQUARE_ULPS: Final = 2
TAIL_ULPS: Final = 2
"""What z² and the polynomial in it may err by (Gappa proves the second from the first)."""
COARSE_BITS: Final = 9
MIDDLE_BITS: Final = 18
FINE_BITS: Final = 27
"""The reciprocals are multiples of 2**-9, 2**-18 and 2**-27."""
LEVELS: Final = (160, 192, 256, 384, 512, 768, 1024)


class LogLevel:
    """Reciprocal logarithms at one precision p; entries err by at most 2 ulps."""

    __slots__ = (
        *("coarse", "fine", "middle"),
        *("inverse_ln2", "inverse_ln10", "inverses", "leading", "ln2", "p", "scale"),
    )

    def __init__(self, p: int) -> None:
        self.p: int = p
        self.scale: int = ln_scale(p)
        self.coarse: tuple[int, ...] = _minus_ln(COARSE, COARSE_BITS, p)
        self.middle: tuple[int, ...] = _minus_ln(MIDDLE, MIDDLE_BITS, p)
        self.fine: tuple[int, ...] = _minus_ln(FINE, FINE_BITS, p)
        self.ln2: int = ln2(p + 32)
        self.inverse_ln2: int = (1 << (2 * p + 32)) // self.ln2
        self.inverse_ln10: int = (1 << (2 * p + 32)) // ln10(p + 32)
        inverses = atanh_coefficients(p)
        self.leading: int = inverses[0]
        self.inverses: tuple[int, ...] = inverses[1:]


def _ceil_reciprocals(bits: int, step_bits: int, count: int) -> tuple[int, ...]:
    """Return ceil(2**bits/(1 + i/2**step_bits)) for i < count."""
    return tuple([-(-(1 << (bits + step_bits)) // ((1 << step_bits) + i)) for i in range(count)])


def _minus_ln(reciprocals: tuple[int, ...], bits: int, p: int) -> tuple[int, ...]:
    return tuple([-ln_ratio(r, 1 << bits, p) for r in reciprocals])


# 1 <= m < 2: 256 intervals. m * R1 < (1 + 2**-8)(1) + 2 * 2**-9 <= 1 + 2**-7: 512 intervals of
# 2**-16. Then m < 1 + 2**-16 + 2**-17.9: fewer than 328 intervals of 2**-24. What remains is
# u < 2**-24 + 2**-26.9 < 2**-23.8.
COARSE: Final = _ceil_reciprocals(COARSE_BITS, 8, 256)
MIDDLE: Final = _ceil_reciprocals(MIDDLE_BITS, 16, 513)
FINE: Final = _ceil_reciprocals(FINE_BITS, 24, 328)


def atanh_coefficients(p: int) -> tuple[int, ...]:
    """Return floor(2**p/(2k + 1)) from the last needed k down to 0, for z < 2**-24.8."""
    out = []
    k = 0
    while 24 * (2 * k + 1) < p + 4:
        out.append((1 << p) // (2 * k + 1))
        k += 1
    return tuple(reversed(out))


@lru_cache(maxsize=8)
def log_level(p: int) -> LogLevel:
    """Return the level for precision p <= TABLE_BITS."""
    return LogLevel(p)


@lru_cache(maxsize=32)
def ln_scale(p: int) -> int:
    """Return ln(10**18) at precision p + 32, within 40 ulps of that."""
    return 18 * ln10(p + 32)


def ln_integer(n: int, p: int) -> int:
    """Return ln(n) at precision p + 32 with the error of LN_ULPS - 1 ulps at p; n >= 1.

    n = 2**(bits - 1) * m. In ulps at p:
    - m: 1 (floor, or exact); m * R1: 1 + 1 = 2; m * R2: 3; m * R3: 4. Each index is
      read from the m that it multiplies, so that every product stays at or above 1 and u >= 0.
    - z = u/(u + 2), slope <= 1/2: 4/2 + 1 = 3. z² : 2 z * 3 + 1 < 1.1.
    - Horner in z²: at most 2. 2 z * polynomial: 2 (2 * 2**-24 + 1.01 * 3) + 1 < 7.2.
    - tail of the series: < 2**-3. Tables: 3 * 2. ln 2: bits * 2 * 2**-32 < 1 for bits < 2**31.
    In all below 15; 23 are allowed. Above TABLE_BITS: 1 + 2.
    """
    if p > TABLE_BITS:
        bits = n.bit_length()
        return (bits - 1) * ln2(p + 32) + (ln_mantissa(_shifted(n, p + 1 - bits), p) << 32)
    return _ln_at(log_level(p), n)


def _shifted(n: int, left: int) -> int:
    return n << left if left >= 0 else n >> -left


def _ln_at(level: LogLevel, n: int) -> int:
    """Return what ln_integer does, at a level with tables."""
    p = level.p
    bits = n.bit_length()
    left = p + 1 - bits
    m = n << left if left >= 0 else n >> -left
    one = 1 << p
    i = (m >> (p - 8)) & 255
    m = m * COARSE[i] >> COARSE_BITS
    j = (m - one) >> (p - 16)
    m = m * MIDDLE[j] >> MIDDLE_BITS
    k = (m - one) >> (p - 24)
    u = (m * FINE[k] >> FINE_BITS) - one
    z = (u << p) // (u + 2 * one)
    square = z * z >> p
    v = level.leading
    for inverse in level.inverses:
        v = inverse + (v * square >> p)
    v = level.coarse[i] + level.middle[j] + level.fine[k] + (v * z >> (p - 1))
    return (bits - 1) * level.ln2 + (v << 32)


def ln_units(x: int, p: int) -> int:
    """Return ln(x/S) at precision p, within 24 ulps; x >= 1."""
    return (ln_integer(x, p) - ln_scale(p)) >> 32


def ln_enclosure(x: int, p: int) -> Enclosure:
    """Return an enclosure of ln(x/S) * S."""
    v = ln_units(x, p)
    v *= SCALE
    return v - LN_ERROR, v + LN_ERROR, p


def ln(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(ln(x/S) * S).

    Exact only at x = 1. Termination: Lindemann. Raises DomainError for x <= 0.
    """
    if x <= 0:
        raise log_domain(x)
    if x == SCALE:
        return 0
    # ln_units below TABLE_BITS, written out: this is the hottest path.
    level = log_level(160)
    v = ((_ln_at(level, x) - level.scale) >> 32) * SCALE
    raw = round_enclosure(v - LN_ERROR, v + LN_ERROR, 160, rounding)
    if raw is None:
        raw = settle(lambda p: ln_enclosure(x, p), 384, rounding)
    return raw


def log1p(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(ln(1 + x/S) * S).

    Exact only at x = 0. Termination: Lindemann. Raises DomainError for x <= -1.
    """
    return ln(x + SCALE, rounding)


def log2(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(log2(x/S) * S).

    Exact where x is a power of two; otherwise 2**(P/Q) = x would contradict unique factorisation,
    so the value is irrational and the loop ends. Raises DomainError for x <= 0.
    """
    if x <= 0:
        raise log_domain(x)
    power = _power_of_two(x)
    return _log(x, 2, rounding) if power is None else power * SCALE


def log10(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(log10(x/S) * S).

    Exact where x is a power of ten; termination otherwise as for log2. Raises DomainError for
    x <= 0.
    """
    if x <= 0:
        raise log_domain(x)
    power = _POWERS_OF_TEN.get(x)
    return _log(x, 10, rounding) if power is None else power * SCALE


def _log(x: int, base: int, rounding: Rounding) -> int:
    p = 160
    while True:
        low, high, shift = log_enclosure(x, base, p)
        raw = round_enclosure(low, high, shift, rounding)
        if raw is not None:
            return raw
        p = widen(p)


def log_enclosure(x: int, base: int, p: int) -> Enclosure:
    """Return an enclosure of the logarithm of x/S to base 2 or 10, times S.

    v = ln x errs by 24, |v| < 178 * 2**p; the reciprocal of ln(base) is below 1.45 and errs by 2:
    24 * 1.45 + 178 * 2 + 1 < 512 ulps, in a product at precision 2 p.
    """
    if p > TABLE_BITS:
        inverse = (1 << (2 * p + 32)) // (ln2(p + 32) if base == 2 else ln10(p + 32))
    else:
        level = log_level(p)
        inverse = level.inverse_ln2 if base == 2 else level.inverse_ln10
    v = ln_units(x, p) * inverse
    error = 512 << p
    return (v - error) * SCALE, (v + error) * SCALE, 2 * p


def _power_of_two(x: int) -> int | None:
    """Return n where x/S = 2**n, else None."""
    whole, rest = divmod(x, SCALE)
    if rest == 0:
        return whole.bit_length() - 1 if whole & (whole - 1) == 0 else None
    inverse, rest = divmod(SCALE, x)
    if rest or inverse & (inverse - 1):
        return None
    return 1 - inverse.bit_length()


# 10**77 exceeds 2**255, log1p's argument does not reach it either.
_POWERS_OF_TEN: Final = {10**j: j - 18 for j in range(78)}


def log_domain(x: int) -> DomainError:
    """Return the error of a logarithm of a number that is not above zero."""
    return DomainError(
        f"the logarithm of {x} units", way_out="pass a number above 0 (log1p: above -1)"
    )
