"""The log: what was durable is there or the reader halts; what was not may be torn off."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.canon import Digest, digest
from qfs.errors import EnvironmentFault, InputError, UsageError
from qfs.halt import Code, Halt, HaltRecord
from qfs.shell import log
from qfs.shell.log import create, open_writer, read
from qfs.shell.log_frames import HEADER_BYTES
from qfs.shell.log_passage import LogReading
from tests.sim.disk import Crash, Fault, SimDisk, sound


def body_of(seq: int) -> bytes:
    return f"packet {seq} ".encode() * (3 + seq % 7)


def root_of(seq: int) -> Digest:
    return digest("test root", seq)


def write(directory: Path, count: int, sync_every: int = 1) -> None:
    with create(directory, body_of(0), root_of(0)) as writer:
        for seq in range(1, count):
            writer.append(body_of(seq), root_of(seq))
            if seq % sync_every == 0:
                writer.sync()


def bodies(reading: LogReading) -> list[bytes]:
    return [frame.body for frame in reading.frames]


def segment(directory: Path, number: int = 1) -> Path:
    return directory / "log" / f"{number:08d}.log"


def tree_of(directory: Path) -> list[tuple[str, bytes]]:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return [(str(path.relative_to(directory)), path.read_bytes()) for path in files]


@pytest.mark.parametrize("sync_every", [1, 3, 100])
def test_what_was_written_is_read(tmp_path, sync_every):
    write(tmp_path / "ledger", 10, sync_every)
    reading = read(tmp_path / "ledger")
    assert bodies(reading) == [body_of(seq) for seq in range(10)]
    assert [frame.root for frame in reading.frames] == [root_of(seq) for seq in range(10)]
    assert [frame.seq for frame in reading.frames] == list(range(10))
    assert (reading.torn_at, reading.durable) == (None, 10)
    assert reading == read(segment(tmp_path / "ledger"))


@pytest.mark.parametrize("large", [False, True], ids=["small bodies", "bodies beyond a window"])
@pytest.mark.parametrize(
    ("spoilt", "torn", "halts"),
    [(None, False, False), ("cut", True, False), ("flipped", True, True)],
    ids=["a sound log", "a torn log", "a corrupt log"],
)
def test_a_log_is_gone_through_once_and_its_end_is_known_there(
    tmp_path, large, spoilt, torn, halts
):
    made = [body_of(seq) * (1 + large * 40_000) for seq in range(5)]
    with create(tmp_path / "ledger", made[0], root_of(0)) as writer:
        for seq in range(1, 5):
            writer.append(made[seq], root_of(seq))
            writer.sync()
    last = read(tmp_path / "ledger").frames[4]
    data = bytearray(segment(tmp_path / "ledger").read_bytes())
    if spoilt == "cut":
        del data[last.offset + last.size - 1 :]
    elif spoilt == "flipped":
        data[last.offset + HEADER_BYTES] ^= 1
    segment(tmp_path / "ledger").write_bytes(data)
    through = log.passage(tmp_path / "ledger")
    found = list(through)
    reading, corrupt = log.survey(tmp_path / "ledger")
    assert [body for _, body in found] == made[: 5 if spoilt is None else 4]
    assert [frame for frame, _ in found] == list(reading.frames)
    assert (through.torn_at, through.segment) == (reading.torn_at, reading.segment)
    assert (through.torn_at is not None) is torn
    assert (through.corrupt is not None) is halts
    assert str(through.corrupt) == str(corrupt)


def test_a_log_is_gone_on_with(tmp_path):
    write(tmp_path, 3)
    for seq in range(3, 6):
        writer, reading = open_writer(tmp_path)
        with writer:
            assert len(reading.frames) == seq
            assert writer.append(body_of(seq), root_of(seq)) == seq
    assert bodies(read(tmp_path)) == [body_of(seq) for seq in range(6)]


def test_an_empty_packet_is_a_packet(tmp_path):
    with create(tmp_path, b"genesis", root_of(0)) as writer:
        writer.append(b"", root_of(1))
    assert bodies(read(tmp_path)) == [b"genesis", b""]


def test_segments_follow_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "SEGMENT_BYTES", 500)
    write(tmp_path, 20)
    assert len(list((tmp_path / "log").glob("*.log"))) > 3
    reading = read(tmp_path)
    assert bodies(reading) == [body_of(seq) for seq in range(20)]
    assert [frame.segment for frame in reading.frames] == sorted(
        frame.segment for frame in reading.frames
    )
    writer, _ = open_writer(tmp_path)
    with writer:
        writer.append(body_of(20), root_of(20))
    assert len(read(tmp_path).frames) == 21


def test_a_missing_segment_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "SEGMENT_BYTES", 500)
    write(tmp_path, 20)
    segment(tmp_path, 2).unlink()
    with pytest.raises(InputError, match=r"segment 00000002\.log is missing"):
        read(tmp_path)


def test_a_torn_segment_before_another_is_corrupt(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "SEGMENT_BYTES", 500)
    write(tmp_path, 20)
    first = segment(tmp_path)
    first.write_bytes(first.read_bytes()[:-150])
    with pytest.raises(Halt) as caught:
        read(tmp_path)
    assert caught.value.code is Code.LOG_CORRUPT
    assert caught.value.facts["segment"] == 1


def test_every_flipped_byte_of_a_synced_log_halts_and_names_the_packet(tmp_path):
    write(tmp_path / "log", 6)
    reading = read(tmp_path / "log")
    path = segment(tmp_path / "log")
    data = path.read_bytes()
    starts = [frame.offset for frame in reading.frames]
    end_of_last = starts[-1] + HEADER_BYTES + len(body_of(5)) + 32
    copy = tmp_path / "copy.log"
    for at in range(len(data)):
        spoiled = bytearray(data)
        spoiled[at] ^= 0x10
        copy.write_bytes(spoiled)
        if at >= end_of_last:  # the last mark: nothing behind it says that it was there
            assert len(read(copy).frames) == 6
            assert read(copy).torn_at == end_of_last
            continue
        with pytest.raises(Halt) as caught:
            read(copy)
        assert caught.value.code is Code.LOG_CORRUPT
        named = caught.value.facts["seq"]
        in_frame = sum(start <= at for start in starts) - 1
        # A flip in the mark between two frames is named by the frame that should follow.
        assert named in (in_frame, in_frame + 1)
        assert caught.value.facts["offset"] <= at


def test_two_frames_in_the_wrong_order_are_corrupt(tmp_path):
    write(tmp_path, 4, sync_every=100)
    data = segment(tmp_path).read_bytes()
    one, two, three = [frame.offset for frame in read(tmp_path).frames[1:]]
    segment(tmp_path).write_bytes(data[:one] + data[two:three] + data[one:two] + data[three:])
    with pytest.raises(Halt) as caught:
        read(tmp_path)
    assert caught.value.facts["seq"] == 1


def test_a_frame_of_another_log_is_corrupt(tmp_path):
    for name in ("one", "two"):
        with create(tmp_path / name, name.encode(), root_of(0)) as writer:
            for seq in range(1, 4):
                writer.append(body_of(seq), root_of(seq))
    one, two = segment(tmp_path / "one"), segment(tmp_path / "two")
    start, end = [frame.offset for frame in read(one).frames[2:4]]
    data = one.read_bytes()
    one.write_bytes(data[:start] + two.read_bytes()[start:end] + data[end:])
    with pytest.raises(Halt) as caught:
        read(one)
    assert caught.value.facts["seq"] == 2


def test_a_cut_log_is_torn_and_a_reader_changes_nothing(tmp_path):
    """Only a writer cuts the torn tail off, and what it then writes follows the whole frames."""
    write(tmp_path / "whole", 4, sync_every=100)
    data = segment(tmp_path / "whole").read_bytes()
    frames = read(tmp_path / "whole").frames
    ends = [frame.offset + HEADER_BYTES + len(frame.body) + 32 for frame in frames]
    for size in range(ends[0] + 1, len(data), 7):
        copy = tmp_path / f"cut {size}"
        shutil.copytree(tmp_path / "whole", copy)
        segment(copy).write_bytes(data[:size])
        before = tree_of(copy)
        reading = read(copy)
        whole = sum(end <= size for end in ends)
        assert len(reading.frames) == whole
        assert tree_of(copy) == before
        writer, reported = open_writer(copy)
        with writer:
            assert reported.torn_at == reading.torn_at
            writer.append(body_of(whole), root_of(whole))
        after = read(copy)
        assert (after.torn_at, bodies(after)) == (None, [body_of(seq) for seq in range(whole + 1)])


def test_whatever_a_crash_does_to_what_was_not_synced_nothing_acknowledged_is_lost(tmp_path):
    """Sectors written after the last sync may be lost, torn or garbage: acknowledged <= recovered
    <= written, as a prefix, and never a halt."""
    chance = random.Random(302)
    for trial in range(150):
        ledger = tmp_path / str(trial)
        writer = create(ledger, body_of(0), root_of(0))
        written = chance.randrange(1, 12)
        acknowledged, sound = 1, segment(ledger).stat().st_size
        for seq in range(1, written + 1):
            writer.append(body_of(seq), root_of(seq))
            if chance.random() < 0.3:
                writer.sync()
                acknowledged = seq + 1
                sound = segment(ledger).stat().st_size - HEADER_BYTES
        writer._disk.close()  # the process dies: nothing more is synced
        data = bytearray(segment(ledger).read_bytes())
        for sector in range(sound, len(data), 64):
            fate = chance.choice(["kept", "lost", "garbage"])
            span = data[sector : sector + 64]
            if fate == "lost":
                data[sector : sector + 64] = bytes(len(span))
            elif fate == "garbage":
                data[sector : sector + 64] = chance.randbytes(len(span))
        segment(ledger).write_bytes(data[: chance.randrange(sound, len(data) + 1)])
        recovered = read(ledger)
        assert acknowledged <= len(recovered.frames) <= written + 1
        assert bodies(recovered) == [body_of(seq) for seq in range(len(recovered.frames))]


def test_one_writer_at_a_time(tmp_path):
    write(tmp_path, 2)
    writer, _ = open_writer(tmp_path)
    code = (
        "import sys, pathlib; from qfs.shell.log import open_writer;"
        "from qfs.errors import UsageError\n"
        "try: open_writer(pathlib.Path(sys.argv[1]))\n"
        "except UsageError as error: print(error.what)"
    )
    with writer:
        other = subprocess.run(
            [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True
        )
        assert other.stdout == "another process has the ledger open for writing\n"
        assert len(read(tmp_path).frames) == 2
    open_writer(tmp_path)[0].close()


def test_a_ledger_is_never_overwritten(tmp_path):
    write(tmp_path, 3)
    before = tree_of(tmp_path)
    with pytest.raises(UsageError, match="holds a ledger already"):
        create(tmp_path, b"other", root_of(9))
    assert tree_of(tmp_path) == before


def test_a_log_begins_whole_or_not_at_all(tmp_path):
    """What a creator that died left behind is no log and is in nobody's way."""
    with pytest.raises(UsageError, match="a root of 3"):
        create(tmp_path / "ledger", b"genesis", Digest(b"abc"))
    assert list((tmp_path / "ledger").iterdir()) == []
    (tmp_path / "ledger" / ".log-left").mkdir()
    write(tmp_path / "ledger", 3)
    assert len(read(tmp_path / "ledger").frames) == 3
    assert (tmp_path / "ledger/log").stat().st_mode & 0o777 == 0o755


def test_two_ledgers_cannot_begin_in_one_directory(tmp_path):
    (tmp_path / "log").write_text("something else")
    with pytest.raises(UsageError, match="holds a ledger already"):
        create(tmp_path, b"genesis", root_of(0))
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_log_where_none_can_be_made_names_the_directory(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InputError, match="cannot be made") as caught:
        create(tmp_path / "file" / "ledger", b"genesis", root_of(0))
    assert caught.value.way_out == "name a directory that you may write"


def test_a_failing_disk_stops_the_writer(tmp_path):
    """A full disk, for real: /dev/full takes no byte and reserves no space."""
    write(tmp_path, 2)
    writer, reading = open_writer(tmp_path)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, writer._disk._file)
    os.close(full)
    with pytest.raises(EnvironmentFault, match="write failed"):
        writer.append(body_of(2), root_of(2))
    for call in (lambda: writer.append(body_of(2), root_of(2)), writer.sync):
        with pytest.raises(EnvironmentFault):
            call()
    writer.close()
    assert read(tmp_path).frames == reading.frames


def test_a_closed_writer_is_closed(tmp_path):
    writer = create(tmp_path, body_of(0), root_of(0))
    writer.close()
    writer.close()
    with pytest.raises(UsageError, match="closed"):
        writer.append(body_of(1), root_of(1))


NO_LOGS = [
    ("a missing path", lambda path: None, "does not exist"),
    ("an empty directory", lambda path: path.mkdir(), "holds no ledger"),
    ("a directory with an empty log", lambda path: (path / "log").mkdir(parents=True), "no ledger"),
    ("an empty file", lambda path: path.write_bytes(b""), "is no QFS log"),
    ("a text", lambda path: path.write_text("hello " * 100), "is no QFS log"),
    ("garbage", lambda path: path.write_bytes(random.Random(1).randbytes(9000)), "is no QFS log"),
    ("a pipe", os.mkfifo, "neither a directory nor a file"),
    (
        "an oversized file",
        lambda path: (path.touch(), os.truncate(path, 1 << 40)),
        "more than a segment can have",
    ),
]


@pytest.mark.parametrize(
    ("make", "what"), [case[1:] for case in NO_LOGS], ids=[case[0] for case in NO_LOGS]
)
def test_what_is_no_log_is_said_to_be_none(tmp_path, make, what):
    path = tmp_path / "thing"
    make(path)
    with pytest.raises(InputError, match=what) as caught:
        read(path)
    assert str(path) in str(caught.value)
    if not path.is_file() and not path.is_fifo():
        with pytest.raises(InputError):
            open_writer(path)


def test_a_halt_record_stands_beside_the_log_until_it_is_answered(tmp_path):
    write(tmp_path, 2)
    assert log.read_halt(tmp_path) is None
    record = HaltRecord("302.03", 2, root_of(2), root_of(1), ("machine=shelf",))
    log.write_halt(tmp_path, record)
    assert log.read_halt(tmp_path) == record
    (tmp_path / "halt.cbor").write_bytes(b"spoiled")
    with pytest.raises(InputError, match="no readable halt record"):
        log.read_halt(tmp_path)
    log.clear_halt(tmp_path)
    assert log.read_halt(tmp_path) is None


@pytest.mark.parametrize("fault", [Fault.EIO, Fault.ENOSPC, Fault.CRASH])
@pytest.mark.parametrize("nth", range(1, 4))
def test_an_opening_that_fails_leaves_what_was_torn_to_be_reported(nth, fault):
    """Whichever call of the opening fails, either it went through or the next one sees the tail."""
    disk = SimDisk(random.Random(nth), sound)
    writer = log.begin(disk, body_of(0), root_of(0))
    writer.append(body_of(1), root_of(1))
    disk.write(log.survey_of(disk)[0].size + 30, b"torn")
    disk.sync()
    reading, _ = log.survey_of(disk)
    assert reading.torn_at == reading.size
    calls = disk.calls
    disk.plan = lambda call: fault if call == calls + nth else None
    try:
        log.go_on(disk, reading)
    except (EnvironmentFault, Crash):
        disk.crash()
        disk.plan = sound
        again, corrupt = log.survey_of(disk)
        assert (again.torn_at is not None, corrupt) == (True, None)
        log.go_on(disk, again)
    mended, corrupt = log.survey_of(disk)
    assert (mended.torn_at, corrupt, len(mended.frames)) == (None, None, 2)


class AtWork:
    """A log of one segment, of which a reader sees one state after the other, a read each."""

    def __init__(self, *states: bytes) -> None:
        self.states = list(states)

    def segments(self) -> list[int]:
        return [1]

    def size(self, _segment: int) -> int:
        return len(self.states[0])

    def read(self, _segment: int, at: int, length: int) -> bytes:
        found = self.states[0][at : at + length]
        del self.states[: len(self.states) > 1]
        return found


RESERVED = bytes(3_000)


@pytest.mark.parametrize("later", ["goes on", "has closed"])
def test_a_writer_at_work_beside_a_reader_is_neither_torn_nor_corrupt(tmp_path, later):
    write(tmp_path / "ledger", 6)
    whole = segment(tmp_path / "ledger").read_bytes()
    starts = [frame.offset for frame in read(tmp_path / "ledger").frames]
    last = whole + (RESERVED if later == "goes on" else b"")
    for cut in range(starts[2], len(whole), 5):
        first = whole[:cut] + bytes(len(whole) - cut) + RESERVED
        reading, corrupt = log.survey_of(AtWork(first, last))
        assert (reading.torn_at, corrupt, len(reading.frames)) == (None, None, 6), cut


def test_bytes_that_stay_bad_are_judged_though_a_writer_is_at_work(tmp_path):
    write(tmp_path / "ledger", 6)
    whole = segment(tmp_path / "ledger").read_bytes()
    at = [frame.offset for frame in read(tmp_path / "ledger").frames][3]
    flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    reading, corrupt = log.survey_of(AtWork(flipped[: at + 50] + RESERVED, flipped + RESERVED))
    assert (len(reading.frames), corrupt is not None) == (3, True)
    cut = whole[: at + 50] + RESERVED
    reading, corrupt = log.survey_of(AtWork(cut, cut))
    assert (len(reading.frames), reading.torn_at, corrupt) == (3, at, None)
    trimmed, corrupt = log.survey_of(AtWork(cut, whole[:at]))
    assert (len(trimmed.frames), trimmed.torn_at, corrupt) == (3, None, None)
