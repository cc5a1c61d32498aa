"""Tables and texts for other programs, written whole or not at all.

- A file is made beside its name, synced and renamed: whoever reads it finds the whole of it.
- CSV as RFC 4180 with LF between rows; JSON Lines with sorted keys.
"""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from qfs.errors import InputError
from qfs.shell.files import unwritten

Row = Sequence[str | int]


def csv_lines(header: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a table, the header first."""
    for row in chain([header], rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(row)
        yield line.getvalue()


def json_lines(header: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield one object a row."""
    for row in rows:
        yield json.dumps(dict(zip(header, row, strict=True)), sort_keys=True) + "\n"


def write_new(path: Path, lines: Iterable[str | bytes]) -> int:
    """Write a new file and return its size in bytes.

    Raises InputError when the file exists or cannot be made; then nothing is left behind.
    """
    if path.exists():
        raise InputError("exists", place=str(path), way_out="choose another name")
    return put(path, lines)


def put(path: Path, lines: Iterable[str | bytes]) -> int:
    """Write a file, or put it in another's place, and return its size in bytes.

    Raises InputError when it cannot be made; then the old file stands.
    """
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as file:
            for line in lines:
                file.write(line.encode("utf-8") if isinstance(line, str) else line)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise unwritten(error, path, "cannot be made") from None
    finally:
        beside.unlink(missing_ok=True)
    return size


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
