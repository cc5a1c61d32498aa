"""Small files and pipes: read with a limit, written whole or not at all.

- ``-`` is standard input or output.
- An error names the file and what the system said of it; nothing is written over but by
  ``rewrite``, which leaves the old bytes or the new ones.
"""

import contextlib
import os
import stat
import sys
import tempfile
from pathlib import Path

from qfs.errors import InputError, UsageError

PIPE = Path("-")


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
    Raises InputError, UsageError.
    """
    if path == PIPE:
        if sys.stdout is None:
            raise UsageError("standard output is closed", way_out="give --output FILE, or a pipe")
        if sys.stdout.isatty() and not text:
            raise UsageError("bytes for a terminal", way_out="give --output FILE, or a pipe")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        handle, name = tempfile.mkstemp(prefix=".qfs-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            os.link(name, path)
        finally:
            Path(name).unlink()
    except FileExistsError:
        raise InputError("exists", place=str(path), way_out="choose another name") from None
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", place=str(path)) from error


def rewrite(path: Path, data: bytes) -> None:
    """Give a file new bytes, all at once; a full disk or an interruption leaves the old ones.

    Mode and owner stay; of a link the file behind it is rewritten. Raises OSError.
    """
    real = path.resolve(strict=True)
    status = real.stat()
    handle, name = tempfile.mkstemp(prefix=".qfs-", dir=real.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(PermissionError):  # only root gives files away
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
        Path(name).replace(real)
    finally:
        Path(name).unlink(missing_ok=True)


def _check_mode(path: Path, mode: int, *, secret: bool) -> None:
    if not stat.S_ISREG(mode) and (secret or stat.S_ISDIR(mode)):
        raise InputError("no regular file", place=str(path), way_out="give a file")
    if secret and mode & 0o077:
        raise InputError(
            f"mode {stat.S_IMODE(mode):04o} lets others at it",
            place=str(path),
            way_out=f"chmod 600 {path}",
        )
