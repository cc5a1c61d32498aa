"""`qfs trail show|verify`: the audit trail of a ledger, derived from its log and from nothing else.

- The log is replayed with its signatures verified; the trail is a by-product, never a second truth.
- ``verify`` compares with a checkpoint that was taken earlier: the trail must lead to it.
- An exported trail is a folder of static files (``qfs.trail.tiles``) that needs no ledger.
- A trail that does not lead to its checkpoint is a halt (CIR-302.12).
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qfs import packet as packet_
from qfs.app.drafts import shown
from qfs.app.trail_words import words_of
from qfs.app.worlds import Derived, derive
from qfs.canon import Digest, decode
from qfs.crypto import NOBODY, KeyId, consistency_path, reader_of, root_of, verify_consistency
from qfs.errors import CanonError, InputError, ProofError, UsageError
from qfs.halt import Code, Halt
from qfs.kernel import Genesis
from qfs.keys import MACHINE as KEYS
from qfs.keys import State as KeysState
from qfs.machines.trust.notary import MACHINE as NOTARY
from qfs.machines.trust.program import MACHINE as PROGRAM
from qfs.shell import log, notes, providers
from qfs.shell.files import read_limited
from qfs.trail import (
    Audited,
    Checkpoint,
    Entry,
    Fact,
    Kind,
    Trail,
    of_genesis,
    of_receipt,
    origin_of,
    read,
    tiles,
)
from qfs.trail.checkpoint import MAX_CHECKPOINT_BYTES
from qfs.trail.note import Note

ORIGIN = origin_of(Digest(b""))
MAX_TILE_BYTES = 256 * (65_535 + 2)  # 16_777_472: a full bundle of the largest entries
_LEDGER = re.compile("[0-9a-f]{64}")
AUDITED: Audited = {
    KEYS.name: {},
    NOTARY.name: {1: Kind.CERTIFICATE, 2: Kind.CHECKPOINT},
    PROGRAM.name: {1: Kind.CERTIFICATE, 2: Kind.CERTIFICATE},
}
"""Machines whose orders leave entries."""


@dataclass(frozen=True, slots=True)
class TrailReport:
    """A trail, and what it was compared with."""

    trail: Trail
    entries: tuple[Entry, ...]
    time_us: int
    """Of the last packet."""
    signers: tuple[str, ...] = ()
    """Types of the keys whose signatures were verified."""
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
            "signed_by": list(self.signers),
            "verified_against": None if self.against is None else self.against.size,
            "entries": [_entry(entry) for entry in self.entries],
        }


def derive_trail(path: Path, provider: str = providers.DEFAULT) -> TrailReport:
    """Return the trail of a ledger's log; raises InputError, ProviderFault, halts as a replay."""
    verifier = providers.verifier(provider)
    reading, corrupt = log.survey(path)
    trail: Trail | None = None
    entries: list[Entry] = []
    time_us = 0
    for step in derive(reading.frames, verifier=verifier, corrupt=corrupt):
        if trail is None:
            trail = Trail.of(step.world.ledger)
        time_us = step.world.time_us
        for fact in facts_of(step):
            trail, entry = trail.append(fact)
            entries.append(entry)
    if trail is None:
        raise InputError("a log without a genesis frame", place=str(path))
    return TrailReport(trail, tuple(entries), time_us)


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
    path: Path,
    checkpoint: Path | None,
    provider: str = providers.DEFAULT,
    keys: tuple[Path, ...] = (),
) -> TrailReport:
    """Return the trail of a ledger or of an exported folder, compared with all that is given.

    checkpoint was taken earlier: the trail must lead to it. keys are public keys' files: each must
    have signed the folder's checkpoint, or of a ledger the one taken earlier. Raises InputError for
    files that are not what they claim; halts (TRAIL_CORRUPT) where something does not match.
    """
    against = None if checkpoint is None else read_checkpoint(checkpoint)
    if is_export(path):
        report = read_export(path, keys)
    elif keys and checkpoint is None and path.exists():
        raise UsageError(
            "a ledger's log has no checkpoint for keys to have signed",
            place=str(path),
            way_out="give --checkpoint FILE too, leave --key out, or verify an exported trail",
        )
    else:
        signers: tuple[str, ...] = ()
        if checkpoint is not None and keys:
            signers = signed_by(read_note(checkpoint), checkpoint, keys)
        report = replace(derive_trail(path, provider), signers=signers)
    if against is not None:
        _compare(report, against)
    return replace(report, against=against)


def is_export(path: Path) -> bool:
    """Say whether a path is a folder of an exported trail."""
    return (path / "checkpoint").is_file() and not (path / "log").exists()


def signed_by(note: Note, place: Path, keys: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the names of the algorithms by which each of the public keys has signed a checkpoint.

    Raises InputError for a file that holds no public key; halts (TRAIL_CORRUPT) where one has not
    signed: place and key say which files.
    """
    trusted = [(path, notes.read_key(path)) for path in keys]
    for path, key in trusted:
        try:
            notes.verify(note, [key])
        except ProofError as error:
            raise Halt(
                Code.TRAIL_CORRUPT, what=error.what, place=str(place), key=str(path)
            ) from None
    return tuple([key.kind.name for _path, key in trusted])


def read_export(folder: Path, keys: tuple[Path, ...]) -> TrailReport:
    """Return the trail of an exported folder; everything in it is verified but who signed.

    keys are public keys' files, which must all have signed. Raises InputError for a missing or
    unreadable file; halts (TRAIL_CORRUPT) where the files do not lead to the checkpoint.
    """
    place = folder / "checkpoint"
    note = read_note(place)
    point = note.checkpoint
    ledger = ledger_of(point.origin, place)
    signers = signed_by(note, place, keys)
    try:
        stored = [
            data
            for name, start, end in tiles.bundles(point.size)
            for data in tiles.read_bundle(_tile(folder, name), end - start)
        ]
        trail, entries = read(ledger, stored)
    except ProofError as error:
        raise Halt(Code.TRAIL_CORRUPT, what=error.what, place=error.place or str(folder)) from None
    if trail.checkpoint() != point:
        raise Halt(Code.TRAIL_CORRUPT, what="another root", expected=point.root)
    for name, data in tiles.files(stored):
        if _tile(folder, name) != data:
            raise Halt(Code.TRAIL_CORRUPT, what="a tile is not the entries'", tile=name)
    time_us = entries[-1].time_us if entries else 0
    return TrailReport(trail, entries, time_us, signers)


def read_note(path: Path) -> Note:
    """Return the signed checkpoint of a file, nothing verified; raises InputError."""
    data = read_limited(path, MAX_CHECKPOINT_BYTES)
    try:
        return Note.from_text(data.decode("utf-8"))
    except (UnicodeDecodeError, CanonError) as error:
        raise InputError(f"no signed checkpoint: {error}", place=str(path)) from None


def ledger_of(origin: str, place: Path) -> Digest:
    """Return the ledger that an origin names; raises InputError."""
    ledger = origin.removeprefix(ORIGIN)
    if not origin.startswith(ORIGIN) or not _LEDGER.fullmatch(ledger):
        raise InputError(f"no trail of QFS is called {origin[:80]!r}", place=str(place))
    return Digest(bytes.fromhex(ledger))


def _tile(folder: Path, name: str) -> bytes:
    return read_limited(folder / name, MAX_TILE_BYTES)


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
        "words": words_of(entry),
    }
