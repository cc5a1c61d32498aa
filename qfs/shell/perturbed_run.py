"""Runs a program in one environment, in a process of its own, and says how it went.

- The child gets a written environment, not ours; a working folder of its own, in which the files
  of the real one appear as links; a session of its own, which is killed whole when time is over.
- What it told (``watched_steps``) is read from a file that survives a crash.
- A run that did not end well is a ``Failed`` with its reason in words, never an empty result.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qfs.shell.perturbation import FILE_TIMES, Environment

ENTRIES_MAX = 2_000
COPIED_MAX_BYTES = 32 * 1024 * 1024  # 33_554_432
_SKIPPED = (".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache",
            ".ruff_cache", ".pytest_cache", ".hypothesis", ".tox")  # fmt: skip
_ROOT = Path(__file__).resolve().parents[2]
_T0_NS = 1_750_000_000 * 10**9  # 2025-06-15T15:06:40Z, a summer day of a leap-free year
_SHIFT_NS = (
    51_565_991 * 10**9
)  # 596 days, 19:53:11: another year, month, weekday, hour; odd for even
_STEP_NS = 3_661 * 10**9  # an hour, a minute and a second
_NOISE = {"usual": 0, "noise-1": 1, "noise-2": 2}
_TAIL = 4_000
_NO_FMA = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F,-AVX2_Usable,-FMA_Usable"
_ABSENT = "QFS cannot be imported from"
_CODE = """
import sys
sys.path.insert(0, {root!r})
sys.dont_write_bytecode = False
try:
    from qfs.shell import watched_child
except (ImportError, SyntaxError) as error:
    sys.exit(f"{absent} {root}: {{error}}")
if not watched_child.__file__.startswith({root!r}):
    sys.exit("{absent} {root}: it is not whole")
sys.path.remove({root!r})
if {compiled}:
    sys.path.append({root!r})  # what its modules are compiled into lies there
watched_child.main({settings!r})
"""


Item = tuple[int, int | str, str]
"""Pass, input or file, digest."""
Leaves = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Job:
    """What to run, in whichever environment."""

    target: str
    """``module:name`` or ``path.py:name``."""
    inputs: Path
    """JSON Lines, one input a line."""
    folder: Path
    """The real working folder; modules are found from here."""
    state: tuple[str, ...] = ()
    timeout_s: int = 60
    memory_bytes: int = 0
    """Bound of the address space; 0 for none."""
    sealed: bool = False
    readable: tuple[str, ...] = ()
    """Paths that a sealed run may read."""
    beside: Path | None = None
    """Where the inputs come from: what is written there is noticed."""


@dataclass(frozen=True, slots=True)
class Told:
    """A run that ended well."""

    digests: tuple[Item, ...]
    noticed: dict[str, Any]
    details: tuple[Leaves, ...] = ()
    """Every leaf of the result and state of the input that was asked for, pass by pass."""
    events: tuple[Any, ...] = ()
    """What was traced."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A run that did not end well."""

    reason: str
    """crashed, hung, memory, unloadable."""
    words: str
    """One line."""
    digests: tuple[Item, ...] = ()
    """What it told before."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What this run shall do besides."""

    passes: int = 1
    detail: int | None = None
    trace: int | None = None
    last: int | None = None
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Workshop:
    """A folder of ours for the runs of one command."""

    folder: Path
    locales: Path

    def spare(self) -> Path:
        """Return a new folder in it."""
        return Path(tempfile.mkdtemp(dir=self.folder))


@contextlib.contextmanager
def workshop() -> Iterator[Workshop]:
    """Make the folder, in memory where the system has such a place, and remove it at the end."""
    memory = Path("/dev/shm")  # noqa: S108 (a tmpfs: its folders list entries as they were made)
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="qfs-replay-", dir=place) as name:
        yield Workshop(Path(name), locale_folder())


def locale_folder() -> Path:
    """Return where locales of our own making lie: the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "qfs" / "locales"


def run(
    job: Job, environment: Environment, shop: Workshop, wish: Wish | None = None
) -> Told | Failed:
    """Run the job in the environment."""
    wish = wish or Wish()
    place = shop.spare()
    code = _CODE.format(
        root=root_of(environment),
        compiled=root_of(environment) != str(_ROOT),
        absent=_ABSENT,
        settings=str(place / "settings.json"),
    )
    words = [*prefix(environment), interpreter(environment), "-c", code]
    try:
        cwd = working_folder(job.folder, place, environment)
        variables = variables_of(environment, place, shop)
        moved = _moved(job, place, environment)
        settings = _settings(moved, environment, place, wish)
        settings["scratch"] = [*([] if cwd == job.folder else [str(cwd)]), variables["TMPDIR"]]
        (place / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        code_and_words = execute(words, variables, cwd, job.timeout_s, place / "printed")
        told = _read(place, *code_and_words, job)
        return told if moved is job else _at_home(told, moved.folder, job.folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _moved(job: Job, place: Path, environment: Environment) -> Job:
    """Return the job on a copy of its program in another folder, where the environment says so."""
    if environment.get("source-path", "first") == "first":
        return job
    made = place / "another" / "source"
    made.mkdir(parents=True)
    if not mirror(job.folder, made):
        return job
    target = job.target.replace(f"{job.folder.resolve()}/", f"{made}/", 1)
    return replace(job, folder=made, target=target)


def _at_home(told: Told | Failed, made: Path, folder: Path) -> Told | Failed:
    """Name the files of what was traced as they are named in the program's own folder."""
    if isinstance(told, Failed):
        return told
    old, new = f"{made}/", f"{folder.resolve()}/"
    events = [
        (event[0].replace(old, new, 1), *event[1:4], event[4].replace(old, new, 1), *event[5:])
        for event in told.events
    ]
    return replace(told, events=tuple(events))


def execute(
    words: list[str],
    variables: dict[str, str],
    cwd: Path,
    timeout_s: int,
    printed: Path,
    *,
    complained: Path | None = None,
) -> tuple[int | None, str]:
    """Run a command line; return its exit code, None if it hung, and the end of what it printed.

    With a file of its own, the end is that of standard error.
    """
    with contextlib.ExitStack() as files:
        out = files.enter_context(printed.open("w+b"))
        error = out if complained is None else files.enter_context(complained.open("w+b"))
        process = subprocess.Popen(
            words,
            env=variables,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=error,
            start_new_session=True,
        )
        code: int | None
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            # Whatever the program has started and left behind is in its session.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        error.seek(0, os.SEEK_END)
        error.seek(max(0, error.tell() - _TAIL))
        return code, error.read().decode("utf-8", "replace").strip()


def root_of(environment: Environment) -> str:
    """Return where the package is that watches, interpreted or compiled."""
    compiled = environment.get("compiled", "interpreted")
    return str(_ROOT) if compiled == "interpreted" else compiled


def interpreter(environment: Environment) -> str:
    """Return the Python of an environment."""
    return environment.get("python", sys.executable)


def prefix(environment: Environment) -> list[str]:
    """Return what stands before the command line."""
    return ["setarch", "-R"] if environment.get("addresses") == "fixed" else []


def variables_of(environment: Environment, place: Path, shop: Workshop) -> dict[str, str]:
    """Return the environment variables; their order counts."""
    temporary = place / f"tmp-{environment['TMPDIR']}"
    temporary.mkdir(exist_ok=True)
    made = {name: value for name, value in os.environ.items() if _passed_on(name)}
    made.update(
        PYTHONHASHSEED=environment["PYTHONHASHSEED"],
        TZ=environment["TZ"],
        LC_ALL=environment["LC_ALL"],
        HOME=environment["HOME"],
        USER=environment["USER"],
        LOGNAME=environment["USER"],
        TMPDIR=str(temporary),
        PYTHONMALLOC="malloc" if environment["allocator"] == "malloc" else "pymalloc",
        PYTHONCOERCECLOCALE="0",
        PYTHONUTF8="0",
        PYTHONDONTWRITEBYTECODE="1",
    )
    made["PYTHONOPTIMIZE"] = environment["optimize"]
    if environment["optimize"] == "0":
        del made["PYTHONOPTIMIZE"]
    if environment["cpu-features"] == "fewer":
        made["GLIBC_TUNABLES"] = _NO_FMA
    if shop.locales.is_dir():
        made["LOCPATH"] = str(shop.locales)
    for name, level in environment.items():
        if name.startswith("$") and level == "changed":
            if name[1:] in made:
                del made[name[1:]]
            else:
                made[name[1:]] = "7"
    ordered = sorted(made, reverse=environment["environment-order"] == "reversed")
    return {name: made[name] for name in ordered}


def _passed_on(name: str) -> bool:
    return not name.startswith(("PYTHON", "LC_", "COV_CORE", "COVERAGE")) and name not in (
        "LANG", "LANGUAGE", "TZ", "HOME", "USER", "LOGNAME", "USERNAME", "LNAME", "TMPDIR", "TEMP",
        "TMP", "PWD", "OLDPWD", "SHLVL", "_", "GLIBC_TUNABLES", "LD_PRELOAD",
        "PYTEST_CURRENT_TEST",
    )  # fmt: skip


def prelude_of(environment: Environment) -> dict[str, Any]:
    """Return what the child does to itself."""
    clock = environment["clock"]
    return {
        "umask": int(environment["umask"], 8),
        "recursion": int(environment["recursion-limit"]),
        "digits": int(environment["int-digits"]),
        "switch_us": int(environment["switch-interval"])
        if environment["threads"] == "usual"
        else 1,
        "noise": _NOISE[environment["threads"]],
        "clock": {
            "start_ns": _T0_NS if clock in ("still", "frozen") else _T0_NS + _SHIFT_NS,
            "running": clock == "running",
            "frozen": clock == "frozen",
        },
        "entropy": environment["random"],
        "listing": environment["directory-order"],
        "cpus": int(environment["cpu-count"]),
        "process": int(environment["process-id"]),
        "host": f"{environment['hostname']}.example",
        "user": environment["USER"],
        "gc": environment["gc"],
        "scattered": environment["allocator"] == "scattered",
    }


def _settings(job: Job, environment: Environment, place: Path, wish: Wish) -> dict[str, Any]:
    return {
        "prelude": prelude_of(environment),
        "target": job.target,
        "inputs": str(job.inputs.resolve()),
        "beside": str((job.beside or job.inputs.parent).resolve()),
        "path": [str(job.folder.resolve())],
        "state": list(job.state),
        "place": str(place),
        "records": str(place / "records"),
        "trace_to": str(place / "events.json"),
        "memory": job.memory_bytes,
        "sealed": job.sealed,
        "readable": list(job.readable),
        "passes": wish.passes,
        "detail": wish.detail,
        "trace": wish.trace,
        "last": wish.last,
        "quick": wish.quick,
    }


def working_folder(real: Path, place: Path, environment: Environment) -> Path:
    """Return a folder with the files of the real one as links; the real one if it has too many."""
    if "cwd" not in environment:
        return real
    name = "work" if environment["cwd"] == "first" else "another/place/of/work"
    made = place / name
    made.mkdir(parents=True)
    if not mirror(real, made, backward=environment["directory-order"] == "backward"):
        return real
    retime(made, environment)
    return made


def retime(made: Path, environment: Environment) -> None:
    """Give copied files other times, the newest the oldest, where the environment says so.

    Files of the same time get different ones. What is a link to the real file keeps its own.
    """
    if environment.get(FILE_TIMES.name, FILE_TIMES.levels[0]) == FILE_TIMES.levels[0]:
        return
    files = [path for path in sorted(made.rglob("*")) if path.is_file() and not path.is_symlink()]
    files.sort(key=lambda path: path.stat().st_mtime_ns)
    for number, path in enumerate(reversed(files)):
        when = _T0_NS - _SHIFT_NS + number * _STEP_NS
        os.utime(path, ns=(when, when))


def is_skipped(folder: Path, name: str) -> bool:
    """Say whether an entry of a folder is none of the program's: caches, environments of Python."""
    return name in _SKIPPED or (folder / name / "pyvenv.cfg").is_file()


def mirror(real: Path, made: Path, *, backward: bool = False) -> bool:
    """Fill a folder with copies of files; say whether there were few enough.

    Beyond COPIED_MAX_BYTES in all, files are links, so that a large data set is not copied.
    """
    left, room = ENTRIES_MAX, COPIED_MAX_BYTES
    waiting = [(real, made)]
    while waiting:
        source, target = waiting.pop()
        try:
            entries = sorted(os.scandir(source), key=lambda entry: entry.name, reverse=backward)
        except PermissionError:
            continue
        for entry in entries:
            left -= 1
            if left < 0:
                return False
            if is_skipped(source, entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                (target / entry.name).mkdir()
                waiting.append((Path(entry.path), target / entry.name))
                continue
            copied = target / entry.name
            real = Path(entry.path).resolve()
            room -= real.stat().st_size if real.is_file() else 0
            if real.is_file() and room >= 0:
                shutil.copy2(real, copied)
            else:
                copied.symlink_to(real)
    return True


def _read(place: Path, code: int | None, printed: str, job: Job) -> Told | Failed:
    digests: list[Item] = []
    details: list[Leaves] = []
    end = None
    records = place / "records"
    for line in records.read_text(encoding="utf-8").splitlines() if records.exists() else ():
        told = json.loads(line)
        if isinstance(told, list):
            digests.append((told[0], told[1], told[2]))
        elif "unloadable" in told:
            return Failed("unloadable", told["unloadable"])
        elif "detail" in told:
            details.append(tuple([(path, text) for path, text in told["detail"]]))
        else:
            end = told["end"]
    at = f"at input {len(digests)}"
    last = printed.splitlines()[-1] if printed else ""
    if code is None:
        return Failed("hung", f"did not end within {job.timeout_s} s, {at}", tuple(digests))
    if end is None and (last.startswith("MemoryError") or "MemoryError" in printed):
        limit = f" of {job.memory_bytes} bytes" if job.memory_bytes else ""
        return Failed("memory", f"exhausted its memory{limit}, {at}", tuple(digests))
    if end is None and last.startswith(_ABSENT):
        return Failed("unloadable", last)
    if end is None:
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return Failed("crashed", f"{how} {at}: {last}", tuple(digests))
    events = place / "events.json"
    traced = json.loads(events.read_text(encoding="utf-8")) if events.exists() else []
    return Told(tuple(digests), end, tuple(details), tuple([tuple(event) for event in traced]))
