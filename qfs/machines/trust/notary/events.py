"""What can have happened in the machine notary, and why it says no."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from qfs.canon import Digest, Registry
from qfs.machines.trust.notary.state import Row


class Refusal(Enum):
    """Why the notary says no; a value is its number for ever."""

    DIGEST_MALFORMED = 1
    """A document or root that is not named by 32 bytes."""
    SIZE_OUT_OF_RANGE = 2
    """A trail of fewer than 0 or more than 2**63 - 1 entries."""
    ALREADY_NOTED = 3
    """The document has been noted before."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A document was shown."""

    document: Digest
    row: Row


Event: TypeAlias = Noted

EVENTS = Registry("notary event").add(1, 1, Noted)
EFFECTS = Registry("notary effect")
