"""The log of a ledger directory: every packet's bytes and the root that they led to, in order.

- Layout: ``log/00000001.log`` and on (segments), ``log/lock`` (flock of the one writer),
  ``halt.cbor`` (the record of a halt). Frame 0 is the genesis record, frame n is packet n; their
  form, and what a bad one means, are in ``log_frames``.
- A torn tail is cut off by a writer, which says so; a reader says so and changes nothing. What was
  torn may have been acknowledged only if it stood in the last group that was synced.
- After an error of write or fdatasync the writer is dead: what is on the disk is unknown.
- Closing syncs the last mark too, so that of a log that was closed no frame can rot unnoticed.
- Source: P. Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020.
"""

import os
from collections.abc import Sequence
from errno import EEXIST, ENOTDIR, ENOTEMPTY
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

from qfs.canon import DIGEST_BYTES, MAX_BYTES, ZERO_DIGEST, Digest
from qfs.errors import CanonError, EnvironmentFault, InputError, QFSError, UsageError
from qfs.halt import Halt, HaltRecord
from qfs.shell.files import unwritten
from qfs.shell.log_disk import SUFFIX, Disk, Folder, OneFile, Source, sync_folder
from qfs.shell.log_frames import HEADER_BYTES, Frame, mark, packed, skim
from qfs.shell.log_passage import LogReading, Passage
from qfs.shell.log_prune import Pruned, drop, read_pruned

SEGMENT_BYTES = 64 * 1024 * 1024  # 67_108_864: a new segment begins above this
RESERVED_BYTES = 1024 * 1024  # 1_048_576: so much space is reserved ahead at a time
_MAX_SEGMENT = SEGMENT_BYTES + MAX_BYTES + HEADER_BYTES + DIGEST_BYTES + RESERVED_BYTES


def create(directory: Path, genesis: bytes, root: Digest) -> "LogWriter":
    """Begin a log with its genesis frame, on the disk when this returns, whole or not at all.

    Makes the directory when it is missing. Raises UsageError when it holds a log already.
    """
    folder = directory / "log"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(prefix=".log-", dir=directory))
    except OSError as error:
        raise unwritten(error, directory, "cannot be made", "directory") from None
    disk = Folder(made)
    disk.lock()
    try:
        made.chmod(0o755)  # mkdtemp's own mode would keep readers out
        writer = begin(disk, genesis, root, str(folder))
        sync_folder(made)
        made.rename(folder)
        disk.moved(folder)
    except OSError as error:
        disk.close()
        rmtree(made)
        if error.errno not in (ENOTEMPTY, EEXIST, ENOTDIR):
            raise
        raise UsageError(
            "the directory holds a ledger already",
            place=str(directory),
            way_out="choose another directory; a ledger is never overwritten",
        ) from None
    except QFSError:
        disk.close()
        rmtree(made)
        raise
    sync_folder(directory)
    return writer


def begin(disk: Disk, genesis: bytes, root: Digest, place: str = "the log") -> "LogWriter":
    """Write the genesis frame of a log to an empty disk; it is durable when this returns."""
    writer = LogWriter(disk, LogReading((), None, ZERO_DIGEST, 1, 0, 0), place)
    writer.append(genesis, root)
    writer.sync()
    return writer


def open_writer(directory: Path) -> tuple["LogWriter", LogReading]:
    """Open a log to go on with it; returns what it holds, a torn tail cut off and reported.

    Raises InputError when there is no log, UsageError when another process has it open; halts
    with LOG_CORRUPT when committed bytes changed, and then changes nothing.
    """
    folder = directory / "log"
    if not folder.is_dir():
        raise _no_log(directory)
    disk = Folder(folder)
    disk.lock()
    try:
        disk.refresh()
        reading = read(directory)
        return go_on(disk, reading, str(folder)), reading
    except OSError as error:
        disk.close()
        raise EnvironmentFault(
            f"cannot be opened: {error.strerror}", place=str(folder), way_out="mend the disk"
        ) from None
    except BaseException:
        disk.close()
        raise


def go_on(disk: Disk, reading: LogReading, place: str = "the log") -> "LogWriter":
    """Return the writer that follows a reading of a refreshed disk; cuts off what was torn.

    What was read is on the disk: a mark says so from now on. Raises EnvironmentFault; the torn tail
    is then as it was.
    """
    writer = LogWriter(disk, reading, place)
    writer.vouch()
    if reading.torn_at is not None:
        writer.mend()
    return writer


def prune(directory: Path, first: int, ids: Sequence[Digest], resumed: Digest) -> int:
    """Let go of the bodies of all packets before the first; returns how many bytes that freed.

    ids are the identities of genesis and of each packet before the first; resumed is the last halt
    that one of them has answered. Raises UsageError when another process has the log open.
    """
    open_writer(directory)[0].close()  # mends a torn tail, and gives reserved space back
    disk = Folder(directory / "log")
    disk.lock()
    try:
        reading = read(directory)
        before = _bytes_in(disk)
        kept = reading.frames[first:]
        record = Pruned(
            first=first,
            chain=kept[0].previous if kept else reading.chain,
            segment=kept[0].segment if kept else reading.segment,
            offset=kept[0].offset if kept else reading.size,
            resumed=resumed,
            genesis=reading.frames[0].body,
            ids=tuple(ids),
            roots=tuple([frame.root for frame in reading.frames[:first]]),
        )
        drop(disk, record)
        return before - _bytes_in(disk)
    finally:
        disk.close()


def _bytes_in(disk: Folder) -> int:
    return sum([disk.size(segment) for segment in disk.segments()])


class LogWriter:
    """The one writer of a log; use it as a context manager or close it."""

    def __init__(self, disk: Disk, reading: LogReading, place: str) -> None:
        self._disk = disk
        self._place = place
        self._segment = reading.segment
        self._size = reading.size
        self._chain = reading.chain
        self._seq = reading.frames[-1].seq + 1 if reading.frames else 0
        self._durable = reading.durable
        self._failed: str | None = None
        self._closed = False
        disk.open(reading.segment)
        self._reserved = self._size

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
        data, chain = packed(body, root, seq, self._durable, self._chain)
        self._write(data)
        self._seq = seq + 1
        self._chain = chain
        return seq

    def sync(self) -> None:
        """Return when every frame so far is on the disk; raises EnvironmentFault when it is not."""
        self._alive()
        if self._durable == self._seq:
            return
        try:
            self._disk.sync()
        except OSError as error:
            raise self._dead("fdatasync", error) from None
        self.vouch()

    def vouch(self) -> None:
        """Write the mark that every frame so far is on the disk, if none says so yet."""
        if self._durable < self._seq:
            self._durable = self._seq
            self._write(mark(self._seq, self._chain))

    def mend(self) -> None:
        """Cut off what stands behind the last frame.

        It goes last of all: an opening that fails before leaves the torn tail for the next to see,
        and to report.
        """
        self._trim()
        self._reserved = self._size

    def close(self) -> None:
        """Sync and let go of the log; a writer that has failed only lets go."""
        if self._closed:
            return
        try:
            if self._failed is None:
                self.sync()
                self._trim()
        finally:
            self._closed = True
            self._disk.close()

    def _roll(self) -> None:
        self.sync()
        self._trim()
        try:
            self._disk.open(self._segment + 1)
        except OSError as error:
            raise self._dead("open", error) from None
        self._segment += 1
        self._size = self._reserved = 0

    def _trim(self) -> None:
        """Give reserved space back, and put the last mark on the disk."""
        try:
            self._disk.cut(self._size)
        except OSError as error:
            raise self._dead("ftruncate", error) from None

    def _write(self, data: bytes) -> None:
        self._alive()
        self._failed = "an interrupted write"  # a signal may end this between two pieces
        end = self._size + len(data)
        try:
            if end > self._reserved:
                ahead = end + RESERVED_BYTES
                self._disk.reserve(ahead)
                self._reserved = ahead
            self._disk.write(self._size, data)
        except OSError as error:
            raise self._dead("write", error) from None
        self._failed = None
        self._size = end

    def _alive(self) -> None:
        if self._closed:
            raise UsageError("the log is closed", place=self._place)
        if self._failed is not None:
            raise EnvironmentFault(
                f"the log stopped after {self._failed}",
                place=self._place,
                way_out="mend the disk and open the ledger again: it recovers what was written",
            )

    def _dead(self, call: str, error: OSError) -> EnvironmentFault:
        self._failed = f"{call} failed: {error.strerror}"
        return EnvironmentFault(
            self._failed,
            place=self._place,
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
    return _surveyed(passage(path))


def survey_of(source: Source, pruned: Pruned | None = None) -> tuple[LogReading, Halt | None]:
    """Return the sound frames in a log's segments, and the halt behind them; raises OSError."""
    return _surveyed(Passage(source, pruned))


def passage(path: Path, after: Frame | None = None, last: int | None = None) -> Passage:
    """Return a log to go through once, behind a frame and up to a last one; changes nothing.

    Behind a frame only where nothing was pruned. Raises InputError for what is no log, here or at
    the first frame.
    """
    pruned = read_pruned(path / "log") if (path / "log").is_dir() else None
    source, place = _source(path, 1 if pruned is None else pruned.segment)
    return Passage(source, pruned, place, after=after, last=last)


def skimmed(path: Path) -> tuple[Frame, ...]:
    """Return the frames of a log by their headers alone, as `skim`; raises InputError."""
    source, place = _source(path, 1)
    try:
        return tuple(skim(source))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=place) from None


def _surveyed(through: Passage) -> tuple[LogReading, Halt | None]:
    frames = [frame for frame, _ in through]
    return through.reading(frames), through.corrupt


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
    sync_folder(directory)


def clear_halt(directory: Path) -> None:
    """Remove the record of a halt that a Resume in the log has answered."""
    (directory / "halt.cbor").unlink(missing_ok=True)
    sync_folder(directory)


def _source(path: Path, first: int) -> tuple[Source, str]:
    """Return what to read a ledger directory, or one log file, from; and its first file's name."""
    if path.is_file():
        _check_size(path)
        return OneFile(path), str(path)
    folder = path / "log"
    if not folder.is_dir():
        raise _no_log(path)
    disk = Folder(folder)
    segments = [segment for segment in disk.segments() if segment >= first]
    if not segments:
        raise _no_log(path)
    for number, segment in enumerate(segments, start=first):
        if number != segment:
            raise InputError(
                f"segment {number:08d}{SUFFIX} is missing",
                place=str(folder),
                way_out="restore the whole folder; a log without one of its segments is no log",
            )
        _check_size(disk.file(segment))
    return disk, str(disk.file(first))


def _check_size(file: Path) -> None:
    size = file.stat().st_size
    if size > _MAX_SEGMENT:
        raise InputError(
            f"{size} bytes are more than a segment can have ({_MAX_SEGMENT})",
            place=str(file),
            way_out="pass a ledger directory, or a log file from its folder `log`",
        )


def _no_log(path: Path) -> InputError:
    what = "holds no ledger: the folder `log` is missing" if path.is_dir() else "does not exist"
    return InputError(
        what if path.is_dir() or not path.exists() else "is neither a directory nor a file",
        place=str(path),
        way_out="pass a ledger directory (`qfs ledger init` makes one), or a log file in it",
    )
