"""Make the folder of a planted project from its one text file.

- A line `-- PATH --` begins a file; all that follows, up to the next such line, is its text.
- Nothing is asked of the machine: modes and times are those of newly written files.
"""

import re
from pathlib import Path

HERE = Path(__file__).parent
_BEGIN = re.compile(r"^-- (\S+) --\n", re.MULTILINE)


def unpack(project: str, folder: Path) -> None:
    """Write the files of a project (its name in index.json) into a folder, made if missing."""
    text = (HERE / project).read_text(encoding="utf-8")
    _, *parts = _BEGIN.split(text)
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")
