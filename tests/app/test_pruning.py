"""A pruned ledger starts, proves and goes on from its snapshot, and says what is gone."""

import shutil
from pathlib import Path

import pytest

from qfs.app.checking import check
from qfs.app.exporting import Form, Table, export
from qfs.app.ledger import state
from qfs.app.proving import history_of, prove_account, prove_packet_of, verify_file
from qfs.app.replay import ReplayRequest, replay
from qfs.app.replica import follow
from qfs.app.snapshots import prune, take
from qfs.canon import ZERO_DIGEST, Digest
from qfs.errors import InputError, UsageError
from qfs.halt import Code, Halt
from qfs.shell import log, log_prune, providers
from tests.app.markets import ISSUE, OPEN_A, OPEN_B, PAY, Market


@pytest.fixture
def market(tmp_path: Path) -> Market:
    made = Market(tmp_path)
    assert made.submit(made.script(OPEN_A, OPEN_B, ISSUE)).as_expected
    return made


def pay(market: Market, called: str) -> None:
    path = market.script(PAY, name="more.jsonl")
    path.write_text(path.read_text("utf-8").replace('"day"', f'"{called}"', 1), "utf-8")
    assert market.submit(path).as_expected


def proofs(market: Market, folder: Path) -> list[bytes]:
    """The proofs of all that can be proved, made one way before and after."""
    folder.mkdir()
    made = []
    for seq in range(6):
        prove_packet_of(market.directory, seq, folder / f"{seq}")
        made.append((folder / f"{seq}").read_bytes())
    prove_account(market.directory, 2000, folder / "account")
    return [*made, (folder / "account").read_bytes()]


def test_roots_and_proofs_stay_and_the_bodies_go(market: Market, tmp_path: Path) -> None:
    before, proved = state(market.directory), proofs(market, tmp_path / "before")
    roots = [frame.root for frame in log.read(market.directory).frames]
    report = prune(market.directory)
    assert (report.pruned, report.packets, report.state_root) == (3, 3, roots[-1])
    assert report.freed > 3 * 4627
    assert state(market.directory) == before
    assert proofs(market, tmp_path / "after") == proved
    assert verify_file(tmp_path / "after" / "2", roots[-1].hex()).verified
    reading = log.read(market.directory)
    assert [frame.root for frame in reading.frames] == roots
    assert check(market.directory).holds


def test_a_pruned_ledger_goes_on_and_is_replayed_and_pruned_again(market: Market) -> None:
    whole = market.directory.with_name("whole")
    shutil.copytree(market.directory, whole)
    prune(market.directory)
    for number in range(3):
        pay(market, f"pay {number}")
    report = replay(ReplayRequest(market.directory))
    assert (report.exit_code, report.packets) == (0, 6)
    assert follow(whole, market.directory).added == 3
    assert state(whole).state_root == state(market.directory).state_root
    take(market.directory)
    pay(market, "more")
    assert prune(market.directory).pruned == 7
    pay(market, "last")
    assert check(market.directory).packets == 8
    assert len(log.read(market.directory).frames) == 9


def test_what_needs_a_body_says_that_it_is_gone(market: Market, tmp_path: Path) -> None:
    prune(market.directory)
    for ask in (
        lambda: export(market.directory, tmp_path / "m", Table.MOVEMENTS, Form.CSV),
        lambda: follow(tmp_path / "copy", market.directory),
    ):
        with pytest.raises(InputError, match="packet 1 was pruned; 3 packets were"):
            ask()
    export(market.directory, tmp_path / "a", Table.ACCOUNTS, Form.CSV)
    (snapshot,) = (market.directory / "snapshots").iterdir()
    data = snapshot.read_bytes()
    snapshot.unlink()
    with pytest.raises(InputError, match="3 packets were pruned"):
        state(market.directory)
    snapshot.write_bytes(data[:-1] + bytes((data[-1] ^ 1,)))
    with pytest.raises((Halt, InputError)):
        state(market.directory)


class CrashError(Exception):
    pass


@pytest.mark.parametrize("done", [0, 1, 2])
def test_a_crash_at_any_moment_of_pruning_leaves_a_ledger(
    market: Market, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    """Before the record, before the segment is written anew, before the older ones go."""
    monkeypatch.setattr(log, "SEGMENT_BYTES", 6_000)
    for number in range(3):
        pay(market, f"pay {number}")
    assert len(list((market.directory / "log").glob("*.log"))) > 2
    before = state(market.directory)
    put, calls = log_prune.put, []

    def counted(*arguments: object) -> int:
        calls.append(arguments)
        if len(calls) > done:
            raise CrashError
        size = put(*arguments)
        if len(calls) == done == 2:
            raise CrashError
        return size

    with monkeypatch.context() as patched:
        patched.setattr(log_prune, "put", counted)
        asked = arguments_of(market)
        with pytest.raises(CrashError):
            log.prune(market.directory, *asked)
    assert state(market.directory) == before
    assert prune(market.directory).pruned == 6
    assert state(market.directory) == before
    assert len(list((market.directory / "log").glob("*.log"))) == 1


def arguments_of(market: Market) -> tuple[int, list[Digest], Digest]:
    """What `prune` asks of the log, with the snapshot that it takes before."""
    take(market.directory)
    _, history = history_of(market.directory, providers.DEFAULT)
    return len(history), [packet for packet, _ in history], ZERO_DIGEST


def test_every_changed_byte_of_the_record_is_noticed(market: Market) -> None:
    prune(market.directory)
    record = market.directory / "log" / "pruned"
    data = record.read_bytes()
    for place in range(0, len(data), 41):
        record.write_bytes(data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :])
        with pytest.raises(Halt) as caught:
            log.read(market.directory)
        assert caught.value.code is Code.LOG_CORRUPT
    record.write_bytes(data)
    writer, _ = log.open_writer(market.directory)
    with writer, pytest.raises(UsageError, match="another process"):
        prune(market.directory)
