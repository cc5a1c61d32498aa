"""What the machine records remembers: bounded by the number of streams, not of records."""

from dataclasses import dataclass

from qfs.canon import ZERO_DIGEST, Digest
from qfs.kernel import Table
from qfs.machines.history.records.rows import Rows


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream, as a whole."""

    count: int
    """Records in it."""
    head: Digest
    """Hash chain over its records; zero before the first."""


NO_STREAM = Stream(0, ZERO_DIGEST)


@dataclass(frozen=True, slots=True)
class State:
    """The whole state; a value. What is compared first stands first."""

    format: str
    """Empty until a founding order opens the history."""
    recent: Rows
    """The records of the newest packet that holds any."""
    streams: Table[str, Stream]
    count: int
    """Records in all."""


def genesis() -> State:
    """Return the state before any command."""
    return State("", Rows(0, 0), Table.of(str, Stream), 0)
