"""Make tests/certmath/vectors/certmath.txt: what both oracles say, for all functions and modes.

- ``python -m tools.certmath_vectors`` writes it; ``--check`` regenerates and compares bytes.
- One line an argument tuple: ``function arguments : floor added``, where ``added`` has a digit for
  each mode, in the order of the header: the result is the floor plus that digit. Or
  ``: DomainError``, or ``: Overflow`` for a value beyond every range. A line is eight vectors.
- divmod and mod carry their quotient; allocate the parts for ROUND_FLOOR, joined by commas.
- A line is written only where Arb and MPFR agree; a disagreement stops the generator.
"""

import argparse
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import flint
import gmpy2  # type: ignore[import-untyped]  # it ships no types

from tools.certmath_oracle import MODES, SCALE, answer, arb, domain_error, mpfr
from tools.certmath_points import CONSTANTS, FUNCTIONS, Point, hard_points, random_points

TARGET = Path(__file__).parent.parent / "tests" / "certmath" / "vectors" / "certmath.txt"
RANDOM_POINTS = 60
HARD_POINTS = 120
NEAR_TIES = 80
SEED = 302


def lines() -> Iterator[str]:
    """Yield the lines of the file."""
    yield "# CertifiedMath vectors: raw units of 10**-18; made with Arb and MPFR, which agree."
    yield f"# modes {' '.join(MODES)}"
    for function in FUNCTIONS:
        for point in points(function):
            yield line(function, point)


def points(function: str) -> list[Point]:
    """Return the argument tuples of a function: random, then hard ones, each once."""
    found: list[Point] = []
    if function not in CONSTANTS:
        found += random_points(function, RANDOM_POINTS, SEED)
    hard = hard_points(function, NEAR_TIES)
    found += hard[:: max(len(hard) // HARD_POINTS, 1)]
    return list(dict.fromkeys(found))


def line(function: str, point: Point) -> str:
    """Return one line; raises SystemExit where the oracles disagree."""
    shown = " ".join([_shown(argument) for argument in point])
    head = f"{function} {shown} :".replace("  ", " ")
    error = domain_error(function, point)
    if error:
        return f"{head} {error}"
    if function == "allocate":
        parts = _allocate(point, flint.fmpq), _allocate(point, gmpy2.mpq)
        if parts[0] != parts[1]:
            raise SystemExit(f"the oracles disagree: {head} {parts}")
        return f"{head} {','.join([str(part) for part in parts[0]])}"
    first, second = answer(arb, function, point), answer(mpfr, function, point)
    if first != second:
        raise SystemExit(f"the oracles disagree: {head} {first} {second}")
    if first is None:
        return f"{head} Overflow"
    return f"{head} {first.floor} {''.join([str(digit) for digit in first.added])}"


def _shown(argument: Any) -> str:
    if isinstance(argument, tuple):
        return "".join([f"{item}," for item in argument])
    return str(argument)


def _allocate(point: Point, exact: Any) -> list[int]:
    """Return floors of the shares, and one unit more for the largest remainders, earlier first."""
    amount, weights = point
    shares = [exact(amount * weight, sum(weights)) for weight in weights]
    floors = [
        int(share.numerator // share.denominator)
        if hasattr(share, "numerator")
        else int(share.p) // int(share.q)
        for share in shares
    ]
    rests = [
        (-Fraction(str(share)) + floor, index)
        for index, (share, floor) in enumerate(zip(shares, floors, strict=True))
        if weights[index]
    ]
    for _, index in sorted(rests)[: amount - sum(floors)]:
        floors[index] += 1
    return floors


def main() -> None:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args()
    data = ("\n".join(lines()) + "\n").encode("ascii")
    count = sum([1 for text in data.splitlines() if not text.startswith(b"#")])
    if options.check:
        if TARGET.read_bytes() != data:
            sys.exit(f"{TARGET.name} differs from what its generator makes")
        print(f"{TARGET.name}: {count} lines, {8 * count} vectors, as generated")
        return
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(data)
    print(f"{TARGET.name}: {count} lines, {8 * count} vectors, {len(data)} bytes, S = {SCALE}")


if __name__ == "__main__":
    main()
