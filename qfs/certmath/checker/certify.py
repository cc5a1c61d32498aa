"""``certify``: whether a claimed result follows from the definition of the function.

- A rounding R and an integer Y define the real numbers that R sends to Y: an interval, with or
  without its ends. The claim is true if the function's value lies there.
- Truth is decided by ``values``; nothing is recomputed by the code that made the claim.
- ``recheck`` does the same for an operation of a proof log.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias

from qfs.certmath.checker import values
from qfs.certmath.checker.values import SCALE, Side, rational
from qfs.certmath.fixed import Fixed, raw_of, raws_of, whole
from qfs.certmath.prooflog import Operation, Raw
from qfs.certmath.rounding import HALF_EVEN, Rounding, rounding_of
from qfs.errors import InvalidOperation

Ends: TypeAlias = tuple[int, bool, int, bool]


def certify(
    function: str | Callable[..., Any],
    *args: Any,
    result: Any,
    rounding: Rounding = HALF_EVEN,
) -> bool:
    """Say whether result is what function(*args, rounding) must give, by independent code.

    function is one of this room's functions or its name; arguments and result are as the function
    takes and gives them. Raises InvalidOperation for an unknown function, or where 2**15 bits do
    not decide; ConversionSyntax, FloatOperation for arguments of a wrong type.
    """
    name = function if isinstance(function, str) else function.__name__.rstrip("_")
    kinds = _kinds(name, len(args))
    raws = tuple([_READERS[kind](value) for kind, value in zip(kinds, args, strict=True)])
    claimed: Raw
    if name == "divmod":
        claimed = (whole(result[0]), raw_of(result[1]))
    elif name == "allocate":
        claimed = raws_of(result)
    else:
        claimed = raw_of(result)
    return recheck(Operation(name, rounding_of(rounding), raws, claimed))


def recheck(operation: Operation) -> bool:
    """Say whether a recorded operation's result is right.

    Raises InvalidOperation for an unknown function or wrong arguments, or where 2**15 bits do not
    decide.
    """
    name, rounding, arguments = operation.function, operation.rounding, operation.arguments
    for kind, argument in zip(_kinds(name, len(arguments)), arguments, strict=True):
        if (type(argument) is tuple) != (kind == "F"):
            raise InvalidOperation(f"{name}: {argument!r} is of the wrong kind")
    args: tuple[Any, ...] = arguments
    result: Any = operation.result
    if name in ("divmod", "allocate") and type(result) is not tuple:
        return False
    if name not in ("divmod", "allocate") and type(result) is not int:
        return False
    if not _in_domain(name, args):
        return False
    if name == "quantize":
        step: int = 10 ** (18 - args[1])
        return bool(
            result % step == 0 and lies(rational(Fraction(args[0], step)), result // step, rounding)
        )
    if name in ("divmod", "mod"):
        return _divides(args[0], args[1], result, rounding)
    if name == "allocate":
        return _allocates(args[0], args[1], result, rounding)
    return lies(_VALUES[name](*args), result, rounding)


def describe(operation: Operation) -> str:
    """Return an operation as people write it: ``exp(0.05) ROUND_FLOOR = 1.051271096376024039``.

    Raises InvalidOperation for an unknown function, Overflow for a number that no Fixed holds.
    """
    kinds = _kinds(operation.function, len(operation.arguments))
    arguments = [
        _shown(argument, kind) for kind, argument in zip(kinds, operation.arguments, strict=True)
    ]
    result = operation.result
    if operation.function == "divmod" and type(result) is tuple:
        shown = ", ".join([str(result[0]), *[_shown(part, "f") for part in result[1:]]])
    else:
        shown = _shown(result, "f")
    return f"{operation.function}({', '.join(arguments)}) {operation.rounding} = {shown}"


def _shown(value: Raw, kind: str) -> str:
    if type(value) is tuple:
        return f"[{', '.join([_shown(part, kind) for part in value])}]"
    return str(value) if kind == "n" or type(value) is not int else str(Fixed.from_raw(value))


def lies(side: Side, result: int, rounding: Rounding) -> bool:
    """Say whether a value lies where the rounding sends it to result."""
    low, with_low, high, with_high = ends(result, rounding)
    below = side(low)
    if below < 0 or (below == 0 and not with_low):
        return False
    above = side(high)
    return above < 0 or (above == 0 and with_high)


def ends(y: int, rounding: Rounding) -> Ends:
    """Return (low, included, high, included) in half units: what the rounding sends to y."""
    sign = (y > 0) - (y < 0)
    towards_zero = (2 * y if y > 0 else 2 * y - 2, y > 0, 2 * y if y < 0 else 2 * y + 2, y < 0)
    match rounding:
        case Rounding.ROUND_HALF_EVEN:
            return 2 * y - 1, y % 2 == 0, 2 * y + 1, y % 2 == 0
        case Rounding.ROUND_HALF_UP:
            return 2 * y - 1, sign > 0, 2 * y + 1, sign < 0
        case Rounding.ROUND_HALF_DOWN:
            return 2 * y - 1, sign <= 0, 2 * y + 1, sign >= 0
        case Rounding.ROUND_FLOOR:
            return 2 * y, True, 2 * y + 2, False
        case Rounding.ROUND_CEILING:
            return 2 * y - 2, False, 2 * y, True
        case Rounding.ROUND_DOWN:
            return towards_zero
        case Rounding.ROUND_UP:
            return 2 * y - 2 * (sign > 0), sign <= 0, 2 * y + 2 * (sign < 0), sign >= 0
        case _:  # ROUND_05UP
            if y % 5 == 0:
                return 2 * y, True, 2 * y, True
            if abs(y) % 5 == 1:  # what would have ended in 0 or 5 was moved here
                return 2 * y - 2, False, 2 * y + 2, False
            return towards_zero


def _divides(a: int, b: int, result: Any, rounding: Rounding) -> bool:
    """Say whether a = q * b + r with q = R(a/b); for mod only r is claimed."""
    if type(result) is tuple:
        if len(result) != 2 or result[0] * b + result[1] != a:
            return False
        quotient = result[0]
    else:
        quotient, rest = divmod(a - result, b)
        if rest:
            return False
    return lies(rational(Fraction(a, b)), quotient, rounding)


def _allocates(amount: int, weights: Sequence[int], parts: Any, rounding: Rounding) -> bool:
    """Say whether parts are the rounded shares, corrected where the rounding was furthest off."""
    if len(parts) != len(weights) or sum(parts) != amount:
        return False
    shares = [Fraction(amount * weight, sum(weights)) for weight in weights]
    kept: list[tuple[Fraction, int]] = []
    moved: list[tuple[Fraction, int]] = []
    steps: list[int] = []
    for index, (share, part) in enumerate(zip(shares, parts, strict=True)):
        step = next(
            (step for step in (0, 1, -1) if lies(rational(share), part - step, rounding)), None
        )
        if step is None or (step and not weights[index]):
            return False
        if step:
            steps.append(step)
            moved.append((share - (part - step), index))
        elif weights[index]:
            kept.append((share - part, index))
    if not moved:
        return True
    if len(steps) != abs(sum(steps)):
        return False
    # Moved up: the largest shortfalls, earlier first; moved down: the largest surpluses.
    sign = steps[0]
    last = max([(-sign * off, index) for off, index in moved])
    return not kept or min([(-sign * off, index) for off, index in kept]) > last


def _in_domain(name: str, args: tuple[Any, ...]) -> bool:
    """Say whether the function has a value there: a result for anything else is wrong."""
    match name:
        case "div" | "divmod" | "mod" | "muldiv":
            return bool(args[-1] != 0)
        case "ln" | "log2" | "log10":
            return bool(args[0] > 0)
        case "log1p":
            return bool(args[0] > -SCALE)
        case "sqrt":
            return bool(args[0] >= 0)
        case "root":
            return bool(args[1] >= 1 and (args[0] >= 0 or args[1] % 2))
        case "pow":
            return bool(args[0] > 0 or args[1] % SCALE == 0 if args[0] else args[1] >= 0)
        case "powi":
            return bool(args[0] or args[1] >= 0)
        case "quantize":
            return bool(0 <= args[1] <= 18)
        case "phi_series":
            return bool(args[1] >= 0)
        case "compound":
            return bool(args[1] >= -SCALE and args[2] >= 0)
        case "annuity":
            return bool(args[1] > -SCALE and args[2] >= 1)
        case "npv":
            return bool(args[0] > -SCALE)
        case "dot":
            return len(args[0]) == len(args[1])
        case "allocate":
            return bool(sum(args[1]) > 0 and min(args[1]) >= 0)
    return True


def _kinds(name: str, count: int) -> str:
    """Return one letter an argument: f a Fixed, n a count, F a sequence of Fixed."""
    kinds = _SIGNATURES.get(name)
    if kinds is None or len(kinds) != count:
        raise InvalidOperation(
            f"{name} with {count} arguments is no function of certmath",
            way_out=f"use one of {', '.join(sorted(_SIGNATURES))}",
        )
    return kinds


_READERS: Final[dict[str, Callable[[Any], Raw]]] = {"f": raw_of, "n": whole, "F": raws_of}

_VALUES: Final[dict[str, Callable[..., Side]]] = {
    "add": lambda x, y: rational(Fraction(x + y)),
    "sub": lambda x, y: rational(Fraction(x - y)),
    "mul": lambda x, y: rational(Fraction(x * y, SCALE)),
    "div": lambda x, y: rational(Fraction(x * SCALE, y)),
    "muldiv": lambda x, y, z: rational(Fraction(x * y, z)),
    "sum": lambda xs: rational(Fraction(sum(xs))),
    "dot": lambda xs, ys: rational(
        Fraction(sum([x * y for x, y in zip(xs, ys, strict=True)]), SCALE)
    ),
    "sqrt": lambda x: values.algebraic(x * SCALE, 2),
    "root": values.root,
    "hypot": lambda x, y: values.algebraic(x * x + y * y, 2),
    "pow": values.pow_,
    "powi": values.powi,
    "exp": values.exp,
    "exp2": values.exp2,
    "expm1": values.expm1,
    "ln": values.ln,
    "log1p": values.log1p,
    "log2": lambda x: values.log(x, 2),
    "log10": lambda x: values.log(x, 10),
    "sin": values.sin,
    "cos": values.cos,
    "tan": values.tan,
    "atan": values.atan,
    "sinh": lambda x: values.half_sum(x, -1),
    "cosh": lambda x: values.half_sum(x, 1),
    "tanh": values.tanh,
    "sigmoid": values.sigmoid,
    "erf": values.erf,
    "softplus": values.softplus,
    "pi": values.pi,
    "e": values.e,
    "phi": values.phi,
    "phi_pow": values.phi_pow,
    "phi_series": values.phi_series,
    "compound": values.compound,
    "annuity": values.annuity,
    "npv": values.npv,
}

_SIGNATURES: Final[dict[str, str]] = {
    **dict.fromkeys(_VALUES, "f"),
    **dict.fromkeys(("pi", "e", "phi"), ""),
    **dict.fromkeys(("add", "sub", "mul", "div", "divmod", "mod", "hypot", "pow"), "ff"),
    **dict.fromkeys(("root", "powi", "phi_series", "quantize"), "fn"),
    **dict.fromkeys(("compound", "annuity"), "ffn"),
    **dict.fromkeys(("npv", "allocate"), "fF"),
    "muldiv": "fff",
    "sum": "F",
    "dot": "FF",
}
