"""Opening a ledger: its world is derived again, its halts stand, what is corrupt stays shut."""

import pytest

from qfs.app.worlds import HaltedLog, derive, last_of, open_ledger, read_world
from qfs.errors import UsageError
from qfs.halt import Code, Halt
from qfs.kernel import Resume, Tick
from qfs.shell import log
from tests.app.logs import House, make_log


def test_an_opened_ledger_stands_where_it_was_left(tmp_path):
    world = make_log(tmp_path / "house", 6)
    opened = open_ledger(tmp_path / "house", None)
    with opened.writer:
        assert (opened.world.root, opened.halted) == (world.root, None)
        with pytest.raises(UsageError, match="another process"):
            open_ledger(tmp_path / "house", None)
        assert read_world(tmp_path / "house", None).world.root == world.root
    open_ledger(tmp_path / "house", None).writer.close()


def test_a_torn_tail_is_cut_when_the_ledger_is_opened_and_reported(tmp_path):
    make_log(tmp_path / "house", 6)
    path = tmp_path / "house/log/00000001.log"
    frames = log.read(path).frames
    path.write_bytes(path.read_bytes()[: frames[6].offset + 99])
    opened = open_ledger(tmp_path / "house", None)
    with opened.writer:
        assert (opened.world.seq, opened.reading.torn_at) == (5, frames[6].offset)
    assert path.stat().st_size == frames[6].offset


def test_a_corrupt_ledger_is_not_opened_and_not_changed(tmp_path):
    make_log(tmp_path / "house", 6)
    path = tmp_path / "house/log/00000001.log"
    data = bytearray(path.read_bytes())
    data[log.read(path).frames[3].offset + 200] ^= 1
    path.write_bytes(data)
    for _ in range(2):  # the lock was let go of
        with pytest.raises(Halt) as caught:
            open_ledger(tmp_path / "house", None)
        assert caught.value.code is Code.LOG_CORRUPT
    with pytest.raises(HaltedLog) as caught:
        read_world(tmp_path / "house", None)
    record = caught.value.halt_record
    assert (record.seq, record.root) == (3, log.survey(path)[0].frames[2].root)
    assert path.read_bytes() == data


def test_a_halt_stands_until_a_resume_names_it(tmp_path):
    """The record stays beside the log until the Resume that answers it is in the log."""
    house = House(tmp_path / "house")
    with house.writer:
        house.send(Tick())
        halt = Halt(Code.INVARIANT_BROKEN, seq=2).record(2, house.world.head, house.world.root)
        log.write_halt(tmp_path / "house", halt)
    opened = open_ledger(tmp_path / "house", None)
    opened.writer.close()
    assert opened.halted == halt

    writer, _ = log.open_writer(tmp_path / "house")
    with writer:
        house.writer = writer
        house.send(Resume(halt.digest()), "root")
    # The process died here, before it could remove the record: the next one does.
    opened = open_ledger(tmp_path / "house", None)
    opened.writer.close()
    assert (opened.halted, opened.resumed) == (None, halt.digest())
    assert not (tmp_path / "house/halt.cbor").exists()


def test_a_later_halt_names_the_one_before(tmp_path):
    house = House(tmp_path / "house")
    first = Halt(Code.INVARIANT_BROKEN).record(1, house.world.head, house.world.root)
    with house.writer:
        house.send(Resume(first.digest()), "root")
        house.writer.append(b"garbage", house.world.root)
    with pytest.raises(HaltedLog) as caught:
        read_world(tmp_path / "house", None)
    assert caught.value.halt_record.previous == first.digest()
    assert caught.value.halt_record.seq == 2


def test_deriving_nothing_is_no_world():
    with pytest.raises(Exception, match="without a genesis"):
        last_of(derive([]))
