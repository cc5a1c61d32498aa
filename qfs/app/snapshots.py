"""Snapshots: a ledger's world as bytes beside its log, so that a start need not derive all of it.

- ``snapshots/<packet>.snapshot``: the same bytes whoever makes it, written beside its name, synced
  and renamed.
- A snapshot is good when its contents lead to the root that the log records for its packet. Any
  other is passed over and named; the newest good one, and the log's tail, make the start.
- What a snapshot covers is not verified again; ``qfs ledger check`` and ``qfs replay`` derive all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qfs.app.sentences import sentences
from qfs.app.worlds import (
    QFS,
    Derived,
    Program,
    derive_all,
    last_resumed,
    read_world,
    snapshot_file,
)
from qfs.canon import Digest
from qfs.errors import InputError, QFSError
from qfs.halt import Code, Halt, check
from qfs.kernel import World, restore_world
from qfs.shell import log, providers
from qfs.shell.exports import put
from qfs.shell.files import unwritten
from qfs.shell.log_frames import Frame

_FOLDER = "snapshots"
_SUFFIX = ".snapshot"


@dataclass(frozen=True, slots=True)
class SnapshotReport:
    """A snapshot that was written."""

    name: str
    """Its file's name, in the ledger's folder ``snapshots``."""
    packets: int
    size: int
    """Bytes."""
    state_root: Digest

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.snapshot/1",
            "name": self.name,
            "packets": self.packets,
            "bytes": self.size,
            "state_root": self.state_root.hex(),
        }


@dataclass(slots=True)
class Finder:
    """Finds the newest good snapshot of a ledger; `open_ledger` asks it where to start."""

    directory: Path
    program: Program = QFS
    below: int | None = None
    """Only snapshots of packets before this one are opened; None for all."""
    found: int | None = None
    """Packet of the snapshot that was taken."""
    passed_over: list[str] = field(default_factory=list)
    """Names of those that were not good, with the reason."""

    def __call__(self, frames: Sequence[Frame]) -> Derived | None:
        """Return the world of the newest good snapshot, as if its frame had been derived."""
        folder = self.directory / _FOLDER
        for path in sorted(folder.glob(f"*{_SUFFIX}"), reverse=True):
            if self.below is not None and path.stem >= f"{self.below:020d}":
                continue
            try:
                world = good(path, frames, self.program)
            except (QFSError, Halt) as no:
                self.passed_over.append(f"{path.name}: {no}")
                continue
            self.found = world.seq
            frame = frames[world.seq]
            return Derived(frame, world, None, last_resumed(frames[: world.seq + 1]))
        return None


def take(directory: Path, provider: str = providers.DEFAULT) -> SnapshotReport:
    """Write the snapshot of a ledger's world after its last packet, all of it derived again.

    Raises InputError when it cannot be written; halts when the ledger cannot be re-derived, or
    when a state invariant of a machine does not hold.
    """
    world = read_world(directory, providers.verifier(provider)).world
    for name, holds in sentences(world, QFS.machines):
        check(holds, Code.INVARIANT_BROKEN, invariant=name, seq=world.seq)
    folder = directory / _FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise unwritten(error, folder, "cannot be made") from None
    file = snapshot_file(directory, world.seq)
    size = put(file, world.snapshot())
    return SnapshotReport(file.name, world.seq, size, world.root)


def kept(directory: Path) -> list[int]:
    """Return the packets of which a ledger holds a snapshot, good or not."""
    names = [path.stem for path in (directory / _FOLDER).glob(f"*{_SUFFIX}")]
    return sorted([int(name) for name in names if name.isascii() and name.isdigit()])


@dataclass(frozen=True, slots=True)
class PruneReport:
    """What a log has let go of."""

    pruned: int
    """Packets whose bodies are gone, from 1 on."""
    packets: int
    """Packets in all."""
    freed: int
    """Bytes."""
    state_root: Digest

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.prune/1",
            "pruned": self.pruned,
            "packets": self.packets,
            "freed": self.freed,
            "state_root": self.state_root.hex(),
        }


def prune(directory: Path, provider: str = providers.DEFAULT) -> PruneReport:
    """Let go of every packet's body; a new snapshot, each packet's identity and root stay.

    Everything is derived again first. Raises UsageError when another process has the ledger open;
    halts when it cannot be re-derived, before anything is changed.
    """
    reading, corrupt = log.survey(directory)
    verifier = providers.verifier(provider)
    ids = [] if reading.pruned is None else list(reading.pruned.ids[:-1])
    last: Derived | None = None
    for last in derive_all(directory, reading, verifier=verifier, corrupt=corrupt):
        ids.append(last.world.head)
    if last is None:
        raise InputError("a log without a genesis frame", place=str(directory))
    take(directory, provider)
    freed = log.prune(directory, len(ids), ids, last.resumed)
    return PruneReport(last.world.seq, last.world.seq, freed, last.world.root)


def good(path: Path, frames: Sequence[Frame], program: Program) -> World:
    """Return the world of a snapshot; raises or halts when it is not this log's."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from None
    world = restore_world(program.machines, data)
    if world.seq >= len(frames):
        raise InputError(f"of packet {world.seq}, which the log does not hold")
    if world.root != frames[world.seq].root:
        raise InputError("of another past: the log records another root for its packet")
    return world
