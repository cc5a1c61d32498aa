"""Runs a whole program in one environment, and tells the files that it wrote.

- Any program; where it is Python, the clock, chance, listings and the rest are changed in it and in
  every Python that it starts, through ``sitecustomize``.
- It runs in a copy of the working folder: files are links, what is below a watched path is copied.
  Where the environment has files left behind, it has run there once before.
- Compared are the files below the watched paths and what it printed on standard output; its exit
  code must be 0. Standard error is for people, with times and progress in it: it is not compared.
"""

import contextlib
import json
import re
import shlex
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from qfs.shell.perturbation import LEFT_BEHIND, Environment
from qfs.shell.perturbed_run import (
    Failed,
    Item,
    Leaves,
    Told,
    Wish,
    Workshop,
    execute,
    interpreter,
    mirror,
    prefix,
    prelude_of,
    retime,
    variables_of,
)

PRINTED = "what it printed"
_ROOT = Path(__file__).resolve().parents[2]
_FILES_MAX = 10_000
_LINES_MAX = 100_000
_FRAME = re.compile(r'^ *File "([^"]+)", line (\d+)', re.MULTILINE)
_SITE = """\
import atexit, json, os, sys
sys.path.insert(0, {root!r})
from qfs.shell import perturbation_prelude as prelude
sys.path.remove({root!r})
with open({settings!r}, encoding="utf-8") as file:
    settings = json.load(file)
prelude.apply(settings)
prelude.change_collector(settings["gc"])
def tell():
    line = json.dumps([prelude.environment_reads, prelude.threads_started[0]])
    with open({noticed!r}, "a", encoding="utf-8") as file:
        file.write(line + "\\n")
atexit.register(tell)
"""


@dataclass(frozen=True, slots=True)
class Command:
    """A program and what it writes."""

    words: tuple[str, ...]
    watch: tuple[str, ...]
    """Paths below the working folder."""
    folder: Path
    timeout_s: int = 60
    memory_bytes: int = 0


def parse(text: str) -> tuple[str, ...]:
    """Split a command line as a shell does."""
    return tuple(shlex.split(text))


def run(command: Command, environment: Environment, shop: Workshop, wish: Wish) -> Told | Failed:
    """Run the program in the environment; detail is the number of a file."""
    place = shop.spare()
    try:
        cwd = _folder(command, place, environment)
        site = place / "site"
        site.mkdir()
        noticed = place / "noticed"
        settings = place / "settings.json"
        settings.write_text(json.dumps(prelude_of(environment)), encoding="utf-8")
        code = _SITE.format(root=str(_ROOT), settings=str(settings), noticed=str(noticed))
        (site / "sitecustomize.py").write_text(code, encoding="utf-8")
        variables = {**variables_of(environment, place, shop), "PYTHONPATH": str(site)}
        words = [*prefix(environment), *_bounded(command), *_program(command.words, environment)]
        printed = place / "printed"
        left = LEFT_BEHIND.levels[0]
        before = environment.get(LEFT_BEHIND.name, left) != left  # an earlier run, to leave things
        for _ in range(2 if before else 1):
            ended = execute(
                *(words, variables, cwd, command.timeout_s, printed),
                complained=place / "complained",
            )
            failed = _failed(command, cwd, *ended)
            if failed is not None:
                return failed
        return _told(command, cwd, place, wish)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _failed(command: Command, cwd: Path, code: int | None, tail: str) -> Failed | None:
    """Say how a run did not end well; None if it did."""
    last = tail.splitlines()[-1] if tail else ""
    if code is None:
        return Failed("hung", f"did not end within {command.timeout_s} s")
    if code == 0:
        return None
    reason = "memory" if "MemoryError" in tail else "crashed"
    return Failed(reason, f"exit code {code}{_raised_at(tail, cwd)}: {last}")


def _raised_at(tail: str, cwd: Path) -> str:
    """Return the innermost line of the program itself in a traceback, as `` at sim.py:6``."""
    at = ""
    for name, line in _FRAME.findall(tail):
        path = Path(name)
        if path.is_relative_to(cwd):
            at = f" at {path.relative_to(cwd).as_posix()}:{line}"
    return at


def _bounded(command: Command) -> list[str]:
    if not command.memory_bytes or shutil.which("prlimit") is None:
        return []
    return ["prlimit", f"--as={command.memory_bytes}", "--core=0"]


def _program(words: tuple[str, ...], environment: Environment) -> list[str]:
    first = Path(words[0]).name
    if first.startswith("python") and "/" not in words[0]:
        return [interpreter(environment), *words[1:]]
    return list(words)


def _folder(command: Command, place: Path, environment: Environment) -> Path:
    made = place / (
        "work" if environment.get("cwd", "first") == "first" else "another/place/of/work"
    )
    made.mkdir(parents=True)
    mirror(command.folder, made, backward=environment["directory-order"] == "backward")
    for name in command.watch:
        for path in [made / name, *sorted((made / name).rglob("*"))]:
            if path.is_symlink() and path.is_file():
                real = path.resolve()
                path.unlink()
                shutil.copyfile(real, path)
    retime(made, environment)
    return made


def _told(command: Command, cwd: Path, place: Path, wish: Wish) -> Told | Failed:
    printed = place / "printed"
    found: list[tuple[str, Path]] = [(PRINTED, printed)]
    for name in command.watch:
        path = cwd / name
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [(one.relative_to(cwd).as_posix(), one) for one in inside if one.is_file()]
    if len(found) > _FILES_MAX:
        return Failed("unloadable", f"more than {_FILES_MAX} files are watched")
    digests: list[Item] = []
    details: list[Leaves] = []
    for number, (name, path) in enumerate(found):
        # The scratch folder has another name in each run; what names it is not a difference.
        data = path.read_bytes().replace(str(place).encode(), b"")
        digests.append((0, name, sha256(data).hexdigest()))
        if number == wish.detail:
            details.append(_lines(data))
    noticed = _noticed(place / "noticed", len(found))
    missing = [name for name in command.watch if not (cwd / name).exists()]
    if missing:
        noticed["notes"] = {"unwatched": f"the program leaves nothing at {', '.join(missing)}"}
    return Told(tuple(digests), noticed, tuple(details))


def _lines(data: bytes) -> Leaves:
    with contextlib.suppress(UnicodeDecodeError):
        lines = data.decode("utf-8").splitlines()[:_LINES_MAX]
        return tuple([(f"line {number}", line) for number, line in enumerate(lines, start=1)])
    chunks = range(0, min(len(data), 16 * _LINES_MAX), 16)
    return tuple([(f"byte {at}", data[at : at + 16].hex()) for at in chunks])


def _noticed(path: Path, files: int) -> dict[str, Any]:
    names: dict[str, bool] = {}
    threads = 0
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        reads, started = json.loads(line)
        for name, by_library in reads.items():
            names[name] = by_library and names.get(name, True)
        threads += started
    libraries = [name for name, by_library in names.items() if by_library]
    return {
        "environment": list(names),
        "libraries": libraries,
        "threads": threads,
        "steps": files,
        "notes": {},
    }
