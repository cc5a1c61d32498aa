"""The disk under a log: a folder of segments, one of them open for writing.

- `Disk` is a port: the log is written and read through it alone, so that a simulation can lose,
  tear, misdirect and rot what is written. `Folder` is the real one.
- Writes go to given offsets of a file whose space is reserved ahead: fdatasync has then no length
  to write, and a full disk says so before a frame is begun.
- Any OSError out of a call leaves it open what is on the disk.
"""

import fcntl
import os
from errno import EINVAL, EOPNOTSUPP
from pathlib import Path
from typing import Protocol

from qfs.errors import EnvironmentFault, UsageError

SUFFIX = ".log"


class Source(Protocol):
    """Where the segments of one log lie; segments are numbered from 1 on."""

    def segments(self) -> list[int]:
        """Return the numbers of the segments that are there, rising."""
        ...

    def size(self, segment: int) -> int:
        """Return a segment's length in bytes."""
        ...

    def read(self, segment: int, at: int, length: int) -> bytes:
        """Return bytes of a segment, fewer than asked for at its end."""
        ...


class Disk(Source, Protocol):
    """A log's segments, one of which can be open for writing."""

    def refresh(self) -> None:
        """Put on the disk what earlier processes wrote, and forget what only memory remembers.

        After a failed fdatasync the system may show pages that it dropped (USENIX ATC 2020, §3).
        """
        ...

    def open(self, segment: int) -> None:
        """Go on writing in a segment, made and entered in the folder when it is missing."""
        ...

    def reserve(self, size: int) -> None:
        """Make the open segment at least so long, with zeros."""
        ...

    def write(self, at: int, data: bytes) -> None:
        """Write all of the data at an offset of the open segment."""
        ...

    def sync(self) -> None:
        """Return when all that was written to the open segment is on the disk."""
        ...

    def cut(self, size: int) -> None:
        """Make the open segment exactly so long, on the disk when this returns."""
        ...

    def close(self) -> None:
        """Let go of the open segment, and of the lock where there is one."""
        ...


class Folder:
    """A real folder; to write, it has to be locked first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = -1
        self._file = -1

    def lock(self) -> None:
        """Become the one writer; raises UsageError when another process is."""
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise UsageError(
                "another process has the ledger open for writing",
                place=str(self.path.parent),
                way_out="wait until it is done",
            ) from None
        self._lock = lock

    def segments(self) -> list[int]:
        """Return the numbers of the segments that are there, rising."""
        names = [path.name.removesuffix(SUFFIX) for path in self.path.glob(f"*{SUFFIX}")]
        return sorted([int(name) for name in names if name.isascii() and name.isdigit()])

    def size(self, segment: int) -> int:
        """Return a segment's length in bytes."""
        return self.file(segment).stat().st_size

    def read(self, segment: int, at: int, length: int) -> bytes:
        """Return bytes of a segment, fewer than asked for at its end."""
        return _read_at(self.file(segment), at, length)

    def refresh(self) -> None:
        """Put on the disk what earlier processes wrote, and forget what only memory remembers."""
        for segment in self.segments()[-1:]:  # the others were synced before it was begun
            file = os.open(self.file(segment), os.O_RDWR | os.O_CLOEXEC)
            try:
                os.fsync(file)
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)

    def open(self, segment: int) -> None:
        """Go on writing in a segment, made and entered in the folder when it is missing."""
        if self._lock < 0:
            raise EnvironmentFault("written without its lock", place=str(self.path))
        self._let_go()
        new = not self.file(segment).exists()
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(self.file(segment), flags, 0o644)
        if new:
            sync_folder(self.path)

    def reserve(self, size: int) -> None:
        """Make the open segment at least so long, with zeros."""
        try:
            os.posix_fallocate(self._file, 0, size)
        except OSError as error:
            if error.errno not in (EOPNOTSUPP, EINVAL):
                raise
            os.ftruncate(self._file, size)  # a file system that cannot reserve

    def write(self, at: int, data: bytes) -> None:
        """Write all of the data at an offset of the open segment."""
        rest = memoryview(data)
        while rest:
            done = os.pwrite(self._file, rest, at)
            rest, at = rest[done:], at + done

    def sync(self) -> None:
        """Return when all that was written to the open segment is on the disk."""
        os.fdatasync(self._file)

    def cut(self, size: int) -> None:
        """Make the open segment exactly so long, on the disk when this returns."""
        os.ftruncate(self._file, size)
        os.fsync(self._file)

    def close(self) -> None:
        """Let go of the open segment, and of the lock."""
        self._let_go()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def moved(self, path: Path) -> None:
        """Go on under another name: the folder was renamed while it was open."""
        self.path = path

    def file(self, segment: int) -> Path:
        """Return a segment's file."""
        return self.path / f"{segment:08d}{SUFFIX}"

    def _let_go(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class OneFile:
    """A single log file, to be read as a log of one segment."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def segments(self) -> list[int]:
        """Return the one."""
        return [1]

    def size(self, _segment: int) -> int:
        """Return the file's length in bytes."""
        return self.path.stat().st_size

    def read(self, _segment: int, at: int, length: int) -> bytes:
        """Return bytes of the file, fewer than asked for at its end."""
        return _read_at(self.path, at, length)


def _read_at(path: Path, at: int, length: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        return os.pread(file.fileno(), length, at)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
