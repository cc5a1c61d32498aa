"""Histories that other programs keep: read as records, and made again of them.

- One reader a format, each a function from a path to entries (``entries.py``), in bounded memory.
- A text is made again by writing its records one after the other; a database by its own maker.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from qfs.shell.histories import beancount, jsonl, recorder, table, temporal
from qfs.shell.histories.entries import RECORD_MAX, Entry


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of history."""

    name: str
    suffixes: tuple[str, ...]
    """By which a file is told when nobody names its format."""
    entries: Callable[[Path], Iterator[Entry]]
    rebuilt: Callable[[Path, Iterable[bytes]], None] | None = None
    """Makes the file again; None where the records' bytes are the file."""


# One line a format.
FORMATS = (
    Format("jsonl", (".jsonl", ".ndjson"), jsonl.entries),
    Format("csv", (".csv", ".tsv"), table.entries),
    Format("eventsourcing", (".db", ".sqlite", ".sqlite3"), recorder.entries, recorder.rebuilt),
    Format("beancount", (".beancount", ".bean"), beancount.entries),
    Format("temporal", (".json",), temporal.entries),
)

__all__ = ["FORMATS", "RECORD_MAX", "Entry", "Format"]
