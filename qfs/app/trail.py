"""`qfs trail show|verify`: the audit trail of a ledger, derived from its log and from nothing else.

- The log is replayed with its signatures verified; the trail is a by-product, never a second truth.
- ``verify`` compares with a checkpoint that was taken earlier: the trail must lead to it.
- A trail that does not lead to its checkpoint is a halt (CIR-302.12).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfs import packet as packet_
from qfs.app.drafts import shown
from qfs.app.worlds import Derived, derive
from qfs.canon import Digest, decode
from qfs.crypto import NOBODY, KeyId, consistency_path, reader_of, root_of, verify_consistency
from qfs.errors import CanonError, InputError, ProofError
from qfs.halt import Code, Halt
from qfs.kernel import Genesis
from qfs.keys import MACHINE as KEYS
from qfs.keys import State as KeysState
from qfs.shell import log, providers
from qfs.shell.files import read_limited, write_new
from qfs.trail import Checkpoint, Entry, Fact, Trail, of_genesis, of_receipt
from qfs.trail.checkpoint import MAX_CHECKPOINT_BYTES

AUDITED = (KEYS.name,)
"""Machines whose orders leave entries."""


@dataclass(frozen=True, slots=True)
class TrailReport:
    """A trail, and what it was compared with."""

    trail: Trail
    entries: tuple[Entry, ...]
    against: Checkpoint | None = None
    """The earlier checkpoint that it leads to."""

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        checkpoint = self.trail.checkpoint()
        return {
            "schema": "qfs.trail/1",
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
            "verified_against": None if self.against is None else self.against.size,
            "entries": [_entry(entry) for entry in self.entries],
        }


def derive_trail(path: Path, provider: str = providers.DEFAULT) -> TrailReport:
    """Return the trail of a ledger's log; raises InputError, ProviderFault, halts as a replay."""
    verifier = providers.verifier(provider)
    reading, corrupt = log.survey(path)
    trail: Trail | None = None
    entries: list[Entry] = []
    for step in derive(reading.frames, verifier=verifier, corrupt=corrupt):
        if trail is None:
            trail = Trail.of(step.world.ledger)
        for fact in facts_of(step):
            trail, entry = trail.append(fact)
            entries.append(entry)
    if trail is None:
        raise InputError("a log without a genesis frame", place=str(path))
    return TrailReport(trail, tuple(entries))


def facts_of(step: Derived) -> tuple[Fact, ...]:
    """Return what one derived frame leaves in the trail."""
    if step.receipt is None:
        genesis = Genesis.from_bytes(step.frame.body)
        return of_genesis(step.world.ledger, genesis.orders, AUDITED)
    packet = packet_.decode(step.frame.body).packet
    action = packet_.action_of(packet.kind, packet.payload)
    actor = _principal(step, packet.key)
    return of_receipt(step.receipt, packet.time_us, actor, action, AUDITED)


def verify_trail(
    path: Path, checkpoint: Path | None, provider: str = providers.DEFAULT
) -> TrailReport:
    """Return the trail, which leads to the earlier checkpoint where one is given.

    Raises InputError for a file that is no checkpoint; halts (TRAIL_CORRUPT) where it does not.
    """
    against = None if checkpoint is None else read_checkpoint(checkpoint)
    report = derive_trail(path, provider)
    if against is not None:
        _compare(report, against)
    return TrailReport(report.trail, report.entries, against)


def write_checkpoint(path: Path, output: Path, provider: str = providers.DEFAULT) -> None:
    """Write the checkpoint of a ledger's trail to a new file or to standard output (``-``)."""
    text = derive_trail(path, provider).trail.checkpoint().to_text()
    write_new(output, text.encode("utf-8"), text=True)


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint of a file, its signatures unread; raises InputError."""
    data = read_limited(path, MAX_CHECKPOINT_BYTES)
    try:
        return Checkpoint.from_text(data.decode("utf-8"))
    except (UnicodeDecodeError, CanonError) as error:
        raise InputError(
            f"no checkpoint: {error}",
            place=str(path),
            way_out="give what qfs trail checkpoint printed",
        ) from None


def _compare(report: TrailReport, against: Checkpoint) -> None:
    """Halt unless the trail has grown out of the checkpoint's: nothing changed, nothing taken."""
    now = report.trail.checkpoint()
    leaves = [entry.hash() for entry in report.entries]
    facts: dict[str, int | bytes] = {
        "size": against.size,
        "expected": against.root,
        "entries": now.size,
    }
    if against.origin != now.origin:
        raise Halt(Code.TRAIL_CORRUPT, origin=against.origin, expected_origin=now.origin)
    if against.size > now.size:
        raise Halt(Code.TRAIL_CORRUPT, what="shorter than its checkpoint", **facts)
    path: tuple[Digest, ...] = ()
    if against.size not in (0, now.size):
        path = consistency_path(against.size, now.size, reader_of(leaves))
    try:
        verify_consistency(against.size, now.size, path, against.root, now.root)
    except ProofError:
        found = root_of(leaves[: against.size])
        raise Halt(Code.TRAIL_CORRUPT, what="another root", actual=found, **facts) from None


def _principal(step: Derived, key: KeyId) -> KeyId:
    keys = step.world.states.get(KEYS.name)
    record = keys.keys.get(key) if isinstance(keys, KeysState) else None
    return NOBODY if record is None else record.principal


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "index": entry.index,
        "hash": entry.hash().hex(),
        "previous": entry.previous.hex(),
        "kind": entry.kind.name.lower(),
        "seq": entry.seq,
        "packet": entry.packet.hex(),
        "time_us": entry.time_us,
        "actor": entry.actor.hex(),
        "machine": entry.machine,
        "answer": entry.answer,
        "digest": entry.digest.hex(),
        "content": shown(decode(entry.content)) if entry.content else None,
    }
