"""Hard arguments: where a wrong rounding, a fixed guard or a forgotten exact case shows.

- Ends of the range, neighbours of exact cases, powers, thresholds of saturation.
- Near-ties: an argument whose value lies as close as possible to a breakpoint. For a function with
  an inverse it is the inverse of a breakpoint, rounded to the grid: ln then needs some 200 bits
  below the unit. Inverses come from the checker's bounds, not from the kernels.
- Pure and fixed: the same tuple of argument tuples on every call, for tests, vectors, strategies.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Final

from qfs.certmath.basic import MAX_RAW, MIN_RAW
from qfs.certmath.checker import bounds
from qfs.certmath.rounding import SCALE

_BITS: Final = 640
"""Precision of the inverses: the largest argument has 255 bits, and 60 stand below the unit."""

Arguments = tuple[int | tuple[int, ...], ...]


@lru_cache(maxsize=1)
def grid() -> tuple[int, ...]:
    """Return raw numbers that are hard for most functions, in ascending order."""
    sizes = [0, 1, 2, 3, 5, 7, 15, SCALE >> 1, SCALE - 1, SCALE, SCALE + 1, 2 * SCALE, 3 * SCALE]
    sizes += [k * 10**9 + d for k in (1, 2, 3, 10) for d in (-1, 0, 1)]
    sizes += [10**k for k in range(77)]
    sizes += [SCALE << k for k in range(0, 196, 3)]
    sizes += [(SCALE << k) + 1 for k in range(0, 190, 9)]
    sizes += [SCALE >> k for k in range(1, 19)]
    sizes += [limit * SCALE + d for limit in (7, 22, 42, 43, 135, 136) for d in (-1, 0, 1)]
    sizes += [MAX_RAW - 1, MAX_RAW]
    seen = dict.fromkeys([size for size in sizes if size <= MAX_RAW])
    return tuple(sorted([-size for size in seen if size] + list(seen)))


@lru_cache(maxsize=64)
def breakpoints(low: int, high: int, count: int) -> tuple[Fraction, ...]:
    """Return ties and whole units in [low, high] units, spread as a golden-ratio sequence."""
    step = (high - low) * 618033988749894848 // SCALE
    out = []
    at = low
    for index in range(count):
        at = low + (at - low + step) % (high - low + 1)
        out.append(Fraction(2 * at + (1 if index % 4 else 0), 2 * SCALE))
    return tuple(out)


def _exp(t: Fraction) -> Fraction:
    return Fraction(bounds.exp_bounds(t.numerator, t.denominator, _BITS)[0], 1 << _BITS)


def _ln(t: Fraction) -> Fraction:
    return Fraction(bounds.ln_bounds(t.numerator, t.denominator, _BITS)[0], 1 << _BITS)


def _tan(t: Fraction) -> Fraction:
    sine, cosine = bounds.sin_cos_bounds(t.numerator, t.denominator, _BITS)
    return Fraction(sine[0], cosine[0])


# The inverse of each monotone function, and the results, in units, between which it is taken.
_INVERSES: Final[dict[str, tuple[Callable[[Fraction], Fraction], int, int]]] = {
    "exp": (_ln, 1, 10**24),
    "expm1": (lambda t: _ln(1 + t), -SCALE + 1, 10**20),
    "exp2": (lambda t: _ln(t) * Fraction(1, _ln(Fraction(2))), 1, 10**24),
    "ln": (_exp, -41 * SCALE, 135 * SCALE),
    "log1p": (lambda t: _exp(t) - 1, -41 * SCALE, 135 * SCALE),
    "log2": (lambda t: _exp(t * _ln(Fraction(2))), -59 * SCALE, 195 * SCALE),
    "log10": (lambda t: _exp(t * _ln(Fraction(10))), -17 * SCALE, 58 * SCALE),
    "sqrt": (lambda t: t * t, 1, 10**38),
    "atan": (_tan, 1, 1_570796326794896619),
    "tanh": (lambda t: _ln((1 + t) * Fraction(1, 1 - t)) * Fraction(1, 2), 1, SCALE - 2),
    "sigmoid": (lambda t: _ln(t * Fraction(1, 1 - t)), 1, SCALE - 2),
    "softplus": (lambda t: _ln(_exp(t) - 1), 1, 40 * SCALE),
}


@lru_cache(maxsize=64)
def near_ties(function: str, count: int) -> tuple[int, ...]:
    """Return arguments of a function of one number whose values lie beside breakpoints.

    Two grid points for each breakpoint; none for a function without an inverse here.
    """
    entry = _INVERSES.get(function)
    if entry is None:
        return ()
    inverse, low, high = entry
    out: list[int] = []
    for point in breakpoints(low, high, count):
        x = inverse(point) * SCALE
        floor = x.numerator // x.denominator
        out += [at for at in (floor, floor + 1) if MIN_RAW <= at <= MAX_RAW]
    return tuple(out)


def multiples_of_quarter_turn(count: int) -> tuple[int, ...]:
    """Return the grid points nearest to k * pi/2, where sin, cos or tan nearly vanish."""
    out = []
    k = 1
    for _ in range(count):
        low = bounds.pi_bounds(_BITS)[0]
        x = k * low * SCALE >> (_BITS + 1)
        out += [x, x + 1]
        k = k * 7 // 3 + 1
    return tuple([x for x in out if x <= MAX_RAW])


def powers() -> tuple[Arguments, ...]:
    """Return (base, exponent) pairs around rational, exact and nearly exact powers."""
    exponents = [SCALE >> k for k in range(1, 6)] + [3 * SCALE >> 1, SCALE * 5 >> 2, SCALE // 5]
    exponents += [1, 2, SCALE - 1, SCALE + 1, 2 * SCALE, 3 * SCALE, 10 * SCALE, 360 * SCALE]
    bases = [1, 2, SCALE >> 1, SCALE >> 2, SCALE - 1, SCALE + 1, SCALE + 10**9, SCALE * 9 >> 2]
    bases += [2 * SCALE, 10 * SCALE, 32 * SCALE, 1024 * SCALE, SCALE * 6 // 5, 10**8, 10**30]
    pairs = [(b, sign * e) for b in bases for e in exponents for sign in (1, -1)]
    pairs += [(-b, whole * SCALE) for b in bases for whole in (-3, -2, 2, 3)]
    # A power of a large base with a small exponent has near-ties some 200 bits deep.
    for point in breakpoints(2 * SCALE, 9 * SCALE, 24):
        x = _exp(_ln(point) * 50) * SCALE
        pairs += [(x.numerator // x.denominator + d, SCALE // 50) for d in (0, 1)]
    return tuple(pairs)


def hard_points(function: str, count: int = 64) -> tuple[Arguments, ...]:
    """Return hard argument tuples of a function of one or two numbers, in raw units.

    count is the number of near-ties that are sought. Arguments outside the domain are included:
    there the function must raise.
    """
    if function in ("pow", "hypot"):
        return powers()
    if function in ("powi", "root"):
        counts = (0, 1, 2, 3, 4, 5, 7, 18, 60, 63, 64, 65, 66, 100, 195, 196, 1000, 10**9)
        signs = (1, -1) if function == "powi" else (1,)
        bases: tuple[int, ...] = (
            0,
            1,
            2,
            SCALE >> 1,
            SCALE - 1,
            SCALE,
            SCALE + 1,
            2 * SCALE,
            10 * SCALE,
        )
        bases += (SCALE << 65, SCALE << 66, SCALE << 195, 3**66 * SCALE, 8 * SCALE, MAX_RAW)
        return tuple(
            [(s * x, t * n) for x in bases for n in counts for s in (1, -1) for t in signs]
        )
    if function in ("add", "sub", "mul", "div", "divmod", "mod"):
        some = grid()[::7]
        return tuple([(x, y) for x in some for y in some])
    points = list(grid()) + list(near_ties(function, count))
    if function in ("sin", "cos", "tan"):
        turns = multiples_of_quarter_turn(count)
        points += list(turns) + [-x for x in turns]
    if function in ("sinh", "cosh", "tanh", "erf", "sin", "cos", "atan"):
        # x + x³/6 and its like: the cubic or square term is a tie, or nearly one, near k * 10**9.
        points += [k * 10**9 + d for k in range(1, 20) for d in (-1, 0, 1)]
        points += [k * 10**12 + d for k in range(1, 20) for d in (-1, 0, 1)]
    return tuple([(x,) for x in points])
