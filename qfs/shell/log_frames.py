"""The frames of a log: how they are written, and what a reader makes of the bytes that it finds.

- A frame is a 64-byte header, the body, the 32-byte root. Header, little-endian: magic (8), body
  length (4), seq (8), durable (8), chain (32), CRC-32 of the header so far (4). The chain is
  SHA-256 over the previous chain, the first 28 bytes of the header, body and root.
- ``durable`` is how many frames were known to be on the disk when this one was written. After
  each sync a mark (a header with another magic and no body) repeats it. A bad frame that a later
  frame or mark calls durable is corruption: CIR-302. Any other bad frame is the torn tail of a
  crash, or loss in the last group that was synced: nothing in the log can tell the two apart.
- Zeros up to a segment's end are space that was reserved and never written.
- A reader holds one window of a segment at a time. Whoever goes through a log once has each body as
  it is found; whoever asks for a body later has it read, and checked, again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from struct import Struct
from zlib import crc32

from qfs.canon import DIGEST_BYTES, MAX_BYTES, ZERO_DIGEST, Digest
from qfs.errors import EnvironmentFault
from qfs.halt import Code, Halt
from qfs.shell.log_disk import Source

FRAME_MAGIC = b"QFSLOG1\n"
MARK_MAGIC = b"QFSMRK1\n"
HEADER_BYTES = 64
WINDOW_BYTES = 1 << 20  # 1_048_576
_FEW_BYTES = 256  # a root, a mark and a header
_LOOKS = 4
"""How often bytes that are no frame are looked at again."""
_FACTS = Struct("<8sIQQ")  # magic, body length, seq, durable: 28 bytes
_CRC = Struct("<I")
_CHAIN_AT = _FACTS.size
_CRC_AT = HEADER_BYTES - _CRC.size  # 60


@dataclass(frozen=True, slots=True)
class Frame:
    """One record of the log; its body stays on the disk until it is asked for."""

    seq: int
    """0 for genesis, n for packet n."""
    root: Digest
    """Root of the world after it."""
    offset: int
    """Where the frame begins in its segment."""
    segment: int
    """Number of the segment, from 1 on."""
    length: int
    """Bytes of the body."""
    previous: Digest
    """Chain before it."""
    chain: Digest
    source: Source = field(compare=False, repr=False)

    @property
    def body(self) -> bytes:
        """Genesis bytes, or the packet's envelope; halts when the log has changed meanwhile."""
        return self.checked(self.read(self.size))

    @property
    def size(self) -> int:
        """Bytes of the whole frame."""
        return HEADER_BYTES + self.length + DIGEST_BYTES

    def read(self, length: int) -> bytes:
        """Return bytes from the frame's first one on; raises EnvironmentFault."""
        try:
            return self.source.read(self.segment, self.offset, length)
        except OSError as error:
            raise EnvironmentFault(
                f"cannot be read any more: {error.strerror}", place=f"packet {self.seq}"
            ) from None

    def checked(self, data: bytes) -> bytes:
        """Return the body in the frame's bytes; halts when they are not what they were."""
        body = data[HEADER_BYTES : HEADER_BYTES + self.length]
        if link(self.previous, data[:_CHAIN_AT], body, self.root) != self.chain:
            raise Halt(
                Code.LOG_CORRUPT,
                seq=self.seq,
                segment=self.segment,
                offset=self.offset,
                what="changed since it was first read",
            )
        return body


class Bodies:
    """Reads the bodies of a log's frames in their order, a window at a time; each is checked."""

    def __init__(self) -> None:
        self._place: tuple[Source, int] | None = None
        self._start = 0
        self._data = b""

    def of(self, frame: Frame) -> bytes:
        """Return a frame's body, as `Frame.body` does."""
        at = frame.offset - self._start
        known = self._place == (frame.source, frame.segment) and at >= 0
        if not known or at + frame.size > len(self._data):
            few = frame.size * 4 > WINDOW_BYTES  # so few frames in a window that it saves nothing
            self._data = frame.read(frame.size if few else WINDOW_BYTES)
            self._place, self._start, at = (frame.source, frame.segment), frame.offset, 0
        return frame.checked(self._data[at : at + frame.size])


def packed(
    body: bytes, root: Digest, seq: int, durable: int, chain: Digest
) -> tuple[bytes, Digest]:
    """Return a frame's bytes, and the chain after it."""
    facts = _FACTS.pack(FRAME_MAGIC, len(body), seq, durable)
    after = link(chain, facts, body, root)
    return b"".join((_header(facts, after), body, root)), after


def mark(seq: int, chain: Digest) -> bytes:
    """Return the mark that seq frames are on the disk."""
    return _header(_FACTS.pack(MARK_MAGIC, 0, seq, seq), chain)


def link(chain: Digest, facts: bytes, body: bytes, root: Digest) -> Digest:
    """Return the chain after a frame."""
    state = sha256(chain + facts)
    state.update(body)  # by itself: a batch's body is not worth a copy
    state.update(root)
    return Digest(state.digest())


def _header(facts: bytes, chain: Digest) -> bytes:
    start = facts + chain
    return start + _CRC.pack(crc32(start))


def seq_at(source: Source, segment: int, at: int) -> int | None:
    """Return the number in the header at an offset, None where none stands."""
    parsed = _parse(source.read(segment, at, HEADER_BYTES))
    return None if parsed is None else parsed[2]


def skim(source: Source) -> Iterator[Frame]:
    """Yield a log's frames by what their headers say, up to the first that says nothing sound.

    No body is read, so no chain is held to what it covers: who goes on from such a frame has to
    have the frames up to it gone through as well, and to find the very same.
    """
    seq, chain = 0, ZERO_DIGEST
    for segment in source.segments():
        window = _Window(source, segment)
        at = 0
        while at < window.size:
            parsed = _parse(window.at(at, HEADER_BYTES))
            if parsed is None or parsed[2] != seq:
                return
            magic, length, _, _, after = parsed
            end = at + HEADER_BYTES + length
            if magic == FRAME_MAGIC:
                window.ahead = WINDOW_BYTES if 4 * length <= WINDOW_BYTES else _FEW_BYTES
                root = Digest(window.at(end, DIGEST_BYTES))
                if len(root) != DIGEST_BYTES:
                    return
                yield Frame(seq, root, at, segment, length, chain, after, source)
                seq, chain = seq + 1, after
                end += DIGEST_BYTES
            at = end


class Scan:
    """A cursor over the segments of one log."""

    def __init__(self, source: Source, first: int = 0, chain: Digest = ZERO_DIGEST) -> None:
        self.source = source
        self.seq = first
        """The frame that comes next."""
        self.chain = chain
        self.durable = first
        self.segment = 1
        self.size = 0
        """Sound bytes of the segment."""
        self.torn_at: int | None = None
        self.halt: Halt | None = None
        """What stands behind the last sound frame, when that had been durable."""

    def over(self, segment: int, start: int = 0) -> Iterator[tuple[Frame, bytes]]:
        """Yield a segment's frames with their bodies, each as it is found."""
        self.segment = segment
        window = _Window(self.source, segment)
        self.size = start
        while self.size < window.size:
            found = self._one(window, self.size)
            if found is None:
                found = self._again(window)
            if found is None:
                break
            if found:
                yield found

    def _again(self, window: "_Window") -> "tuple[Frame, bytes] | tuple[()] | None":
        """Look again at what is no frame, and judge what stays none.

        A writer may be at work beside a reader: what was read of a frame may be older than what is
        read behind it. A mark is written after the frames that it calls durable, so one that is bad
        when it is read after its mark is bad for good.
        """
        window.renew()
        found = self._one(window, self.size)
        for _ in range(_LOOKS):
            if found is not None or self.size == window.size:
                break
            self._stop(window, self.size)
            if self.torn_at is None and self.halt is None:
                break  # space that was never written
            window.renew()
            found = self._one(window, self.size)
            if found is not None:
                self.torn_at = self.halt = None
            elif self.size == window.size and self.halt is None:
                self.torn_at = None  # a writer has cut it off, or given reserved space back
        return found

    def _stop(self, window: "_Window", at: int) -> None:
        """Judge what is no frame: space that was never written, a torn tail, or corruption."""
        if not window.is_blank(at):
            self.torn_at = at
            self.halt = self._judge(window, at)
        elif self.seq < self.durable:
            self.halt = self.corrupt(at, "nothing where a durable frame was")

    def _one(self, window: "_Window", at: int) -> "tuple[Frame, bytes] | tuple[()] | None":
        """Take the frame at an offset, or the mark, (); None when it is not what follows."""
        header = window.at(at, HEADER_BYTES)
        parsed = _parse(header)
        if parsed is None:
            return None
        magic, length, seq, durable, chain = parsed
        if seq != self.seq or durable > seq:
            return None
        if magic == MARK_MAGIC:
            if length or chain != self.chain:
                return None
            self.durable = max(self.durable, durable)
            self.size = at + HEADER_BYTES
            return ()
        end = at + HEADER_BYTES + length
        window.ahead = WINDOW_BYTES if 4 * length <= WINDOW_BYTES else _FEW_BYTES
        body = window.at(at + HEADER_BYTES, length)
        root = Digest(window.at(end, DIGEST_BYTES))
        if len(root) != DIGEST_BYTES:
            return None
        if chain != link(self.chain, header[:_CHAIN_AT], body, root):
            return None
        frame = Frame(seq, root, at, self.segment, length, self.chain, chain, self.source)
        self.chain = chain
        self.seq = seq + 1
        self.durable = max(self.durable, durable)
        self.size = end + DIGEST_BYTES
        return frame, body

    def _judge(self, window: "_Window", at: int) -> Halt | None:
        """Return the halt when something says that the frame of the bad bytes had been durable."""
        if self.seq < self.durable:
            return self.corrupt(at, "a bad frame where a durable one was")
        for found in window.magics(at):
            header = _parse(window.at(found, HEADER_BYTES))
            if header is not None and header[3] > self.seq:
                return self.corrupt(at, "a bad frame that a later one calls durable")
        return None

    def corrupt(self, offset: int, what: str) -> Halt:
        """Return the halt of the frame that should come next."""
        return Halt(Code.LOG_CORRUPT, seq=self.seq, segment=self.segment, offset=offset, what=what)


class _Window:
    """A part of a segment in memory, moved along as it is asked for."""

    def __init__(self, source: Source, segment: int) -> None:
        self._source = source
        self._segment = segment
        self._start = 0
        self._data = b""
        self.ahead = WINDOW_BYTES
        """So many bytes are read at a time; beside a large body it is read by itself, uncopied."""
        self.size = source.size(segment)

    def renew(self) -> None:
        """Forget what was read: a writer may have written, reserved or cut meanwhile."""
        self._data = b""
        self.size = self._source.size(self._segment)

    def at(self, offset: int, length: int) -> bytes:
        """Return bytes at an offset, fewer than asked for at the segment's end."""
        end = self._start + len(self._data)
        if not (self._start <= offset and offset + length <= end):
            wanted = min(max(length, self.ahead), self.size - offset)
            self._data = self._source.read(self._segment, offset, max(wanted, 0))
            self._start = offset
        return self._data[offset - self._start : offset - self._start + length]

    def is_blank(self, at: int) -> bool:
        """Say whether there are only zeros from an offset on."""
        while at < self.size:
            part = self.at(at, WINDOW_BYTES)
            if not part or any(part):
                return False
            at += len(part)
        return True

    def magics(self, at: int) -> list[int]:
        """Return every offset from one on at which a magic stands."""
        found: list[int] = []
        while at < self.size:
            part = self.at(at, WINDOW_BYTES)
            for magic in (FRAME_MAGIC, MARK_MAGIC):
                place = part.find(magic)
                while place >= 0:
                    found.append(at + place)
                    place = part.find(magic, place + 1)
            if at + len(part) >= self.size or len(part) < len(FRAME_MAGIC):
                break  # the end, or where a writer has cut meanwhile
            at += len(part) - len(FRAME_MAGIC) + 1
        return sorted(found)


def _parse(header: bytes) -> tuple[bytes, int, int, int, Digest] | None:
    """Return (magic, length, seq, durable, chain) of a sound header, else None."""
    if len(header) < HEADER_BYTES:
        return None
    if _CRC.unpack_from(header, _CRC_AT)[0] != crc32(header[:_CRC_AT]):
        return None
    magic, length, seq, durable = _FACTS.unpack_from(header)
    if magic not in (FRAME_MAGIC, MARK_MAGIC) or length > MAX_BYTES:
        return None
    return magic, length, seq, durable, Digest(header[_CHAIN_AT:_CRC_AT])
