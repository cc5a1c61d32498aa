"""Snapshots: the same bytes whoever makes them, and a start from none that is not good."""

import shutil
from pathlib import Path

import pytest

from qfs.app.checking import check
from qfs.app.snapshots import Finder, take
from qfs.app.submission import SubmitReport
from qfs.app.worlds import continued, last_of, read_world
from qfs.errors import InputError
from qfs.halt import Code, Halt
from qfs.shell import log, providers
from tests.app.markets import ISSUE, MARKET_DAY, OPEN_A, OPEN_B, PAY, Market


@pytest.fixture
def market(tmp_path: Path) -> Market:
    made = Market(tmp_path)
    assert made.submit(made.script(OPEN_A, OPEN_B, ISSUE)).as_expected
    return made


def pay(market: Market, number: int) -> SubmitReport:
    """Submit one more payment."""
    script = market.script(PAY, name="more.jsonl", batch=number)
    text = script.read_text("utf-8").replace('"day"', f'"day {number}"')
    script.write_text(text, "utf-8")
    return market.submit(script)


def snapshots(market: Market) -> list[Path]:
    return sorted((market.directory / "snapshots").iterdir())


def test_a_start_derives_the_tail_alone_and_leads_to_the_same_world(tmp_path: Path) -> None:
    market = Market(tmp_path)
    assert market.submit(market.script(OPEN_A, OPEN_B, ISSUE)).as_expected
    taken = take(market.directory)
    assert (taken.packets, taken.name) == (3, f"{3:020d}.snapshot")
    assert market.submit(MARKET_DAY).started_at == 3
    assert take(market.directory).packets > 100
    whole = read_world(market.directory, None)
    frames = log.read(market.directory).frames
    for finder in (Finder(market.directory), Finder(tmp_path)):
        last = last_of(continued(frames, finder.program, providers.verifier(), finder))
        assert last.world.root == whole.world.root
        assert last.resumed == whole.resumed
        assert finder.passed_over == []
    assert check(market.directory).holds


def test_snapshots_are_the_same_bytes_whoever_makes_them(market: Market, tmp_path: Path) -> None:
    first = take(market.directory)
    (path,) = snapshots(market)
    data = path.read_bytes()
    assert len(data) == first.size
    copy = tmp_path / "copy"
    shutil.copytree(market.directory, copy, ignore=shutil.ignore_patterns("snapshots"))
    take(copy)
    assert (copy / "snapshots" / first.name).read_bytes() == data
    assert take(market.directory) == first
    assert snapshots(market) == [path]


def test_a_bad_snapshot_is_passed_over_for_an_older_one_or_none(market: Market) -> None:
    take(market.directory)
    assert pay(market, 1).started_at == 3
    take(market.directory)
    older, newer = snapshots(market)
    data = newer.read_bytes()
    for place in range(0, len(data), 97):
        newer.write_bytes(data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :])
        finder = Finder(market.directory)
        found = finder(log.read(market.directory).frames)
        assert found is not None
        assert (found.frame.seq, len(finder.passed_over)) == (3, 1), place
    newer.write_bytes(data[:-1])
    report = pay(market, 2)
    assert report.started_at == 3
    assert [one.split(":")[0] for one in report.passed_over] == [newer.name]
    older.write_bytes(b"")
    report = pay(market, 3)
    assert (report.started_at, len(report.passed_over), report.as_expected) == (0, 2, True)


def test_a_snapshot_of_another_past_or_of_the_future_is_passed_over(
    market: Market, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    shutil.copytree(market.directory, before)
    assert pay(market, 1).as_expected
    take(market.directory)
    (snapshot,) = snapshots(market)
    (before / "snapshots").mkdir()
    shutil.copy(snapshot, before / "snapshots")
    other = Market(tmp_path, "other")
    assert other.submit(other.script(OPEN_B, OPEN_A, ISSUE, {**ISSUE, "to": "b"})).as_expected
    (other.directory / "snapshots").mkdir()
    shutil.copy(snapshot, other.directory / "snapshots")
    for directory, why in ((before, "does not hold"), (other.directory, "another past")):
        finder = Finder(directory)
        assert finder(log.read(directory).frames) is None
        assert why in finder.passed_over[0]


def test_a_halt_in_the_tail_is_the_one_that_a_whole_derivation_finds(market: Market) -> None:
    take(market.directory)
    assert pay(market, 1).as_expected
    frames = log.read(market.directory).frames
    data = bytearray(market.segment.read_bytes())
    data[frames[4].offset + 300] ^= 1
    market.segment.write_bytes(bytes(data))
    with pytest.raises(Halt) as halted:
        pay(market, 2)
    assert halted.value.code is Code.LOG_CORRUPT
    record = log.read_halt(market.directory)
    assert record is not None
    assert (record.seq, record.root) == (4, frames[3].root)


def test_where_no_snapshot_can_be_written_is_an_error(market: Market, tmp_path: Path) -> None:
    (market.directory / "snapshots").write_text("a file")
    with pytest.raises(InputError, match="cannot be made"):
        take(market.directory)
    with pytest.raises(InputError):
        take(tmp_path)
