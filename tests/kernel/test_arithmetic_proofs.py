"""Proof logs in receipts: one digest a transaction, when asked, and no root changes for it."""

from dataclasses import dataclass
from enum import Enum

from qfs import certmath
from qfs.canon import Registry
from qfs.certmath import Fixed, ProofLog, recheck
from qfs.kernel import Context, Decision, Genesis, Reducer, apply, found
from qfs.kernel.admitted import Order, Transactions
from tests.kernel.toys import admitted


@dataclass(frozen=True, slots=True)
class Accrue:
    rate: int
    """Interest a period, in units of 10**-18."""
    periods: int


@dataclass(frozen=True, slots=True)
class Accrued:
    balance: int


@dataclass(frozen=True, slots=True)
class Savings:
    balance: int


class SavingsRefusal(Enum):
    FOUR_PERIODS_AT_MOST = 1


def decide(
    state: Savings, command: Accrue, context: Context
) -> Decision[Accrued, Savings] | SavingsRefusal:
    grown = certmath.compound(
        Fixed.from_raw(state.balance),
        Fixed.from_raw(command.rate),
        command.periods,
        log=context.proof,
    )
    if command.periods > 4:
        return SavingsRefusal.FOUR_PERIODS_AT_MOST
    return Decision((Accrued(grown.raw),))


SAVINGS = Reducer(
    name="savings",
    version=1,
    genesis=lambda: Savings(10**20),
    decide=decide,
    evolve=lambda _state, event: Savings(event.balance),
    commands=Registry("savings command").add(1, 1, Accrue),
    events=Registry("savings event").add(1, 1, Accrued),
    refusals=SavingsRefusal,
    effects=Registry("savings effect"),
)
MACHINES = {("savings", 1): SAVINGS}
PERCENT = 10**16


def a_packet(proofs: list[ProofLog] | None):
    world = found(MACHINES, Genesis("bank", (("savings", 1),), ()))
    one, refused = (
        Order("savings", SAVINGS.commands.pack(Accrue(PERCENT, periods))) for periods in (1, 5)
    )
    action = Transactions(((one, one), (refused,), ()))
    return apply(MACHINES, (), world, admitted(world, action), proofs=proofs)


def test_a_receipt_has_the_digest_of_each_transactions_arithmetic_when_asked() -> None:
    logs: list[ProofLog] = []
    world, receipt = a_packet(logs)
    assert [len(log) for log in logs] == [2, 1, 0]
    assert receipt.proofs == tuple([log.digest() for log in logs])
    assert [recheck(done) for log in logs for done in log.operations] == [True, True, True]
    assert logs[0].operations[1].result == world.states["savings"].balance


def test_a_log_that_held_others_before_gives_the_receipt_this_packets_alone() -> None:
    logs = [ProofLog()]
    _, receipt = a_packet(logs)
    assert len(logs) == 4
    assert receipt.proofs == tuple([log.digest() for log in logs[1:]])


def test_asking_for_proofs_changes_no_root_and_not_asking_records_none() -> None:
    proved, plain = a_packet([]), a_packet(None)
    assert proved[0].root == plain[0].root
    assert plain[1].proofs == ()
    assert proved[1].digest() != plain[1].digest()
