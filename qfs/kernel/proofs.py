"""Proofs for people who have nothing but a world's root: a machine's table, the ledger's packets.

- A world proof holds the way up from one key: its page and its nodes, the digests of the machine's
  other fields, the roots of the other machines, and the rest that the world's root covers.
- A packet proof holds the RFC 9162 path from a packet to the tree of all packets. The leaf also
  holds the root before the packet, so that whoever trusts the newest root can trust an older one.
- Checking recomputes every digest on the way; it needs no ledger, log or key.
- Absence is proved as presence is: by the page in which the key would stand; of a packet by the
  sequence number that the root covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from qfs.canon import ZERO_DIGEST, Digest, Registry, Value, decode, encode
from qfs.crypto.merkle import inclusion_path, inclusion_root, reader_of
from qfs.errors import CanonError, ProofError, UsageError
from qfs.kernel import state as state_
from qfs.kernel.admitted import Upgrade
from qfs.kernel.table import Table
from qfs.kernel.trie import Proof, verify_proof
from qfs.kernel.world import World, packet_leaf, world_root


@dataclass(frozen=True, slots=True)
class MachineRoot:
    """One machine's line in a world's root."""

    name: str
    version: int
    root: Digest


@dataclass(frozen=True, slots=True)
class FieldDigest:
    """One field's line in a machine's root."""

    name: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Covered:
    """All that a world's root covers, each part by its own root."""

    ledger: Digest
    seq: int
    head: Digest
    time_us: int
    packets: Digest
    """Root of the tree of seq + 1 packets."""
    machines: tuple[MachineRoot, ...]
    """Every enabled machine, in name order."""
    schedule: tuple[Upgrade, ...]
    outbox: Digest

    def root(self) -> Digest:
        """Return the world's root."""
        rows: list[Value] = [[one.name, one.version, one.root] for one in self.machines]
        facts = (self.ledger, self.seq, self.head, self.time_us)
        return world_root(facts, self.packets, rows, self.schedule, self.outbox)


@dataclass(frozen=True, slots=True)
class FieldProof:
    """The digest of a machine's field under a world's root; what is in it proves its own store."""

    covered: Covered
    machine: str
    fields: tuple[FieldDigest, ...]
    """The machine's, in declared order."""
    field: str


@dataclass(frozen=True, slots=True)
class WorldProof:
    """That a key of a machine's table has a value, or has none, under a world's root."""

    covered: Covered
    machine: str
    """The one whose table is proved."""
    fields: tuple[FieldDigest, ...]
    """Its fields, in declared order."""
    field: str
    """The table's."""
    proof: Proof

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        return encode(_PROOFS.pack(self))


@dataclass(frozen=True, slots=True)
class PacketProof:
    """That a packet is the seq-th of a ledger, or that the ledger has no such packet yet."""

    covered: Covered
    seq: int
    """0 is genesis."""
    packet: Digest
    """The packet's id; the ledger's for genesis; zero for a packet that is not there."""
    before: Digest
    """Root of the world before the packet; zero for genesis, and for a packet that is not there."""
    path: tuple[Digest, ...]

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        return encode(_PROOFS.pack(self))


AnyProof: TypeAlias = WorldProof | PacketProof

_PROOFS = Registry("proof").add(1, 1, WorldProof).add(2, 1, PacketProof)


def read_proof(data: bytes) -> AnyProof:
    """Return the proof of canonical bytes; raises CanonError for any other."""
    made: AnyProof = _PROOFS.unpack(decode(data))
    return made


def covered_by(world: World) -> Covered:
    """Return all that a world's root covers."""
    return Covered(
        ledger=world.ledger,
        seq=world.seq,
        head=world.head,
        time_us=world.time_us,
        packets=world.packets.root(),
        machines=tuple(
            [
                MachineRoot(name, world.versions[name], world.roots[name][1])
                for name in sorted(world.states)
            ]
        ),
        schedule=world.schedule,
        outbox=world.outbox.seal(),
    )


def prove(world: World, machine: str, field: str, key: Any) -> WorldProof:
    """Return the proof of what a machine's table says of a key, against world.root.

    Raises UsageError for a machine or table that the world does not have, ContractError for a key
    of another type.
    """
    state = world.states.get(machine)
    table = getattr(state, field, None)
    if not isinstance(table, Table):
        raise UsageError(f"no table {machine}.{field} in this world")
    return WorldProof(
        covered=covered_by(world),
        machine=machine,
        fields=tuple([FieldDigest(*pair) for pair in state_.field_digests(state)]),
        field=field,
        proof=table.prove(key),
    )


def prove_field(world: World, machine: str, field: str) -> FieldProof:
    """Return the proof of a field's digest against world.root; raises UsageError for no field."""
    state = world.states.get(machine)
    fields = [] if state is None else state_.field_digests(state)
    if field not in [name for name, _ in fields]:
        raise UsageError(f"no field {machine}.{field} in this world")
    digests = tuple([FieldDigest(*pair) for pair in fields])
    return FieldProof(covered_by(world), machine, digests, field)


def verify_field(root: Digest, proof: FieldProof | WorldProof) -> Digest:
    """Return the digest of the field that a proof is about; raises ProofError."""
    versions = [one.version for one in proof.covered.machines if one.name == proof.machine]
    roots = [one.root for one in proof.covered.machines if one.name == proof.machine]
    found = [one.digest for one in proof.fields if one.name == proof.field]
    if len(roots) != 1 or len(found) != 1:
        raise ProofError(f"the proof does not list {proof.machine}.{proof.field} once")
    pairs = [(one.name, one.digest) for one in proof.fields]
    _same(
        state_.root_of_fields(proof.machine, versions[0], pairs),
        roots[0],
        f"the fields of {proof.machine}",
    )
    _same(proof.covered.root(), root, "the machines")
    return found[0]


def prove_packet(world: World, history: Sequence[tuple[Digest, Digest]], seq: int) -> PacketProof:
    """Return the proof that a packet is the seq-th, or that there is none, against world.root.

    history is (packet id, root after it) of genesis and every packet. Raises UsageError when it is
    not this world's.
    """
    if seq > world.seq:
        return PacketProof(covered_by(world), seq, ZERO_DIGEST, ZERO_DIGEST, ())
    befores = [ZERO_DIGEST, *[root for _, root in history[:-1]]]
    leaves = [packet_leaf(one, root) for (one, _), root in zip(history, befores, strict=True)]
    if len(leaves) != world.packets.size:
        raise UsageError(f"a history of {len(leaves)} packets", way_out="give the world's own")
    path = inclusion_path(seq, len(leaves), reader_of(leaves))
    proof = PacketProof(covered_by(world), seq, history[seq][0], befores[seq], path)
    if _packets_root(proof) != world.packets.root():
        raise UsageError("a history of another ledger", way_out="give the world's own")
    return proof


def verify_world_proof(root: Digest, proof: WorldProof) -> tuple[Value, Value]:
    """Return the key and its value (None for absence) that a proof shows under a world's root.

    Raises ProofError, saying which step fails, when it does not lead to the root.
    """
    verify_proof(verify_field(root, proof), proof.proof)
    value = proof.proof.value
    try:
        return decode(proof.proof.key), None if value is None else decode(value)
    except CanonError as error:
        raise ProofError(f"the proof holds no canonical bytes: {error}") from None


def verify_packet_proof(root: Digest, proof: PacketProof) -> bool:
    """Say whether the ledger of a world's root has the packet that a proof names; False: not yet.

    Raises ProofError when the proof does not lead to the root.
    """
    _same(proof.covered.root(), root, "the packets and machines")
    if proof.seq > proof.covered.seq:
        if (proof.packet, proof.before, proof.path) != (ZERO_DIGEST, ZERO_DIGEST, ()):
            raise ProofError(f"packet {proof.seq} is not there and yet has a path")
        return False
    _same(_packets_root(proof), proof.covered.packets, "the packet and its path")
    return True


def _packets_root(proof: PacketProof) -> Digest:
    leaf = packet_leaf(proof.packet, proof.before)
    return inclusion_root(leaf, proof.seq, proof.covered.seq + 1, proof.path)


def _same(found: Digest, wanted: Digest, what: str) -> None:
    if found != wanted:
        raise ProofError(
            f"{what} lead to {found.hex()}, not to {wanted.hex()}",
            way_out="ask for a proof against the root that you trust",
        )
