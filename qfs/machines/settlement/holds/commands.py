"""What one may ask of the machine holds."""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from qfs.canon import Registry
from qfs.machines.settlement.holds.state import Leg


@dataclass(frozen=True, slots=True)
class Found:
    """Say which assets may be held; in genesis only, once."""

    assets: tuple[int, ...]
    """Rising numbers."""


@dataclass(frozen=True, slots=True)
class Propose:
    """Begin a hold, or again one of one's own that was rolled back; nothing is locked by it."""

    hold: bytes
    """16 bytes that the coordinator chooses."""
    legs: tuple[Leg, ...]
    """2 .. 32, one an account and asset; they sum to zero an asset."""
    expires: int
    """First packet in which it can only roll back; at most 65,536 packets ahead."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Lock the next place of a hold: the packet's key must be allowed to debit it."""

    hold: bytes
    fence: int
    account: int
    asset: int
    nonce: int
    """The account's next, for whoever keeps the balances; this machine only hands it on."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Take from those who locked the right to withdraw; the coordinator alone may."""

    hold: bytes
    fence: int


@dataclass(frozen=True, slots=True)
class Commit:
    """Decide; the coordinator alone may, and can take it back no more."""

    hold: bytes
    fence: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Pay out what was decided; any admitted key may."""

    hold: bytes
    fence: int


@dataclass(frozen=True, slots=True)
class RollBack:
    """Give back all that was locked.

    The coordinator may until it has decided, who locked a place until it is prepared, and everybody
    once the hold has expired.
    """

    hold: bytes
    fence: int


Step: TypeAlias = Lock | Prepare | Commit | Finish | RollBack
Command: TypeAlias = Found | Propose | Step


def cost(command: Command) -> int:
    """Return the units of a command: the rows that it reads and writes."""
    match command:
        case Found():
            return len(command.assets)
        case Propose():
            return 1 + len(command.legs)
        case Lock():
            return 2
        case Prepare() | Commit() | Finish() | RollBack():
            return 1
    assert_never(command)


COMMANDS = (
    Registry("holds command")
    .add(1, 1, Found)
    .add(2, 1, Propose)
    .add(3, 1, Lock)
    .add(4, 1, Prepare)
    .add(5, 1, Commit)
    .add(6, 1, Finish)
    .add(7, 1, RollBack)
)
