"""Two oracles that QFS did not write: Arb (python-flint) and MPFR (gmpy2).

- Each encloses ``f * 10**18``: Arb by rigorous balls, MPFR by a correctly rounded value and a
  margin for the rounded argument. Both are asked at rising precision until the rounding is decided.
- Rationals are exact in both: fmpq and mpq.
- A value that 4,400 bits cannot tell from a breakpoint is that breakpoint: an exact case.
- ``answer`` gives the floor and, for each mode, whether one is added; or None for a value beyond
  every range. Nothing of qfs is used but the names of the modes.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, NamedTuple

import flint
import gmpy2  # type: ignore[import-untyped]  # it ships no types

from qfs.certmath import Rounding

SCALE: Final = 10**18
MODES: Final = tuple(Rounding)
PRECISIONS: Final = (640, 1400, 4400)
BEYOND: Final = 300
"""|f * S| >= 2**300 is called beyond: no result has more than 255 bits."""
TINY: Final = 400
"""Below 2**-400 units only the sign of a value matters."""

Span = tuple[int, int, int]
"""low, high, shift: low <= f * S * 2**shift <= high."""


class Answer(NamedTuple):
    """What every mode must give: floor + added[i] in MODES[i]."""

    floor: int
    added: tuple[int, ...]

    def of(self, mode: Rounding) -> int:
        """Return the result in one mode."""
        return self.floor + self.added[MODES.index(mode)]


def decide(floor: int, twice: int, mode: Rounding) -> int:
    """Return 0 or 1 to add to the floor of a value that is no integer.

    twice is -1, 0 or 1: below, at or above the middle between floor and floor + 1.
    """
    negative = floor < 0
    match mode:
        case Rounding.ROUND_FLOOR:
            return 0
        case Rounding.ROUND_CEILING:
            return 1
        case Rounding.ROUND_DOWN:
            return int(negative)
        case Rounding.ROUND_UP:
            return int(not negative)
        case Rounding.ROUND_05UP:
            last = abs(floor + negative) % 10
            return int(negative == (last not in (0, 5)))
        case _ if twice:
            return int(twice > 0)
        case Rounding.ROUND_HALF_EVEN:
            return floor % 2
        case Rounding.ROUND_HALF_UP:
            return int(not negative)
        case Rounding.ROUND_HALF_DOWN:
            return int(negative)


def of_fraction(value: Fraction) -> Answer:
    """Return the answer for an exact value, in units."""
    floor = value.numerator // value.denominator
    if value == floor:
        return Answer(floor, (0,) * len(MODES))
    twice = 2 * (value - floor) - 1
    side = (twice > 0) - (twice < 0)
    return Answer(floor, tuple([decide(floor, side, mode) for mode in MODES]))


def of_span(span: Span) -> Answer | None:
    """Return the answer if no breakpoint lies in the span, else None."""
    low, high, shift = span
    doubled, other = low >> (shift - 1), high >> (shift - 1)
    on_breakpoint = doubled << (shift - 1) == low
    if doubled != other or on_breakpoint:
        return None
    floor = doubled >> 1
    side = 1 if doubled & 1 else -1
    return Answer(floor, tuple([decide(floor, side, mode) for mode in MODES]))


def answer(
    oracle: Callable[[str, tuple[Any, ...], int], Span | Fraction | None],
    function: str,
    args: tuple[Any, ...],
) -> Answer | None:
    """Return an oracle's answer, or None beyond every range."""
    span: Span | Fraction | None = (0, 0, 1)
    for precision in PRECISIONS:
        span = oracle(function, args, precision)
        if span is None:
            return None
        if isinstance(span, Fraction):
            return of_fraction(span) if abs(span) < 2**BEYOND else None
        found = of_span(span)
        if found is not None:
            return found
    if not isinstance(span, tuple):
        return None
    low, high, shift = span
    return of_fraction(Fraction((low + high + (1 << (shift - 1))) >> shift, 2))


def allocated(
    make: Callable[[int], Any], amount: int, weights: tuple[int, ...], mode: Rounding
) -> tuple[int, ...]:
    """Return the parts of an amount: each rounded, then what is missing given out one by one.

    make is an oracle's exact rational of an integer; each unit goes where the exact share is
    furthest beyond the part, the earlier part first.
    """
    total = sum(weights)
    shares = [make(amount) * weight / total for weight in weights]
    whole = [Fraction(int(_top(share)), int(_bottom(share))) for share in shares]
    parts = [of_fraction(share).of(mode) for share in whole]
    while sum(parts) != amount:
        step = 1 if sum(parts) < amount else -1
        gaps = [
            (step * (share - part), -index)
            for index, (share, part) in enumerate(zip(whole, parts, strict=True))
            if weights[index]
        ]
        parts[-max(gaps)[1]] += step
    return tuple(parts)


def _top(value: Any) -> Any:
    return value.p if isinstance(value, flint.fmpq) else value.numerator


def _bottom(value: Any) -> Any:
    return value.q if isinstance(value, flint.fmpq) else value.denominator


def saturated(function: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return arguments at which a saturating function rounds alike, but can still be computed.

    Beyond the cut the function is monotone and within 10**-27 of its limit, on the same side as at
    the cut. softplus(x) = x + ln(1 + e**-x) takes the cut in its second term.
    """
    if function == "annuity" and args[1] > 0:
        # P r + P r/(g - 1): beyond g = 2**2000 the second term rounds as it does there.
        doublings = (1 + args[1] // SCALE).bit_length() - 1
        enough = 2000 // doublings if doublings else 2000 * SCALE // args[1]
        return args[0], args[1], min(args[2], enough + 1)
    if function == "annuity" and args[1] < 0:
        # P r g/(g - 1): below g = 2**-2000 it is a tiny number of the sign of P.
        return args[0], args[1], min(args[2], 2000 * SCALE // -args[1] + 1)
    cut = _CUTS.get(function)
    if cut is None:
        return args
    x = args[0]
    if function == "softplus":
        return max(x, -cut), min(x, cut)
    return (max(min(x, cut) if function != "expm1" else x, -cut),)


def domain_error(function: str, args: tuple[Any, ...]) -> str:
    """Return the name of the error outside the domain, or an empty string inside it."""
    x, last = (args[0], args[-1]) if args else (0, 0)
    match function:
        case "div" | "divmod" | "mod" | "muldiv" if last == 0:
            return "DivisionByZero"
        case "powi" | "pow" if x == 0 and last < 0:
            return "DivisionByZero"
        case "pow" if x < 0 and last % SCALE:
            return "DomainError"
        case "ln" | "log2" | "log10" if x <= 0:
            return "DomainError"
        case "log1p" if x <= -SCALE:
            return "DomainError"
        case "sqrt" if x < 0:
            return "DomainError"
        case "root" if last < 1 or (x < 0 and last % 2 == 0):
            return "DomainError"
        case "compound" if args[1] < -SCALE or last < 0:
            return "DomainError"
        case "annuity" if args[1] <= -SCALE or last < 1:
            return "DomainError"
        case "npv" if x <= -SCALE:
            return "DomainError"
    return ""


# Arb.


def arb(function: str, args: tuple[Any, ...], precision: int) -> Span | Fraction | None:
    """Enclose f * S by Arb at a working precision; exact Fraction for rationals."""
    if function in _RATIONAL:
        made = _RATIONAL[function](*_fmpq(args, function))
        if made is not None:
            value = flint.fmpq(made) * SCALE
            return Fraction(int(value.p), int(value.q))
    # Reduction of a large argument, and results of up to 255 bits, take bits of their own.
    flint.ctx.prec = precision + _extra(args)
    ball = _ARB[function](*_arbs(saturated(function, args), function)) * SCALE
    return _span_of_ball(ball)


def _span_of_ball(ball: Any) -> Span | None:
    if not ball.is_finite():
        return -1, 1, 1
    if abs(ball) > flint.arb(2) ** BEYOND:
        return None
    tiny = flint.arb(2) ** -TINY
    if abs(ball) < tiny and (ball > 0 or ball < 0):
        return (1, 2, TINY) if ball > 0 else (-2, -1, TINY)
    scaled = ball * flint.arb(2) ** 4000
    low = scaled.lower().floor().unique_fmpz()
    high = scaled.upper().ceil().unique_fmpz()
    return int(low), int(high), 4000


def _extra(args: tuple[Any, ...]) -> int:
    """Return bits for the sizes of arguments and result: at most 2 * 255 of each, and spare."""
    return 3 * max([abs(a).bit_length() for a in args if isinstance(a, int)], default=0) + 128


def _x(raw: int) -> Any:
    return flint.arb(flint.fmpq(raw, SCALE))


_CUTS: Final = {
    **dict.fromkeys(("tanh", "sigmoid", "softplus", "expm1"), 64 * SCALE),
    "erf": 8 * SCALE,
}
"""|x| above which a saturating function is asked at the cut instead."""

_COUNTS: Final = {
    "root": (1,), "powi": (1,), "phi_series": (1,), "quantize": (1,), "compound": (2,),
    "annuity": (2,),
}  # fmt: skip
"""Positions of the arguments that are plain counts."""


def _arbs(args: tuple[Any, ...], function: str) -> list[Any]:
    counts = _COUNTS.get(function, ())
    return [flint.arb(a) if i in counts else _x(a) for i, a in enumerate(args)]


def _fmpq(args: tuple[Any, ...], function: str) -> list[Any]:
    return _exact(args, function, lambda a: flint.fmpq(a, SCALE))


def _exact(args: tuple[Any, ...], function: str, make: Callable[[int], Any]) -> list[Any]:
    counts = _COUNTS.get(function, ())
    out: list[Any] = []
    for index, argument in enumerate(args):
        if isinstance(argument, tuple):
            out.append([make(item) for item in argument])
        else:
            out.append(argument if index in counts else make(argument))
    return out


def _arb_root(x: Any, n: Any) -> Any:
    if x == 0:
        return x
    return -((-x).log() / n).exp() if x < 0 else (x.log() / n).exp()


def _arb_pow(x: Any, y: Any) -> Any:
    return (x.log() * y).exp() if x > 0 else x**y


_ARB: Final[dict[str, Callable[..., Any]]] = {
    "sqrt": lambda x: x.sqrt(),
    "root": _arb_root,
    "hypot": lambda x, y: (x * x + y * y).sqrt(),
    "pow": _arb_pow,
    "powi": _arb_pow,
    "exp": lambda x: x.exp(),
    "exp2": lambda x: flint.arb(2) ** x,
    "expm1": lambda x: x.expm1(),
    "ln": lambda x: x.log(),
    "log1p": lambda x: x.log1p(),
    "log2": lambda x: x.log() / flint.arb.const_log2(),
    "log10": lambda x: x.log() / flint.arb.const_log10(),
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "tan": lambda x: x.tan(),
    "atan": lambda x: x.atan(),
    "sinh": lambda x: x.sinh(),
    "cosh": lambda x: x.cosh(),
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "softplus": lambda x, cut: x.exp().log1p() if x < 0 else x + (-cut).exp().log1p(),
    "erf": lambda x: x.erf(),
    "pi": flint.arb.pi,
    "e": lambda: flint.arb(1).exp(),
    "phi": lambda: (1 + flint.arb(5).sqrt()) / 2,
    "phi_pow": lambda x: (((1 + flint.arb(5).sqrt()) / 2).log() * x).exp(),
    "compound": lambda p, r, n: p * ((1 + r).log() * n).exp(),
    "annuity": lambda p, r, n: p * r / (1 - (-(1 + r).log() * n).exp()),
}


# MPFR.


def mpfr(function: str, args: tuple[Any, ...], precision: int) -> Span | Fraction | None:
    """Enclose f * S by MPFR: a value good to all but a few bits, and a margin; exact mpq."""
    if function in _RATIONAL:
        made = _RATIONAL[function](*_mpq(args, function))
        if made is not None:
            value = gmpy2.mpq(made) * SCALE
            return Fraction(int(value.numerator), int(value.denominator))
    # The argument is rounded once; its relative error grows by at most its own size in bits
    # (twice, for powers), which these bits pay for.
    # Away from zero, so that no underflow ends at zero.
    context = gmpy2.context(
        precision=precision + _extra(args),
        emax=gmpy2.get_emax_max(),
        emin=gmpy2.get_emin_min(),
        round=gmpy2.RoundAwayZero,
    )
    with context:
        value = _MPFR[function](*_mpfrs(saturated(function, args), function)) * SCALE
        if not gmpy2.is_finite(value) or abs(value) > gmpy2.mpfr(2) ** BEYOND:
            return None
        if value == 0:
            return 0, 0, TINY
        if abs(value) < gmpy2.mpfr(2) ** -TINY:
            return (1, 2, TINY) if value > 0 else (-2, -1, TINY)
        margin = gmpy2.mpz(1) << (4000 - precision if precision < 4000 else 0)
        scaled = gmpy2.mpz(gmpy2.rint_floor(value * gmpy2.mpfr(2) ** 4000))
    return int(scaled - margin), int(scaled + margin + 1), 4000


def _mpfrs(args: tuple[Any, ...], function: str) -> list[Any]:
    counts = _COUNTS.get(function, ())
    return [
        gmpy2.mpfr(a) if i in counts else gmpy2.mpfr(gmpy2.mpq(a, SCALE))
        for i, a in enumerate(args)
    ]


def _mpq(args: tuple[Any, ...], function: str) -> list[Any]:
    return _exact(args, function, lambda a: gmpy2.mpq(a, SCALE))


def _mpfr_root(x: Any, n: Any) -> Any:
    if n == 1 or x == 0:
        return x
    if x < 0:
        return -_mpfr_root(-x, n)
    return gmpy2.rootn(x, int(n)) if n <= 64 else gmpy2.exp(gmpy2.log(x) / n)


_MPFR: Final[dict[str, Callable[..., Any]]] = {
    "sqrt": gmpy2.sqrt,
    "root": _mpfr_root,
    "hypot": gmpy2.hypot,
    "pow": lambda x, y: x**y,
    "powi": lambda x, n: x**n,
    "exp": gmpy2.exp,
    "exp2": gmpy2.exp2,
    "expm1": gmpy2.expm1,
    "ln": gmpy2.log,
    "log1p": gmpy2.log1p,
    "log2": gmpy2.log2,
    "log10": gmpy2.log10,
    "sin": gmpy2.sin,
    "cos": gmpy2.cos,
    "tan": gmpy2.tan,
    "atan": gmpy2.atan,
    "sinh": gmpy2.sinh,
    "cosh": gmpy2.cosh,
    "tanh": gmpy2.tanh,
    "sigmoid": lambda x: 1 / (1 + gmpy2.exp(-x)),
    "softplus": lambda x, c: gmpy2.log1p(gmpy2.exp(x)) if x < 0 else x + gmpy2.log1p(gmpy2.exp(-c)),
    "erf": gmpy2.erf,
    "pi": gmpy2.const_pi,
    "e": lambda: gmpy2.exp(gmpy2.mpfr(1)),
    "phi": lambda: (1 + gmpy2.sqrt(gmpy2.mpfr(5))) / 2,
    "phi_pow": lambda x: ((1 + gmpy2.sqrt(gmpy2.mpfr(5))) / 2) ** x,
    "compound": lambda p, r, n: p * (1 + r) ** n,
    "annuity": lambda p, r, n: p * r / (1 - (1 + r) ** -n),
}


# Rationals, over whichever exact type the arguments have.

_EXACT_STEPS: Final = 400
"""Periods up to which a power is taken as an exact rational."""


def _power(x: Any, n: int) -> Any:
    """Return x**n exactly, or None where it would be large; 0**0 is 1."""
    return None if abs(n) > _EXACT_STEPS else x**n


def _half_power(x: Any, y: Any) -> Any:
    """Return x**y exactly for a whole y, else None."""
    n = Fraction(int(y.p), int(y.q)) if hasattr(y, "p") else Fraction(y)
    return _power(x, int(n)) if n.denominator == 1 else None


def _compound(p: Any, r: Any, n: int) -> Any:
    # Nothing grows to nothing, however often; in MPFR 0 times an overflow would be NaN.
    return p * (1 + r) ** n if n <= _EXACT_STEPS else p if p == 0 else None


def _annuity(p: Any, r: Any, n: int) -> Any:
    if r == 0:
        return p / n
    if n > _EXACT_STEPS:
        return None
    growth = (1 + r) ** n
    return p * r * growth / (growth - 1)


def _series(x: Any, n: int) -> Any:
    total = x * 0
    for k in range(n - 1, -1, -1):
        total = (x * 0 + 1) / (2 * k + 1) - total * x * x
    return total * x


def _npv(r: Any, flows: list[Any]) -> Any:
    total = r * 0
    for flow in reversed(flows):
        total = total / (1 + r) + flow
    return total


_RATIONAL: Final[dict[str, Callable[..., Any]]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "muldiv": lambda x, y, z: x * y / z,
    # The quotient itself, in whole units; the remainder follows from it.
    "divmod": lambda x, y: x / y / SCALE,
    "mod": lambda x, y: x / y / SCALE,
    "quantize": lambda x, n: x * 10**n / SCALE,
    "sum": sum,
    "dot": lambda xs, ys: sum([x * y for x, y in zip(xs, ys, strict=True)]),
    "powi": _power,
    "pow": _half_power,
    "compound": _compound,
    "annuity": _annuity,
    "phi_series": _series,
    "npv": _npv,
}

ORACLES: Final = {"arb": arb, "mpfr": mpfr}
FUNCTIONS: Final = tuple(sorted({*_ARB, *_RATIONAL}))
