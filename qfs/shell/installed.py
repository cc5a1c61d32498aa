"""What is installed beside a program: QFS's own deterministic rooms, and other distributions.

- A program that imports QFS is judged together with the rooms that it can import: they are read
  from where this QFS lies.
- A distribution is known by its RECORD, which holds a hash for each of its files.
- Source: PyPA specification "Recording installed projects".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from importlib.resources import files
from pathlib import Path

from qfs.shell.sources import SourceFile, module_name

ROOMS = (
    "canon", "certmath", "crypto", "gate", "halt", "kernel", "keys", "ledger", "machines",
    "packet", "reactions", "trail",
)  # fmt: skip
_IMPORTS = re.compile(rb"^\s*(?:from|import)\s+qfs[.\s]", re.MULTILINE)


def own_rooms(sources: Sequence[SourceFile]) -> list[SourceFile]:
    """Return the files of QFS's deterministic rooms, when sources import QFS and are not QFS."""
    if any(each.module.partition(".")[0] == "qfs" for each in sources):
        return []
    if not any(b"qfs" in each.data and _IMPORTS.search(each.data) for each in sources):
        return []
    base = Path(str(files("qfs")))
    paths = [base / "__init__.py", base / "errors.py"]
    for room in ROOMS:
        paths.extend(sorted((base / room).rglob("*.py")))
    return [
        SourceFile(path.relative_to(base.parent).as_posix(), module_name(path), path.read_bytes())
        for path in sorted(paths)
    ]


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed distribution, as its RECORD lists it."""

    name: str
    version: str
    record: str
    """SHA-256 of its RECORD, in hex; empty where there is none."""
    sources: tuple[SourceFile, ...]
    natives: tuple[str, ...]
    """Files in native code."""


@cache
def _owners() -> dict[str, list[str]]:
    return {name: list(owners) for name, owners in packages_distributions().items()}


def distributions_of(module: str) -> tuple[str, ...]:
    """Return the installed distributions that bring a top-level module."""
    return tuple(sorted(dict.fromkeys(_owners().get(module, ()))))


def record_of(name: str) -> str:
    """Return SHA-256 of a distribution's RECORD; empty if it is not installed or has none."""
    try:
        text = distribution(name).read_text("RECORD")
    except PackageNotFoundError:
        return ""
    return sha256(text.encode()).hexdigest() if text else ""


def read_distribution(name: str) -> Distribution | None:
    """Return an installed distribution, tests left out; None for one without a RECORD."""
    found = distribution(name)
    record = record_of(name)
    if not record:
        return None
    sources: list[SourceFile] = []
    natives: list[str] = []
    for each in sorted(found.files or (), key=str):
        at = Path(str(found.locate_file(each)))
        if each.suffix in {".so", ".pyd", ".dylib"}:
            natives.append(each.as_posix())
        outside = each.parts[0] in {"..", "bin"} or {"tests", "test"} & set(each.parts)
        if each.suffix == ".py" and not outside and at.is_file():
            sources.append(SourceFile(each.as_posix(), module_name(at), at.read_bytes()))
    return Distribution(found.name, found.version, record, tuple(sources), tuple(natives))
