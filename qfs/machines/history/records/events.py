"""What can have happened in the machine records, and why it says no."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from qfs.canon import Registry
from qfs.machines.history.records.rows import Row


class Refusal(Enum):
    """Why the machine records says no; a value is its number for ever."""

    NOT_AT_FOUNDING = 1
    """A history is opened in genesis and never again."""
    ALREADY_OPEN = 2
    """Two founding orders open it."""
    FORMAT_MALFORMED = 3
    """A format without a name, or with one of more than 64 characters."""
    NOT_OPEN = 4
    """A record for a history that no founding order has opened."""
    STREAM_TOO_LONG = 5
    """A stream's name of more than 1024 characters."""
    NO_DATA = 6
    """A record of no bytes."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The history began."""

    format: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record was kept."""

    seq: int
    """Packet that holds it."""
    row: Row


Event: TypeAlias = Opened | Recorded

EVENTS = Registry("records event").add(1, 1, Opened).add(2, 1, Recorded)
EFFECTS = Registry("records effect")
