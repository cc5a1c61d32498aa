"""``make prove``: hold every function against two oracles, and prove the kernels' budgets by Gappa.

- Random and hard arguments a function, each in all eight roundings, against Arb and MPFR; the first
  mismatch is printed and the exit code is 1.
- Gappa proves the error budgets of the Horner kernels; its scripts are generated from the constants
  that the kernels use. Without gappa (Debian: ``apt-get install gappa``) that part is NOT RUN.
- ``audit/certmath-prove.json`` says exactly what was run: digest of the kernels' code, versions,
  seed, and for each function commit and counts. What was not run is named and not claimed.
- A run that was interrupted goes on where it stood, unless the kernels' code changed.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path
from typing import Any

import flint
import gmpy2  # type: ignore[import-untyped]  # it ships no types

from qfs.certmath import CertifiedMathError, Rounding, raw
from tools import certmath_gappa
from tools.certmath_oracle import MODES, allocated, answer, arb, domain_error, mpfr
from tools.certmath_points import (
    CONSTANTS,
    FUNCTIONS,
    MAX,
    Point,
    hard_arguments,
    random_points,
)
from tools.certmath_source import kernels_digest

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "audit" / "certmath-prove.json"
PROGRESS = 20_000


def expected(function: str, point: Point, mode: Rounding, found: Any) -> Any:
    """Return what the oracles demand: a raw result, a tuple of them, or the name of an error."""
    error = domain_error(function, point)
    if error:
        return error
    if found is None:
        return "Overflow"
    value = found.of(mode)
    if function in ("divmod", "mod"):
        rest = point[0] - value * point[1]
        result = (value, rest) if function == "divmod" else rest
        return result if abs(rest) <= MAX else "Overflow"
    if function == "quantize":
        value *= 10 ** (18 - point[1])
    return value if abs(value) <= MAX else "Overflow"


def actual(function: str, point: Point, mode: Rounding) -> Any:
    """Return what QFS gives: a raw result or the name of its error."""
    call = getattr(raw, function)
    try:
        return call(*point) if function in ("add", "sub", "sum") else call(*point, mode)
    except CertifiedMathError as error:
        return type(error).__name__


def compare(function: str, point: Point) -> str:
    """Return an account of the first mismatch in any mode, or an empty string."""
    if function == "allocate":
        return compare_parts(point)
    first = second = None
    if not domain_error(function, point):
        first, second = answer(arb, function, point), answer(mpfr, function, point)
    if first != second:
        return f"{function}{point}: Arb says {first}, MPFR {second}"
    for mode in MODES:
        wanted, given = expected(function, point, mode, first), actual(function, point, mode)
        if wanted != given:
            return f"{function}{point} {mode}: the oracles say {wanted}, QFS {given}"
    return ""


def compare_parts(point: Point) -> str:
    """Return an account of the first mode in which the parts of an amount differ, or nothing."""
    amount, weights = point
    for mode in MODES:
        first = allocated(flint.fmpq, amount, weights, mode)
        second = allocated(gmpy2.mpq, amount, weights, mode)
        if first != second:
            return f"allocate{point} {mode}: fmpq says {first}, mpq {second}"
        given = tuple(raw.allocate(amount, weights, mode))
        if given != first:
            return f"allocate{point} {mode}: the oracles say {first}, QFS {given}"
    return ""


def run(function: str, count: int, seed: int) -> dict[str, int]:
    """Return how many arguments were compared, and how many of them differed."""
    done = {"random": 0, "hard": 0, "mismatches": 0}
    if function in CONSTANTS:
        kinds: list[tuple[str, Any]] = [("hard", [()])]
    else:
        kinds = [
            ("random", random_points(function, count, seed)),
            ("hard", hard_arguments(function, count, seed)),
        ]
    for kind, arguments in kinds:
        for point in arguments:
            account = compare(function, point)
            done[kind] += 1
            if account:
                done["mismatches"] += 1
                print(f"MISMATCH {account}", flush=True)
    return done


def commit() -> str:
    """Return the commit under test, marked where the certmath room has uncommitted changes."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    head = subprocess.run([git, "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)  # noqa: PLW1510 (an archive without .git is reported as unknown)
    dirty = subprocess.run(  # noqa: PLW1510 (as above)
        [git, "status", "--porcelain", "qfs/certmath", "qfs/errors.py"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if head.returncode:
        return "unknown"
    return head.stdout.strip() + ("+changes" if dirty.stdout.strip() else "")


def kept(report: Path, facts: dict[str, Any], points: int) -> dict[str, dict[str, Any]]:
    """Return what an earlier report has for these very facts, with at least as many points."""
    if not report.is_file():
        return {}
    said = json.loads(report.read_text(encoding="utf-8"))
    if any(said.get(name) != value for name, value in facts.items()):
        return {}
    enough = {
        name: done
        for name, done in said["arguments"].items()
        if name in CONSTANTS or min(done["random"], done["hard"]) >= points
    }
    return {name: done for name, done in enough.items() if not done["mismatches"]}


def write(
    report: Path, facts: dict[str, Any], results: dict[str, dict[str, Any]], gappa: dict[str, Any]
) -> None:
    """Write what was run so far, and what was not."""
    document = facts | {
        "arguments": results,
        "mismatches": sum([done["mismatches"] for done in results.values()]),
        "gappa": gappa,
        "not_run": sorted(
            [name for name in FUNCTIONS if name not in results]
            + ([] if gappa["run"] else ["gappa"])
        ),
    }
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> None:
    """Run what the options ask for, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=100_000, help="arguments of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--function", action="append", choices=FUNCTIONS, help="only these")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--report", type=Path, default=REPORT, help="where the JSON goes")
    options = parser.parse_args()
    facts = {
        "schema": "qfs.certmath-prove/2",
        "kernels_sha256": kernels_digest(),
        "python": platform.python_version(),
        "oracles": {
            "arb": f"python-flint {version('python-flint')}",
            "mpfr": f"gmpy2 {version('gmpy2')}",
        },
        "seed": options.seed,
        "roundings_an_argument": len(MODES),
    }
    results = kept(options.report, facts, options.points)
    print(f"kept from an earlier run over the same code: {len(results)}", flush=True)
    started = commit()
    gappa = certmath_gappa.prove()
    names = [name for name in options.function or FUNCTIONS if name not in results]
    with ProcessPoolExecutor(options.jobs) as pool:
        runs = {pool.submit(run, name, options.points, options.seed): name for name in names}
        for done in as_completed(runs):
            results[runs[done]] = {"commit": started, **done.result()}
            print(runs[done], results[runs[done]], flush=True)
            write(options.report, facts, results, gappa)
    write(options.report, facts, results, gappa)
    mismatches = sum([result["mismatches"] for result in results.values()])
    print(
        f"{sum([r['random'] + r['hard'] for r in results.values()])} arguments, each in "
        f"{len(MODES)} roundings: {mismatches} mismatches; gappa: {gappa['verdict']}"
    )
    sys.exit(1 if mismatches or gappa["verdict"] == "FAILED" else 0)


if __name__ == "__main__":
    main()
