"""What of a log belongs into its trail: a pure function of packets and their receipts.

- Orders to audited machines, refused ones too; upgrades; resumes, each after the halt that it ends.
- The caller says which orders are certificates and checkpoints; all others are orders.
- Ticks and orders to other machines leave no entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from qfs.canon import Digest, Value, encode, pack
from qfs.crypto import NOBODY, KeyId
from qfs.kernel import Action, Order, Receipt, Resume, Tick, Transactions, Upgrade
from qfs.trail.entry import Kind

Audited: TypeAlias = Mapping[str, Mapping[int, Kind]]
"""Name of an audited machine -> number of a command -> what its orders are, unless ORDER."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, before it has its place in a trail."""

    kind: Kind
    seq: int
    packet: Digest
    time_us: int
    actor: KeyId
    machine: str
    answer: str
    content: bytes


def of_genesis(ledger: Digest, orders: Sequence[Order], audited: Audited) -> tuple[Fact, ...]:
    """Return the facts of a genesis: its founding orders to audited machines, all accepted."""
    return tuple(
        [
            Fact(
                _kind(order, audited), 0, ledger, 0, NOBODY, order.machine, "", encode(order.record)
            )
            for order in orders
            if order.machine in audited
        ]
    )


def of_receipt(
    receipt: Receipt, time_us: int, actor: KeyId, action: Action, audited: Audited
) -> tuple[Fact, ...]:
    """Return the facts of an applied packet, in the order of its orders.

    receipt is the packet's own; time_us, actor and action are what the gate admitted.
    """

    def fact(kind: Kind, machine: str, answer: str, content: Value) -> Fact:
        return Fact(
            kind, receipt.seq, receipt.packet, time_us, actor, machine, answer, encode(content)
        )

    match action:
        case Transactions():
            return tuple(
                [
                    fact(_kind(order, audited), order.machine, _answer(receipt, at), order.record)
                    for at, group in enumerate(action.groups)
                    for order in group
                    if order.machine in audited
                ]
            )
        case Upgrade():
            return (fact(Kind.UPGRADE, action.machine, _answer(receipt, 0), pack(action)),)
        case Resume():
            return (
                fact(Kind.HALT, "", "", [action.halt]),
                fact(Kind.RESUME, "", "", [action.halt]),
            )
        case Tick():
            return ()


def _kind(order: Order, audited: Audited) -> Kind:
    command = order.record[0] if type(order.record) is list and order.record else None
    return audited[order.machine].get(command, Kind.ORDER) if type(command) is int else Kind.ORDER


def _answer(receipt: Receipt, at: int) -> str:
    refused = receipt.answers[at]
    return "" if refused is None else refused.reason
