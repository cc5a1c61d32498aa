"""Files are written whole or not at all, and who is to blame for a failure is said."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qfs.errors import EnvironmentFault, InputError
from qfs.shell import exports
from qfs.shell.files import replace, write_new

SMALL, LARGE = b"old", bytes(100_000)


@contextmanager
def full() -> Iterator[None]:
    """A system that takes no file above 10,000 bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_is_the_systems_fault_and_leaves_the_old_file(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(SMALL)
    with full():
        for write, path in ((replace, old), (replace, tmp_path / "a"), (write_new, tmp_path / "b")):
            with pytest.raises(EnvironmentFault, match="cannot be written: File too large"):
                write(path, LARGE)
        with pytest.raises(EnvironmentFault, match="cannot be made: File too large"):
            exports.put(old, [LARGE])
    assert [one.name for one in tmp_path.iterdir()] == ["old"]
    assert old.read_bytes() == SMALL


def test_a_path_that_was_given_wrongly_is_the_callers_mistake(tmp_path: Path) -> None:
    for write in (replace, write_new):
        with pytest.raises(InputError, match="No such file or directory"):
            write(tmp_path / "no" / "such", SMALL)
    with pytest.raises(InputError, match="Is a directory"):
        replace(tmp_path, SMALL)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_with_its_mode_and_behind_its_link(tmp_path: Path) -> None:
    old, link, new = tmp_path / "old", tmp_path / "link", tmp_path / "new"
    old.write_bytes(SMALL)
    old.chmod(0o640)
    link.symlink_to("old")
    replace(link, b"new")
    assert link.is_symlink()
    assert (old.read_bytes(), old.stat().st_mode & 0o777) == (b"new", 0o640)
    usual = tmp_path / "usual"
    usual.touch()
    replace(new, b"new")
    assert new.stat().st_mode == usual.stat().st_mode


def test_a_stream_of_this_process_keeps_its_file(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        replace(Path(f"/dev/fd/{out.fileno()}"), SMALL)
        assert (tmp_path / "out").stat().st_ino == os.fstat(out.fileno()).st_ino
    assert (tmp_path / "out").read_bytes() == SMALL


def test_a_device_is_written_into_and_stays_one() -> None:
    replace(Path("/dev/null"), SMALL)
    assert Path("/dev/null").is_char_device()
    with pytest.raises(EnvironmentFault, match="/dev/full: cannot be written: No space left"):
        replace(Path("/dev/full"), SMALL)
