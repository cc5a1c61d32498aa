"""The log of a ledger directory: every packet's bytes and the root that they led to, in order.

- Layout: ``log/00000001.log`` and on (segments), ``log/lock`` (flock of the one writer),
  ``halt.cbor`` (the record of a halt). Frame 0 is the genesis record, frame n is packet n.
- A frame is a 64-byte header, the body, the 32-byte root. Header, little-endian: magic (8), body
  length (4), seq (8), durable (8), chain (32), CRC-32 of the header so far (4). The chain is
  SHA-256 over the previous chain, the first 28 bytes of the header, body and root.
- ``durable`` is how many frames were known to be on the disk when this one was written. After
  each sync a mark (a header with another magic and no body) repeats it. A bad frame that a later
  frame or mark calls durable is corruption: CIR-302. Any other bad frame is the torn tail of a
  crash: a writer cuts it off and says so; a reader says so and changes nothing.
- After an error of write or fdatasync the writer is dead: what is on the disk is unknown.
- Source: P. Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020.
"""

import fcntl
import os
from dataclasses import dataclass
from errno import EEXIST, ENOTDIR, ENOTEMPTY
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from struct import Struct
from tempfile import mkdtemp
from types import TracebackType
from typing import Self
from zlib import crc32

from qfs.canon import DIGEST_BYTES, MAX_BYTES, ZERO_DIGEST, Digest
from qfs.errors import CanonError, EnvironmentFault, InputError, QFSError, UsageError
from qfs.halt import Code, Halt, HaltRecord

FRAME_MAGIC = b"QFSLOG1\n"
MARK_MAGIC = b"QFSMRK1\n"
HEADER_BYTES = 64
SEGMENT_BYTES = 64 * 1024 * 1024  # 67_108_864: a new segment begins above this
_MAX_SEGMENT = SEGMENT_BYTES + MAX_BYTES + HEADER_BYTES + DIGEST_BYTES
_FACTS = Struct("<8sIQQ")  # magic, body length, seq, durable: 28 bytes
_CRC = Struct("<I")
_CHAIN_AT = _FACTS.size
_CRC_AT = HEADER_BYTES - _CRC.size  # 60


@dataclass(frozen=True, slots=True)
class Frame:
    """One record of the log."""

    seq: int
    """0 for genesis, n for packet n."""
    body: bytes
    """Genesis bytes, or the packet's envelope."""
    root: Digest
    """Root of the world after it."""
    offset: int
    """Where the frame begins in its segment."""
    segment: int
    """Number of the segment, from 1 on."""


@dataclass(frozen=True, slots=True)
class LogReading:
    """What a log holds."""

    frames: tuple[Frame, ...]
    torn_at: int | None
    """Offset in the last segment at which a crash tore the log; None when it ends well."""
    chain: Digest
    """Hash chain up to the last frame."""
    segment: int
    """Number of the last segment."""
    size: int
    """Bytes of the last segment that are sound."""
    durable: int
    """How many frames are known to have reached the disk."""


def create(directory: Path, genesis: bytes, root: Digest) -> "LogWriter":
    """Begin a log with its genesis frame, on the disk when this returns, whole or not at all.

    Makes the directory when it is missing. Raises UsageError when it holds a log already.
    """
    folder = directory / "log"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(prefix=".log-", dir=directory))
    except OSError as error:
        raise InputError(
            f"cannot be made: {error.strerror}",
            place=str(directory),
            way_out="choose a directory that you may write",
        ) from None
    lock = _lock(made)
    try:
        made.chmod(0o755)  # mkdtemp's own mode would keep readers out
        writer = LogWriter(folder, lock, LogReading((), None, ZERO_DIGEST, 1, 0, 0), begun_in=made)
        writer.append(genesis, root)
        writer.sync()
        _sync_folder(made)
        made.rename(folder)
    except OSError as error:
        rmtree(made)
        if error.errno not in (ENOTEMPTY, EEXIST, ENOTDIR):
            raise
        raise UsageError(
            "the directory holds a ledger already",
            place=str(directory),
            way_out="choose another directory; a ledger is never overwritten",
        ) from None
    except QFSError:
        rmtree(made)
        raise
    _sync_folder(directory)
    return writer


def open_writer(directory: Path) -> tuple["LogWriter", LogReading]:
    """Open a log to go on with it; returns what it holds, a torn tail cut off and reported.

    Raises InputError when there is no log, UsageError when another process has it open; halts
    with LOG_CORRUPT when committed bytes changed, and then changes nothing.
    """
    folder = directory / "log"
    if not folder.is_dir():
        raise _no_log(directory)
    lock = _lock(folder)
    try:
        reading = read(directory)
        if reading.torn_at is not None:
            with _segment(folder, reading.segment).open("r+b") as file:
                file.truncate(reading.size)
                os.fsync(file.fileno())
        writer = LogWriter(folder, lock, reading)
    except BaseException:
        os.close(lock)
        raise
    return writer, reading


class LogWriter:
    """The one writer of a log; use it as a context manager or close it."""

    def __init__(
        self, folder: Path, lock: int, reading: LogReading, *, begun_in: Path | None = None
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._segment = reading.segment
        self._size = reading.size
        self._chain = reading.chain
        self._seq = len(reading.frames)
        self._durable = reading.durable
        self._failed: str | None = None
        self._file = _open_segment(begun_in or folder, reading.segment)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def append(self, body: bytes, root: Digest) -> int:
        """Write the next frame and return its seq; it is durable only after `sync`.

        Raises UsageError for a body above 64 MiB, EnvironmentFault when the disk fails.
        """
        if len(body) > MAX_BYTES or len(root) != DIGEST_BYTES:
            raise UsageError(f"a body of {len(body)} bytes and a root of {len(root)}")
        if self._size > SEGMENT_BYTES:
            self._roll()
        seq = self._seq
        facts = _FACTS.pack(FRAME_MAGIC, len(body), seq, self._durable)
        chain = _link(self._chain, facts, body, root)
        self._write(_header(facts, chain) + body + root)
        self._seq = seq + 1
        self._chain = chain
        return seq

    def sync(self) -> None:
        """Return when every frame so far is on the disk; raises EnvironmentFault when it is not."""
        self._alive()
        if self._durable == self._seq:
            return
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise self._dead("fdatasync", error) from None
        self._durable = self._seq
        facts = _FACTS.pack(MARK_MAGIC, 0, self._seq, self._durable)
        self._write(_header(facts, self._chain))

    def close(self) -> None:
        """Sync and let go of the log; a writer that has failed only lets go."""
        if self._lock < 0:
            return
        try:
            if self._failed is None:
                self.sync()
        finally:
            os.close(self._file)
            os.close(self._lock)
            self._lock = -1

    def _roll(self) -> None:
        self.sync()
        os.close(self._file)
        self._segment += 1
        self._size = 0
        self._file = _open_segment(self._folder, self._segment)
        _sync_folder(self._folder)

    def _write(self, data: bytes) -> None:
        self._alive()
        rest = memoryview(data)
        self._failed = "an interrupted write"  # a signal may end this between two pieces
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            raise self._dead("write", error) from None
        self._failed = None
        self._size += len(data)

    def _alive(self) -> None:
        if self._lock < 0:
            raise UsageError("the log is closed", place=str(self._folder))
        if self._failed is not None:
            raise EnvironmentFault(
                f"the log stopped after {self._failed}",
                place=str(self._folder),
                way_out="mend the disk and open the ledger again: it recovers what was written",
            )

    def _dead(self, call: str, error: OSError) -> EnvironmentFault:
        self._failed = f"{call} failed: {error.strerror}"
        return EnvironmentFault(
            self._failed,
            place=str(self._folder),
            way_out="mend the disk and open the ledger again; nothing after the last sync is safe",
        )


def read(path: Path) -> LogReading:
    """Return what a ledger directory, or one log file, holds; changes nothing.

    Raises InputError for what is no log; halts with LOG_CORRUPT (seq, segment, offset) when bytes
    that were durable are not what was written.
    """
    reading, corrupt = survey(path)
    if corrupt is not None:
        raise corrupt
    return reading


def survey(path: Path) -> tuple[LogReading, Halt | None]:
    """Return the sound frames of a log and the halt that stands behind them, None when none does.

    As `read`, for those who want what can still be read of a corrupt log.
    """
    files = _files(path)
    frames: list[Frame] = []
    scan = _Scan()
    corrupt: Halt | None = None
    for position, file in enumerate(files):
        scan.segment = position + 1
        corrupt = scan.take(_bytes_of(file), frames)
        if corrupt is None and scan.torn_at is not None and position + 1 < len(files):
            corrupt = scan.corrupt(len(frames), scan.torn_at, "a bad frame before a later segment")
        if corrupt is not None:
            break
    if not frames and corrupt is None:
        raise InputError(
            "is no QFS log: it begins with no whole genesis frame",
            place=str(files[0]),
            way_out="pass a ledger directory, or a log file from its folder `log`",
        )
    reading = LogReading(
        tuple(frames), scan.torn_at, scan.chain, scan.segment, scan.size, scan.durable
    )
    return reading, corrupt


def read_halt(directory: Path) -> HaltRecord | None:
    """Return the record of the halt in which a ledger stands, or None; raises InputError."""
    path = directory / "halt.cbor"
    try:
        return HaltRecord.from_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, CanonError) as error:
        raise InputError(
            f"no readable halt record: {error}",
            place=str(path),
            way_out="restore the file; without it the ledger's halt cannot be answered",
        ) from None


def write_halt(directory: Path, record: HaltRecord) -> None:
    """Put the record of a halt beside the log, whole or not at all."""
    path = directory / "halt.cbor"
    beside = directory / "halt.cbor.new"
    with beside.open("wb") as file:
        file.write(record.to_bytes())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _sync_folder(directory)


def clear_halt(directory: Path) -> None:
    """Remove the record of a halt that a Resume in the log has answered."""
    (directory / "halt.cbor").unlink(missing_ok=True)
    _sync_folder(directory)


class _Scan:
    """A cursor over the segments of one log."""

    def __init__(self) -> None:
        self.chain = ZERO_DIGEST
        self.durable = 0
        self.segment = 1
        self.size = 0
        self.torn_at: int | None = None

    def take(self, data: bytes, frames: list[Frame]) -> Halt | None:
        """Append a segment's frames; returns the halt when its first bad one had been durable."""
        at = 0
        corrupt: Halt | None = None
        while at < len(data):
            end = self._one(data, at, frames)
            if end is None:
                self.torn_at = at
                corrupt = self._judge(data, at, len(frames))
                break
            at = end
        self.size = at
        return corrupt

    def _one(self, data: bytes, at: int, frames: list[Frame]) -> int | None:
        """Take the frame or mark at an offset; None when it is not what follows."""
        header = _parse(data, at)
        if header is None:
            return None
        magic, length, seq, durable, chain = header
        body_at = at + HEADER_BYTES
        if seq != len(frames) or durable > seq:
            return None
        if magic == MARK_MAGIC:
            if length or chain != self.chain:
                return None
            self.durable = max(self.durable, durable)
            return body_at
        root_at = body_at + length
        end = root_at + DIGEST_BYTES
        if end > len(data):
            return None
        body, root = data[body_at:root_at], Digest(data[root_at:end])
        if chain != _link(self.chain, data[at : at + _FACTS.size], body, root):
            return None
        frames.append(Frame(seq, body, root, at, self.segment))
        self.chain = chain
        self.durable = max(self.durable, durable)
        return end

    def _judge(self, data: bytes, at: int, seq: int) -> Halt | None:
        """Return the halt when something says that the frame of the bad bytes had been durable."""
        if seq < self.durable:
            return self.corrupt(seq, at, "a bad frame where a durable one was")
        for magic in (FRAME_MAGIC, MARK_MAGIC):
            found = data.find(magic, at)
            while found >= 0:
                header = _parse(data, found)
                if header is not None and header[3] > seq:
                    return self.corrupt(seq, at, "a bad frame that a later one calls durable")
                found = data.find(magic, found + 1)
        return None

    def corrupt(self, seq: int, offset: int, what: str) -> Halt:
        """Return the halt of a bad frame."""
        return Halt(Code.LOG_CORRUPT, seq=seq, segment=self.segment, offset=offset, what=what)


def _parse(data: bytes, at: int) -> tuple[bytes, int, int, int, Digest] | None:
    """Return (magic, length, seq, durable, chain) of a sound header, else None."""
    header = data[at : at + HEADER_BYTES]
    if len(header) < HEADER_BYTES or _CRC.unpack_from(header, _CRC_AT)[0] != crc32(
        header[:_CRC_AT]
    ):
        return None
    magic, length, seq, durable = _FACTS.unpack_from(header)
    if magic not in (FRAME_MAGIC, MARK_MAGIC) or length > MAX_BYTES:
        return None
    return magic, length, seq, durable, Digest(header[_CHAIN_AT:_CRC_AT])


def _header(facts: bytes, chain: Digest) -> bytes:
    start = facts + chain
    return start + _CRC.pack(crc32(start))


def _link(chain: Digest, facts: bytes, body: bytes, root: Digest) -> Digest:
    return Digest(sha256(chain + facts + body + root).digest())


def _files(path: Path) -> list[Path]:
    """Return the segments of a ledger directory in order, or the one file."""
    if path.is_file():
        return [path]
    folder = path / "log"
    if not folder.is_dir():
        raise _no_log(path)
    files = sorted(folder.glob("*.log"))
    if not files:
        raise _no_log(path)
    for number, file in enumerate(files, start=1):
        if file != _segment(folder, number):
            raise InputError(
                f"segment {number:08d}.log is missing",
                place=str(folder),
                way_out="restore the whole folder; a log without one of its segments is no log",
            )
    return files


def _bytes_of(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > _MAX_SEGMENT:
            raise InputError(
                f"{size} bytes are more than a segment can have ({_MAX_SEGMENT})",
                place=str(file),
                way_out="pass a ledger directory, or a log file from its folder `log`",
            )
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=str(file), way_out="check its permissions"
        ) from None


def _no_log(path: Path) -> InputError:
    what = "holds no ledger: the folder `log` is missing" if path.is_dir() else "does not exist"
    return InputError(
        what if path.is_dir() or not path.exists() else "is neither a directory nor a file",
        place=str(path),
        way_out="pass a ledger directory (`qfs ledger init` makes one), or a log file in it",
    )


def _segment(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.log"


def _open_segment(folder: Path, number: int) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    return os.open(_segment(folder, number), flags, 0o644)


def _lock(folder: Path) -> int:
    """Return the descriptor that holds the writer's lock until it is closed."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise UsageError(
            "another process has the ledger open for writing",
            place=str(folder.parent),
            way_out="wait until it is done",
        ) from None
    return lock


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
