"""Small files and pipes: read with a limit, written whole or not at all.

- ``-`` is standard input or output.
- An error names the file and what the system said of it; nothing is written over but by
  ``rewrite`` and ``replace``, which leave the old bytes or the new ones.
"""

import contextlib
import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from qfs.errors import EnvironmentFault, InputError, QFSError, UsageError

PIPE = Path("-")
_OF_THE_SYSTEM = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM,
)  # fmt: skip


def read_limited(path: Path, limit: int, *, secret: bool = False) -> bytes:
    """Return a regular file's bytes, or standard input's; at most limit.

    secret: only if nobody but its owner may touch it. Raises InputError.
    """
    if path == PIPE:
        if sys.stdin is None:
            raise InputError("standard input is closed", place="-", way_out="give a file")
        data = sys.stdin.buffer.read(limit + 1)
    else:
        try:
            _check_mode(path, path.stat().st_mode, secret=secret)  # before: a pipe may block
            with path.open("rb") as file:
                _check_mode(path, os.fstat(file.fileno()).st_mode, secret=secret)
                data = file.read(limit + 1)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", place=str(path)) from error
    if len(data) > limit:
        raise InputError(f"more than {limit} bytes", place=str(path), way_out="give another file")
    return data


def write_new(path: Path, data: bytes, mode: int = 0o644, *, text: bool = False) -> None:
    """Make a file whole, under a name that nobody has; on failure nothing is left behind.

    ``-`` writes to standard output, unless that is a terminal and the data no text.
    Raises InputError, UsageError, EnvironmentFault.
    """
    if path == PIPE:
        if sys.stdout is None:
            raise UsageError("standard output is closed", way_out="give --output FILE, or a pipe")
        if sys.stdout.isatty() and not text:
            raise UsageError("bytes for a terminal", way_out="give --output FILE, or a pipe")
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritten(error, Path("standard output")) from error
        return
    try:
        with _filled_beside(path, data) as beside:
            beside.chmod(mode)
            os.link(beside, path)
    except FileExistsError:
        raise InputError("exists", place=str(path), way_out="choose another name") from None
    except OSError as error:
        raise unwritten(error, path) from error


def replace(path: Path, data: bytes) -> None:
    """Write a file, or give one that is there new bytes; a full disk leaves the old ones.

    Written into is what cannot be replaced: a pipe, a device, a stream of this process, a mount, a
    file in a folder that one may not write. Raises InputError, EnvironmentFault.
    """
    try:
        if _replaceable(path):
            rewrite(path, data)
        elif path.exists():
            with path.open("wb") as stream:
                stream.write(data)
        else:
            with _filled_beside(path.resolve(), data) as beside:
                beside.chmod(0o666 & ~_mask())
                beside.replace(path.resolve())
    except OSError as error:
        raise unwritten(error, path) from error


def rewrite(path: Path, data: bytes) -> None:
    """Give a file new bytes, all at once; a full disk or an interruption leaves the old ones.

    Mode and owner stay; of a link the file behind it is rewritten. Raises OSError.
    """
    real = path.resolve(strict=True)
    status = real.stat()
    with _filled_beside(real, data) as beside:
        with contextlib.suppress(PermissionError):  # only root gives files away
            os.chown(beside, status.st_uid, status.st_gid)
        beside.chmod(stat.S_IMODE(status.st_mode))
        beside.replace(real)


def _replaceable(path: Path) -> bool:
    real = path.resolve()
    stream = any(path.absolute().is_relative_to(folder) for folder in ("/dev", "/proc"))
    writable = os.access(real, os.W_OK) and os.access(real.parent, os.W_OK)
    return real.is_file() and not stream and writable and not real.is_mount()


def unwritten(
    error: OSError, path: Path, what: str = "cannot be written", kind: str = "file"
) -> QFSError:
    """Return the error of a write that failed: the system's fault, or a wrong path.

    A full disk, a quota, a limit or a broken disk is the system's.
    """
    said = f"{what}: {error.strerror}"
    if error.errno in _OF_THE_SYSTEM:
        way_out = "make room, or write elsewhere"
        return EnvironmentFault(said, place=str(path), way_out=way_out)
    return InputError(said, place=str(path), way_out=f"name a {kind} that you may write")


@contextlib.contextmanager
def _filled_beside(path: Path, data: bytes) -> Iterator[Path]:
    """Give a new file in a path's folder, its bytes on the disk; gone afterwards."""
    handle, name = tempfile.mkstemp(prefix=".qfs-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _mask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _check_mode(path: Path, mode: int, *, secret: bool) -> None:
    if not stat.S_ISREG(mode) and (secret or stat.S_ISDIR(mode)):
        raise InputError("no regular file", place=str(path), way_out="give a file")
    if secret and mode & 0o077:
        raise InputError(
            f"mode {stat.S_IMODE(mode):04o} lets others at it",
            place=str(path),
            way_out=f"chmod 600 {path}",
        )
