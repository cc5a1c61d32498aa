"""The record from which a ledger begins: its name, its machines, its founding orders.

- Canonical array [1, name, [[machine, version] ...], [[machine, order record] ...]].
- The ledger's identity is the digest of this record: another genesis is another ledger.
- Machines stand in the order of their names; the kernel's own names are reserved.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from qfs.canon import Digest, Value, decode, digest, encode
from qfs.errors import RecordError
from qfs.kernel.admitted import Order

FORMAT = 1
OUTBOX = "outbox"
"""Reserved: the kernel's built-in machine for effects."""
MACHINE_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}(/[a-z][a-z0-9-]{0,30})?")


@dataclass(frozen=True, slots=True)
class Genesis:
    """What every replica of one ledger begins with."""

    name: str
    """1 to 64 characters for people; part of the identity."""
    machines: tuple[tuple[str, int], ...]
    """(name, version) of each enabled machine, in the order of their names."""
    orders: tuple[Order, ...] = ()
    """Applied as packet 0, all or nothing, by the actor NOBODY."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= 64:
            raise RecordError(f"a name of {len(self.name)} characters", way_out="use 1 to 64")
        for name, version in self.machines:
            if not is_machine_name(name) or version < 1:
                raise RecordError(
                    f"{name!r} version {version} is no machine",
                    place="genesis",
                    way_out="use a lower-case name that is not reserved, and a version from 1 on",
                )
        for (first, _), (second, _) in pairwise(self.machines):
            if not first < second:
                raise RecordError(
                    f"{second!r} stands after {first!r}",
                    place="genesis",
                    way_out="name each machine once, in the order of their names",
                )

    def value(self) -> Value:
        """Return the canonical value."""
        return [
            FORMAT,
            self.name,
            [[name, version] for name, version in self.machines],
            [[order.machine, order.record] for order in self.orders],
        ]

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: the first frame of the log."""
        return encode(self.value())

    @classmethod
    def from_bytes(cls, data: bytes) -> "Genesis":
        """Return the record; raises CanonError, or RecordError for other canonical bytes."""
        match decode(data):
            case [int(form), str(name), list(machines), list(orders)] if (
                type(form) is int and form == FORMAT
            ):
                return cls(
                    name,
                    tuple([_machine(pair) for pair in machines]),
                    tuple([_order(pair) for pair in orders]),
                )
        raise RecordError("no genesis record of format 1", place="genesis")

    def digest(self) -> Digest:
        """Return the ledger's identity."""
        return digest("qfs/genesis/1", self.value())


def is_machine_name(name: str) -> bool:
    """Say whether a machine may have this name: ``group/name`` or ``name``, not reserved."""
    return name != OUTBOX and MACHINE_NAME.fullmatch(name) is not None


def _machine(pair: Value) -> tuple[str, int]:
    match pair:
        case [str(name), int(version)] if type(version) is int:
            return name, version
    raise RecordError("a machine is [name, version]", place="genesis")


def _order(pair: Value) -> Order:
    match pair:
        case [str(machine), record]:
            return Order(machine, record)
    raise RecordError("an order is [machine, record]", place="genesis")
