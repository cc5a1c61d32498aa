"""World: everything that replicas agree on after a packet, and its one root.

- The root is the digest over seq, head, time, ledger id, the root of the packets' tree, every
  enabled machine's (name, version, root) in name order, the schedule of upgrades and the outbox.
- Packets hang in an RFC 9162 tree: leaf n is packet n's id and the world's root before it (genesis:
  the ledger's id and zero), so that one root proves every packet and every earlier root.
- A world is a value: keep the old one and nothing is lost. A machine whose state object did not
  change is not hashed again.
- A snapshot is the same bytes whoever makes it: length-prefixed canonical records, in name order,
  field order and key order. Lengths are little-endian by definition.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from qfs.canon import DIGEST_BYTES, ZERO_DIGEST, Digest, Value, decode, digest, encode
from qfs.crypto.merkle import Frontier, leaf_hash
from qfs.errors import CanonError, RecordError
from qfs.halt import Code, Halt, check, guard
from qfs.kernel import outbox as outbox_
from qfs.kernel import state as state_
from qfs.kernel.admitted import Upgrade
from qfs.kernel.contract import Difference, Machine
from qfs.kernel.genesis import OUTBOX
from qfs.kernel.outbox import EffectId, Outbox, Pending
from qfs.kernel.table import Table

Machines: TypeAlias = Mapping[tuple[str, int], Machine[Any, Any, Any]]
"""(name, version) -> machine; old versions stay, so that old logs replay."""

_FORMAT = 1
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The agreed state after packet seq; compare worlds by their roots."""

    ledger: Digest
    """Identity of the ledger: digest of its genesis."""
    seq: int
    """Sequence number of the last packet; 0 after genesis."""
    head: Digest
    """Identity of the last packet; the ledger's own after genesis."""
    time_us: int
    """Time of the last packet; 0 after genesis."""
    packets: Frontier
    """The tree of all packets, genesis first: seq + 1 leaves."""
    versions: Mapping[str, int]
    """The active version of each enabled machine, in name order."""
    states: Mapping[str, Any]
    """The state of each enabled machine, in name order."""
    schedule: tuple[Upgrade, ...]
    """Upgrades to come, by height, then by machine."""
    outbox: Table[EffectId, Pending]
    """Effects that nobody has settled."""
    root: Digest
    roots: Mapping[str, tuple[Any, Digest]] = field(repr=False)
    """The state object behind each machine's root: a cache by identity."""

    def restore(self) -> None:
        """Make this world the fast one again, after another was made from it and dropped."""
        for state in self.states.values():
            state_.restore(state)
        self.outbox.restore()

    def snapshot(self) -> Iterator[bytes]:
        """Yield the world as bytes, in pieces; equal worlds give equal bytes."""
        header: list[Value] = [
            _FORMAT,
            *_facts(self.seq, self.head, self.time_us, self.ledger),
            [[name, self.versions[name]] for name in sorted(self.versions)],
            _schedule_value(self.schedule),
            list(self.packets.peaks),
            self.root,
        ]
        yield _framed(encode(header))
        for name in sorted(self.states):
            for record in state_.snapshot(self.states[name]):
                yield _framed(record)
        for record in state_.snapshot(Outbox(self.outbox)):
            yield _framed(record)


def packet_leaf(packet: Digest, before: Digest) -> Digest:
    """Return the leaf hash of a packet (genesis: the ledger's id) and the root before it (zero)."""
    return leaf_hash(packet + before)


def grown(world: World, packet: Digest) -> Frontier:
    """Return the packets' tree after one more; the world may be the one before genesis."""
    before = world.root if world.packets.size else ZERO_DIGEST
    return world.packets.append(packet_leaf(packet, before))


def make_world(
    facts: tuple[Digest, int, Digest, int],
    packets: Frontier,
    versions: Mapping[str, int],
    states: Mapping[str, Any],
    *,
    schedule: Sequence[Upgrade],
    outbox: Table[EffectId, Pending],
    known: Mapping[str, tuple[Any, Digest]] | None = None,
) -> World:
    """Return the world of its parts, with its root.

    facts are ledger, seq, head and time; known is the previous world's roots. A state that cannot
    be hashed was made by an evolve that broke its contract, and halts.
    """
    ledger, seq, head, time_us = facts
    roots: dict[str, tuple[Any, Digest]] = {}
    rows: list[Value] = []
    for name in sorted(states):
        kept = None if known is None else known.get(name)
        if kept is None or kept[0] is not states[name]:
            kept = (states[name], _hashed(name, versions[name], states[name], seq))
        roots[name] = kept
        rows.append([name, versions[name], kept[1]])
    root = world_root(facts, packets.root(), rows, schedule, outbox.seal())
    return World(
        ledger,
        seq,
        head,
        time_us,
        packets,
        versions,
        states,
        tuple(schedule),
        outbox,
        root,
        roots,
    )


def world_root(
    facts: tuple[Digest, int, Digest, int],
    packets: Digest,
    machines: Sequence[Value],
    schedule: Sequence[Upgrade],
    outbox: Digest,
) -> Digest:
    """Return the root over (ledger, seq, head, time), the tree of packets, the rest.

    machines is [name, version, root] a machine; the tree's size is seq + 1.
    """
    ledger, seq, head, time_us = facts
    return digest(
        "qfs/world/1",
        [
            *_facts(seq, head, time_us, ledger),
            packets,
            list(machines),
            _schedule_value(schedule),
            outbox,
        ],
    )


def restore_world(machines: Machines, data: bytes) -> World:
    """Return the world of a snapshot.

    Raises CanonError for bytes that are no snapshot; halts when the contents do not lead to the
    root that they name, or when a machine version is missing.
    """
    records = _unframed(data)
    match decode(next(records, b"")):
        case [
            int(form),
            int(seq),
            bytes(head),
            int(time_us),
            bytes(ledger),
            list(rows),
            list(plan),
            list(peaks),
            bytes(root),
        ] if type(form) is int and form == _FORMAT:
            pass
        case _:
            raise RecordError("no snapshot of format 1")
    versions = dict([_named_version(row) for row in rows])
    if list(versions) != sorted(versions) or len(versions) != len(rows):
        raise RecordError("machines out of order")
    states = {
        name: state_.load(find(machines, name, version, seq).genesis(), records)
        for name, version in versions.items()
    }
    pending = state_.load(outbox_.genesis(), records).pending
    if next(records, None) is not None:
        raise CanonError("records after the outbox")
    schedule = [_scheduled(row) for row in plan]
    facts = (Digest(ledger), seq, Digest(head), time_us)
    packets = _frontier(seq + 1, peaks)
    world = make_world(facts, packets, versions, states, schedule=schedule, outbox=pending)
    check(world.root == root, Code.SNAPSHOT_CORRUPT, seq=seq, expected=root, actual=world.root)
    return world


def find(machines: Machines, name: str, version: int, seq: int) -> Machine[Any, Any, Any]:
    """Return a machine version; halts when this program does not have it."""
    found = outbox_.MACHINE if name == OUTBOX else machines.get((name, version))
    if found is None:
        raise Halt(Code.VERSION_MISSING, machine=name, version=version, seq=seq)
    return found


def diverge(here: World, there: World) -> Difference | None:
    """Return where two worlds differ first: the world's own facts, then machine, field and key."""
    if here.root == there.root:
        return None
    own: tuple[tuple[str, object, object], ...] = (
        ("ledger", here.ledger, there.ledger),
        ("versions", dict(here.versions), dict(there.versions)),
    )
    for name, expected, actual in own:
        if expected != actual:
            return Difference("world", name, None, expected, actual)
    for name in sorted(here.states):
        if here.roots[name][1] != there.roots[name][1]:
            found = state_.difference(name, here.states[name], there.states[name])
            if found is not None:
                return found
    found = state_.difference(OUTBOX, Outbox(here.outbox), Outbox(there.outbox))
    if found is not None:
        return found
    rest: tuple[tuple[str, object, object], ...] = (
        ("seq", here.seq, there.seq),
        ("head", here.head, there.head),
        ("time_us", here.time_us, there.time_us),
        ("schedule", here.schedule, there.schedule),
    )
    for name, expected, actual in rest:
        if expected != actual:
            return Difference("world", name, None, expected, actual)
    return Difference("world", "root", None, here.root, there.root)


def _facts(seq: int, head: Digest, time_us: int, ledger: Digest) -> list[Value]:
    return [seq, head, time_us, ledger]


def _schedule_value(schedule: Sequence[Upgrade]) -> list[Value]:
    return [[one.machine, one.version, one.height] for one in schedule]


def _hashed(name: str, version: int, state: Any, seq: int) -> Digest:
    return guard(
        lambda: state_.machine_root(name, version, state),
        Code.EVOLVE_FAILED,
        machine=name,
        version=version,
        seq=seq,
    )


def _named_version(row: Value) -> tuple[str, int]:
    match row:
        case [str(name), int(version)]:
            return name, version
    raise RecordError("a machine is [name, version]", place="snapshot")


def _frontier(size: int, peaks: list[Value]) -> Frontier:
    """Return the tree of the peaks; fewer or more of them could lead to the same root."""
    found = [Digest(one) for one in peaks if type(one) is bytes and len(one) == DIGEST_BYTES]
    if not (len(found) == len(peaks) == size.bit_count()):
        raise RecordError(f"{len(peaks)} peaks of a tree of {size} packets", place="snapshot")
    return Frontier(size, tuple(found))


def _scheduled(row: Value) -> Upgrade:
    match row:
        case [str(name), int(version), int(height)]:
            return Upgrade(name, version, height)
    raise RecordError("an upgrade is [machine, version, height]", place="snapshot")


def _framed(record: bytes) -> bytes:
    return len(record).to_bytes(_LENGTH_BYTES, "little") + record


def _unframed(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(data[at:start], "little")
        if end > len(data) or start > len(data):
            raise CanonError("truncated", place=f"snapshot byte {at}")
        yield data[start:end]
        at = end
