"""``qfs audit`` over packages of the standard library: lines a CPU-second, cold, warm, growth.

Peers: what any scanner in Python must do at least, which is to read and to parse.
"""

import ast
import shutil
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.common import Report, Table, curve
from qfs.app.audit import AuditRequest, audit
from qfs.scan.extract import extract

LIBRARY = Path(sysconfig.get_path("stdlib"))
PACKAGES = ("json", "http", "urllib", "collections", "importlib", "logging", "xml", "html")
RUNS = 2


def cpu(call: Callable[[], object]) -> float:
    """Return the least CPU seconds of a few runs."""
    taken = []
    for _run in range(RUNS):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken)


def copied(folder: Path, packages: Sequence[str]) -> int:
    """Copy packages into a folder; return their lines."""
    for name in packages:
        ignored = shutil.ignore_patterns("__pycache__", "test*", "*.pyc")
        shutil.copytree(LIBRARY / name, folder / name, ignore=ignored)
    return sum([path.read_bytes().count(b"\n") for path in folder.rglob("*.py")])


def run() -> Report:
    """Measure."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        lines = copied(base / "src", PACKAGES)
        cache = base / "cache"
        data = [path.read_bytes() for path in sorted((base / "src").rglob("*.py"))]

        def audited(*, per_file: bool = False, cached: bool = False) -> None:
            audit(
                AuditRequest((base / "src",), per_file=per_file, cache=cached, cache_folder=cache)
            )

        audited(cached=True)
        cases: dict[str, Callable[[], object]] = {
            "ast.parse (floor)": lambda: [ast.parse(each) for each in data],
            "facts of every file": lambda: [extract(each) for each in data],
            "each file alone, cold": lambda: audited(per_file=True),
            "whole program, cold": audited,
            "whole program, warm": lambda: audited(cached=True),
        }
        taken = {title: cpu(call) for title, call in cases.items()}
        points = growth(base)
    floor = taken["ast.parse (floor)"]
    rows = [
        [title, f"{seconds:.3f}", f"{lines / seconds:,.0f}", f"{seconds / floor:.2f}"]
        for title, seconds in taken.items()
    ]
    table = Table(
        f"{len(data)} files, {lines:,} lines of CPython {sys.version_info[0]}."
        f"{sys.version_info[1]}'s library; every function an entry point",
        ("what", "CPU seconds", "lines a CPU-second", "times ast.parse"),
        rows,
        "Goals: each file alone 150,000 lines a CPU-second, whole program cold 60,000, warm 0.5 s "
        "for 150,000 lines.",
    )
    picture = curve("Cost of a cold audit", "lines", "CPU seconds", {"whole program": points})
    intro = "How fast the scanner reads, beside the floor that parsing sets."
    return Report("audit", "qfs audit", intro, [table], (), {"audit-growth": picture})


def growth(base: Path) -> list[tuple[float, float]]:
    """Return (lines, CPU seconds) as one package after the other joins the program."""
    points: list[tuple[float, float]] = []
    for count in range(2, len(PACKAGES) + 1, 2):
        folder = base / f"first{count}"
        lines = copied(folder, PACKAGES[:count])
        points.append((float(lines), cpu(lambda folder=folder: audit(AuditRequest((folder,))))))
    return points
