"""`qfs ledger check` names every sentence, and each of its own can be seen to break."""

from dataclasses import replace
from pathlib import Path

import pytest

from qfs.app.checking import PROVED, check, proved, recounted, spread
from qfs.app.proving import history_of
from qfs.app.recount import Recount
from qfs.app.worlds import derive
from qfs.canon import Digest
from qfs.crypto.ports import NOBODY
from qfs.kernel import Context, Executed, Transactions, World
from qfs.ledger import Batch, Leg, State, Transact
from qfs.ledger.commands import Issue, OpenAccount
from qfs.shell import log, providers
from tests.app.logs import MINE, OTHER, House, idempotency, order
from tests.app.markets import ISSUE, OPEN_A, OPEN_B, PAY, Market

FLX, UNDONE = 1, 9_999


def pay(number: int, amount: int, nonce: int) -> Transact:
    legs = (Leg(MINE, FLX, -amount), Leg(OTHER, FLX, amount))
    return Transact(MINE, nonce, idempotency(number), legs)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A ledger in which rows and batches are accepted, refused and undone."""
    made = House(tmp_path / "ledger", signed=True)
    mine = made.operator.id
    again = order(OpenAccount(MINE, mine))
    groups = [
        (order(OpenAccount(MINE, mine)), order(OpenAccount(OTHER, mine))),
        (order(Issue(FLX, MINE, 1_000, 0, b"I" * 16)),),
        (order(Batch.of([pay(1, 400, 0), pay(2, 700, 1), pay(3, 600, 2), pay(4, 1, 9)])),),
        (order(pay(5, 1, 3)),),
        (order(pay(6, 0, 3)),),
        (order(Batch.of([pay(7, 9, 4)])), again),
        (order(OpenAccount(UNDONE, mine)), order(replace(pay(8, 1, 0), account=UNDONE))),
    ]
    for group in groups:
        made.send(Transactions((group,)))
    made.writer.close()
    return made


def recount_of(directory: Path) -> tuple[Recount, World]:
    recount, ran = Recount(), list[Executed]()
    for step in derive(log.read(directory).frames, watch=ran.append):
        if step.receipt is None:
            recount.begin(step.world.states["ledger"])
        recount.packet(step, ran)
        ran.clear()
        world = step.world
    return recount, world


def test_a_check_names_every_sentence_and_all_hold(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.submit(market.script(OPEN_A, OPEN_B, ISSUE, PAY))
    report = check(market.directory)
    names = [name for name, _ in report.checks]
    assert report.holds, report
    assert names[:2] == [
        "every_packet_and_root_is_re_derived",
        "what_was_acknowledged_is_recovered",
    ]
    assert {
        "keys.every_line_is_whole",
        "ledger.each_token_sums_to_its_cap",
        "proofs.each_account_is_as_its_proof_says",
        "proofs.each_packet_is_where_its_proof_says",
        "recount.balances_and_nonces_equal_a_naive_model",
        "recount.each_nonce_is_used_once_and_in_order",
        "recount.no_key_is_used_twice_while_it_is_kept",
    } <= {*names}
    assert names[-1] == "a_snapshot_leads_to_the_same_root"
    assert not replace(report, checks=(("x", False),)).holds


def test_refused_and_undone_rows_are_counted_as_they_were_spent(
    house: House, tmp_path: Path
) -> None:
    recount, world = recount_of(tmp_path / "ledger")
    assert all(holds for _, holds in recounted(recount, world))
    assert recount.balances[OTHER][FLX] == 1_000
    assert recount.nonces[MINE] == world.states["ledger"].accounts.get(MINE).nonce == 5
    assert check(tmp_path / "ledger").holds


def test_a_recount_differs_from_a_state_that_is_not_the_logs(house: House, tmp_path: Path) -> None:
    recount, world = recount_of(tmp_path / "ledger")
    recount.balances[OTHER][FLX] -= 1
    assert recounted(recount, world)[0][1] is False
    recount.balances[OTHER][FLX] += 1
    recount.nonces[OTHER] += 1
    assert recounted(recount, world)[0][1] is False
    recount.nonces[OTHER] -= 1
    del recount.balances[OTHER]
    assert recounted(recount, world)[0][1] is False


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        (pay(5, 1, 5), "recount.no_key_is_used_twice_while_it_is_kept"),
        (pay(9, 1, 4), "recount.each_nonce_is_used_once_and_in_order"),
        (replace(pay(9, 1, 5), legs=(Leg(OTHER, FLX, 1),)), "each_movement_conserves_each_token"),
        (pay(9, 1, 5), "recount.no_balance_was_ever_negative"),
    ],
)
def test_a_row_that_should_have_been_refused_breaks_its_sentence(
    house: House, tmp_path: Path, row: Transact, broken: str
) -> None:
    recount, world = recount_of(tmp_path / "ledger")
    state: State = world.states["ledger"]
    steps = list(derive(log.read(tmp_path / "ledger").frames))
    accepted = next(one for one in steps if one.receipt and one.receipt.answers == (None,))
    seen = Context(world.ledger, 1, world.head, 0, NOBODY, bytes(32), "ledger", 0)
    ran = Executed(0, 0, 0, "ledger", "", row, state, state, "", seen)
    recount.packet(replace(accepted, world=world), [ran])
    false = [name for name, holds in recounted(recount, world) if not holds]
    assert any(name.endswith(broken) for name in false), false


def test_a_history_that_is_not_the_ledgers_is_not_proved(house: House, tmp_path: Path) -> None:
    world, history = history_of(tmp_path / "ledger", providers.DEFAULT)
    assert [holds for _, holds in proved(world, history)] == [True, True]
    elsewhere = replace(world, root=Digest(bytes(32)))
    assert [holds for _, holds in proved(elsewhere, history)] == [False, False]


def test_what_is_proved_is_spread_from_the_first_to_the_last() -> None:
    assert spread([]) == []
    assert spread([4, 9]) == [4, 9]
    chosen = spread(range(1_000))
    assert (len(chosen), chosen[0], chosen[-1]) == (PROVED, 0, 999)
    assert chosen == sorted(dict.fromkeys(chosen))
