"""Kind 1: transactions, ``[[[machine, [kind, version, field ...]], ...], ...]``.

- At least one group and one order in each: an empty packet would only be noise in the chain.
- An order's record stays in canonical form; the machine's version in force reads it.
"""

from qfs.canon import Value
from qfs.errors import RecordError
from qfs.kernel.admitted import Action, Order, Transactions
from qfs.packet.kinds.kind import Kind

MAX_MACHINE_NAME = 64


def _pack(action: Transactions) -> Value:
    _check(action)
    return [[[order.machine, order.record] for order in group] for group in action.groups]


def _unpack(value: Value) -> Action:
    if type(value) is not list:
        raise RecordError("transactions are an array of groups", place="payload")
    action = Transactions(tuple([_group(item) for item in value]))
    _check(action)
    return action


def _group(value: Value) -> tuple[Order, ...]:
    if type(value) is not list:
        raise RecordError("a transaction is an array of orders", place="payload")
    return tuple([_order(item) for item in value])


def _order(value: Value) -> Order:
    if type(value) is not list or len(value) != 2:
        raise RecordError("an order is [machine, record]", place="payload")
    machine, record = value
    if type(machine) is not str:
        raise RecordError("an order names its machine in text", place="payload")
    return Order(machine, record)


def _check(action: Transactions) -> None:
    if not action.groups or not all(action.groups):
        raise RecordError("a packet or a transaction without orders", place="payload")
    for group in action.groups:
        for order in group:
            if not 1 <= len(order.machine) <= MAX_MACHINE_NAME:
                raise RecordError(
                    f"a machine name of {len(order.machine)} characters",
                    place="payload",
                    way_out=f"names have 1 to {MAX_MACHINE_NAME}",
                )
            if type(order.record) is not list:
                raise RecordError("a record is a list [kind, version, field ...]", place="payload")


KIND = Kind(1, "transactions", Transactions, _pack, _unpack)
