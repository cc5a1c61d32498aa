"""Comparing two wheels, against diffoscope; the whole check, against reprotest with diffoscope.

The peers are found on PATH, or in the folder that QFS_PEERS names; without them their rows say so:
python -m venv .venv-peers && .venv-peers/bin/pip install --require-hashes -r
requirements/peers.txt && QFS_PEERS=.venv-peers/bin python -m benchmarks build
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import Report, Table, ratio

ROOT = Path(__file__).parent.parent
REPEATS = 5
SIZES = (("70 kB", 70_000, REPEATS), ("1.2 MB", 1_200_000, REPEATS), ("14 MB", 14_000_000, 1))
"""Title, bytes, how often: the largest takes diffoscope minutes."""
OURS = """
import sys
from pathlib import Path
from qfs.repro import compare
found = compare("p.whl", *(Path(name).read_bytes() for name in sys.argv[1:3]))
print(len({each.cause for each in found}))
sys.exit(1 if found else 0)
"""
PROJECT = {
    "pyproject.toml": (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "small"\nversion = "1"\n'
    ),
    "small/__init__.py": "X = 1\n",
}


def run() -> Report:
    with tempfile.TemporaryDirectory(prefix="qfs-bench-") as name:
        folder = Path(name)
        tables = [compared(folder), checked(folder)]
    return Report(
        "build",
        "Reproducible builds: comparing and checking",
        "Processes from start to end, importing included, called in turn; the best of "
        f"{REPEATS} each, since what else a machine does only adds, but for the largest wheel, "
        "compared once. Wall is what a person waits, "
        "processor is user and system time of all processes. The whole check is two builds "
        "of one wheel, by the same back-end in the same Python, and the comparison. "
        "QFS varies all that it can, in a sandbox whose processes "
        "nobody counts: hence no processor time there. It asks the back-end what else it needs and "
        "runs the builds of a pair, all at the same time. reprotest varies 10 of its 14 things, "
        "those that need no root, and builds one after the other through `python -m build`, which "
        "checks what is installed; diffoscope then looks at both. Goals: comparing at most 0.2 s "
        "below 1 MB and 30 times faster than diffoscope above; the whole check twice as fast as "
        "reprotest with diffoscope.",
        tables,
        ("qfs-toolchain",),
    )


def compared(folder: Path) -> Table:
    """Compare wheels of three sizes that differ in every time and in two files."""
    rows = []
    diffoscope = peer("diffoscope")
    for title, size, repeats in SIZES:
        first, second = folder / f"{size}-a.whl", folder / f"{size}-b.whl"
        make_wheel(first, size, 2024, b"")
        make_wheel(second, size, 2025, b"# changed\n")
        ours = [sys.executable, "-c", OURS, str(first), str(second)]
        commands = {"ours": ours}
        if diffoscope:
            commands["diffoscope"] = [diffoscope, str(first), str(second)]
        taken = timed(commands, expected=(1,), repeats=repeats)
        peer_row = taken.get("diffoscope")
        rows.append(
            (
                title,
                seconds(taken["ours"]),
                seconds(peer_row) if peer_row else "not installed",
                ratio(peer_row[0], taken["ours"][0]) if peer_row else "",
                ratio(peer_row[1], taken["ours"][1]) if peer_row else "",
            )
        )
    header = ("wheel", "QFS wall (processor)", "diffoscope", "wall ratio", "processor ratio")
    return Table("Comparing two wheels", header, rows)


def checked(folder: Path) -> Table:
    """Build a small pure project twice, in varied environments, and compare."""
    source = folder / "small"
    for name, text in PROJECT.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    qfs = str(Path(sys.executable).with_name("qfs"))
    build = [qfs, "build", str(source), "--kind", "wheel", "--format", "json"]
    build += ["--accept-unexercised"]
    commands = {"ours": [*build, "--pairs", "bare"], "both": build}
    reprotest = peer("reprotest")
    if reprotest:
        # What needs root or a virtual machine is off, as it is in a container.
        off = "-user_group,-domain_host,-fileordering,-kernel"
        line = f"{sys.executable} -m build --wheel --no-isolation --outdir . ."
        commands["reprotest"] = [reprotest, f"--vary={off}", "-c", line, str(source), "*.whl"]
    taken = timed(commands, expected=(0,))
    ours = taken["ours"][0]
    rows = [("QFS, bare pair: two builds", f"{ours:.2f} s", "1")]
    both = taken["both"][0]
    rows.append(("QFS, both pairs: four builds", f"{both:.2f} s", ratio(both, ours)))
    if "reprotest" in taken:
        wall = taken["reprotest"][0]
        rows.append(("reprotest, diffoscope: two builds", f"{wall:.2f} s", ratio(wall, ours)))
    else:
        rows.append(("reprotest, diffoscope", "not installed", ""))
    return Table("The whole check of a small pure project", ("tool", "wall", "ratio"), rows)


def timed(
    commands: dict[str, list[str]], expected: Sequence[int], repeats: int = REPEATS
) -> dict[str, tuple[float, float]]:
    """Return the best wall and processor seconds of each command, run in turn."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            start = time.perf_counter()
            path = f"{os.environ.get('QFS_PEERS', '')}{os.pathsep}{os.environ['PATH']}"
            done = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, "PATH": path},
                capture_output=True,
                check=False,
            )
            wall = time.perf_counter() - start
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if done.returncode not in expected:
                sys.exit(f"{name} ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            samples[name].append((wall, used))
    return {
        name: (min(wall for wall, _ in taken), min(used for _, used in taken))
        for name, taken in samples.items()
    }


def make_wheel(path: Path, size: int, year: int, change: bytes) -> None:
    """Write a wheel of about a packed size out of the standard library's sources."""
    sources = sorted(Path(os.__file__).parent.rglob("*.py"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(100_000):
            source = sources[number % len(sources)]
            data = source.read_bytes() + (change if number in (3, 7) else b"")
            entry = zipfile.ZipInfo(f"p/{number:05}/{source.name}", (year, 1, 2, 3, 4, 6))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
            if archive.fp is not None and archive.fp.tell() > size:
                return


def peer(name: str) -> str | None:
    """Return the path of a peer, or None."""
    return shutil.which(name, path=os.environ.get("QFS_PEERS")) or shutil.which(name)


def seconds(taken: tuple[float, float]) -> str:
    return f"{taken[0]:.2f} s ({taken[1]:.2f} s)"
