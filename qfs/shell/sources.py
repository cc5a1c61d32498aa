"""Source files and rule packs on disk.

- A source tree is read once, in sorted order; links to folders are followed only once each.
- Folders that hold no sources of the project (``.git``, environments, caches) are skipped.
- What cannot be read is a problem with its path and reason, never silently missing; so is what
  has changed between reading and the end of the work.
- A name that cannot be shown as it is (no UTF-8, a line end, a control character) is escaped, so
  that a report is text and a line of it is never a file's own.
- A notebook's code cells are read as Python (``qfs.scan.facts.notebook``).
- Rule packs lie in ``qfs/rules`` of an installed wheel, in ``../rules`` of an editable checkout.
"""

import os
import stat
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from qfs.errors import InputError
from qfs.scan.facts.notebook import python_of
from qfs.scan.facts.reading import Unreadable
from qfs.scan.rules.rulebook import RuleFile

MAX_SOURCE_BYTES = 16 * 1024 * 1024  # 16_777_216: four times the largest generated module known
NOTEBOOK = ".ipynb"
SETTINGS = (
    "zone", "entries", "exclude", "packs", "rule-folders", "float-policy", "per-file-ignores",
    "witness",
)  # fmt: skip
"""What ``[tool.qfs]`` may say."""
_SKIPPED = frozenset(
    (
        ".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "__pycache__", "node_modules",
        ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".qfs", ".eggs", "build",
        "dist", ".ipynb_checkpoints",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One Python file."""

    path: str
    """Relative to the root, POSIX, as it is shown."""
    module: str
    """Dotted name by which Python would import it."""
    data: bytes
    """Python; of a notebook its code cells."""
    file: Path = Path()
    """Where it was read."""
    stamp: tuple[int, ...] = ()
    """What its status said when it was read; empty for what was not read from a file."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be used."""

    path: str
    line: int
    message: str


def read_sources(
    paths: Sequence[Path],
    root: Path,
    *,
    exclude: Sequence[str] = (),
    unsaved: Mapping[Path, bytes] | None = None,
) -> tuple[list[SourceFile], list[Problem]]:
    """Return every Python file under the paths, in the order of relative paths, and problems.

    unsaved holds what an editor has not written yet, under absolute paths. Raises InputError for a
    path that does not exist.
    """
    wanted: dict[Path, None] = {}
    problems: list[Problem] = []
    for path in paths:
        if not path.exists():
            raise InputError(
                "no such file or folder", place=str(path), way_out="pass a Python file or a folder"
            )
        if path.is_dir():
            _walk(path, wanted, problems, root)
        else:
            wanted[path] = None
    out: list[SourceFile] = []
    taken: dict[str, Path] = {}
    for path in wanted:
        name = relative(path, root)
        full = absolute(path)
        if name in taken:
            if taken[name] != full:  # else it is named twice, in two ways
                problems.append(Problem(name, 1, "another file's name is shown like this one's"))
            continue
        taken[name] = full
        if any(name == skip or name.startswith(f"{skip.rstrip('/')}/") for skip in exclude):
            continue
        try:
            open_text = unsaved.get(full) if unsaved else None
            data, stamp = _read(path) if open_text is None else (open_text, ())
            if path.suffix == NOTEBOOK:
                data = python_of(data)
        except OSError as error:
            problems.append(Problem(name, 1, f"cannot be read: {error.strerror}"))
        except Unreadable as error:
            problems.append(Problem(name, error.line, error.why))
        else:
            out.append(SourceFile(name, module_name(path), data, path, stamp))
    out.sort(key=lambda each: each.path)
    return out, problems


def source_digest(sources: Sequence[SourceFile]) -> str:
    """Return SHA-256 over every path and content, in the order of paths."""
    digest = sha256()
    for source in sources:
        for part in (source.path.encode("utf-8", "surrogateescape"), source.data):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def _read(path: Path) -> tuple[bytes, tuple[int, ...]]:
    """Return a file's bytes and its status before they were read; raises Unreadable, OSError."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable(1, "not a regular file")  # a pipe would be waited for, for ever
    if status.st_size > MAX_SOURCE_BYTES:
        raise Unreadable(1, f"{status.st_size} bytes exceed {MAX_SOURCE_BYTES}")
    return path.read_bytes(), _stamp(status)


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def changed_meanwhile(sources: Sequence[SourceFile]) -> list[Problem]:
    """Return a problem for each file that is not any more what was read."""
    out = []
    for source in sources:
        try:
            same = not source.stamp or _stamp(source.file.stat()) == source.stamp
        except OSError:
            same = False
        if not same:
            out.append(Problem(source.path, 1, "changed while it was being audited"))
    return out


def _walk(folder: Path, wanted: dict[Path, None], problems: list[Problem], root: Path) -> None:
    seen: dict[tuple[int, int], None] = {}

    def failed(error: OSError) -> None:
        place = relative(Path(error.filename or folder), root)
        problems.append(Problem(place, 1, f"cannot be listed: {error.strerror}"))

    for at, folders, names in os.walk(folder, followlinks=True, onerror=failed):
        try:
            status = Path(at).stat()
        except OSError as error:
            failed(error)
            continue
        mark = (status.st_dev, status.st_ino)
        if mark in seen:
            folders.clear()
            continue
        seen[mark] = None
        folders[:] = sorted([name for name in folders if name not in _SKIPPED])
        for name in sorted(names):
            if name.endswith((".py", NOTEBOOK)):
                wanted[Path(at) / name] = None


def absolute(path: Path) -> Path:
    """Return a path from the root on, without dots, and without following links."""
    return Path(os.path.normpath(Path.cwd() / path))


def relative(path: Path, root: Path) -> str:
    """Return a path as a report shows it: relative to the root where it lies below, POSIX."""
    full = absolute(path)
    base = absolute(root)
    if full.is_relative_to(base):
        return shown(full.relative_to(base).as_posix())
    return shown(Path(os.path.relpath(full, base)).as_posix())


def shown(name: str) -> str:
    r"""Return a name with what cannot be printed escaped: ``\n``, ``\xff`` for no UTF-8."""
    if name.isprintable():
        return name
    return "".join([each if each.isprintable() else _escaped(each) for each in name])


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is no UTF-8 (PEP 383)
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def module_name(path: Path) -> str:
    """Return the name under which Python would import a file: its packages, then its stem."""
    full = absolute(path)
    parts = [] if full.name == "__init__.py" else [full.stem]
    folder = full.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return shown(".".join(parts) or full.parent.name)


def read_rule_files(extra: Sequence[Path] = ()) -> list[RuleFile]:
    """Return every file of the packs that ship with QFS, and of the user's own pack folders.

    Raises InputError when the packs are missing or a user's folder cannot be read.
    """
    base = Path(str(files("qfs"))) / "rules"
    if not base.is_dir():
        base = base.parent.parent / "rules"
    if not base.is_dir():
        raise InputError("the rule packs are missing", place=str(base), way_out="reinstall qfs")
    shipped = sorted(each for each in base.iterdir() if each.is_dir())
    for folder in extra:
        if folder.name in {each.name for each in shipped}:
            raise InputError(
                f"a pack of QFS is called {folder.name!r} already",
                place=str(folder),
                way_out="give your own another name",
            )
    out: list[RuleFile] = []
    for folder in [*shipped, *extra]:
        try:
            names = sorted(each for each in folder.iterdir() if each.suffix == ".toml")
            out.extend([RuleFile(folder.name, each.name, each.read_bytes()) for each in names])
        except OSError as error:
            raise InputError(
                f"cannot be read: {error.strerror}", place=str(folder), way_out="check the pack"
            ) from None
    return out


def read_settings(start: Path) -> tuple[Path, dict[str, Any]]:
    """Return the nearest folder upward whose pyproject.toml has [tool.qfs], and that table.

    Without one, the folder is the current one and the table is empty. Raises InputError for a
    pyproject.toml on the way that is no TOML, and for a key that means nothing.
    """
    folder = start if start.is_dir() else start.parent
    folder = absolute(folder)
    for at in (folder, *folder.parents):
        candidate = at / "pyproject.toml"
        if not candidate.is_file():
            continue
        try:
            content = tomllib.loads(candidate.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"not readable as TOML: {error}", place=str(candidate)) from None
        table = content.get("tool", {}).get("qfs")
        if isinstance(table, dict):
            for key in table:
                if key not in SETTINGS:
                    way_out = f"known are {', '.join(SETTINGS)}"
                    raise InputError(
                        f"no setting {key!r}", place=f"{candidate} [tool.qfs]", way_out=way_out
                    )
            return at, table
    return Path.cwd(), {}


def changed_files(root: Path, reference: str) -> list[str]:
    """Return the files that differ from a git revision, new ones included, relative to the root.

    Raises InputError when git, the repository or the revision is missing.
    """
    inside = ("rev-parse", "--is-inside-work-tree")
    if _git(root, inside, "audit a folder of a git work tree, or leave out --since") != b"true\n":
        raise InputError(
            "is in no git work tree",
            place=str(root),
            way_out="audit a folder of one, or leave out --since",
        )
    commands = (
        ("diff", "--name-only", "--relative", "-z", "--end-of-options", reference, "--"),
        ("ls-files", "--others", "--exclude-standard", "-z"),
    )
    out: dict[str, None] = {}
    for command in commands:
        names = _git(root, command, "pass a revision that this repository has")
        for name in names.decode("utf-8", "surrogateescape").split("\0"):
            if name:
                out[shown(name)] = None
    return sorted(out)


def _git(root: Path, words: Sequence[str], way_out: str) -> bytes:
    try:
        command = ["git", *words]
        done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    except OSError as error:
        raise InputError(f"git cannot be run: {error.strerror}", place=str(root)) from None
    if done.returncode:
        text = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(text[-1] if text else "git failed", place=str(root), way_out=way_out)
    return done.stdout


def engine_digest() -> str:
    """Return a digest of the scanner's own files, so that no cache outlives a change of them."""
    digest = sha256()
    for path in sorted((Path(str(files("qfs"))) / "scan").rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
