"""`qfs bisect A B`: the first packet, command and key at which two logs differ.

- The first differing packet is found by binary search: a root covers all that came before it.
- The common prefix is derived once, from the nearest good snapshot of either ledger on. Both
  packets are then applied to the same world, watched command by command, and the two worlds are
  compared down to the key.
- Two snapshots are compared down to the key; with their logs beside them also to the writer.
- Recorded roots are not believed: where one is not what its packet leads to, the report says whose.
- Fields of imported histories can be left out (``bisection_records``): what was is reported.
- Both logs are opened read-only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from qfs import packet as packet_
from qfs.app import bisection_records as records
from qfs.app.bisection_states import SUFFIX, frames_beside, last_written, read_snapshot
from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS
from qfs.app.snapshots import Finder
from qfs.app.watching import (
    Watched,
    shortened,
    source_of,
    text_of,
    watch_frame,
    writer_of,
)
from qfs.app.worlds import QFS, Derived, continued, found_of, last_of
from qfs.crypto import Verifier
from qfs.errors import CanonError
from qfs.halt import Halt
from qfs.kernel import Difference, Executed, Genesis, Transactions, World, diverge
from qfs.machines.history.records.rows import OWN_NAMES
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
    ignore: tuple[str, ...] = ()
    """Fields of imported histories that are left out of the comparison, as patterns."""


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
    source: str | None = None
    """The line of the machine's that wrote it, ``file.py:17``."""

    def document(self) -> dict[str, Any]:
        """Return the part of the JSON document."""
        return {
            "recorded": self.recorded,
            "derived": self.derived,
            "stopped": self.stopped,
            "command": self.command,
            "source": self.source,
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
    executed: int = 0
    """How many packets were executed again."""
    left_out: tuple[tuple[str, int], ...] = ()
    """Each pattern of fields that were not compared, and how many values it left out of records
    that are not the same bytes."""
    field: str | None = None
    """The field of two imported histories in which they part: ``--ignore`` would leave it out."""

    @property
    def identical(self) -> bool:
        """Whether they agree."""
        return self.packet is None and self.machine is None

    @property
    def exit_code(self) -> int:
        """0 when they agree, 1 when they do not."""
        return EXIT_CLEAN if self.identical else EXIT_FINDINGS

    def document(self) -> dict[str, Any]:
        """Return the JSON document ``qfs.bisect/1``."""
        return {
            "schema": SCHEMA,
            "identical": self.identical,
            "packets": list(self.packets),
            "compared": self.compared,
            "executed": self.executed,
            "left_out": [{"pattern": name, "values": count} for name, count in self.left_out],
            "difference": None
            if self.identical
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
    if request.ignore:
        return _ignoring(request, verifier)
    if request.a.suffix == SUFFIX and request.b.suffix == SUFFIX:
        return _snapshots(request.a, request.b, verifier)
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
    start = _start(request, one, at)
    before = last_of(continued(one[:at], QFS, verifier, lambda _: start)).world
    report = _packets(one, other, at, before, verifier)
    derived = at - 1 - (0 if start is None else start.frame.seq)
    return replace(report, compared=compared, executed=report.executed + derived)


def _ignoring(request: BisectRequest, verifier: Verifier | None) -> BisectReport:
    """Compare two imported histories record by record, fields left out."""
    found = records.compare(request.a, request.b, request.ignore, verifier)
    report = BisectReport(
        found.packets, None, (), executed=sum(found.packets), left_out=found.left_out
    )
    if found.place is None:
        return report
    where = f"transaction {found.place.transaction}, order 0"
    parts = (where,) if not found.ended else (f"{found.ended} has ended", where)
    report = replace(report, packet=found.place.packet, parts=parts)
    if found.ended:
        return report
    return replace(
        report,
        machine="records",
        key=f"recent[{(found.place.number, found.name)!r}]",
        value_a=found.values[0],
        value_b=found.values[1],
        field=None if found.name in OWN_NAMES else found.name,
    )


def _start(request: BisectRequest, frames: Sequence[Frame], at: int) -> Derived | None:
    """Return the newest frame before a packet whose world a snapshot of either ledger holds.

    Both logs record the same roots up to there, so a snapshot of either is good for both.
    """
    found = [Finder(path, below=at)(frames[:at]) for path in (request.a, request.b)]
    known = [one for one in found if one is not None]
    return max(known, key=lambda one: one.frame.seq, default=None)


def _snapshots(a: Path, b: Path, verifier: Verifier | None) -> BisectReport:
    """Compare two snapshots, and say who wrote the key where their logs can tell."""
    worlds = (read_snapshot(a), read_snapshot(b))
    packets = (worlds[0].seq, worlds[1].seq)
    place = diverge(*worlds)
    if place is None:
        return BisectReport(packets, None, ())
    sides = [Side(world.root.hex(), None, None, None) for world in worlds]
    report = _placed(BisectReport(packets, None, (), a=sides[0], b=sides[1]), place)
    logs = [frames_beside(path, world) for path, world in zip((a, b), worlds, strict=True)]
    one, other = logs
    if one is None or other is None or place.machine == "world":
        return report
    at, compared = first_difference(one, other)
    executed = 0
    for number, (path, frames) in enumerate(((a, one), (b, other))):
        written, again = last_written(path, frames, max(1, at or 1), place, verifier)
        executed += again
        if written is not None:
            command, source = written.command, written.source or None
            sides[number] = replace(sides[number], command=command, source=source)
    return replace(report, packet=at, a=sides[0], b=sides[1], compared=compared, executed=executed)


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
    before: World,
    verifier: Verifier | None,
) -> BisectReport:
    """Apply both packets to their common world and compare what they lead to."""
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
        executed=2,
    )
    return report if place is None else _placed(report, place)


def _placed(report: BisectReport, place: Difference) -> BisectReport:
    """Return a report with the place at which two states differ."""
    name = place.key[1] if place.machine == "records" and isinstance(place.key, tuple) else None
    return replace(
        report,
        machine=place.machine,
        key=place.field if place.key is None else f"{place.field}[{place.key!r}]",
        value_a=shortened(repr(place.expected)),
        value_b=shortened(repr(place.actual)),
        field=name if isinstance(name, str) and name not in OWN_NAMES else None,
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
    if place is None or writer is None:
        return Side(frame.root.hex(), watched.after.root.hex(), None, None)
    command = f"{_position(writer)}: {text_of(writer)}"
    source = source_of(frame, watched, writer, place) or None
    return Side(frame.root.hex(), watched.after.root.hex(), None, command, source)


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
