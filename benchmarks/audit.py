"""``qfs audit`` over packages of the standard library: lines a CPU-second, cold, warm, growth.

- Peers: what any scanner in Python must do at least, which is to read and to parse; and Bandit from
  PyPI, pinned in ``audit_peers/requirements.txt``, which pip fetches into a scratch folder.
- Bandit and ``qfs`` run as commands of their own, start-up included: CPU seconds of the children.
"""

import ast
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.common import Report, Table, curve
from qfs.scan.extract import extract

HERE = Path(__file__).parent
LIBRARY = Path(sysconfig.get_path("stdlib"))
PACKAGES = ("json", "http", "urllib", "collections", "importlib", "logging", "xml", "html")
COPIES = (1, 2, 4)
RUNS = 2


def cpu(call: Callable[[], object], who: int = resource.RUSAGE_CHILDREN) -> float:
    """Return the least CPU seconds of a few runs."""
    taken = []
    for _run in range(RUNS):
        before = resource.getrusage(who)
        call()
        after = resource.getrusage(who)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def copied(folder: Path, packages: Sequence[str]) -> int:
    """Copy packages into a folder; return their lines."""
    for name in packages:
        ignored = shutil.ignore_patterns("__pycache__", "test*", "*.pyc")
        shutil.copytree(LIBRARY / name, folder / name, ignore=ignored)
    return lines_of(folder)


def lines_of(folder: Path) -> int:
    """Return the lines of every Python file below a folder."""
    return sum([path.read_bytes().count(b"\n") for path in folder.rglob("*.py")])


def command(*words: str, path: Path | None = None, cache: Path | None = None) -> None:
    """Run a Python module to its end; what it finds is no failure."""
    variables = dict(os.environ)
    if path is not None:
        variables["PYTHONPATH"] = str(path)
    if cache is not None:
        variables["XDG_CACHE_HOME"] = str(cache)
    done = subprocess.run(
        [sys.executable, "-m", *words], env=variables, capture_output=True, check=False
    )
    if done.returncode not in {0, 1}:
        raise RuntimeError(done.stderr.decode())


def bandit(base: Path) -> Path:
    """Install the pinned Bandit into a scratch folder; return the folder."""
    folder = base / "bandit"
    words = ["pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    words += ["--require-hashes", "--target", str(folder)]
    requirements = HERE / "audit_peers" / "requirements.txt"
    subprocess.run([sys.executable, "-m", *words, "-r", str(requirements)], check=True)
    return folder


def run() -> Report:
    """Measure."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        source = base / "src"
        lines = copied(source, PACKAGES)
        peer = bandit(base)
        data = [path.read_bytes() for path in sorted(source.rglob("*.py"))]
        audit = ("qfs_cli.main", "audit", str(source), "--statistics")
        command(*audit, cache=base)
        start = time.perf_counter()
        command(*audit, cache=base)
        wall = time.perf_counter() - start
        own = resource.RUSAGE_SELF
        taken = {
            "ast.parse (floor)": cpu(lambda: [ast.parse(each) for each in data], own),
            "facts of every file": cpu(lambda: [extract(each) for each in data], own),
            "Bandit": cpu(lambda: command("bandit", "-q", "-r", str(source), path=peer)),
            "each file alone, cold": cpu(lambda: command(*audit, "--per-file", "--no-cache")),
            "whole program, cold": cpu(lambda: command(*audit, "--no-cache")),
            "whole program, warm": cpu(lambda: command(*audit, cache=base)),
        }
        curves = {"each file alone": alone(base), "whole program": whole(base)}
    rows = [
        [
            title, f"{seconds:.3f}", f"{lines / seconds:,.0f}",
            f"{seconds / taken['ast.parse (floor)']:.2f}", f"{taken['Bandit'] / seconds:.1f}",
        ]
        for title, seconds in taken.items()
    ]  # fmt: skip
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    table = Table(
        f"{len(data)} files, {lines:,} lines of CPython {sys.version_info[0]}."
        f"{sys.version_info[1]}'s library; every function an entry point",
        ("what", "CPU seconds", "lines a CPU-second", "times ast.parse", "times as fast as Bandit"),
        rows,
        "Goals: each file alone 150,000 lines a CPU-second and 10 times Bandit, whole program cold "
        f"60,000, warm 0.5 s for 150,000 lines (here {wall:.2f} s on the clock), memory 400 MB "
        f"(here {most:.0f} MB at most, over every child of this run). `ast.parse` alone leaves no "
        "room for the first of them on this corpus; the fixed point takes most of the rest.",
    )
    picture = curve("Cost of a cold audit", "lines", "CPU seconds", curves)
    intro = "How fast the scanner reads, beside the floor that parsing sets, and beside Bandit."
    return Report("audit", "qfs audit", intro, [table], (), {"audit-growth": picture})


def alone(base: Path) -> list[tuple[float, float]]:
    """Return (lines, CPU seconds) of per-file mode over more and more copies."""
    points: list[tuple[float, float]] = []
    for count in COPIES:
        folder = base / f"copies{count}"
        for at in range(count):
            copied(folder / f"copy{at}", PACKAGES)
        words = ("qfs_cli.main", "audit", str(folder), "--statistics", "--no-cache", "--per-file")
        points.append((float(lines_of(folder)), cpu(lambda words=words: command(*words))))
    return points


def whole(base: Path) -> list[tuple[float, float]]:
    """Return (lines, CPU seconds) as one package after the other joins the program."""
    points: list[tuple[float, float]] = []
    for count in range(2, len(PACKAGES) + 1, 2):
        folder = base / f"first{count}"
        lines = copied(folder, PACKAGES[:count])
        words = ("qfs_cli.main", "audit", str(folder), "--statistics", "--no-cache")
        points.append((float(lines), cpu(lambda words=words: command(*words))))
    return points
