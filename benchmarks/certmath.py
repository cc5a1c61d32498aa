"""CertifiedMath against decimal, mpmath, Fraction and what a ``__slots__`` class can do."""

import decimal
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath

from benchmarks.common import Report, Table, curve, measure, nanoseconds, ratio
from qfs import certmath
from qfs.certmath import Fixed, ProofLog, Rounding, certify, hard, raw
from qfs.certmath.exponential import exp_enclosure
from qfs.certmath.logarithm import ln_enclosure

SCALE = 10**18
COUNT = 400
rng = random.Random(302)


def each(call: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Callable[[], None]:
    """Return a loop over prepared arguments; its own cost is part of every row alike."""

    def loop() -> None:
        for argument in arguments:
            call(*argument)

    return loop


def numbers(low: int, high: int) -> list[int]:
    return [rng.randint(low, high) for _ in range(COUNT)]


class Slots:
    """The least that an object with a checked range can be."""

    __slots__ = ("raw",)

    def __init__(self, n: int) -> None:
        self.raw = n

    def __add__(self, other: "Slots") -> "Slots":
        total = self.raw + other.raw
        if not raw.MIN_RAW <= total <= raw.MAX_RAW:
            raise OverflowError
        return Slots(total)

    def __mul__(self, other: "Slots") -> "Slots":
        product, rest = divmod(self.raw * other.raw, SCALE)
        if rest > SCALE >> 1 or (rest == SCALE >> 1 and product & 1):
            product += 1
        if not raw.MIN_RAW <= product <= raw.MAX_RAW:
            raise OverflowError
        return Slots(product)


def as_decimal(n: int) -> Decimal:
    return Decimal(n).scaleb(-18, decimal.Context(prec=90))


def elementary() -> Table:
    """The goals of the functions: ours over the peer's, in one run."""
    context = decimal.Context(prec=38)
    mpmath.mp.prec = 192
    rows = []
    small, positive = numbers(-20 * SCALE, 20 * SCALE), numbers(1, 10**6 * SCALE)
    bases, exponents = numbers(SCALE >> 2, 20 * SCALE), numbers(-5 * SCALE, 5 * SCALE)
    goals: list[tuple[str, list[tuple[int, ...]], Callable[..., Any], str, Any, str]] = [
        ("exp", [(x,) for x in small], lambda d: d.exp(context), "0.25", mpmath.exp, "0.6"),
        ("ln", [(x,) for x in positive], lambda d: d.ln(context), "0.08", mpmath.log, "0.6"),
        ("pow", list(zip(bases, exponents, strict=True)),
         context.power, "0.12", mpmath.power, ""),
        ("sqrt", [(x,) for x in positive], lambda d: d.sqrt(context), "0.4", mpmath.sqrt, ""),
        ("log10", [(x,) for x in positive], lambda d: d.log10(context), "", mpmath.log10, ""),
        ("sin", [(x,) for x in small], None, "", mpmath.sin, ""),
        ("atan", [(x,) for x in small], None, "", mpmath.atan, ""),
        ("erf", [(x // 5,) for x in small], None, "", mpmath.erf, ""),
    ]  # fmt: skip
    for name, arguments, by_decimal, goal, by_mpmath, other_goal in goals:
        decimals = [tuple([as_decimal(n) for n in argument]) for argument in arguments]
        multiples = [tuple([mpmath.mpf(n) / SCALE for n in a]) for a in arguments]
        fixed = [tuple([Fixed.from_raw(n) for n in argument]) for argument in arguments]
        cases = {
            "raw": each(getattr(raw, name), arguments),
            "Fixed": each(getattr(certmath, name), fixed),
            "mpmath": each(by_mpmath, multiples),
        }
        if by_decimal is not None:
            cases["decimal"] = each(by_decimal, decimals)
        took = measure(cases, COUNT)
        against = ratio(took["raw"], took["decimal"]) if "decimal" in took else "-"
        rows.append([
            name, nanoseconds(took["raw"]), nanoseconds(took["Fixed"]),
            nanoseconds(took["decimal"]) if "decimal" in took else "-", against, goal or "-",
            nanoseconds(took["mpmath"]), ratio(took["raw"], took["mpmath"]), other_goal or "-",
        ])  # fmt: skip
    return Table(
        "Elementary functions",
        ("function", "raw int", "Fixed", "decimal, 38 digits", "raw/decimal", "goal",
         "mpmath, 192 bits", "raw/mpmath", "goal"),
        rows,
        "Ours are certified correct in all eight roundings; decimal's exp, ln and sqrt ignore the "
        "rounding, and neither peer certifies its last digit for a directed rounding.",
    )  # fmt: skip


def arithmetic() -> Table:
    """Addition, multiplication and division as objects and as raw integers."""
    left, right = numbers(10**16, 10**24), numbers(10**16, 10**24)
    pairs = list(zip(left, right, strict=True))
    fixed = [(Fixed.from_raw(a), Fixed.from_raw(b)) for a, b in pairs]
    slots = [(Slots(a), Slots(b)) for a, b in pairs]
    decimals = [(as_decimal(a), as_decimal(b)) for a, b in pairs]
    fractions = [(Fraction(a, SCALE), Fraction(b, SCALE)) for a, b in pairs]
    unit, context = Decimal(1).scaleb(-18), decimal.Context(prec=60)
    loops: dict[str, dict[str, Callable[[], None]]] = {
        "add": {
            "int": _operators(pairs, "+"), "raw": each(raw.add, pairs),
            "Fixed": _operators(fixed, "+"), "slots": _operators(slots, "+"),
            "decimal": _operators(decimals, "+"), "Fraction": _operators(fractions, "+"),
        },
        "mul": {
            "int": _scaled(pairs), "raw": each(raw.mul, pairs),
            "Fixed": _operators(fixed, "*"), "slots": _operators(slots, "*"),
            "decimal": _quantized(decimals, unit, context), "Fraction": _operators(fractions, "*"),
        },
    }  # fmt: skip
    rows = []
    for name, cases in loops.items():
        took = measure(cases, COUNT)
        rows.append([name, *[nanoseconds(value) for value in took.values()],
                     ratio(took["Fixed"], took["slots"])])  # fmt: skip
    return Table(
        "Arithmetic",
        ("operation", "int operator", "raw function", "Fixed", "least `__slots__` class",
         "decimal (product quantized)", "Fraction", "Fixed/slots"),
        rows,
        "All columns include the same loop. The least class checks the range and rounds half to "
        "even, but is mutable and takes no int operand. decimal is C: an object in Python does not "
        "reach its addition, nor Fixed its multiplication; raw integers multiply faster.",
    )  # fmt: skip


def _operators(pairs: Sequence[tuple[Any, Any]], sign: str) -> Callable[[], None]:
    def add() -> None:
        for a, b in pairs:
            a + b

    def multiply() -> None:
        for a, b in pairs:
            a * b

    return add if sign == "+" else multiply


def _scaled(pairs: Sequence[tuple[int, int]]) -> Callable[[], None]:
    def loop() -> None:
        for a, b in pairs:
            a * b // SCALE

    return loop


def _quantized(
    pairs: Sequence[tuple[Decimal, Decimal]], unit: Decimal, context: decimal.Context
) -> Callable[[], None]:
    def loop() -> None:
        for a, b in pairs:
            context.quantize(context.multiply(a, b), unit)

    return loop


def adversarial() -> Table:
    """Near-ties against average arguments: the price of certainty."""
    rows = []
    for name in ("exp", "ln", "log10", "sqrt", "atan", "tanh"):
        average = [(x,) for x in numbers(SCALE >> 4, 20 * SCALE)]
        ties = [(x,) for x in hard.near_ties(name, COUNT // 2)][:COUNT]
        took = measure({
            "average": each(getattr(raw, name), average), "ties": each(getattr(raw, name), ties),
        }, COUNT)  # fmt: skip
        worst = max([
            measure({"one": each(getattr(raw, name), [tie] * 20)}, 20, repeats=15)["one"]
            for tie in ties[:60]
        ])  # fmt: skip
        rows.append([
            name, nanoseconds(took["average"]), nanoseconds(took["ties"]),
            ratio(took["ties"], took["average"]), nanoseconds(worst),
            ratio(worst, took["average"]), "3.5",
        ])  # fmt: skip
    return Table(
        "Adversarial input against average input",
        ("function", "average", "near-ties, mean", "ratio", "worst near-tie", "ratio", "goal"),
        rows,
        "Near-ties are inverses of breakpoints on the grid, with results of up to 255 bits.",
    )


def proving() -> Table:
    """What the proof log and the checker cost."""
    left, right = numbers(SCALE, 10**22), numbers(SCALE, 10**22)
    arguments = [(Fixed.from_raw(a), Fixed.from_raw(b)) for a, b in zip(left, right, strict=True)]

    def plain(x: Fixed, y: Fixed, rounding: Rounding = Rounding.ROUND_HALF_EVEN) -> Fixed:
        a = certmath.fixed.raw_of(x)
        b = certmath.fixed.raw_of(y)
        mode = certmath.rounding.rounding_of(rounding)
        product = certmath.basic.mul(a, b, mode)
        return certmath.fixed.from_raw(product)

    def recorded() -> None:
        log = ProofLog()
        for x, y in arguments:
            certmath.mul(x, y, log=log)

    def committed() -> None:
        log = ProofLog()
        for x, y in arguments:
            certmath.mul(x, y, log=log)
        log.digest()

    took = measure({
        "no log": each(plain, arguments), "off": each(certmath.mul, arguments),
        "recorded": recorded, "committed": committed,
    }, COUNT, repeats=31)  # fmt: skip
    rows = [
        ["log off", nanoseconds(max(took["off"] - took["no log"], 0)), "10 ns"],
        ["recorded", nanoseconds(took["recorded"] - took["off"]), "-"],
        ["recorded, encoded and one digest", nanoseconds(took["committed"] - took["off"]), "-"],
    ]
    for name in ("exp", "ln", "sqrt", "sin"):
        x = Fixed("1.25")
        result = getattr(certmath, name)(x)
        checked = measure({"one": lambda n=name, r=result: certify(n, Fixed("1.25"), result=r)})
        rows.append([f"certify({name}) of one result", nanoseconds(checked["one"]), "-"])
    return Table(
        "Proof log and certification",
        ("what", "added time an operation", "goal"),
        rows,
        "Log off is `mul` against a copy of it that knows no log, in the same run.",
    )


def growth() -> str:
    """Time of exp by precision: how widening grows."""
    precisions = (160, 256, 384, 512, 768, 1024, 1536, 2048, 3072)
    lines = {}
    for name, enclose in (("exp", exp_enclosure), ("ln", ln_enclosure)):
        points = []
        for p in precisions:
            took = measure({"one": each(enclose, [(5 * SCALE + 7, p)] * 20)}, 20)["one"]
            points.append((float(p), took / 1e3))
        lines[name] = points
    return curve("Time of one enclosure by precision", "bits", "µs", lines)


def run() -> Report:
    """Measure everything."""
    return Report(
        "certmath",
        "CertifiedMath",
        "Every figure is a median of interleaved repeats in one run, by processor time. Read the "
        "ratios. Goals are upper limits.",
        [elementary(), arithmetic(), adversarial(), proving()],
        ("mpmath", "gmpy2"),
        {"certmath-growth": growth()},
    )
