"""What the machine holds remembers: the proposals, who has locked which place, two counters."""

from dataclasses import dataclass
from enum import Enum

from qfs.crypto.ports import KeyId
from qfs.kernel import Table

HOLD_BYTES = 16
LEGS_MAX = 32
CHANGE_MAX = (1 << 124) - 1
ACCOUNT_MAX = (1 << 64) - 1
PACKETS_MAX = 65_536
"""A hold expires at most so many packets after its proposal."""


class Stage(Enum):
    """How far a hold is."""

    PROPOSED = 1
    """Some of its places are not locked yet."""
    LOCKED = 2
    """All are; who locked one may still withdraw."""
    PREPARED = 3
    """Only the coordinator, or time, may end it."""
    COMMITTING = 4
    """Decided; only paying out is left, or time."""
    COMMITTED = 5
    ROLLED_BACK = 6


LIVE = (Stage.PROPOSED, Stage.LOCKED, Stage.PREPARED, Stage.COMMITTING)
"""The stages that are not the end."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One balance's change when the hold is committed."""

    account: int
    asset: int
    """Number of the asset, as whoever keeps the balances counts them."""
    change: int
    """Not 0; negative is what a lock takes."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One proposal, and how far it is."""

    coordinator: KeyId
    stage: Stage
    fence: int
    """Fencing token of this attempt."""
    expires: int
    """First packet in which it can only roll back."""
    legs: tuple[Leg, ...]
    lockers: tuple[KeyId, ...]
    """Who locked its first places, in the places' order."""


@dataclass(frozen=True, slots=True)
class State:
    """The whole state; a value."""

    holds: Table[bytes, Hold]
    """By id; those that have ended stay, so that an id is committed at most once."""
    locks: Table[tuple[int, int], bytes]
    """(account, asset) -> the live hold that has locked it."""
    fence: int
    """Fencing tokens given so far; the newest is the largest."""
    releases: int
    """How often the escrow has given something back or out."""
    assets: tuple[int, ...]
    """What may be held."""


def genesis() -> State:
    """Return the state before any command: nothing may be held."""
    return State(Table.of(bytes, Hold), Table.of(tuple[int, int], bytes), 0, 0, ())


def is_balanced(legs: tuple[Leg, ...]) -> bool:
    """Say whether the legs of each asset sum to zero."""
    sums: dict[int, int] = {}
    for leg in legs:
        sums[leg.asset] = sums.get(leg.asset, 0) + leg.change
    return not any(sums.values())


def debits(legs: tuple[Leg, ...]) -> list[Leg]:
    """Return what has to be locked, in the one order in which it is locked."""
    return sorted([leg for leg in legs if leg.change < 0], key=lambda leg: (leg.account, leg.asset))


def live(state: State) -> list[Hold]:
    """Return the holds that have not ended, in the order of their ids."""
    return [hold for _, hold in state.holds.items() if hold.stage in LIVE]


def refunds(hold: Hold) -> tuple[Leg, ...]:
    """Return what a hold's locks have taken so far, to be given back."""
    taken = debits(hold.legs)[: len(hold.lockers)]
    return tuple([Leg(leg.account, leg.asset, -leg.change) for leg in taken])


def payouts(hold: Hold) -> tuple[Leg, ...]:
    """Return what a commit pays out."""
    return tuple([leg for leg in hold.legs if leg.change > 0])
