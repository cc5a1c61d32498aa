"""What is installed beside a program: QFS's own deterministic rooms, and other distributions.

- A program that imports QFS is judged together with the rooms that it can import: they are read
  from where this QFS lies.
- A distribution is known by its RECORD, which holds a hash for each of its files.
- Source: PyPA specification "Recording installed projects".
"""

import re
from collections.abc import Sequence
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
    if not any(_IMPORTS.search(each.data) for each in sources):
        return []
    base = Path(str(files("qfs")))
    paths = [base / "__init__.py", base / "errors.py"]
    for room in ROOMS:
        paths.extend(sorted((base / room).rglob("*.py")))
    return [
        SourceFile(path.relative_to(base.parent).as_posix(), module_name(path), path.read_bytes())
        for path in sorted(paths)
    ]
