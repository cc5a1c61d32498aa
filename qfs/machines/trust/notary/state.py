"""What the machine notary remembers."""

from dataclasses import dataclass
from enum import Enum

from qfs.canon import Digest
from qfs.crypto.ports import KeyId
from qfs.kernel import Table

SIZE_MAX = (1 << 63) - 1


class Kind(Enum):
    """What a document is; a value is its number for ever."""

    CERTIFICATE = 1
    """A signed statement about source or wheels (DSSE, in-toto)."""
    CHECKPOINT = 2
    """A signed checkpoint of this ledger's audit trail (C2SP signed-note)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One noted document."""

    kind: Kind
    actor: KeyId
    """Who showed it."""
    seq: int
    """Sequence number of the packet."""


@dataclass(frozen=True, slots=True)
class State:
    """The whole state; a value."""

    documents: Table[Digest, Row]
    """By SHA-256."""


def genesis() -> State:
    """Return the state before any command."""
    return State(Table.of(Digest, Row))
