"""Proofs for people who have nothing but a world's root: what a machine's table says of one key.

- A proof holds the way up: the key's page and its nodes, the digests of the machine's other
  fields, the roots of the other machines, and the rest that the world's root covers.
- ``verify_world_proof`` recomputes every digest on the way; it needs no ledger, log or key.
- Absence is proved as presence is: by the page in which the key would stand.
"""

from dataclasses import dataclass
from typing import Any

from qfs.canon import Digest, Registry, Value, decode, encode
from qfs.errors import CanonError, ProofError, UsageError
from qfs.kernel import state as state_
from qfs.kernel.admitted import Upgrade
from qfs.kernel.table import Table
from qfs.kernel.trie import Proof, verify_proof
from qfs.kernel.world import World, world_root


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
class WorldProof:
    """That a key of a machine's table has a value, or has none, under a world's root."""

    ledger: Digest
    seq: int
    head: Digest
    time_us: int
    machines: tuple[MachineRoot, ...]
    """Every enabled machine, in name order."""
    schedule: tuple[Upgrade, ...]
    outbox: Digest
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

    @classmethod
    def from_bytes(cls, data: bytes) -> "WorldProof":
        """Return the proof; raises CanonError for any other bytes."""
        made: WorldProof = _PROOFS.unpack(decode(data))
        return made


_PROOFS = Registry("world proof").add(1, 1, WorldProof)


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
        ledger=world.ledger,
        seq=world.seq,
        head=world.head,
        time_us=world.time_us,
        machines=tuple(
            [
                MachineRoot(name, world.versions[name], world.roots[name][1])
                for name in sorted(world.states)
            ]
        ),
        schedule=world.schedule,
        outbox=world.outbox.seal(),
        machine=machine,
        fields=tuple([FieldDigest(*pair) for pair in state_.field_digests(state)]),
        field=field,
        proof=table.prove(key),
    )


def verify_world_proof(root: Digest, proof: WorldProof) -> tuple[Value, Value]:
    """Return the key and its value (None for absence) that a proof shows under a world's root.

    Raises ProofError, saying which step fails, when it does not lead to the root.
    """
    versions = [one.version for one in proof.machines if one.name == proof.machine]
    roots = [one.root for one in proof.machines if one.name == proof.machine]
    tables = [one.digest for one in proof.fields if one.name == proof.field]
    if len(roots) != 1 or len(tables) != 1:
        raise ProofError(f"the proof does not list {proof.machine}.{proof.field} once")
    verify_proof(tables[0], proof.proof)
    pairs = [(one.name, one.digest) for one in proof.fields]
    _same(
        state_.root_of_fields(proof.machine, versions[0], pairs),
        roots[0],
        f"the fields of {proof.machine}",
    )
    rows: list[Value] = [[one.name, one.version, one.root] for one in proof.machines]
    facts = (proof.ledger, proof.seq, proof.head, proof.time_us)
    _same(world_root(facts, rows, proof.schedule, proof.outbox), root, "the machines")
    value = proof.proof.value
    try:
        return decode(proof.proof.key), None if value is None else decode(value)
    except CanonError as error:
        raise ProofError(f"the proof holds no canonical bytes: {error}") from None


def _same(found: Digest, wanted: Digest, what: str) -> None:
    if found != wanted:
        raise ProofError(
            f"{what} lead to {found.hex()}, not to {wanted.hex()}",
            way_out="ask for a proof against the root that you trust",
        )
