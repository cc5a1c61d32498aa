"""Transfers across packets from a scenario to an export, in a ledger that enables them."""

from decimal import Decimal
from pathlib import Path

from qfs.app.checking import check
from qfs.app.exporting import Table, history, rows_of
from qfs.app.ledger import state
from qfs.app.submission import SubmitReport
from tests.app.markets import ISSUE, OPEN_A, OPEN_B, PAY, Market

SWAP = [
    {"account": "a", "token": "FLX", "change": "-4"},
    {"account": "b", "token": "FLX", "change": "4"},
]
PROPOSE = {"do": "propose", "hold": "swap", "packets": 6, "legs": SWAP}
LOCK = {"do": "lock", "by": "alice", "hold": "swap", "account": "a", "token": "FLX"}
NEXT = [{"do": step, "hold": "swap"} for step in ("prepare", "commit", "finish")]


def begun(folder: Path, *, holds: bool = True) -> Market:
    market = Market(folder, holds=holds)
    assert market.submit(market.script(OPEN_A, OPEN_B, ISSUE)).as_expected
    return market


def held(market: Market) -> dict[int, str]:
    return {row.id: dict(row.balances)["FLX"] for row in state(market.directory).accounts}


def submitted(
    market: Market, called: str, *steps: dict[str, object], batch: int = 1
) -> SubmitReport:
    """Submit a scenario of a name of its own: idempotency keys come from it."""
    path = market.script(*steps, name="more.jsonl", batch=batch)
    path.write_text(path.read_text("utf-8").replace('"day"', f'"{called}"', 1), "utf-8")
    report = market.submit(path)
    assert report.as_expected, report
    return report


def test_a_hold_goes_over_as_many_packets_as_it_takes(tmp_path: Path) -> None:
    market = begun(tmp_path)
    assert submitted(market, "one", PROPOSE, LOCK).packets == 2
    assert (held(market)[2000], held(market)[2**64 - 1]) == ("6", "4")
    submitted(market, "two", PAY, *NEXT)
    assert (held(market)[2000], held(market)[2001], held(market)[2**64 - 1]) == ("5", "5", "0")
    report = check(market.directory)
    assert report.holds
    assert ("escrow.the_escrow_covers_what_is_locked", True) in report.checks
    past = history(market.directory)
    sums = {account: Decimal(0) for account in (2000, 2001, 2**64 - 1)}
    for row in rows_of(past, Table.MOVEMENTS):
        if row[4] in sums and row[5] == "FLX":
            sums[int(row[4])] += Decimal(row[6])
    assert {account: str(total) for account, total in sums.items()} == {
        account: held(market)[account] for account in sums
    }
    commands = [one.command for one in past.movements]
    assert commands == ["genesis", "issue", "escrow-take", "transfer", "escrow-give"]


def test_all_of_a_hold_fits_into_one_packet(tmp_path: Path) -> None:
    market = begun(tmp_path)
    steps = [PROPOSE, {**LOCK, "by": "operator", "expect": "NOT_AUTHORISED"}]
    submitted(market, "one", *steps, batch=9)
    again = {**PROPOSE, "hold": "other", "by": "alice"}
    mine = [{**step, "hold": "other", "by": "alice"} for step in (LOCK, *NEXT)]
    assert submitted(market, "two", again, *mine, batch=9).packets == 1
    assert held(market)[2001] == "4"


def test_what_is_rolled_back_leaves_no_trace_and_goes_on_under_a_new_token(tmp_path: Path) -> None:
    market = begun(tmp_path)
    back = {"do": "roll-back", "by": "alice", "hold": "swap"}
    late = {**LOCK, "fence": 1, "expect": "STALE_FENCE"}
    submitted(market, "one", PROPOSE, LOCK, back, PROPOSE, late, LOCK)
    assert held(market)[2000] == "6"
    rest = [{**PAY, "amount": "0.1"}] * 4
    expired = {**NEXT[0], "expect": "EXPIRED"}
    submitted(market, "two", *rest, expired, {**back, "by": "bob"})
    assert (held(market)[2000], held(market)[2**64 - 1]) == ("9.6", "0")


def test_a_ledger_without_holds_refuses_them(tmp_path: Path) -> None:
    market = begun(tmp_path, holds=False)
    for step in (PROPOSE, LOCK, *NEXT):
        submitted(market, str(step["do"]), {**step, "expect": "UNKNOWN_MACHINE"})
