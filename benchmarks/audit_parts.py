"""What ``qfs audit`` costs for many packages as one program, beside each of them by itself.

- Packages differ in what a line of them costs; so a curve over more and more packages shows which
  came in, and not only what size does. Here the same packages are audited twice: one by one, and
  all as one program, in which each calls the others.
- The packages are those installed beside this checkout, in the order of names. The standard library
  is not part of the program, as in a user's: ``rules/`` says what it does.
- The scanner is the compiled one, as in ``audit``; every run is a command of its own, start-up
  included, one process, nothing cached; CPU seconds are the kernel's count for that child.
"""

import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.audit import PACKAGES, audit, command, compiled, copied, installed
from benchmarks.common import Report, Table, curve, ratio

SIZES = (100_000, 250_000, 500_000, 1_000_000)
DEAREST = 12
PURE = Path(sysconfig.get_path("purelib"))


def grouped(base: Path) -> dict[str, dict[Path, bytes]]:
    """Return the files below a folder by the package, or the module, that they are of."""
    out: dict[str, dict[Path, bytes]] = {}
    for name, data in installed((base,)):
        out.setdefault(name.parts[0], {})[name] = data
    return dict(sorted(out.items()))


def placed(folder: Path, files: dict[Path, bytes]) -> int:
    """Write files into a folder; return their lines."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return sum([data.count(b"\n") for data in files.values()])


def measured(
    base: Path, groups: dict[str, dict[Path, bytes]], sizes: Sequence[int], scanner: Path | None
) -> tuple[list[tuple[str, int, float]], list[tuple[int, int, float, float, float]]]:
    """Return what each package costs, and what the first of them do together, by size.

    Of a package: name, lines, CPU seconds. Of a size, the first after which there are as many
    lines: packages, lines, CPU seconds one by one and as one program, megabytes of the latter.
    """
    each: list[tuple[str, int, float]] = []
    together: list[tuple[int, int, float, float, float]] = []
    waiting = sorted(sizes)
    for name, files in groups.items():
        alone = base / "alone" / str(len(each))
        lines = placed(alone, files)
        placed(base / "together", files)
        each.append((name, lines, command(*audit(alone), path=scanner).cpu))
        total = sum([one[1] for one in each])
        if total >= waiting[0]:
            taken = command(*audit(base / "together"), path=scanner)
            one_by_one = sum([one[2] for one in each])
            together.append((len(each), total, one_by_one, taken.cpu, taken.megabytes))
            waiting = [size for size in waiting if size > total]
            if not waiting:
                break
    return each, together


def run() -> Report:
    """Measure."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        copied(base / "src", PACKAGES)
        fast = compiled(base, base / "src")
        each, together = measured(base, grouped(PURE), SIZES, fast)
    sizes = Table(
        "The first packages by name, until they have so many lines",
        ("packages", "lines", "one by one, CPU seconds", "as one program, CPU seconds", "ratio",
         "MB as one program"),
        [
            [f"{many}", f"{lines:,}", f"{apart:.1f}", f"{one:.1f}", ratio(one, apart), f"{mb:.0f}"]
            for many, lines, apart, one, mb in together
        ],
        "A ratio of 1 is linear growth: what packages cost by themselves, they cost together. A "
        "larger program tells fewer calls of a function apart (`CONTEXTS_TOTAL` and its like in "
        "`qfs/scan/solver/solve.py`), and follows what packages call of one another besides. "
        "Start-up is in every figure, once a package in those of one by one.",
    )  # fmt: skip
    ranked = sorted(each, key=lambda one: -one[2])
    dearest, rest = ranked[:DEAREST], ranked[DEAREST:]
    rows = [[n, f"{lines:,}", f"{s:.1f}", f"{lines / s:,.0f}"] for n, lines, s in dearest]
    lines, seconds = sum([one[1] for one in rest]), sum([one[2] for one in rest])
    rows.append(
        [f"the other {len(rest)}", f"{lines:,}", f"{seconds:.1f}", f"{lines / seconds:,.0f}"]
    )
    parts = Table(
        "The dearest packages by themselves",
        ("package", "lines", "CPU seconds", "lines a CPU-second"),
        rows,
        "What is dear is code of which nobody can say what a call calls: a table of hundreds of "
        "functions, decorators that wrap hundreds, functions that all call each other.",
    )
    picture = curve(
        "Cost of a cold audit, compiled", "lines", "CPU seconds",
        {
            "one by one": [(0.0, 0.0), *[(float(row[1]), row[2]) for row in together]],
            "as one program": [(0.0, 0.0), *[(float(row[1]), row[3]) for row in together]],
        },
    )  # fmt: skip
    intro = "Whether a program costs more than its parts: many packages at once, and one by one."
    return Report(
        "audit_parts", "qfs audit: a program and its parts", intro, [sizes, parts], (),
        {"audit-parts": picture},
    )  # fmt: skip
