"""The same auction house as a QFS machine: time, chance and money enter as data.

- The clock is the packet's time, chance its seed, money integers in minor units.
- Lots stay in a Table, which iterates in key order; nothing else has an order to leak.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, assert_never

from qfs.canon import Registry
from qfs.kernel import Context, Decision, DeltaInvariant, Reducer, Table

FEE_PER_MILLE = 25


class Refusal(Enum):
    """Why the house says no."""

    LOT_UNKNOWN = 1
    LOT_EXISTS = 2
    LOT_CLOSED = 3
    BID_TOO_LOW = 4
    NO_BIDS = 5


@dataclass(frozen=True, slots=True)
class Lot:
    """One thing for sale, its best bids and its winner."""

    best_minor: int
    """The best bid, fee included, in minor units."""
    bidders: tuple[bytes, ...]
    """Who bid that much, in the order of their bids."""
    winner: bytes | None


@dataclass(frozen=True, slots=True)
class House:
    """The machine's state."""

    lots: Table[str, Lot]


@dataclass(frozen=True, slots=True)
class Offer:
    """Offer a lot for sale."""

    lot: str


@dataclass(frozen=True, slots=True)
class Bid:
    """Bid for a lot; the house adds its fee, rounded down."""

    lot: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Close:
    """Close a lot; equal best bids are drawn by the packet's chance."""

    lot: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A lot went on sale."""

    lot: str


@dataclass(frozen=True, slots=True)
class BidTaken:
    """A bid was at least as good as the best."""

    lot: str
    total_minor: int
    bidder: bytes


@dataclass(frozen=True, slots=True)
class Sold:
    """A lot has a winner."""

    lot: str
    winner: bytes


Command: TypeAlias = Offer | Bid | Close
Event: TypeAlias = Offered | BidTaken | Sold

COMMANDS = Registry("auction command").add(1, 1, Offer).add(2, 1, Bid).add(3, 1, Close)
EVENTS = Registry("auction event").add(1, 1, Offered).add(2, 1, BidTaken).add(3, 1, Sold)


def genesis() -> House:
    """Return a house with nothing for sale."""
    return House(Table.of(str, Lot))


def decide(house: House, command: Command, context: Context) -> Decision[Event, House] | Refusal:
    """Answer a command: lot known, lot open, then what the command asks."""
    lot = house.lots.get(command.lot)
    if isinstance(command, Offer):
        return Refusal.LOT_EXISTS if lot is not None else Decision((Offered(command.lot),))
    if lot is None:
        return Refusal.LOT_UNKNOWN
    if lot.winner is not None:
        return Refusal.LOT_CLOSED
    if isinstance(command, Bid):
        total = command.amount_minor + command.amount_minor * FEE_PER_MILLE // 1000
        if command.amount_minor <= 0 or total < lot.best_minor:
            return Refusal.BID_TOO_LOW
        return Decision((BidTaken(command.lot, total, context.actor),))
    if not lot.bidders:
        return Refusal.NO_BIDS
    drawn = context.chance("tie").below(len(lot.bidders))
    return Decision((Sold(command.lot, lot.bidders[drawn]),))


def evolve(house: House, event: Event) -> House:
    """Return the house after an event."""
    match event:
        case Offered(name):
            return House(house.lots.set(name, Lot(0, (), None)))
        case BidTaken(name, total, bidder):
            lot = _lot(house, name)
            others = lot.bidders if total == lot.best_minor else ()
            return House(house.lots.set(name, Lot(total, (*others, bidder), None)))
        case Sold(name, winner):
            lot = _lot(house, name)
            return House(house.lots.set(name, Lot(lot.best_minor, lot.bidders, winner)))
        case _:
            assert_never(event)


def _lot(house: House, name: str) -> Lot:
    found = house.lots.get(name)
    if found is None:
        raise KeyError(name)
    return found


def _best_never_falls(before: House, event: Event, after: House) -> bool:
    old = before.lots.get(event.lot)
    return old is None or _lot(after, event.lot).best_minor >= old.best_minor


MACHINE: Reducer[House, Command, Event] = Reducer(
    name="auction",
    version=1,
    genesis=genesis,
    decide=decide,
    evolve=evolve,
    commands=COMMANDS,
    events=EVENTS,
    refusals=Refusal,
    effects=Registry("auction effect"),
    invariants=(DeltaInvariant("a_lots_best_bid_never_falls", _best_never_falls),),
)
