"""Submitting scenarios: what is appended, what is not, and what a halt leaves behind."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from qfs import packet
from qfs.app import submission
from qfs.app.checking import check
from qfs.app.ledger import state
from qfs.app.machines import MACHINES
from qfs.app.scenario import read_scenario
from qfs.app.submission import SubmitRequest, Surprise, batches, submit
from qfs.errors import InputError, UsageError
from qfs.halt import Code, Halt, HaltRecord
from qfs.kernel import DeltaInvariant
from qfs.shell import log
from tests.app.markets import ISSUE, MARKET_DAY, OPEN_A, OPEN_B, PAY, Market, key

DAY_US = 86_400_000_000


def bodies(market: Market) -> list[packet.Signed]:
    return [packet.decode(frame.body) for frame in log.read(market.directory).frames[1:]]


def test_a_day_on_the_market_is_answered_as_expected(tmp_path: Path) -> None:
    market = Market(tmp_path)
    report = market.submit(MARKET_DAY)
    assert report.as_expected
    assert report.accepted + report.refused == report.steps > 300
    assert report.refused > 50
    after = state(market.directory)
    assert (after.packets, after.state_root) == (report.packets, report.state_root)
    for symbol, issued, _ in after.tokens:
        assert issued != "0", symbol
    assert check(market.directory).holds


def test_two_submissions_differ_in_signatures_alone(tmp_path: Path) -> None:
    one, other = Market(tmp_path, "one"), Market(tmp_path, "other")
    first, second = one.submit(MARKET_DAY), other.submit(MARKET_DAY)
    assert first.state_root == second.state_root
    assert [each.body for each in bodies(one)] == [each.body for each in bodies(other)]
    assert bodies(one)[0].signature != bodies(other)[0].signature


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    market = Market(tmp_path)
    before = market.contents()
    rehearsed = market.submit(MARKET_DAY, dry_run=True)
    assert market.contents() == before
    done = market.submit(MARKET_DAY)
    assert rehearsed.state_root == done.state_root
    assert (rehearsed.packets, rehearsed.dry_run) == (done.packets, True)


def test_a_scenario_submitted_again_moves_nothing_again(tmp_path: Path) -> None:
    market = Market(tmp_path)
    script = market.script(OPEN_A, OPEN_B, ISSUE)
    assert market.submit(script).as_expected
    pay = market.script(PAY, name="pay.jsonl")
    assert market.submit(pay).as_expected
    before = market.contents()
    again = market.submit(pay)
    assert [one.actual for one in again.surprises] == ["KEY_ALREADY_USED"]
    assert market.contents() == before


def test_a_scenario_that_was_cut_short_goes_on_to_the_same_root(tmp_path: Path) -> None:
    whole, cut = Market(tmp_path, "whole"), Market(tmp_path, "cut")
    steps = [OPEN_A, OPEN_B, ISSUE, ISSUE, PAY, {**PAY, "amount": "99"}, ISSUE, PAY]
    steps[5]["expect"] = "EXCEEDS_BALANCE"
    script = whole.script(*steps)
    at_once = whole.submit(script)
    assert (at_once.as_expected, at_once.go_on_from) == (True, None)
    assert cut.submit(cut.script(*steps[:5], name="cut.jsonl")).as_expected
    again = cut.submit(script)
    assert (again.packets, again.surprises[0].actual) == (0, "ACCOUNT_EXISTS")
    assert again.go_on_from == 6
    keys = tuple(tmp_path / f"{name}.pem" for name in ("operator", "alice", "bob"))
    rest = submit(SubmitRequest(cut.directory, script, keys, first=6))
    assert (rest.as_expected, rest.accepted, rest.refused) == (True, 2, 1)
    assert rest.state_root == at_once.state_root
    assert cut.submit(script).go_on_from is None
    for first in (0, 9):
        with pytest.raises(UsageError, match=f"there is no step {first}\n  -> give 1 .. 8"):
            submit(SubmitRequest(cut.directory, script, keys, first=first))


def test_a_step_that_surprises_is_where_a_submission_goes_on(tmp_path: Path) -> None:
    market = Market(tmp_path)
    script = market.script(OPEN_A, OPEN_B, ISSUE, {**PAY, "amount": "11"}, ISSUE)
    assert market.submit(script, dry_run=True).go_on_from is None
    assert market.submit(script).go_on_from == 4


@pytest.mark.parametrize(
    ("step", "expected", "actual"),
    [
        ({**PAY, "amount": "11"}, "accepted", "EXCEEDS_BALANCE"),
        ({**PAY, "expect": "EXCEEDS_BALANCE"}, "EXCEEDS_BALANCE", "accepted"),
        ({**PAY, "amount": "11", "expect": "WRONG_NONCE"}, "WRONG_NONCE", "EXCEEDS_BALANCE"),
    ],
)
def test_a_packet_with_a_surprise_is_not_appended_and_those_before_it_stand(
    tmp_path: Path, step: dict[str, str], expected: str, actual: str
) -> None:
    market = Market(tmp_path)
    report = market.submit(market.script(OPEN_A, OPEN_B, ISSUE, PAY, step, ISSUE))
    assert not report.as_expected
    assert report.surprises == (Surprise("day.jsonl:6:1", 5, "transfer", expected, actual),)
    assert (report.packets, report.accepted, report.refused) == (4, 4, 0)
    assert state(market.directory).state_root == report.state_root


def test_a_key_that_is_not_enrolled_is_not_admitted(tmp_path: Path) -> None:
    market = Market(tmp_path)
    script = market.script(OPEN_A, {**OPEN_B, "by": "stranger"})
    report = market.submit(script, ("operator", "alice", "bob", "stranger"))
    assert report.not_admitted == "day.jsonl:3:1: KEY_UNKNOWN"
    assert (report.as_expected, report.packets) == (False, 1)


def test_batches_have_one_signer_and_at_most_their_size(tmp_path: Path) -> None:
    market = Market(tmp_path)
    fresh = {**ISSUE, "packet": "new"}
    script = market.script(*[ISSUE] * 5, PAY, PAY, *[ISSUE] * 2, fresh, fresh, batch=3)
    scenario = read_scenario(script)
    assert [[step.by for step in batch] for batch in batches(scenario)] == [
        ["operator"] * 3,
        ["operator"] * 2,
        ["alice"] * 2,
        ["operator"] * 2,
        ["operator"],
        ["operator"],
    ]


def test_nonces_go_on_inside_a_packet_and_refusals_for_a_balance_use_one(tmp_path: Path) -> None:
    market = Market(tmp_path)
    over = {**PAY, "amount": "99", "expect": "EXCEEDS_BALANCE"}
    report = market.submit(market.script(OPEN_A, OPEN_B, ISSUE, PAY, over, PAY, over, PAY, batch=9))
    assert report.as_expected
    assert report.packets == 2
    # A unit an order; 1 for an account opened, 4 for an issue, 5 for each transfer, refused or not.
    assert report.cost == 8 + 2 * 1 + 4 + 5 * 5


def test_without_a_seed_and_a_time_they_are_fresh(tmp_path: Path) -> None:
    market = Market(tmp_path)
    before = time.time_ns() // 1_000
    market.submit(market.script(OPEN_A, OPEN_B, seed=None, start_time_us=None))
    first, second = [each.packet for each in bodies(market)]
    assert before <= first.time_us <= second.time_us <= time.time_ns() // 1_000
    assert first.seed != second.seed


@pytest.mark.parametrize(("gap", "ticks"), [(DAY_US, 0), (DAY_US + 1, 1), (400 * DAY_US, 1)])
def test_a_gap_of_more_than_a_day_is_crossed_by_a_tick(
    tmp_path: Path, gap: int, ticks: int
) -> None:
    market = Market(tmp_path)
    start = 1_790_000_000_000_000
    assert market.submit(market.script(OPEN_A, start_time_us=start)).as_expected
    report = market.submit(
        market.script(OPEN_B, name="later", start_time_us=start + gap).rename(
            tmp_path / "later.jsonl"
        )
    )
    assert report.as_expected
    assert report.packets == 1 + ticks
    assert [each.packet.kind for each in bodies(market)][1:] == [3] * ticks + [1]


def test_a_tick_that_nobody_may_send_is_named(tmp_path: Path) -> None:
    market = Market(tmp_path)
    assert market.submit(market.script(OPEN_A, OPEN_B, ISSUE)).as_expected
    late = market.script(PAY, name="late.jsonl", start_time_us=1_790_000_000_000_000 + 3 * DAY_US)
    report = market.submit(late, ("alice",))
    assert report.not_admitted == (
        "late.jsonl:2:1: more than a day since packet 3, so a tick comes first: LACKS_ROLE;"
        " give the key of an operator or root too"
    )
    assert report.packets == 0
    assert market.submit(late).as_expected


def test_time_never_goes_back(tmp_path: Path) -> None:
    market = Market(tmp_path)
    assert market.submit(market.script(OPEN_A, start_time_us=10**15)).as_expected
    assert market.submit(market.script(OPEN_B, name="b.jsonl", start_time_us=0)).as_expected
    times = [each.packet.time_us for each in bodies(market)]
    assert times == [10**15, 10**15 + 1_000]


def test_a_torn_tail_is_cut_off_and_reported(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.submit(market.script(OPEN_A))
    whole = market.segment.read_bytes()
    market.segment.write_bytes(whole + b"QFSLOG1\n torn")
    assert check(market.directory).torn_at == len(whole)
    report = market.submit(market.script(OPEN_B, name="b.jsonl"))
    assert report.torn_at == len(whole)
    assert check(market.directory).torn_at is None


def flipped(market: Market, at: int) -> None:
    data = bytearray(market.segment.read_bytes())
    data[at] ^= 1
    market.segment.write_bytes(bytes(data))


def test_a_changed_byte_halts_the_ledger_once_and_for_all(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.submit(market.script(OPEN_A, OPEN_B, ISSUE))
    frames = log.read(market.directory).frames
    flipped(market, frames[2].offset + 200)
    more = market.script(PAY, name="more.jsonl")
    with pytest.raises(Halt) as first:
        market.submit(more)
    assert first.value.code is Code.LOG_CORRUPT
    record = HaltRecord.from_bytes((market.directory / "halt.cbor").read_bytes())
    assert (record.code, record.seq, record.root) == ("302.01", 2, frames[1].root)
    stands = market.contents()
    for dry_run in (False, True):
        with pytest.raises(Halt) as later:
            market.submit(more, dry_run=dry_run)
        assert later.value.code is Code.HALTED
        assert later.value.facts["halt"] == record.digest()
    assert market.contents() == stands


def test_a_packet_that_breaks_an_invariant_halts_before_it_is_appended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = Market(tmp_path)
    assert market.submit(market.script(OPEN_A, OPEN_B)).as_expected
    agreed = log.read(market.directory).frames[-1].root
    broken = DeltaInvariant("nothing_is_ever_issued", lambda before, event, after: False)
    machine = MACHINES["ledger", 1]
    program = {**MACHINES, ("ledger", 1): replace(machine, invariants=(broken,))}
    monkeypatch.setattr(submission, "MACHINES", program)
    with pytest.raises(Halt, match="nothing_is_ever_issued"):
        market.submit(market.script(ISSUE, name="issue.jsonl"))
    record = log.read_halt(market.directory)
    assert record is not None
    assert (record.code, record.seq, record.root) == ("302.04", 3, agreed)
    assert record.packet != bytes(32)
    assert log.read(market.directory).frames[-1].root == agreed
    monkeypatch.undo()
    with pytest.raises(Halt, match="HALTED"):
        market.submit(market.script(PAY, name="pay.jsonl"))


def test_a_log_that_records_another_root_halts_though_its_bytes_are_whole(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.submit(market.script(OPEN_A, OPEN_B))
    frames = log.read(market.directory).frames
    market.directory = tmp_path / "rewritten"
    with log.create(market.directory, frames[0].body, frames[0].root) as writer:
        writer.append(frames[1].body, frames[1].root)
        writer.append(frames[2].body, frames[1].root)
    with pytest.raises(Halt) as halted:
        market.submit(market.script(PAY, name="pay.jsonl"))
    assert halted.value.code is Code.ROOT_MISMATCH
    record = log.read_halt(market.directory)
    assert record is not None
    assert (record.code, record.seq, record.root) == ("302.03", 2, frames[1].root)
    assert record.packet == packet.decode(frames[2].body).id


def test_reading_a_corrupt_ledger_halts_and_writes_nothing(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.submit(market.script(OPEN_A, OPEN_B))
    flipped(market, log.read(market.directory).frames[1].offset + 100)
    before = market.contents()
    for use in (check, state):
        with pytest.raises(Halt, match=r"302\.01"):
            use(market.directory)
    with pytest.raises(Halt, match=r"302\.01"):
        market.submit(market.script(PAY, name="p.jsonl"), dry_run=True)
    assert market.contents() == before


def test_a_ledger_is_written_by_one_process_at_a_time(tmp_path: Path) -> None:
    market = Market(tmp_path)
    writer, _ = log.open_writer(market.directory)
    with writer, pytest.raises(UsageError, match="another process"):
        market.submit(market.script(OPEN_A))
    assert market.submit(market.script(OPEN_A)).as_expected


def test_names_and_files_that_are_missing_are_errors_before_anything_is_written(
    tmp_path: Path,
) -> None:
    market = Market(tmp_path)
    before = market.contents()
    good = market.script(OPEN_A)
    pem = tmp_path / "operator.pem"
    twice = tmp_path / "operator.copy"
    twice.write_bytes(pem.read_bytes())
    twice.chmod(0o600)
    garbage = tmp_path / "garbage.pem"
    garbage.write_bytes(b"\x00" * 100)
    garbage.chmod(0o600)
    calls = [
        (market.directory, good, (tmp_path / "alice.pem",), "no key is called 'operator'"),
        (market.directory, good, (pem,), "no key is called 'alice'"),
        (market.directory, good, (pem, twice), "two keys are called 'operator'"),
        (market.directory, good, (garbage,), "garbage"),
        (market.directory, good, (tmp_path / "none.pem",), "none.pem"),
        (market.directory, tmp_path / "none.toml", (pem,), "cannot read"),
        (tmp_path / "nowhere", market.script(name="no.jsonl"), (pem,), "does not exist"),
        (tmp_path, market.script(name="no.jsonl"), (pem,), "holds no ledger"),
    ]
    for directory, scenario, keys, message in calls:
        with pytest.raises((InputError, UsageError), match=message):
            submit(SubmitRequest(directory, scenario, keys))
    assert market.contents() == before


def test_an_owner_may_be_named_by_key_id_alone(tmp_path: Path) -> None:
    market = Market(tmp_path)
    keys = {"alice": key("alice").public.id.hex()}
    report = market.submit(market.script(OPEN_A, keys=keys), ("operator",))
    assert report.as_expected
    clash = market.script(OPEN_B, name="clash.jsonl", keys={"bob": keys["alice"]})
    with pytest.raises(InputError, match="another key under"):
        market.submit(clash)
    owners = {row.id: row.owner for row in state(market.directory).accounts}
    assert owners[2000] == keys["alice"]
