"""Arguments for the oracle runs: random ones over every magnitude, and the hard ones.

- ``random_points`` draws from a seeded generator: bit lengths first, so that small numbers appear.
- ``hard_points`` takes ``qfs.certmath.hard`` and, for functions of several numbers, tables of ties,
  exact quotients and ends of the range.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from qfs.certmath import hard

SCALE: Final = 10**18
MAX: Final = 2**255 - 1
Point = tuple[Any, ...]

CONSTANTS: Final = ("pi", "e", "phi")
SEQUENCES: Final = ("sum", "dot", "npv", "allocate")
FUNCTIONS: Final = (
    *("add", "sub", "mul", "div", "divmod", "muldiv", "mod", "quantize", "sum", "dot", "allocate"),
    *("sqrt", "root", "hypot", "pow", "powi", "exp", "exp2", "expm1"),
    *("ln", "log1p", "log2", "log10", "sin", "cos", "tan", "atan"),
    *("sinh", "cosh", "tanh", "sigmoid", "erf", "softplus"),
    *("pi", "e", "phi", "phi_pow", "phi_series", "compound", "annuity", "npv"),
)


def random_points(function: str, count: int, seed: int) -> Iterator[Point]:
    """Yield count random argument tuples, the same for the same seed."""
    rng = random.Random(f"{function}/{seed}")  # noqa: S311 (reproducible, not secret)
    draw = _DRAWS[function]
    for _ in range(count):
        yield draw(rng)


def hard_points(function: str, ties: int, seed: int = 0) -> list[Point]:
    """Return hard argument tuples; ties near-ties are sought where the function has an inverse."""
    if function in CONSTANTS:
        return [()]
    rng = random.Random(f"hard/{function}/{seed}")  # noqa: S311 (reproducible, not secret)
    if function in ("add", "sub", "mul", "div", "divmod", "mod"):
        some = hard.grid()[::5]
        pairs: list[Point] = [(rng.choice(some), rng.choice(some)) for _ in range(ties)]
        # Products and quotients that are ties: an odd multiple of half a unit.
        pairs += [(2 * k + 1, SCALE >> 1) for k in range(-20, 20)]
        pairs += [((2 * k + 1) * 10**6, 2 * 10**24) for k in range(-20, 20)]
        return pairs
    if function == "muldiv":
        some = hard.grid()[::5]
        return [tuple(rng.choices(some, k=3)) for _ in range(ties)]
    if function == "quantize":
        return [
            (sign * (2 * k + 1) * 10**n // 2 + d, 18 - n)
            for k in range(12)
            for n in range(19)
            for d in (-1, 0, 1)
            for sign in (1, -1)
        ]
    if function in SEQUENCES or function in ("phi_series", "compound", "annuity"):
        return [_FINE[function](rng) for _ in range(ties)]
    return list(hard.hard_points(function, ties))


def _any(rng: random.Random, bits: int = 255) -> int:
    size = rng.getrandbits(rng.randint(1, bits))
    return size if rng.random() < 0.5 else -size


def _positive(rng: random.Random, bits: int = 255) -> int:
    return rng.getrandbits(rng.randint(1, bits)) or 1


def _within(rng: random.Random, low: int, high: int) -> int:
    return rng.randint(low, high) if rng.random() < 0.7 else _any(rng, 68)


def _many(rng: random.Random, bits: int, *, sign: bool = True) -> tuple[int, ...]:
    length = rng.randint(1, 9)
    return tuple([_any(rng, bits) if sign else _positive(rng, bits) for _ in range(length)])


def _pair_of_many(rng: random.Random) -> Point:
    left = _many(rng, 150)
    return left, tuple([_any(rng, 150) for _ in left])


def _rate(rng: random.Random) -> int:
    return max(_any(rng, 59), 1 - SCALE)


def _periods(rng: random.Random) -> int:
    return rng.randint(1, 120) if rng.random() < 0.7 else _positive(rng, 40)


def _one(low: int, high: int) -> Callable[[random.Random], Point]:
    return lambda rng: (_within(rng, low * SCALE, high * SCALE),)


def _pow(rng: random.Random) -> Point:
    base = _positive(rng, rng.choice((61, 64, 120, 255)))
    return base, _any(rng, rng.choice((58, 64, 70)))


_DRAWS: Final[dict[str, Callable[[random.Random], Point]]] = {
    **dict.fromkeys(("add", "sub", "hypot"), lambda rng: (_any(rng), _any(rng))),
    **dict.fromkeys(
        ("mul", "div", "divmod", "mod"), lambda rng: (_any(rng, 160), _any(rng, 150) or 1)
    ),
    "muldiv": lambda rng: (_any(rng), _any(rng, 150), _any(rng, 150) or 1),
    "quantize": lambda rng: (_any(rng), rng.randint(0, 18)),
    "sum": lambda rng: (_many(rng, 254),),
    "dot": _pair_of_many,
    "allocate": lambda rng: (_any(rng), _many(rng, 80, sign=False)),
    **dict.fromkeys(("sqrt", "ln", "log2", "log10"), lambda rng: (_positive(rng),)),
    "log1p": lambda rng: (_positive(rng) if rng.random() < 0.6 else 1 - _positive(rng, 59),),
    "root": lambda rng: (
        _positive(rng),
        rng.randint(1, 12) if rng.random() < 0.7 else _periods(rng),
    ),
    "pow": _pow,
    "powi": lambda rng: (_any(rng, rng.choice((61, 64, 120))), rng.randint(-60, 60)),
    **dict.fromkeys(("exp", "expm1"), _one(-43, 136)),
    **dict.fromkeys(("sinh", "cosh"), _one(-136, 136)),
    "exp2": _one(-62, 196),
    "phi_pow": _one(-90, 282),
    **dict.fromkeys(("sin", "cos", "tan", "atan"), lambda rng: (_any(rng),)),
    "tanh": _one(-23, 23),
    **dict.fromkeys(("sigmoid", "softplus"), _one(-44, 44)),
    "erf": _one(-7, 7),
    **dict.fromkeys(CONSTANTS, lambda _: ()),
    "phi_series": lambda rng: (_any(rng, 64), rng.randint(0, 24)),
    **dict.fromkeys(
        ("compound", "annuity"), lambda rng: (_any(rng, 150), _rate(rng), _periods(rng))
    ),
    "npv": lambda rng: (_rate(rng), _many(rng, 150)),
}

# Arguments with few digits, where exact results and ties are frequent.
_FINE: Final[dict[str, Callable[[random.Random], Point]]] = {
    "sum": lambda rng: (_many(rng, 4) + (MAX, -MAX)[: rng.randint(0, 2)],),
    "dot": lambda rng: ((_any(rng, 3), SCALE >> 1, 5), (SCALE >> 1, _any(rng, 4), 10**17)),
    "allocate": lambda rng: (_any(rng, 6), (*[rng.randint(0, 3) for _ in range(5)], 1)),
    "phi_series": lambda rng: (
        rng.choice((1, -1)) * rng.choice((SCALE, SCALE >> 1, 2 * SCALE, 10**15, 10**9, 3)),
        rng.randint(0, 9),
    ),
    "compound": lambda rng: (
        _any(rng, 8),
        rng.choice((-SCALE >> 1, SCALE >> 1, SCALE >> 2, SCALE, -SCALE, 0, 10**17, 1, -1, 10**13)),
        rng.randint(0, 30),
    ),
    "annuity": lambda rng: (
        _any(rng, 90),
        rng.choice((-SCALE >> 1, SCALE >> 1, SCALE, 0, 10**17, 1, -1, 5 * 10**15, 9 * SCALE)),
        rng.choice((1, 2, 3, 12, 360, 1000, 10**6, 10**12)),
    ),
    "npv": lambda rng: (rng.choice((SCALE, -SCALE >> 1, 0, 10**17)), _many(rng, 6)),
}


def structured(rng: random.Random) -> int:
    """Return a number of few decimal or binary digits, or a neighbour of one."""
    part = rng.randint(1, 999)
    size: int
    if rng.random() < 0.5:
        size = part * 10 ** rng.randint(0, 73)
    else:
        size = (part * SCALE << rng.randint(0, 185)) >> rng.randint(0, 70)
    size = min(size, MAX - 1) + rng.choice((-1, 0, 0, 1))
    return size if rng.random() < 0.5 else -size


def hard_arguments(function: str, count: int, seed: int) -> Iterator[Point]:
    """Yield count hard argument tuples: those of ``hard_points``, then structured ones."""
    made = 0
    for point in hard_points(function, count // 2, seed)[:count]:
        made += 1
        yield point
    rng = random.Random(f"structured/{function}/{seed}")  # noqa: S311 (reproducible, not secret)
    shape = next(random_points(function, 1, seed))
    counted = {"root": 1, "powi": 1, "quantize": 1, "phi_series": 1, "compound": 2, "annuity": 2}
    while made < count and function not in CONSTANTS:
        made += 1
        drawn = next(random_points(function, 1, seed + made))
        yield tuple(
            [
                drawn[i]
                if isinstance(part, tuple) or counted.get(function) == i
                else structured(rng)
                for i, part in enumerate(shape)
            ]
        )
