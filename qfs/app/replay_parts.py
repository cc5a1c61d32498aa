"""Replaying a log in parts, each in a process of its own, from one snapshot to the next.

- A part begins with a snapshot whose contents lead to the root that the log records for its packet;
  the part before it derives that very root. So all parts together verify what one replay does.
- Only a clean part counts. Whatever else a process says, or that it says nothing, has the caller
  derive that part, and all after it, itself: a failure is reported as one process reports it.
"""

import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Self

from qfs.app.snapshots import good, kept
from qfs.app.worlds import QFS, Derived, derive, last_resumed, snapshot_file
from qfs.canon import ZERO_DIGEST
from qfs.crypto import Verifier
from qfs.errors import QFSError
from qfs.halt import Halt
from qfs.shell import log
from qfs.shell.log_frames import Frame


class Parts:
    """The parts of a log but the last, being replayed. Use it as a context manager."""

    def __init__(
        self,
        path: Path,
        frames: Sequence[Frame],
        starts: Sequence[int],
        verifier: Verifier | None,
    ) -> None:
        forked = sys.platform == "linux" and threading.active_count() == 1
        given = frames if forked else None  # a process begun anew reads them itself
        self._pool = ProcessPoolExecutor(
            *(len(starts), get_context("fork" if forked else "spawn")),
            initializer=_begin,
            initargs=(given,),
        )
        self._answers: list[Future[int | None]] = [
            self._pool.submit(replay_part, path, first, last, verifier)
            for first, last in zip([0, *starts], starts, strict=False)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def commands(self) -> list[int]:
        """Return the commands of each part, up to the first that was not clean."""
        found: list[int] = []
        for answer in self._answers:
            try:
                commands = answer.result()
            except BrokenProcessPool:
                break
            if commands is None:
                break
            found.append(commands)
        return found


def starts_of(path: Path, frames: Sequence[Frame], jobs: int) -> list[int]:
    """Return the snapshots that part a log into the most even parts, by bytes, for jobs processes.

    None where there is nothing to part.
    """
    known = [seq for seq in kept(path) if 0 < seq < len(frames) - 1]
    if not known:
        return []
    behind = list(accumulate([frame.size for frame in frames]))
    wanted = [behind[-1] * number // jobs for number in range(1, jobs)]
    found = [min(known, key=lambda seq: abs(behind[seq] - at)) for at in wanted]
    return sorted(dict.fromkeys(found))


def start_at(
    path: Path, frames: Sequence[Frame], seq: int, *, halts: bool = False
) -> Derived | None:
    """Return the frame of a packet as its snapshot has it; None when the snapshot is not good.

    halts: its ``resumed`` is right, for which every body before has to be read; else it is zero,
    and the records of halts after it are not what they should be.
    """
    try:
        world = good(snapshot_file(path, seq), frames, QFS)
    except (QFSError, Halt):
        return None
    resumed = last_resumed(frames[: seq + 1]) if halts else ZERO_DIGEST
    return Derived(frames[seq], world, None, resumed)


def replay_part(path: Path, first: int, last: int, verifier: Verifier | None) -> int | None:
    """Derive the packets after the first up to the last; returns how many commands they had.

    Without a verifier signatures are trusted. None for anything but a clean part.
    """
    try:
        frames = _FRAMES[0] if _FRAMES else log.survey(path)[0].frames
        start = start_at(path, frames, first) if first else None
        if first and start is None:
            return None
        part = frames[first + 1 if first else 0 : last + 1]
        if not part or part[-1].seq != last:
            return None
        steps = derive(part, QFS, verifier, after=start)
        return sum([0 if step.receipt is None else step.receipt.orders for step in steps])
    except (QFSError, Halt):
        return None


_FRAMES: list[Sequence[Frame]] = []
"""A forked process's own, read before it was begun."""


def _begin(frames: Sequence[Frame] | None) -> None:
    if frames is not None:
        _FRAMES.append(frames)
