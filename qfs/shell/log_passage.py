"""Going through a log once: each frame with its body, and at the end what stands there.

- Every body is read and hashed once, in its order; a frame that does not follow is never yielded.
- A passage may begin behind a frame whose chain is claimed, not known (`log_frames.skim`): what it
  yields follows that claim, and somebody else has to come by it.
- What was pruned has no body, and is come by first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qfs.canon import ZERO_DIGEST, Digest
from qfs.errors import InputError
from qfs.halt import Halt
from qfs.shell.log_disk import Source
from qfs.shell.log_frames import Frame, Scan
from qfs.shell.log_prune import Pruned


@dataclass(frozen=True, slots=True)
class LogReading:
    """What a log holds."""

    frames: tuple[Frame, ...]
    torn_at: int | None
    """Offset in the last segment at which a crash tore the log; None when it ends well. If a group
    was acknowledged there, it is lost: nothing in the log says whether one was."""
    chain: Digest
    """Hash chain up to the last frame."""
    segment: int
    """Number of the last segment."""
    size: int
    """Bytes of the last segment that are sound."""
    durable: int
    """How many frames are known to have reached the disk."""
    pruned: Pruned | None = None
    """What is kept of the frames whose bodies were let go; they are among the frames."""


class Passage:
    """A log on the way from its first frame to its last; at the end it is known what stands there.

    Each frame comes with its body, which is read and hashed once; what was pruned has none.
    """

    def __init__(
        self,
        source: Source,
        pruned: Pruned | None = None,
        place: str = "",
        *,
        after: Frame | None = None,
        last: int | None = None,
    ) -> None:
        """Begin at the first frame or after one; end behind the last one that is asked for."""
        self.pruned = pruned
        self.corrupt: Halt | None = None
        """The halt that stands behind the last sound frame."""
        self._source = source
        self._place = place
        """Its first file; empty where errors of the disk are the caller's."""
        first = (0, ZERO_DIGEST) if pruned is None else (pruned.first, pruned.chain)
        self._after = after
        self._last = last
        self._scan = Scan(source, *(first if after is None else (after.seq + 1, after.chain)))

    def __iter__(self) -> Iterator[tuple[Frame, bytes | None]]:
        pruned, scan, source = self.pruned, self._scan, self._source
        if pruned is not None:
            yield from [(frame, None) for frame in pruned.frames()]
        try:
            first, start = self._start()
            segments = [segment for segment in source.segments() if segment >= first]
            for segment in segments:
                for found in scan.over(segment, start if segment == first else 0):
                    yield found
                    if found[0].seq == self._last:
                        return
                self.corrupt = scan.halt
                if self.corrupt is None and self.torn_at is not None and segment != segments[-1]:
                    self.corrupt = scan.corrupt(self.torn_at, "a bad frame before a later segment")
                if self.corrupt is not None:
                    break
        except OSError as error:
            if not self._place:
                raise
            what, way_out = f"cannot be read: {error.strerror}", "check its permissions"
            raise InputError(what, place=self._place, way_out=way_out) from None
        if scan.seq == 0 and self.corrupt is None and self._place:
            raise InputError(
                "is no QFS log: it begins with no whole genesis frame",
                place=self._place,
                way_out="pass a ledger directory, or a log file from its folder `log`;"
                " qfs import makes one of another program's history",
            )

    def _start(self) -> tuple[int, int]:
        """Return the segment, and the place in it, at which whole frames begin."""
        if self._after is not None:
            return self._after.segment, self._after.offset + self._after.size
        if self.pruned is not None:
            return self.pruned.segment, self.pruned.start(self._source)
        return 1, 0

    @property
    def torn_at(self) -> int | None:
        """Offset in the last segment at which a crash tore the log; None when it ends well."""
        return self._scan.torn_at

    @property
    def segment(self) -> int:
        """Number of the segment at hand."""
        return self._scan.segment

    def size(self) -> int:
        """Return how many bytes the log's segments have, space that was reserved among them."""
        return sum([self._source.size(segment) for segment in self._source.segments()])

    def reading(self, frames: Sequence[Frame]) -> LogReading:
        """Return what the log holds, of all its frames."""
        scan = self._scan
        return LogReading(
            *(tuple(frames), scan.torn_at, scan.chain, scan.segment, scan.size, scan.durable),
            pruned=self.pruned,
        )
