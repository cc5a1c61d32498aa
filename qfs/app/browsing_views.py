"""What a browser of a log shows: values of texts, and how packets and states become them.

- A value is as long as it is; cutting it to a line is the view's business.
- Nothing here reads a file but through the frame that it is given.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from qfs import packet as packet_
from qfs.app.browsing_text import moment_of, parts_of, told
from qfs.canon import Value
from qfs.errors import CanonError, InputError
from qfs.halt import Halt
from qfs.kernel import Executed, Genesis, Receipt, World
from qfs.kernel.state import field_digests
from qfs.packet.kinds import name_of
from qfs.shell.log_frames import Frame

CHANGES_MAX = 500
"""Differences that a comparison holds."""


@dataclass(frozen=True, slots=True)
class Overview:
    """A log as a whole."""

    name: str
    ledger: str
    packets: int
    """Packet 0 is genesis and not among them."""
    first: int
    """The first whose body is kept; 0 unless packets were pruned."""
    damage: str
    """What is wrong behind the last sound packet; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class PacketLine:
    """One packet in a list; what needs deriving is None until it has been."""

    seq: int
    time: str
    kind: str
    signer: str
    """Key id in hexadecimal; empty for genesis."""
    accepted: int | None
    refused: int | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """One command as it ran."""

    title: str
    """``ledger Transfer``."""
    refusal: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TransactionView:
    """One transaction and its answer."""

    number: int
    answer: str
    """Empty for a yes; else who said no, and why."""
    orders: tuple[OrderView, ...]


@dataclass(frozen=True, slots=True)
class PacketView:
    """One packet, whole."""

    seq: int
    facts: tuple[tuple[str, str], ...]
    transactions: tuple[TransactionView, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One place in a state: a machine, a field of one, or a key of a field."""

    name: str
    value: str
    way: tuple[str, ...] = ()
    """What `Browser.places` takes to show what is inside; empty when nothing is."""
    parts: tuple[tuple[str, str], ...] = ()
    """The fields of the value."""


@dataclass(frozen=True, slots=True)
class Change:
    """One place that differs between two packets."""

    place: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The state after one packet beside that after another."""

    a: int
    b: int
    changes: tuple[Change, ...]
    more: bool
    """Whether there are more than these CHANGES_MAX."""


def genesis_of(frame: Frame) -> Genesis:
    """Return the genesis of the first frame; raises InputError for another record."""
    try:
        return Genesis.from_bytes(frame.body)
    except CanonError as error:
        raise InputError(f"no genesis record: {error}", way_out="pass a ledger directory") from None


def line_of(frame: Frame, *, gone: bool) -> PacketLine:
    """Return a packet for a list; gone: its body was pruned."""
    if frame.seq == 0:
        return PacketLine(0, "-", "genesis", "", None, None)
    if gone:
        return PacketLine(frame.seq, "-", "pruned", "", None, None)
    try:
        packet = packet_.decode(frame.body).packet
    except (CanonError, Halt):
        return PacketLine(frame.seq, "-", "unreadable", "", None, None)
    kind = name_of(packet.kind)
    return PacketLine(frame.seq, moment_of(packet.time_us), kind, packet.key.hex(), None, None)


def founding_facts(frame: Frame, world: World) -> tuple[tuple[str, str], ...]:
    """Return what a genesis says, or of a pruned log what its last pruned packet does."""
    if frame.seq:
        return (("pruned", "its state is kept, its body is not"), ("state root", world.root.hex()))
    genesis = genesis_of(frame)
    rows = [("ledger", genesis.digest().hex()), ("name", genesis.name)]
    rows += [("machine", f"{name} version {version}") for name, version in genesis.machines]
    rows += [
        (f"order {number}", f"{order.machine} {told(order.record)}")
        for number, order in enumerate(genesis.orders)
    ]
    return (*rows, ("state root", world.root.hex()))


def facts_of(frame: Frame, world: World, receipt: Receipt) -> tuple[tuple[str, str], ...]:
    """Return what a packet says of itself, and what applying it came to."""
    signed = packet_.decode(frame.body)
    packet = signed.packet
    rows = [
        ("identity", signed.id.hex()),
        ("time", f"{moment_of(packet.time_us)} ({packet.time_us} us)"),
        ("kind", name_of(packet.kind)),
        ("signed by", packet.key.hex()),
        *[("cosigned by", one.key.hex()) for one in signed.cosignatures],
        ("previous", packet.previous.hex()),
        ("seed", packet.seed.hex()),
        ("state root", world.root.hex()),
        ("cost", f"{receipt.cost} units, {receipt.orders} commands"),
        ("size", f"{len(signed.body)} bytes"),
    ]
    rows += [("effect", ".".join([str(part) for part in one])) for one in receipt.effects]
    rows += [("activated", f"{name} version {version}") for name, version in receipt.activated]
    return tuple(rows)


def transactions_of(
    frame: Frame, commands: tuple[Executed, ...], receipt: Receipt
) -> tuple[TransactionView, ...]:
    """Return each transaction of a packet with its answer, and the commands that ran in it."""
    orders: dict[int, list[OrderView]] = {}
    codes = {(number, order): found for number, order, found in receipt.results}
    for one in commands:
        by = f" (reaction {one.reaction})" if one.reaction else ""
        title = f"{one.machine} {type(one.command).__name__}{by}"
        parts = parts_of(one.command)
        rows = b"" if one.reaction else codes.get((one.transaction, one.order), b"")
        if rows:
            parts = (
                ("rows", f"{rows.count(0)} accepted, {len(rows) - rows.count(0)} refused"),
                *parts,
            )
        orders.setdefault(one.transaction, []).append(OrderView(title, one.refusal, parts))
    if not commands and receipt.answers:
        packet = packet_.decode(frame.body).packet
        action = packet_.action_of(packet.kind, packet.payload)
        orders[0] = [OrderView(name_of(packet.kind), "", parts_of(action))]
    return tuple(
        [
            TransactionView(
                number,
                "" if answer is None else f"{answer.machine} {answer.reason}",
                tuple(orders.get(number, ())),
            )
            for number, answer in enumerate(receipt.answers)
        ]
    )


def field_of(machine: str, name: str, value: Any) -> Place:
    """Return a field of a machine's state."""
    if hasattr(value, "items"):
        count = len(value.items())
        return Place(name, f"{count} {'key' if count == 1 else 'keys'}", (machine, name))
    return Place(name, told(value), (), parts_of(value))


def place_of(key: Any, value: Any) -> Place:
    """Return a key of a store."""
    return Place(told(key), told(value), (), parts_of(value))


def every_place(world: World) -> Iterator[tuple[str, Place]]:
    """Yield each place of each machine's state under its whole name."""
    for machine, state in sorted(world.states.items()):
        for one in fields(state):
            value = getattr(state, one.name)
            way = f"{machine}.{one.name}"
            if hasattr(value, "items"):
                for key, item in value.items():
                    yield f"{way}[{told(key)}]", place_of(key, item)
            else:
                yield way, Place(one.name, told(value), (), parts_of(value))


def changes_in(machine: str, here: Any, there: Any) -> list[Change]:
    """Return what differs in one machine, one more than CHANGES_MAX at most."""
    if type(here) is not type(there):
        absent = "(not enabled)"
        one, other = (absent if state is None else type(state).__name__ for state in (here, there))
        return [Change(machine, one, other)]
    changes: list[Change] = []
    pairs = zip(field_digests(here), field_digests(there), strict=True)
    for (name, before), (_, after) in pairs:
        if before == after:
            continue
        one, other = getattr(here, name), getattr(there, name)
        if hasattr(one, "items"):
            rows = one.diff(other, CHANGES_MAX + 1)
            changes += [
                change
                for key, old, new in rows
                for change in _inside(f"{machine}.{name}[{told(key)}]", old, new)
            ]
        else:
            changes += _inside(f"{machine}.{name}", one, other)
    return changes


def _inside(place: str, old: Any, new: Any) -> list[Change]:
    """Return what differs between two values, down to the fields of a record."""
    if is_dataclass(old) and type(old) is type(new) and not isinstance(old, Enum):
        return [
            change
            for one in fields(old)
            if getattr(old, one.name) != getattr(new, one.name)
            for change in _inside(
                f"{place}.{one.name}", getattr(old, one.name), getattr(new, one.name)
            )
        ]
    if isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        inside = [(f"{place}[{at}]", one, two) for at, (one, two) in pairs if one != two]
        return [change for three in inside for change in _inside(*three)]
    return [Change(place, _or_absent(old), _or_absent(new))]


def _or_absent(value: Any) -> str:
    return "(absent)" if value is None else told(value)


def words_in(value: Value) -> list[str]:
    """Return every text, number and byte string in a canonical value, as texts."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, bytes):
        return [value.hex(), value.decode("utf-8", "ignore")]
    if isinstance(value, list | tuple):
        return [word for item in value for word in words_in(item)]
    return [told(value)]
