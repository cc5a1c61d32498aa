"""`qfs bisect A B`: the first packet, command and key at which two logs differ.

- The first differing packet is found by binary search: a root covers all that came before it.
- The common prefix is derived once; both packets are then applied to the same world, watched
  command by command, and the two worlds are compared down to the key.
- Recorded roots are not believed: where one is not what its packet leads to, the report says whose.
- Both logs are opened read-only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from qfs import packet as packet_
from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS
from qfs.app.watching import (
    Watched,
    shortened,
    text_of,
    watch_frame,
    writer_of,
)
from qfs.app.worlds import QFS, derive, found_of, last_of
from qfs.crypto import Verifier
from qfs.errors import CanonError
from qfs.halt import Halt
from qfs.kernel import Difference, Executed, Genesis, Transactions, World, diverge
from qfs.packet import Packet
from qfs.shell import log, providers
from qfs.shell.log_frames import Frame

SCHEMA = "qfs.bisect/1"


@dataclass(frozen=True, slots=True)
class BisectRequest:
    """Two ledger directories or log files."""

    a: Path
    b: Path
    trust_signatures: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """What one log says at the packet where they part."""

    recorded: str | None
    """The recorded root; None when the log has ended."""
    derived: str | None
    """The root that the packet leads to; None when it has none, or the gate refuses it."""
    stopped: str | None
    """The halt that the packet meets here."""
    command: str | None
    """The command that wrote the key, with its place in the packet."""

    def document(self) -> dict[str, Any]:
        """Return the part of the JSON document."""
        return {
            "recorded": self.recorded,
            "derived": self.derived,
            "stopped": self.stopped,
            "command": self.command,
        }


@dataclass(frozen=True, slots=True)
class BisectReport:
    """Where two logs part, and in what."""

    packets: tuple[int, int]
    """How many packets each has."""
    packet: int | None
    """The first that differs; None when the logs agree."""
    parts: tuple[str, ...]
    """What differs in the packets themselves: ``seed``, ``transaction 3, order 0: ...``."""
    machine: str | None = None
    key: str | None = None
    value_a: str | None = None
    value_b: str | None = None
    a: Side | None = None
    b: Side | None = None
    compared: int = 0
    """How many pairs of roots were compared."""

    @property
    def exit_code(self) -> int:
        """0 when the logs agree, 1 when they do not."""
        return EXIT_CLEAN if self.packet is None else EXIT_FINDINGS

    def document(self) -> dict[str, Any]:
        """Return the JSON document ``qfs.bisect/1``."""
        return {
            "schema": SCHEMA,
            "identical": self.packet is None,
            "packets": list(self.packets),
            "compared": self.compared,
            "difference": None
            if self.packet is None
            else {
                "packet": self.packet,
                "parts": list(self.parts),
                "machine": self.machine,
                "key": self.key,
                "values": [self.value_a, self.value_b],
                "a": None if self.a is None else self.a.document(),
                "b": None if self.b is None else self.b.document(),
            },
        }


def bisect(request: BisectRequest) -> BisectReport:
    """Find where two logs part.

    Raises InputError for what is no log; halts when a log is corrupt, or their common prefix
    cannot be derived.
    """
    verifier = None if request.trust_signatures else providers.verifier()
    one, other = log.read(request.a).frames, log.read(request.b).frames
    at, compared = first_difference(one, other)
    packets = (len(one) - 1, len(other) - 1)
    if at is None:
        return BisectReport(packets, None, (), compared=compared)
    if at == len(one) or at == len(other):
        ended = "a" if at == len(one) else "b"
        sides = [_recorded(frames, at) for frames in (one, other)]
        what = (f"{ended} has ended",)
        return BisectReport(packets, at, what, a=sides[0], b=sides[1], compared=compared)
    if at == 0:
        return _geneses(one[0], other[0], packets, compared)
    return _packets(one, other, at, compared, verifier)


def first_difference(one: Sequence[Frame], other: Sequence[Frame]) -> tuple[int | None, int]:
    """Return the first frame whose recorded root differs, and how many pairs were compared.

    None when all agree; the shorter length when one log goes on after the other.
    """
    low, high, compared = 0, min(len(one), len(other)), 0
    while low < high:
        middle = (low + high) // 2
        compared += 1
        if one[middle].root == other[middle].root:
            low = middle + 1
        else:
            high = middle
    if low < len(one) or low < len(other):
        return low, compared
    return None, compared


def _geneses(one: Frame, other: Frame, packets: tuple[int, int], compared: int) -> BisectReport:
    """Compare two ledgers that never were the same one."""
    here, there = Genesis.from_bytes(one.body), Genesis.from_bytes(other.body)
    parts = [
        f"{field.name} of the genesis"
        for field in fields(Genesis)
        if getattr(here, field.name) != getattr(there, field.name)
    ]
    worlds = (found_of(one, QFS), found_of(other, QFS))
    made = [
        Side(frame.root.hex(), world.root.hex(), None, None)
        for frame, world in zip((one, other), worlds, strict=True)
    ]
    return BisectReport(packets, 0, tuple(parts), a=made[0], b=made[1], compared=compared)


def _packets(
    one: Sequence[Frame],
    other: Sequence[Frame],
    at: int,
    compared: int,
    verifier: Verifier | None,
) -> BisectReport:
    """Apply both packets to their common world and compare what they lead to."""
    before = last_of(derive(one[:at], QFS, verifier)).world
    both = [_watch(frames[at], before, verifier) for frames in (one, other)]
    place: Difference | None = None
    if isinstance(both[0], Watched) and isinstance(both[1], Watched):
        place = _first_key(both[0].after, both[1].after)
    sides = [
        _side(frames[at], watched, place)
        for frames, watched in zip((one, other), both, strict=True)
    ]
    parts = _parts(one[at].body, other[at].body)
    report = BisectReport(
        (len(one) - 1, len(other) - 1),
        at,
        tuple(parts),
        a=sides[0],
        b=sides[1],
        compared=compared,
    )
    if place is None:
        return report
    return replace(
        report,
        machine=place.machine,
        key=place.field if place.key is None else f"{place.field}[{place.key!r}]",
        value_a=shortened(repr(place.expected)),
        value_b=shortened(repr(place.actual)),
    )


def _watch(frame: Frame, before: World, verifier: Verifier | None) -> Watched | Halt:
    try:
        return watch_frame(frame, before, QFS, verifier)
    except Halt as halt:
        return halt


def _first_key(one: World, other: World) -> Difference | None:
    """Return the first differing place of a machine's state; the packets' own place is none."""
    found = diverge(one, other)
    return None if found is None or found.machine == "world" else found


def _side(frame: Frame, watched: Watched | Halt, place: Difference | None) -> Side:
    if isinstance(watched, Halt):
        return Side(frame.root.hex(), None, str(watched), None)
    writer = None if place is None else writer_of(watched, place)
    command = None if writer is None else f"{_position(writer)}: {text_of(writer)}"
    return Side(frame.root.hex(), watched.after.root.hex(), None, command)


def _position(one: Executed) -> str:
    asked = f", asked by the reaction {one.reaction}" if one.reaction else ""
    return f"transaction {one.transaction}, order {one.order}{asked}"


def _recorded(frames: Sequence[Frame], at: int) -> Side:
    return Side(frames[at].root.hex() if at < len(frames) else None, None, None, None)


def _parts(one: bytes, other: bytes) -> list[str]:
    """Say what differs between two packets, down to the order."""
    try:
        here, there = packet_.decode(one), packet_.decode(other)
    except CanonError:
        return ["one of them is no packet"]
    if here.body == there.body:
        signed = here.signature == there.signature and here.cosignatures == there.cosignatures
        return [] if signed else ["signature"]
    parts = [
        field.name
        for field in fields(Packet)
        if field.name != "payload"
        and getattr(here.packet, field.name) != getattr(there.packet, field.name)
    ]
    if here.packet.payload != there.packet.payload:
        parts.append(_orders(here.packet, there.packet))
    return parts


def _orders(one: Packet, other: Packet) -> str:
    try:
        here = packet_.action_of(one.kind, one.payload)
        there = packet_.action_of(other.kind, other.payload)
    except CanonError:
        return "payload"
    if not isinstance(here, Transactions) or not isinstance(there, Transactions):
        return "payload"
    for index in range(max(len(here.groups), len(there.groups))):
        pair = [side.groups[index : index + 1] for side in (here, there)]
        for place in range(max(len(orders) for groups in pair for orders in groups)):
            found = [orders[place : place + 1] for groups in pair for orders in groups]
            if len(found) < 2 or found[0] != found[1]:
                return f"transaction {index}, order {place}"
    return "payload"
