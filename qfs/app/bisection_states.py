"""`qfs bisect A.snapshot B.snapshot`: the first key at which two worlds differ, and who wrote it.

- The states are compared as trees: only what hangs below differing digests is looked at.
- With the logs beside both snapshots (``LEDGER/snapshots/``), the packets since the logs part are
  executed again, from the nearest snapshot on, to find the last command that wrote the key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qfs.app.snapshots import Finder
from qfs.app.watching import Watched, source_of, text_of, watch_frame, writer_of
from qfs.app.worlds import QFS, Derived, continued, last_of
from qfs.crypto import Verifier
from qfs.errors import CanonError, InputError
from qfs.kernel import Difference, Executed, World, restore_world
from qfs.shell import log
from qfs.shell.log_frames import Frame

SUFFIX = ".snapshot"


@dataclass(frozen=True, slots=True)
class Written:
    """Who wrote a key last."""

    packet: int
    command: str
    """Its place in the packet, and what it is."""
    source: str


def read_snapshot(path: Path) -> World:
    """Return the world of a snapshot; raises InputError for what is none."""
    try:
        return restore_world(QFS.machines, path.read_bytes())
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=str(path), way_out="pass a readable file"
        ) from None
    except CanonError as error:
        raise InputError(
            f"no snapshot: {error}", place=str(path), way_out="make one: qfs ledger snapshot"
        ) from None


def frames_beside(path: Path, world: World) -> tuple[Frame, ...] | None:
    """Return the log up to a snapshot's packet; None when none of its past stands beside it."""
    try:
        frames = log.read(path.resolve().parent.parent).frames[: world.seq + 1]
    except InputError:
        return None
    if len(frames) <= world.seq or frames[world.seq].root != world.root:
        return None
    return frames


def last_written(
    path: Path, frames: Sequence[Frame], since: int, place: Difference, verifier: Verifier | None
) -> tuple[Written | None, int]:
    """Return who wrote a key last in packets since .. the end, and how many were executed."""
    start = Finder(path.resolve().parent.parent, below=since)(frames[:since])
    before = last_of(continued(frames[:since], QFS, verifier, lambda _: start)).world
    executed = len(frames) - 1 - _seq(start)
    last: tuple[Frame, Watched, Executed] | None = None
    for frame in frames[since:]:
        watched = watch_frame(frame, before, QFS, verifier)
        writer = writer_of(watched, place)
        if writer is not None:
            last = frame, watched, writer
        before = watched.after
    if last is None:
        return None, executed
    frame, watched, writer = last
    where = f"packet {frame.seq}, transaction {writer.transaction}, order {writer.order}"
    source = source_of(frame, watched, writer, place)
    return Written(frame.seq, f"{where}: {text_of(writer)}", source), executed


def _seq(start: Derived | None) -> int:
    return 0 if start is None else start.frame.seq
