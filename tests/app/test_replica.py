"""Following another log: every packet derived again, two pasts never joined."""

import shutil
from pathlib import Path

import pytest

from qfs.app.checking import check
from qfs.app.replica import follow
from qfs.errors import InputError, UsageError
from qfs.halt import Halt
from qfs.shell import log
from tests.app.markets import ISSUE, MARKET_DAY, OPEN_A, OPEN_B, PAY, Market


@pytest.fixture
def market(tmp_path: Path) -> Market:
    made = Market(tmp_path)
    assert made.submit(made.script(OPEN_A, OPEN_B, ISSUE)).as_expected
    return made


def roots(directory: Path) -> list[bytes]:
    return [frame.root for frame in log.read(directory).frames]


def test_a_copy_follows_the_original_as_it_goes_on(market: Market, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    first = follow(copy, market.directory)
    assert (first.new, first.added, first.packets) == (True, 3, 3)
    assert market.submit(MARKET_DAY).as_expected
    second = follow(copy, market.directory)
    assert (second.new, second.added) == (False, second.packets - 3)
    assert roots(copy) == roots(market.directory)
    assert check(copy).holds
    again = follow(copy, market.segment)
    assert (again.added, again.state_root) == (0, second.state_root)


def test_an_older_copy_adds_nothing_to_the_original(market: Market, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    follow(copy, market.directory)
    market.submit(market.script(PAY, name="pay.jsonl"))
    before = market.contents()
    assert follow(market.directory, copy).added == 0
    assert len(roots(market.directory)) == 5
    assert {k: v for k, v in market.contents().items() if k in before} == before


def test_a_log_cut_in_a_frame_is_followed_to_the_cut_and_said_to_be_cut(
    market: Market, tmp_path: Path
) -> None:
    whole = market.segment.read_bytes()
    cut = tmp_path / "cut.log"
    last = log.read(market.directory).frames[-1]
    cut.write_bytes(whole[: last.offset + 40])
    report = follow(tmp_path / "copy", cut)
    assert (report.added, report.torn_at) == (last.seq - 1, last.offset)
    assert follow(tmp_path / "copy", market.directory).torn_at is None


def test_two_pasts_are_never_joined(market: Market, tmp_path: Path) -> None:
    other = Market(tmp_path, "other")
    other.submit(other.script(OPEN_B, OPEN_A, name="o.jsonl"))
    twin = tmp_path / "twin"
    shutil.copytree(market.directory, twin)
    more = market.script(PAY, name="more.jsonl")
    assert market.submit(more).as_expected
    forked = Market.__new__(Market)
    forked.folder, forked.directory = tmp_path, twin
    fork = market.script({**PAY, "amount": "2"}, PAY, name="fork.jsonl")
    assert forked.submit(fork).as_expected
    before = market.contents()
    for foreign in (other.directory, twin):
        with pytest.raises(UsageError, match="another past"):
            follow(market.directory, foreign)
    assert market.contents() == before


def test_a_bad_packet_halts_and_what_stands_before_it_stays(market: Market, tmp_path: Path) -> None:
    frames = log.read(market.directory).frames
    data = bytearray(market.segment.read_bytes())
    data[frames[3].offset + 500] ^= 1
    bad = tmp_path / "bad.log"
    bad.write_bytes(bytes(data))
    copy = tmp_path / "copy"
    with pytest.raises(Halt, match=r"302\.01"):
        follow(copy, bad)
    assert roots(copy) == [frame.root for frame in frames[:3]]
    assert not (copy / "halt.cbor").exists()
    assert follow(copy, market.directory).added == 1


def test_a_packet_whose_signature_is_forged_is_not_followed(market: Market, tmp_path: Path) -> None:
    frames = log.read(market.directory).frames
    forged = tmp_path / "forged"
    with log.create(forged, frames[0].body, frames[0].root) as writer:
        writer.append(frames[1].body[:-1] + bytes((frames[1].body[-1] ^ 1,)), frames[1].root)
    with pytest.raises(Halt, match=r"302\.02.*BAD_SIGNATURE"):
        follow(tmp_path / "copy", forged)
    assert roots(tmp_path / "copy") == [frames[0].root]


def test_what_is_no_log_is_an_error_and_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"junk" * 100)
    for other in (tmp_path / "junk", tmp_path / "none", tmp_path):
        with pytest.raises(InputError):
            follow(tmp_path / "copy", other)
    assert not (tmp_path / "copy").exists()
