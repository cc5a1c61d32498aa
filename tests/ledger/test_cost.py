"""What each command costs: the rows that it reads and writes."""

import pytest

from qfs.ledger import (
    MACHINE,
    Assign,
    Batch,
    Burn,
    Delegate,
    Found,
    Issue,
    Leg,
    OpenAccount,
    Transact,
    Transfer,
    Undelegate,
)
from qfs.ledger.commands import Command, cost
from tests.ledger.books import ALICE, BOB, FLX, OPERATOR, PSYNC, key

CASES: list[tuple[Command, int]] = [
    (Found(OPERATOR, ()), 7),
    (Found(OPERATOR, (ALICE, BOB)), 21),
    (OpenAccount(1024, ALICE), 1),
    (Assign(1024, BOB), 1),
    (Delegate(1024, BOB), 1),
    (Undelegate(1024, BOB), 1),
    (Issue(FLX, 1024, 1, 0, key(1)), 4),
    (Burn(1024, FLX, 1, 0, key(1)), 4),
    (Transfer(1024, 1025, FLX, 1, 0, key(1)), 5),
    (Transfer(1024, 1025, PSYNC, 1, 0, key(1)), 5),
    (Transact(1024, 0, key(1), (Leg(1024, FLX, 1),) * 64), 66),
    (Batch.of([Transact(1024, 0, key(1), (Leg(1024, FLX, 1),) * n) for n in (64, 2, 2)]), 74),
]


@pytest.mark.parametrize(("command", "units"), CASES)
def test_a_command_costs_its_rows(command: Command, units: int) -> None:
    assert cost(command) == MACHINE.cost(command) == units


def test_every_command_has_a_price() -> None:
    priced = {type(command) for command, _ in CASES}
    assert priced == set(MACHINE.commands.classes())
