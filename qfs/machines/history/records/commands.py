"""What one may ask of the machine records."""

from dataclasses import dataclass
from typing import TypeAlias

from qfs.canon import Registry


@dataclass(frozen=True, slots=True)
class Open:
    """Begin the history; a founding order alone may."""

    format: str
    """What the records are, ``jsonl/1``; 1 to 64 characters."""


@dataclass(frozen=True, slots=True)
class Record:
    """Keep one record; any admitted key may."""

    stream: str
    """To what it belongs; at most 1024 characters."""
    data: bytes
    """What the other program wrote, at least one byte."""
    fields: tuple[tuple[str, str], ...]
    """(name, value) in the order of the record: what is in the data, for comparing."""


Command: TypeAlias = Open | Record

COMMANDS = Registry("records command").add(1, 1, Open).add(2, 1, Record)
