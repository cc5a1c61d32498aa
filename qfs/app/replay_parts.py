"""Replaying a log in parts, each in a process of its own, from one snapshot to the next.

- A part begins with a snapshot whose contents lead to the root that the log records for its packet;
  the part before it derives that very root, and comes by the very frame, chain included, behind
  which the part begins. So all parts together verify what one replay does, and each reads its own.
- Only a clean part counts. Whatever else a process says, or that it says nothing, has the caller
  derive that part, and all after it, itself: a failure is reported as one process reports it.
"""

import sys
import threading
from bisect import bisect_left
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
    """Return the snapshots that part a log into at most jobs parts, the most even ones.

    By bytes: those of a snapshot count as well, for to load it, and to hold the last world to its
    sentences, takes about as long as to derive as much of a log. None where nothing is to part.
    """
    known = [seq for seq in kept(path) if 0 < seq < len(frames) - 1]
    if not known:
        return []
    behind = list(accumulate([frame.size for frame in frames]))
    ends = [(seq, behind[seq], snapshot_file(path, seq).stat().st_size) for seq in known]
    ends.append((len(frames) - 1, behind[-1], 0))

    def fits(most: int) -> bool:
        starts = _cut(ends, most)
        return starts is not None and len(starts) < jobs

    return _cut(ends, bisect_left(range(behind[-1]), True, key=fits)) or []


def _cut(ends: Sequence[tuple[int, int, int]], most: int) -> list[int] | None:
    """Return the fewest starts of parts with which none is more than most; None where one is.

    ends are the packets behind which a part may end, with the log's bytes up to there and those of
    the snapshot.
    """
    starts: list[int] = []
    begun = fits = None
    for end in ends:
        if _bytes_between(begun, end) > most:
            if fits is None or _bytes_between(fits, end) > most:
                return None
            begun = fits
            starts.append(begun[0])
        fits = end
    return starts


def _bytes_between(begun: tuple[int, int, int] | None, end: tuple[int, int, int]) -> int:
    return end[1] if begun is None else end[1] - begun[1] + begun[2]


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
        frames = _FRAMES[0] if _FRAMES else log.skimmed(path)
        start = start_at(path, frames, first) if first else None
        if first and start is None:
            return None
        through = log.passage(path, None if start is None else start.frame, last)
        commands = 0
        reached: Frame | None = None
        for step in derive(through, QFS, verifier, after=start):
            commands += 0 if step.receipt is None else step.receipt.orders
            reached = step.frame
        return commands if reached == frames[last] else None
    except (QFSError, Halt):
        return None


_FRAMES: list[Sequence[Frame]] = []
"""A forked process's own, known before it was begun."""


def _begin(frames: Sequence[Frame] | None) -> None:
    if frames is not None:
        _FRAMES.append(frames)
