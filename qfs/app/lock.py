"""`qfs lock`: hash-locked requirements, and the check that they still fit what is asked for.

- pip-tools resolves and writes: ``requirements/<name>.in`` gives ``requirements/<name>.txt``;
  ``[build-system] requires`` gives ``requirements/build.txt``.
- On request ``requirements/pylock.<name>.toml`` beside each (PEP 751), for the running Python and
  platform: there the standard wants each file's address.
- No index address, no local path and no command line gets into the others.
- ``check`` reads files alone, without a network, and says what it can't see that way.
"""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from qfs.errors import InputError
from qfs.repro.locks import (
    CHECKED,
    NOT_CHECKED,
    Problem,
    problems,
    pylock_problems,
    read,
    requirements,
)
from qfs.shell.building_source import read_build_system
from qfs.shell.lock_files import compile_build, compile_inputs, compile_pylock, read_text

_FOLDER = "requirements"
BUILD = f"{_FOLDER}/build.txt"
_DEPTH = 8


@dataclass(frozen=True, slots=True)
class LockReport:
    """What was locked, or what is wrong with it."""

    files: tuple[tuple[str, str], ...]
    """Each lock file and what became of it: ``written``, ``unchanged``, ``checked``
    or ``missing``."""
    problems: tuple[Problem, ...]
    checked: tuple[str, ...] = CHECKED
    not_checked: str = NOT_CHECKED

    def document(self) -> dict[str, Any]:
        """Return the JSON document ``qfs.lock/1``."""
        return {
            "schema": "qfs.lock/1",
            "files": [{"name": name, "state": state} for name, state in self.files],
            "problems": [
                {"file": each.file, "line": each.line, "sentence": each.sentence}
                for each in self.problems
            ],
            "checked": list(self.checked),
            "not_checked": self.not_checked,
        }


def lock(path: Path, *, pylock: bool = False) -> LockReport:
    """Resolve and write every lock file, with pylock in both forms, then check them.

    Raises InputError where nothing asks for anything, EnvironmentFault if pip-tools is missing or
    cannot resolve.
    """
    root, names = _inputs(path)
    files = [(_locked(name), compile_inputs(root, name, _locked(name))) for name in names]
    if _build_requirements(root):
        files.append((BUILD, compile_build(root, BUILD)))
    if pylock:
        files += [
            (_pylock(name), compile_pylock(root, name, _pylock(name))) for name, _ in tuple(files)
        ]
    checked = check(path)
    return replace(checked, files=tuple(files))


def check(path: Path) -> LockReport:
    """Compare every lock file with what asks for it, without a network."""
    root, names = _inputs(path)
    found: list[Problem] = []
    files: list[str] = []
    for name in names:
        asked, inputs = _asked(root, name, 0)
        if name == f"{_FOLDER}/runtime.in":
            asked += [("pyproject.toml", text) for text in _dependencies(root)]
        files.append(_locked(name))
        found += _problems(root, _locked(name), asked, inputs)
    build = _build_requirements(root)
    if build:
        asked = [("[build-system]", text) for text in build]
        files.append(BUILD)
        found += _problems(root, BUILD, asked, _build_reasons(root))
    states = [(name, "checked" if (root / name).is_file() else "missing") for name in files]
    checked = CHECKED if "checked" in dict(states).values() else ()
    return LockReport(tuple(states), tuple(found), checked, _not_checked(root, names))


def _not_checked(root: Path, names: list[str]) -> str:
    """Return what a check says nothing about."""
    if f"{_FOLDER}/runtime.in" in names or not _dependencies(root):
        return NOT_CHECKED
    return f"{NOT_CHECKED}; without {_FOLDER}/runtime.in: what [project] depends on"


def _problems(
    root: Path, lock_name: str, asked: list[tuple[str, str]], inputs: list[str]
) -> list[Problem]:
    if not (root / lock_name).is_file():
        return [Problem(lock_name, 0, "there is no such lock file; qfs lock writes it")]
    text = read_text(root / lock_name)
    found = list(problems(lock_name, text, asked, inputs))
    standard = root / _pylock(lock_name)
    if standard.is_file():
        pinned = read(lock_name, text)[1]
        found += pylock_problems(_pylock(lock_name), read_text(standard), lock_name, pinned)
    return found


def _pylock(lock_name: str) -> str:
    path = Path(lock_name)
    return path.with_name(f"pylock.{path.stem}.toml").as_posix()


def _inputs(path: Path) -> tuple[Path, list[str]]:
    """Return the root of a tree and its ``requirements/*.in``."""
    if not path.is_dir():
        raise InputError("no such folder", place=str(path), way_out="name the root of a project")
    root = path.resolve()
    names = sorted([f"{_FOLDER}/{file.name}" for file in (root / _FOLDER).glob("*.in")])
    if not names and not (root / "pyproject.toml").is_file():
        raise InputError(
            "nothing asks for anything here",
            place=str(path),
            way_out="write requirements/runtime.in, one requirement a line",
        )
    return root, names


def _asked(root: Path, name: str, depth: int) -> tuple[list[tuple[str, str]], list[str]]:
    """Return what an input file and those that it includes ask for, and those files' reasons."""
    if depth > _DEPTH:
        raise InputError(f"includes nested deeper than {_DEPTH}", place=name)
    found: list[tuple[str, str]] = []
    reasons = [f"-r {name}"]
    for number, line in requirements(read_text(root / name)):
        if line.startswith(("-r ", "--requirement ")):
            other = (Path(name).parent / line.split(None, 1)[1]).as_posix()
            more, inner = _asked(root, other, depth + 1)
            found += more
            reasons += inner
        elif line.startswith(("-c ", "--constraint ")):
            reasons.append(f"-c {(Path(name).parent / line.split(None, 1)[1]).as_posix()}")
        elif line.startswith("-"):
            raise InputError(
                f"the option {line.split()[0]} would tie the lock to one place",
                place=f"{name}:{number}",
                way_out="set it in pip's own configuration",
            )
        else:
            found.append((f"{name}:{number}", line))
    return found, reasons


def _locked(name: str) -> str:
    return f"{name.removesuffix('.in')}.txt"


def _project(root: Path) -> dict[str, Any]:
    path = root / "pyproject.toml"
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"no readable TOML ({error})", place=str(path)) from error


def _dependencies(root: Path) -> list[str]:
    return [str(text) for text in _project(root).get("project", {}).get("dependencies", [])]


def _build_requirements(root: Path) -> tuple[str, ...]:
    if "build-system" not in _project(root):
        return ()
    return read_build_system(root).requires


def _build_reasons(root: Path) -> list[str]:
    """Return the names under which pip-tools lists a project's own build requirements."""
    name = str(_project(root).get("project", {}).get("name", "unknown"))
    return [str(canonicalize_name(name))]
