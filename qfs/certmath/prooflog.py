"""The proof log: every operation of a transaction, one canonical encoding, one digest.

- Off by default: a function writes only where its caller passes ``log=``. No ambient state.
- An operation is the raw function's name, its rounding, its raw arguments and its raw result: all
  that ``certify`` needs to re-check it on another machine, in another year.
- Encoding: canonical array ``[1, [[function, rounding, arguments, result] ...]]``; the digest is
  over it under the tag ``qfs/proof/1``.
"""

from dataclasses import dataclass
from typing import TypeAlias

from qfs.canon import Digest, Value, decode, digest, encode
from qfs.certmath.rounding import Rounding
from qfs.errors import RecordError

Raw: TypeAlias = "int | tuple[int, ...]"

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: what was asked, and what was answered."""

    function: str
    """Name in ``qfs.certmath.raw``: ``exp``."""
    rounding: Rounding
    arguments: tuple[Raw, ...]
    """Raw units, or a plain count where the function takes one; sequences as tuples."""
    result: Raw
    """Raw units; (quotient, rest) of divmod, all parts of allocate."""

    def canonical(self) -> list[Value]:
        """Return [function, rounding, arguments, result]."""
        return [self.function, str(self.rounding), list(self.arguments), self.result]

    @classmethod
    def from_canonical(cls, value: Value) -> "Operation":
        """Return the operation; raises RecordError for any other value."""
        if type(value) is not list or len(value) != 4:
            raise RecordError("an operation is a list of four")
        function, rounding, arguments, result = value
        if type(function) is not str or rounding not in list(Rounding):
            raise RecordError(f"{function!r}, {rounding!r} name no function and rounding")
        if type(arguments) is not list:
            raise RecordError(f"the arguments of {function} are a list")
        raws = tuple([_raw(argument, function) for argument in arguments])
        return cls(function, Rounding(rounding), raws, _raw(result, function))


class ProofLog:
    """Collects operations in the order in which they happen."""

    __slots__ = ("_operations",)

    def __init__(self) -> None:
        self._operations: list[Operation] = []

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations so far."""
        return tuple(self._operations)

    def __len__(self) -> int:
        return len(self._operations)

    def record(
        self, function: str, rounding: Rounding, arguments: tuple[Raw, ...], result: Raw
    ) -> None:
        """Add one operation."""
        self._operations.append(Operation(function, rounding, arguments, result))

    def canonical(self) -> list[Value]:
        """Return [1, operations]."""
        return [_VERSION, [operation.canonical() for operation in self._operations]]

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        return encode(self.canonical())

    def digest(self) -> Digest:
        """Return the one digest of the transaction's operations."""
        return digest("qfs/proof/1", self.canonical())

    @classmethod
    def from_bytes(cls, data: bytes) -> "ProofLog":
        """Return the log of canonical bytes; raises CanonError for any other bytes."""
        value = decode(data)
        if type(value) is not list or len(value) != 2 or value[0] != _VERSION:
            raise RecordError("no proof log of version 1")
        made = cls()
        operations = value[1]
        if type(operations) is not list:
            raise RecordError("the operations of a proof log are a list")
        made._operations = [Operation.from_canonical(operation) for operation in operations]
        return made


def _raw(value: Value, function: str) -> Raw:
    if type(value) is int:
        return value
    if type(value) is list:
        items = [item for item in value if type(item) is int]
        if len(items) == len(value):
            return tuple(items)
    raise RecordError(f"{function}: {value!r} is no raw number")
