"""Kind 1: transactions, ``[[[machine, [kind, version, field ...]], ...], ...]``.

- At least one group and one order in each: an empty packet would only be noise in the chain.
- An order's record stays in canonical form; the machine's version in force reads it.
"""

from qfs.canon import Reader, Value
from qfs.errors import CanonError, RecordError
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


_SHORT = 24
"""Below this a head holds its own number (RFC 8949 §3)."""
_TEXT, _ARRAY = 0x60, 0x80
_ORDER = _ARRAY + 2
_RECORD_DEPTH = 3
"""A record stands in its order, its transaction and the list of them."""


def _read(payload: bytes) -> Transactions | None:
    """Return the transactions whose heads are where sound ones are; None for any other.

    A replay does this for every packet, and half of its time over goes without it; what a payload
    has done wrong is left to `decode` and `_unpack`.
    """
    try:
        reader = Reader(payload)
        if not _ARRAY < payload[0] <= _ARRAY + 27:
            return None
        groups = []
        for _ in range(reader.number(payload[0] - _ARRAY)):
            group = _group_at(reader, payload)
            if group is None:
                return None
            groups.append(group)
    except (CanonError, IndexError, UnicodeDecodeError):
        return None
    return Transactions(tuple(groups)) if groups and reader.at == len(payload) else None


def _group_at(reader: Reader, payload: bytes) -> tuple[Order, ...] | None:
    """Read one transaction of few orders, each with a short name and a record of few fields.

    Raises IndexError where the payload ends before its time, UnicodeDecodeError for a name that is
    not ASCII.
    """
    at = reader.at
    orders = payload[at] - _ARRAY
    if not 1 <= orders < _SHORT:
        return None
    at += 1
    group: list[Order] = []
    for _ in range(orders):
        length = payload[at + 1] - _TEXT
        after = at + 2 + length
        if not 1 <= length < _SHORT or payload[at] != _ORDER:
            return None
        fields = payload[after] - _ARRAY
        if not 0 <= fields < _SHORT:
            return None
        reader.at = after + 1
        name = payload[at + 2 : after].decode("ascii")
        group.append(Order(name, reader.array(fields, _RECORD_DEPTH)))
        at = reader.at
    return tuple(group)


KIND = Kind(1, "transactions", Transactions, _pack, _unpack, _read)
