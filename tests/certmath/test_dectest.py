"""IBM's dectest files, where the interpreter ships them, on the grid of 18 places.

- A test is compared where its operands and its exact result are on the grid; operations: add,
  subtract, multiply, divide, remainder, divideint, compare, minus, abs, plus, squareroot.
- Tests with inexact results round to significant digits, not to places, and are not compared.
"""

import re
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

from qfs import certmath
from qfs.certmath import Fixed
from tests.certmath.vectors import say

SUITE = find_spec("test")
FILES = Path(SUITE.origin or "").parent / "decimaltestdata" if SUITE else Path("decimaltestdata")
NAMES = (
    "add", "subtract", "multiply", "divide", "divideint", "remainder", "compare", "minus", "abs",
    "plus", "squareroot",
)  # fmt: skip
LINE = re.compile(r"(\S+)\s+(\S+)\s+(.*?)\s*->\s*(\S+)\s*(.*)")


def test_the_general_decimal_arithmetic_tests_hold_on_the_grid() -> None:
    if not FILES.is_dir():
        say("dectest: NOT RUN (this interpreter ships no test/decimaltestdata)")
        return
    compared = 0
    for name in NAMES:
        for line in (FILES / f"{name}.decTest").read_text(encoding="utf-8").splitlines():
            compared += _holds(line)
    say(f"dectest: {compared} tests compared")
    assert compared > 1000


def _holds(line: str) -> bool:
    """Compare one test; say whether it lies on the grid."""
    match = LINE.fullmatch(line.split("--", maxsplit=1)[0].strip())
    if match is None:
        return False
    _, operation, operands, wanted, flags = match.groups()
    texts = [part.strip("'\"") for part in operands.split()]
    values = [_on_grid(text) for text in texts]
    result = _on_grid(wanted.strip("'\""))
    if None in values or result is None or "inexact" in flags.lower():
        return False
    given = _compute(operation, [value for value in values if value is not None])
    if given is None:
        return False
    assert given == result, line
    return True


def _on_grid(text: str) -> Fixed | None:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII):
        return None
    value = Decimal(text)
    if value and not -19 < value.adjusted() < 50:
        return None
    scaled = Fixed(0) if not value else None
    if scaled is None:
        numerator, denominator = value.as_integer_ratio()
        if 10**18 % denominator:
            return None
        scaled = Fixed.from_ratio(numerator, denominator)
    return scaled


def _compute(operation: str, values: list[Fixed]) -> Fixed | int | None:
    x, y = values[0], values[-1]
    match operation:
        case "add":
            return certmath.add(x, y)
        case "subtract":
            return certmath.sub(x, y)
        case "multiply":
            return x.mul_exact(y)
        case "divide" if y:
            return x.div_exact(y)
        case "divideint" if y:
            return certmath.divmod(x, y, certmath.Rounding.ROUND_DOWN)[0]
        case "remainder" if y:
            return certmath.mod(x, y, certmath.Rounding.ROUND_DOWN)
        case "compare":
            return (x > y) - (x < y)
        case "minus":
            return -x
        case "abs":
            return abs(x)
        case "plus":
            return +x
        case "squareroot":
            return certmath.sqrt(x)
    return None
