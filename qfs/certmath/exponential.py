"""The exponential kernel, and exp, exp2, expm1 on raw integers.

- ``power_of_two`` turns t = log2(result) into the result: three tables of 256 powers of two and a
  short Taylor polynomial, with the error budget beside each step (proved by Gappa: ``make prove``).
- Above ``TABLE_BITS`` the same answer comes from ``series``; nothing caps the precision.
- Levels (tables for one precision) are made on first use from integers alone, and kept.
- Termination: e**x is transcendental for rational x != 0 (Lindemann), and 2**(P/Q) in lowest terms
  is irrational for Q > 1, so no breakpoint is ever hit.
"""

from functools import lru_cache
from typing import Final

from qfs.certmath.basic import in_range
from qfs.certmath.rounding import (
    HALF_EVEN,
    SCALE,
    Rounding,
    round_beside,
    round_enclosure,
    round_ratio,
)
from qfs.certmath.series import TABLE_BITS, exp_fraction, ln2
from qfs.certmath.ziv import Enclosure, settle
from qfs.errors import Overflow

POWER_ULPS: Final = 32
"""What ``power_of_two`` may err by, when its argument errs by at most ``ARGUMENT_ULPS``."""
ARGUMENT_ULPS: Final = 3
POWER_ERROR: Final = POWER_ULPS * SCALE
"""The same, of a result times S."""
HORNER_ULPS: Final = 8
REDUCED_ULPS: Final = 4
TABLE_STEP: Final = 24
"""Leading bits of the fraction that the three tables take: 8 each."""
ARGUMENT_BITS: Final = 72
"""|argument| * S < 2**72 wherever the kernel is called: e**x and its like have |x| < 4722."""

EXP_HIGH: Final = 136 * SCALE  # e**136 * S = 1.16e77 > 2**255 = 5.8e76
EXP_SMALL: Final = 21 * SCALE  # log2(e**21 * S) = 90.1 <= 92: precision_for gives 160
EXP_LOW: Final = -43 * SCALE  # e**-43 * S = 0.21 < 1/2
LOG2_E: Final = 1442695040888963407  # floor(log2(e) * 10**18), for magnitudes only


class PowerLevel:
    """Tables and coefficients at one precision p; entries err by at most 2 ulps."""

    __slots__ = ("coarse", "coefficients", "fine", "inverse_ln2", "leading", "ln2", "middle", "p")

    def __init__(self, p: int) -> None:
        self.p: int = p
        self.ln2: int = ln2(p + 32) >> 32
        # floor(2**(p + 72)/(S ln 2)); 32 + 72 guard bits keep its error below 1.
        wide = p + 2 * ARGUMENT_BITS
        self.inverse_ln2: int = (1 << (p + ARGUMENT_BITS + wide)) // (SCALE * ln2(wide))
        self.coarse: tuple[int, ...] = _powers(p, 8)
        self.middle: tuple[int, ...] = _powers(p, 16)
        self.fine: tuple[int, ...] = _powers(p, 24)
        coefficients = taylor_coefficients(p)
        self.leading: int = coefficients[0]
        self.coefficients: tuple[int, ...] = coefficients[1:]


def taylor_coefficients(p: int) -> tuple[int, ...]:
    """Return floor(2**p/i!) from the last needed i down to 1, for arguments below 2**-24.5.

    The first omitted term is below 2**-4 ulp, and with it the whole tail below 2**-3.
    """
    coefficients = [1 << p]
    factorial = 1
    n = 1
    while (factorial * n) << (TABLE_STEP * n + n // 2) <= 1 << (p + 4):
        factorial *= n
        coefficients.append((1 << p) // factorial)
        n += 1
    return tuple(reversed(coefficients))


def _powers(p: int, bits: int) -> tuple[int, ...]:
    """Return 2**(i/2**bits) for i < 256 at precision p, within 2 ulps.

    A chain of 255 products at 32 guard bits: its start errs by 2 ulps, and each product doubles
    nothing (all values stay below 2) but adds at most 2 + 1, so less than 2**12 ulps at p + 32.
    """
    q = p + 32
    step = exp_fraction(ln2(q) >> bits, q)
    value = 1 << q
    out = []
    for _ in range(256):
        out.append(value >> 32)
        value = value * step >> q
    return tuple(out)


@lru_cache(maxsize=16)
def power_level(p: int) -> PowerLevel:
    """Return the level for precision p <= TABLE_BITS."""
    return PowerLevel(p)


def power_of_two(t: int, p: int) -> tuple[int, int]:
    """Return (v, k) with |v - 2**(p - k + tau)| <= 32 for |t - tau * 2**p| <= 3; v < 2**(p + 1).

    tau is the binary logarithm of the wanted number; the number is v * 2**(k - p). In ulps:
    - f = the fraction of t; its 24 leading bits are exact table indices.
    - s = rest * ln 2: 3 * ln 2 from t, 2 * 2**-24 from ln 2, 1 from the floor: at most 4.
    - Horner, s < 2**-24.5: each step multiplies the error by s, adds 4 * slope, a floor and a
      coefficient's floor: at most 8 (Gappa proves less than 6).
    - coarse: 8 * 2 + 2 + 1 = 19; middle (factor < 1.003): 19.1 + 2 * 2 + 1 = 24.1;
      fine (factor < 1.00002): 24.2 + 2 * 2 + 1 = 29.2 <= 32.
    Above TABLE_BITS: s errs by 4, e**s by 2 * 4 + 2 = 10 <= 32.
    """
    if p > TABLE_BITS:
        fraction = t & ((1 << p) - 1)
        return exp_fraction(fraction * (ln2(p + 32) >> 32) >> p, p), t >> p
    return _power_at(power_level(p), t)


def _power_at(level: PowerLevel, t: int) -> tuple[int, int]:
    """Return what power_of_two does, at a level with tables."""
    p = level.p
    fraction = t & ((1 << p) - 1)
    s = (fraction & ((1 << (p - TABLE_STEP)) - 1)) * level.ln2 >> p
    v = level.leading
    for coefficient in level.coefficients:
        v = coefficient + (v * s >> p)
    v = v * level.coarse[fraction >> (p - 8)] >> p
    v = v * level.middle[(fraction >> (p - 16)) & 255] >> p
    v = v * level.fine[(fraction >> (p - 24)) & 255] >> p
    return v, t >> p


def over_ln2(product: int, shift: int, p: int) -> int:
    """Return product * 2**-shift/(S ln 2) at precision p, within 2 ulps.

    |product * 2**-shift| < 2**72, so the floor of the reciprocal costs below 1, the shift below 1.
    """
    if p > TABLE_BITS:
        wide = p + ARGUMENT_BITS
        return (product << (p + wide - shift)) // (SCALE * ln2(wide)) if shift <= p + wide else 0
    return product * power_level(p).inverse_ln2 >> (ARGUMENT_BITS + shift)


def exp_parts(x: int, p: int) -> tuple[int, int]:
    """Return (v, k): e**(x/S) = (v +- 32) * 2**(k - p); |x| < 2**72."""
    return power_of_two(over_ln2(x, 0, p), p)


def exp_enclosure(x: int, p: int) -> Enclosure:
    """Return an enclosure of e**(x/S) * S; |x| < 2**72."""
    v, k = exp_parts(x, p)
    v *= SCALE
    return v - POWER_ERROR, v + POWER_ERROR, p - k


def precision_for(log2_units: int) -> int:
    """Return the first precision to try for a result of that many bits in units of 10**-18.

    At least 64 bits stay below the unit, so that about one random argument in 2**60 is widened.
    """
    if log2_units <= 92:
        return 160
    return 256 if log2_units <= 188 else 384


def exp(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(e**(x/S) * S).

    Exact only at x = 0. Termination: Lindemann. Raises Overflow above x = 135.305999368893231589.
    """
    if x == 0:
        return SCALE
    if x < EXP_LOW:
        return round_beside(0, 1, rounding)
    if x > EXP_HIGH:
        raise exp_overflow(x)
    # precision_for, and exp_enclosure below TABLE_BITS, written out: this is the hottest path.
    p = 160 if x < EXP_SMALL else precision_for(x * LOG2_E // (SCALE * SCALE) + 61)
    level = power_level(p)
    v, k = _power_at(level, x * level.inverse_ln2 >> ARGUMENT_BITS)
    v *= SCALE
    raw = round_enclosure(v - POWER_ERROR, v + POWER_ERROR, p - k, rounding)
    if raw is None:
        raw = settle(lambda q: exp_enclosure(x, q), 384, rounding)
    return in_range(raw)


def expm1(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R((e**(x/S) - 1) * S).

    Exact only at x = 0. Termination: Lindemann. Raises Overflow as exp does.
    """
    if x == 0:
        return 0
    if x < EXP_LOW:
        return round_beside(-SCALE, 1, rounding)
    if x > EXP_HIGH:
        raise exp_overflow(x)

    def enclose(p: int) -> Enclosure:
        low, high, shift = exp_enclosure(x, p)
        return low - (SCALE << shift), high - (SCALE << shift), shift

    return in_range(settle(enclose, precision_for(x * LOG2_E // (SCALE * SCALE) + 61), rounding))


def exp2(x: int, rounding: Rounding = HALF_EVEN) -> int:
    """Return R(2**(x/S) * S).

    Exact for whole x >= -18. Termination for others: 2**(P/Q), Q > 1 in lowest terms, is
    irrational, since 2**P is no Q-th power. Raises Overflow from x = 195.2.
    """
    whole, rest = divmod(x, SCALE)
    if whole >= 196:
        raise exp_overflow(x)
    if whole < -61:
        return round_beside(0, 1, rounding)
    if rest == 0:
        return SCALE << whole if whole >= 0 else round_ratio(SCALE, 1 << -whole, rounding)

    def enclose(p: int) -> Enclosure:
        v, k = power_of_two((x << p) // SCALE, p)
        v *= SCALE
        return v - POWER_ERROR, v + POWER_ERROR, p - k

    return in_range(settle(enclose, precision_for(whole + 61), rounding))


def exp_overflow(x: int) -> Overflow:
    """Return the error of an exponential whose result exceeds the range."""
    return Overflow(
        f"the result at {x} units exceeds 2**255 - 1 units",
        way_out="keep the argument of exp below 135.3, of exp2 below 195.2",
    )
