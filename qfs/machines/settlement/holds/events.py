"""What can have happened to a hold, and why the machine says no.

- What an escrow has to do stands in the event, so that whoever hears it needs no state.
- Released kinds are never edited: a new meaning is a new version and an upcast.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from qfs.canon import Registry
from qfs.crypto.ports import KeyId
from qfs.machines.settlement.holds.state import Leg


class Refusal(Enum):
    """Why the machine says no; a value is its number for ever."""

    NOT_GENESIS = 1
    """A founding order outside genesis."""
    ALREADY_FOUNDED = 2
    """A second founding order."""
    ASSETS_MALFORMED = 3
    """Assets that are none, negative or not in rising order."""
    HOLD_MALFORMED = 4
    """An id that is not 16 bytes."""
    LEGS_MALFORMED = 5
    """Fewer than two legs, more than 32, two for one place, a change or an account out of range."""
    ASSET_NOT_HELD = 6
    """An asset that may not be held."""
    NOT_BALANCED = 7
    """The legs of an asset do not sum to zero."""
    EXPIRY_OUT_OF_RANGE = 8
    """It would expire at once, or more than 65,536 packets from now."""
    HOLD_EXISTS = 9
    """The id is another coordinator's, or its hold is live or was committed."""
    UNKNOWN_HOLD = 10
    """Nobody has proposed it."""
    STALE_FENCE = 11
    """Another attempt's fencing token."""
    WRONG_STAGE = 12
    """The hold is not at the stage from which this step leads."""
    NOT_YOURS = 13
    """The packet's key may not take this step now."""
    DECIDED = 14
    """The coordinator has decided to commit, and the hold has not expired."""
    EXPIRED = 15
    """The hold can only roll back."""
    OUT_OF_ORDER = 16
    """Another place has to be locked first, or this is no place of the hold."""
    PLACE_LOCKED = 17
    """Another live hold has locked the place."""


@dataclass(frozen=True, slots=True)
class Founded:
    """These assets may be held."""

    assets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proposed:
    """A hold has begun."""

    hold: bytes
    coordinator: KeyId
    fence: int
    expires: int
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Locked:
    """A place is locked; the hold is LOCKED with its last one."""

    hold: bytes
    fence: int
    account: int
    asset: int
    amount: int
    """What goes into escrow, > 0."""
    nonce: int
    by: KeyId


@dataclass(frozen=True, slots=True)
class Prepared:
    """Nobody who locked a place can withdraw any more."""

    hold: bytes


@dataclass(frozen=True, slots=True)
class Decided:
    """The coordinator has decided to commit."""

    hold: bytes


@dataclass(frozen=True, slots=True)
class Committed:
    """All is paid out, and the places are free."""

    hold: bytes
    fence: int
    release: int
    """How many releases there were before it: the escrow's nonce."""
    legs: tuple[Leg, ...]
    """What is paid out."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """All that was locked is given back, and the places are free."""

    hold: bytes
    fence: int
    release: int
    """As in Committed; a roll-back with no leg is no release."""
    legs: tuple[Leg, ...]
    """What is given back."""
    expired: bool


Event: TypeAlias = Founded | Proposed | Locked | Prepared | Decided | Committed | RolledBack

EVENTS = (
    Registry("holds event")
    .add(1, 1, Founded)
    .add(2, 1, Proposed)
    .add(3, 1, Locked)
    .add(4, 1, Prepared)
    .add(5, 1, Decided)
    .add(6, 1, Committed)
    .add(7, 1, RolledBack)
)
