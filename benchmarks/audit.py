"""``qfs audit`` over the standard library and what is installed: speed, cold, warm, memory, growth.

- Peers: what any scanner in Python must do at least, which is to read and to parse; and Bandit from
  PyPI, pinned in ``audit_peers/requirements.txt``, which pip fetches into a scratch folder.
- Bandit and ``qfs`` run as commands of their own, start-up included and in one process each: CPU
  seconds and memory are the kernel's count for that child.
- Compiled is the scanner of this checkout as ``python -m tools.compiled scanner`` makes it; it must
  report the same as the interpreted one, byte for byte, or nothing is measured.
- The large programs are the standard library without its tests, then what is installed beside this
  checkout, in the order of paths, cut at so many lines.
"""

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import Report, Table, curve
from qfs.scan.facts.extract import extract
from tools.compiled import SCANNER, compile_modules

HERE = Path(__file__).parent
LIBRARY = Path(sysconfig.get_path("stdlib"))
BASES = (LIBRARY, Path(sysconfig.get_path("purelib")))
PACKAGES = ("json", "http", "urllib", "collections", "importlib", "logging", "xml", "html")
SKIPPED = {"test", "tests", "testing", "site-packages", "lib2to3", "build", "dist", "__pycache__"}
LARGE = 150_000
ALONE = (LARGE, 1_000_000)
WHOLE = (75_000, LARGE, 2 * LARGE)
COMPILED = (*WHOLE, 600_000, 1_000_000)
KINDS: tuple[tuple[str, tuple[str, ...], tuple[int, ...], tuple[int, ...]], ...] = (
    ("each file alone", ("--per-file",), ALONE, ALONE),
    ("whole program", (), WHOLE, COMPILED),
)
"""Title, options, lines that are audited interpreted, and compiled."""
RUNS = 2


@dataclass(frozen=True)
class Taken:
    """What a command took."""

    cpu: float
    wall: float
    megabytes: float


def cpu(call: Callable[[], object]) -> float:
    """Return the least CPU seconds of a few runs in this process."""
    taken = []
    for _run in range(RUNS):
        before = time.process_time()
        call()
        taken.append(time.process_time() - before)
    return min(taken)


def copied(folder: Path, packages: Sequence[str]) -> int:
    """Copy packages into a folder; return their lines."""
    for name in packages:
        ignored = shutil.ignore_patterns("__pycache__", "test*", "*.pyc")
        shutil.copytree(LIBRARY / name, folder / name, ignore=ignored)
    return sum([path.read_bytes().count(b"\n") for path in folder.rglob("*.py")])


def installed(bases: Sequence[Path] = BASES) -> Iterator[tuple[Path, bytes]]:
    """Return source files, under the paths that an import would find them at."""
    for base in bases:
        for path in sorted(base.rglob("*.py")):
            name = path.relative_to(base)
            if not SKIPPED & set(name.parts):
                yield name, path.read_bytes()


def filled(folder: Path, most: int) -> int:
    """Copy installed files into a folder until they have so many lines; return the lines."""
    lines = 0
    for name, data in installed():
        path = folder / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            lines += data.count(b"\n")
        if lines >= most:
            break
    return lines


def command(*words: str, path: Path | None = None, cache: Path | None = None) -> Taken:
    """Run a Python module to its end; what it finds, or cannot read, is no failure."""
    variables = dict(os.environ)
    if path is not None:
        variables["PYTHONPATH"] = str(path)
    if cache is not None:
        variables["XDG_CACHE_HOME"] = str(cache)
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", *words],
            env=variables,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        _pid, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in {0, 1, 2}:
            said.seek(0)
            raise RuntimeError(said.read().decode())
    return Taken(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def least(*words: str, path: Path | None = None, cache: Path | None = None) -> float:
    """Return the least CPU seconds of a few runs of a module."""
    return min([command(*words, path=path, cache=cache).cpu for _run in range(RUNS)])


def bandit(base: Path) -> Path:
    """Install the pinned Bandit into a scratch folder; return the folder."""
    folder = base / "bandit"
    words = ["pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    words += ["--require-hashes", "--target", str(folder)]
    requirements = HERE / "audit_peers" / "requirements.txt"
    subprocess.run([sys.executable, "-m", *words, "-r", str(requirements)], check=True)
    return folder


def audit(folder: Path, *options: str, cache: Path | None = None) -> tuple[str, ...]:
    """Return the words of an audit in one process."""
    words = ("qfs_cli.main", "audit", str(folder), "--statistics", "--jobs", "1", *options)
    return words if cache is not None else (*words, "--no-cache")


def compiled(base: Path, source: Path) -> Path:
    """Return a folder with the compiled scanner; raises RuntimeError where its report differs."""
    folder = base / "compiled"
    compile_modules(folder, SCANNER)
    words = [word for word in audit(source)[1:] if word != "--statistics"]
    run = (
        "import qfs.scan.solver.solve as it; print(it.__file__); "
        "from qfs_cli.main import main; main()"
    )
    said = [
        subprocess.run(
            [sys.executable, "-P", "-c", run, *words, "--format", "json"],
            env={**os.environ, "PYTHONPATH": str(path)},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        ).stdout.splitlines()
        for path in (HERE.parent, folder)
    ]
    if [each[0][-3:] for each in said] != [".py", ".so"]:
        raise RuntimeError("what runs is not what was asked for")
    if said[0][1:] != said[1][1:] or len(said[0]) < 2:
        raise RuntimeError("the compiled scanner reports something else")
    return folder


def run() -> Report:
    """Measure."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        source = base / "src"
        lines = copied(source, PACKAGES)
        peer = bandit(base)
        fast = compiled(base, source)
        data = [path.read_bytes() for path in sorted(source.rglob("*.py"))]
        command(*audit(source, cache=base), cache=base)
        taken = {
            "ast.parse (floor)": cpu(lambda: [ast.parse(each) for each in data]),
            "facts of every file": cpu(lambda: [extract(each) for each in data]),
            "Bandit": least("bandit", "-q", "-r", str(source), path=peer),
            "each file alone, cold": least(*audit(source, "--per-file")),
            "whole program, cold": least(*audit(source)),
            "whole program, warm": least(*audit(source, cache=base), cache=base),
            "each file alone, cold, compiled": least(*audit(source, "--per-file"), path=fast),
            "whole program, cold, compiled": least(*audit(source), path=fast),
        }
        large, points = grown(base, fast)
    curves: dict[str, Sequence[tuple[float, float]]] = {
        kind: [(float(lines), taken[kind]), *points[kind]] for kind in points
    }
    rows = [
        [
            title, f"{seconds:.3f}", f"{lines / seconds:,.0f}",
            f"{seconds / taken['ast.parse (floor)']:.2f}", f"{taken['Bandit'] / seconds:.1f}",
        ]
        for title, seconds in taken.items()
    ]  # fmt: skip
    floor = lines / taken["ast.parse (floor)"]
    table = Table(
        f"{len(data)} files, {lines:,} lines of CPython {sys.version_info[0]}."
        f"{sys.version_info[1]}'s library; every function an entry point",
        ("what", "CPU seconds", "lines a CPU-second", "times ast.parse", "times as fast as Bandit"),
        rows,
        "Goals: each file alone 150,000 lines a CPU-second and 10 times Bandit, whole program cold "
        f"60,000. `ast.parse` alone reads {floor:,.0f} lines a CPU-second here and is "
        f"{taken['Bandit'] / taken['ast.parse (floor)']:.1f} times Bandit: no scanner on CPython's "
        "own parser can reach the first goal on this machine. Start-up is in every figure of a "
        "command.",
    )
    picture = curve("Cost of a cold audit", "lines", "CPU seconds", curves)
    intro = "How fast the scanner reads, beside the floor that parsing sets, and beside Bandit."
    return Report("audit", "qfs audit", intro, [table, large], (), {"audit-growth": picture})


def grown(base: Path, fast: Path) -> tuple[Table, dict[str, list[tuple[float, float]]]]:
    """Return the large programs' table, and (lines, CPU seconds) as programs grow."""
    curves: dict[str, list[tuple[float, float]]] = {}
    rows: list[list[str]] = []
    for most in sorted({*ALONE, *COMPILED}):
        folder = base / f"lines{most}"
        lines = filled(folder, most)
        for kind, options, interpreted, compiled_too in KINDS:
            cache = base / f"cache{most}" if most == LARGE else None
            words = audit(folder, *options, cache=cache)
            taken: dict[str, Taken] = {}
            if most in interpreted:
                taken[f"{kind}, cold"] = command(*words, cache=cache)
            if most in compiled_too:
                taken[f"{kind}, cold, compiled"] = command(*audit(folder, *options), path=fast)
            for title, each in taken.items():
                rows.append(_row(title, lines, each))
                curves.setdefault(title, []).append((float(lines), each.cpu))
            if cache is not None:
                rows.append(_row(f"{kind}, warm", lines, command(*words, cache=cache)))
        shutil.rmtree(folder)
    table = Table(
        "Large programs: the standard library and what is installed, in the order of paths",
        ("what", "lines", "CPU seconds", "lines a CPU-second", "seconds on the clock", "MB"),
        rows,
        "Goals at 150,000 lines: warm 0.5 s on the clock with start-up, memory 400 MB. The clock "
        "also counts whatever else the machine does. A whole program costs what its code needs, "
        "not its lines alone: the standard library's own enum, typing and functools, being part "
        "of this program, are what all code goes through, and packages of a size differ tenfold.",
    )
    return table, curves


def _row(title: str, lines: int, taken: Taken) -> list[str]:
    return [
        title, f"{lines:,}", f"{taken.cpu:.2f}", f"{lines / taken.cpu:,.0f}", f"{taken.wall:.2f}",
        f"{taken.megabytes:.0f}",
    ]  # fmt: skip
