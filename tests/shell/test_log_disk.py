"""The contract of a log's disk: the real folder and the simulated one keep it alike."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from qfs.canon import Digest, digest
from qfs.errors import EnvironmentFault, UsageError
from qfs.shell import log
from qfs.shell.log_disk import Disk, Folder
from tests.sim.disk import SimDisk, sound


def real(tmp_path: Path) -> Disk:
    disk = Folder(tmp_path)
    disk.lock()
    return disk


def simulated(_: Path) -> Disk:
    return SimDisk(Random(1), sound)


@pytest.fixture(params=[real, simulated], ids=["real", "simulated"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    make: Callable[[Path], Disk] = request.param
    return make(tmp_path)


def test_an_empty_disk_has_no_segments(disk: Disk) -> None:
    assert disk.segments() == []
    for call in (lambda: disk.size(1), lambda: disk.read(1, 0, 1)):
        with pytest.raises(OSError, match="No such file"):
            call()


def test_what_was_written_is_read_where_it_was_written(disk: Disk) -> None:
    disk.open(1)
    assert (disk.segments(), disk.size(1)) == ([1], 0)
    disk.write(0, b"hello")
    disk.write(5, b" world")
    disk.write(0, b"H")
    assert disk.read(1, 0, 100) == b"Hello world"
    assert (disk.read(1, 4, 3), disk.read(1, 11, 5), disk.size(1)) == (b"o w", b"", 11)


def test_reserved_space_is_zeros_and_is_written_over(disk: Disk) -> None:
    disk.open(1)
    disk.write(0, b"abc")
    disk.reserve(8)
    disk.reserve(4)
    assert disk.read(1, 0, 100) == b"abc" + bytes(5)
    disk.write(3, b"d")
    assert disk.read(1, 0, 100) == b"abcd" + bytes(4)
    disk.write(7, b"xyz")
    assert disk.size(1) == 10


@pytest.mark.parametrize("size", [0, 2, 4, 9])
def test_a_cut_makes_a_segment_exactly_so_long(disk: Disk, size: int) -> None:
    disk.open(1)
    disk.write(0, b"abcd")
    disk.cut(size)
    assert disk.read(1, 0, 100) == b"abcd"[:size] + bytes(max(0, size - 4))


def test_segments_stand_beside_each_other(disk: Disk) -> None:
    for number in (2, 1, 10):
        disk.open(number)
        disk.write(0, b"%d" % number)
        disk.sync()
    disk.open(2)
    disk.write(1, b"!")
    assert disk.segments() == [1, 2, 10]
    assert [disk.read(n, 0, 9) for n in (1, 2, 10)] == [b"1", b"2!", b"10"]


def test_what_was_synced_is_there_for_the_next_process(disk: Disk, tmp_path: Path) -> None:
    disk.open(1)
    disk.write(0, b"kept")
    disk.sync()
    disk.close()
    disk.close()
    if isinstance(disk, SimDisk):
        disk.crash()
    else:
        disk = real(tmp_path)
    disk.refresh()
    assert disk.read(1, 0, 9) == b"kept"
    disk.open(1)
    disk.write(4, b"!")
    assert disk.read(1, 0, 9) == b"kept!"


def root(seq: int) -> Digest:
    return digest("test", seq)


def test_a_log_is_the_same_bytes_on_either_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "SEGMENT_BYTES", 700)
    disks = [real(tmp_path), simulated(tmp_path)]
    for one in disks:
        writer = log.begin(one, b"genesis", root(0))
        for seq in range(1, 12):
            writer.append(b"packet" * seq, root(seq))
            if seq % 3 == 0:
                writer.sync()
        writer.close()
    contents = [[(n, one.read(n, 0, 10_000)) for n in one.segments()] for one in disks]
    assert contents[0] == contents[1]
    assert len(contents[0]) > 2
    readings = [log.survey_of(one)[0] for one in disks]
    assert readings[0] == readings[1]
    assert [frame.body for frame in readings[1].frames[1:]] == [b"packet" * n for n in range(1, 12)]


def test_a_real_folder_has_one_writer_and_needs_its_lock(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="without its lock"):
        Folder(tmp_path).open(1)
    first = real(tmp_path)
    with pytest.raises(UsageError, match="another process"):
        Folder(tmp_path).lock()
    first.close()
    real(tmp_path).close()
