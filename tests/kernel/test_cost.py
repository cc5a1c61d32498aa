"""The cost meter: counted and never measured, with a limit a packet."""

from dataclasses import replace

import pytest

from qfs.halt import Code, Halt
from qfs.kernel import TransactionRefusal, Transactions, apply, found
from qfs.kernel.step import PACKET_COST_MAX
from tests.kernel.toys import AUDIT, GENESIS, MACHINES, NOTE, SHELF, Put, Take, admitted, asks, raw

OVER = TransactionRefusal.COST_EXCEEDED.name


def by_count(command):
    return command.count


PRICED = {**MACHINES, ("shelf", 1): replace(SHELF, cost=by_count)}


def run(action, machines=PRICED, reactions=()):
    world = found(machines, GENESIS)
    _, receipt = apply(machines, reactions, world, admitted(world, action))
    return [None if one is None else one.reason for one in receipt.answers], receipt.cost


@pytest.mark.parametrize(
    ("what", "groups", "answers", "cost"),
    [
        ("an order costs a unit, and its command's", ((Put("a", 3),),), [None], 4),
        ("each order counts", ((Put("a", 3), Put("b", 2)), (Put("c", 1),)), [None, None], 9),
        ("a refused one too", ((Put("a", 3),), (Take("b", 5),)), [None, "NOT_ENOUGH"], 10),
        ("to the limit", ((Put("a", PACKET_COST_MAX - 1),),), [None], PACKET_COST_MAX),
        ("no further", ((Put("a", PACKET_COST_MAX),),), [OVER], 1),
        (
            "one that is too dear leaves room for others",
            ((Put("a", PACKET_COST_MAX),), (Put("b", 1),)),
            [OVER, None],
            3,
        ),
        (
            "what is spent is spent, though its transaction is undone",
            ((Put("a", PACKET_COST_MAX - 9), Take("b", 1)), (Put("c", 7),)),
            ["NOT_ENOUGH", OVER],
            PACKET_COST_MAX - 9 + 1 + 2 + 1,
        ),
    ],
)
def test_units_are_counted_and_bounded(what, groups, answers, cost):
    assert run(asks(*groups)) == (answers, cost), what


def test_orders_that_nobody_can_read_cost_their_unit():
    groups = ((raw("shelf", [99, 1]),), (raw("nobody", [1, 1]),))
    assert run(Transactions(groups)) == (["MALFORMED_ORDER", "UNKNOWN_MACHINE"], 2)


def test_a_machine_without_a_price_costs_the_unit_alone():
    assert run(asks((Put("a", 300),)), MACHINES) == ([None], 1)


def test_reactions_count():
    assert AUDIT.cost(None) == 0
    assert run(asks((Put("a", 3),)), reactions=[NOTE]) == ([None], 5)


@pytest.mark.parametrize("price", [-1, True, None, "1"])
def test_a_price_that_is_none_halts(price):
    machines = {**MACHINES, ("shelf", 1): replace(SHELF, cost=lambda command: price)}
    with pytest.raises(Halt) as halted:
        run(asks((Put("a", 1),)), machines)
    assert halted.value.code is Code.DECIDE_FAILED
