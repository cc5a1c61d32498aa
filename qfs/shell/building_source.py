"""Takes in the source of a build: which files belong to it, and which back-end builds it.

- In a git work tree the tracked and the new files belong to it, without the ignored ones;
  elsewhere all but caches, virtual environments and version control.
- A link out of the tree is refused.
- Source: PEP 517, PEP 518, gitignore(5).
"""

import contextlib
import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from qfs.errors import InputError

_LEGACY = ("setuptools>=40.8.0",)
_SKIP = frozenset(
    (
        *(".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "__pycache__", "node_modules"),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".qfs"),
    )
)
_SKIP_AT_TOP = frozenset(("build", "dist"))


@dataclass(frozen=True, slots=True)
class BuildSystem:
    """The table ``[build-system]`` of pyproject.toml, with the defaults of PEP 517."""

    backend: str
    requires: tuple[str, ...]
    backend_path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A staged tree."""

    root: Path
    files: tuple[tuple[str, bool, str | None], ...]
    """Name, whether it is executable, target of a link; in the order of the names."""
    times: Mapping[str, int] = field(default_factory=dict)
    """Modification times (Unix time) that a build without SOURCE_DATE_EPOCH keeps."""
    modes: Mapping[str, int] = field(default_factory=dict)
    """Modes as an sdist's files have them when they are unpacked, for a rebuild that keeps them."""


def read_build_system(root: Path) -> BuildSystem:
    """Return the build system of a tree; raises InputError if it has none or says nonsense."""
    path = root / "pyproject.toml"
    if not path.is_file():
        if (root / "setup.py").is_file():
            return BuildSystem("setuptools.build_meta:__legacy__", _LEGACY, ())
        raise InputError(
            "no pyproject.toml and no setup.py",
            place=str(root),
            way_out="name the folder of a Python project, or its sdist",
        )
    try:
        table = tomllib.loads(path.read_text("utf-8")).get("build-system", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"no readable TOML ({error})", place=str(path)) from error
    backend = table.get("build-backend", "setuptools.build_meta:__legacy__")
    requires = table.get("requires", list(_LEGACY))
    backend_path = table.get("backend-path", [])
    lists_are_strings = all(
        isinstance(value, list) and all(isinstance(item, str) for item in value)
        for value in (requires, backend_path)
    )
    if not isinstance(backend, str) or not lists_are_strings:
        raise InputError("[build-system] does not follow PEP 518", place=str(path))
    return BuildSystem(backend, tuple(requires), tuple(backend_path))


def required_names(system: BuildSystem) -> frozenset[str]:
    """Return the normalised names of what a build requires, leaving out what is no requirement."""
    names = []
    for text in system.requires:
        with contextlib.suppress(InvalidRequirement):
            names.append(str(canonicalize_name(Requirement(text).name)))
    return frozenset(names)


def stage(root: Path, to: Path) -> Source:
    """Copy the files of a tree that belong to it; raises InputError for a link out of it.

    Names come back in sorted order; a history that already lies in the folder belongs to them.
    """
    names = source_names(root)
    files: list[tuple[str, bool, str | None]] = []
    for name in names:
        path = root / name
        if path.is_symlink():
            target = os.readlink(path)  # noqa: PTH115 (Path.readlink would normalise it)
            resolved = Path(os.path.normpath(path.parent / target))
            if Path(target).is_absolute() or not resolved.is_relative_to(root):
                raise InputError(
                    f"the link leads out of the tree, to {target}",
                    place=name,
                    way_out="replace the link by the file that it means",
                )
            files.append((name, False, target))
        elif path.is_file():
            copy = to / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            files.append((name, bool(path.stat().st_mode & 0o100), None))
    if not files:
        raise InputError("the tree holds no files", place=str(root))
    kept = sorted([path for path in (to / ".git").rglob("*") if path.is_file()])
    files = [*[(path.relative_to(to).as_posix(), False, None) for path in kept], *files]
    return Source(to, tuple(files))


def source_names(root: Path) -> list[str]:
    """Return the files that belong to a tree, in the order of their names, with `/`."""
    return _tracked(root) or _walked(root)


def _tracked(root: Path) -> list[str]:
    """Return the files of a git work tree, or nothing where there is none."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return []
    command = [git, "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return sorted({os.fsdecode(name) for name in done.stdout.split(b"\0") if name})


def _walked(root: Path) -> list[str]:
    names: list[str] = []
    for folder, folders, files in os.walk(root):
        skip = _SKIP | _SKIP_AT_TOP if folder == str(root) else _SKIP
        folders[:] = sorted([name for name in folders if name not in skip])
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        names += [str((Path(folder) / name).relative_to(root)) for name in (*files, *links)]
    return sorted(names)


def commit_time(root: Path) -> str:
    """Return the Unix time of the last commit in decimal, or "" outside a git work tree."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return ""
    command = [git, "-C", str(root), "log", "-1", "--format=%ct"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip()
