"""The halt itself: the exception that carries it, the record that outlives it.

- Facts are canonical values in a fixed order; they say which packet, machine and key.
- An environment fault inside a guarded call passes through unchanged: it is not history.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from qfs.canon import ZERO_DIGEST, Digest, Registry, decode, digest, encode
from qfs.errors import EnvironmentFault, ProviderFault
from qfs.halt.codes import Code

T = TypeVar("T")
EXIT_HALTED = 3


@dataclass(frozen=True, slots=True)
class HaltRecord:
    """Why and where a ledger stopped."""

    code: str
    """Value of a Code: ``302.03``."""
    seq: int
    """Sequence number of the packet that could not be applied; 0 when it is genesis."""
    packet: Digest
    """Identity of that packet; zero when the bytes could not be read."""
    root: Digest
    """The last root that everybody agrees on: to it the ledger is rolled back."""
    facts: tuple[str, ...]
    """``name=value`` in the order of their names; bytes in hexadecimal."""
    previous: Digest = ZERO_DIGEST
    """Digest of the previous halt record of this ledger, or zero."""

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        return encode(_HALTS.pack(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> "HaltRecord":
        """Return the record; raises CanonError for any other bytes."""
        made: HaltRecord = _HALTS.unpack(decode(data))
        return made

    def digest(self) -> Digest:
        """Return the identity that a Resume names."""
        return digest("qfs/halt/1", _HALTS.pack(self))


_HALTS = Registry("halt record").add(1, 1, HaltRecord)


class Halt(Exception):  # noqa: N818 (neither an error of the caller nor of the environment)
    """CIR-302: a broken invariant. Carries its code and facts; nothing was partly applied."""

    def __init__(self, code: Code, **facts: int | str | bytes) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    def lines(self) -> tuple[str, ...]:
        """Return the facts as ``name=value``, in the order of their names."""
        return tuple(
            [
                f"{name}={value.hex() if isinstance(value, bytes) else value}"
                for name, value in sorted(self.facts.items())
            ]
        )

    def __str__(self) -> str:
        return f"CIR-{self.code.value} {self.code.name}: {', '.join(self.lines())}"

    def record(
        self, seq: int, packet: Digest, root: Digest, previous: Digest = ZERO_DIGEST
    ) -> HaltRecord:
        """Return the record of this halt at a place in a log."""
        return HaltRecord(self.code.value, seq, packet, root, self.lines(), previous)


def check(condition: bool, code: Code, **facts: int | str | bytes) -> None:  # noqa: FBT001
    """Halt unless the condition holds."""
    if not condition:
        halt(code, **facts)


def halt(code: Code, **facts: int | str | bytes) -> NoReturn:
    """Halt now."""
    raise Halt(code, **facts)


def guard(call: Callable[[], T], code: Code, **facts: int | str | bytes) -> T:
    """Return what the call returns; any error inside it is a halt that names the error's class.

    MemoryError, RecursionError, OSError, EnvironmentFault and ProviderFault pass: they are faults
    of this process, not of history. This is the project's one wide catch.
    """
    try:
        return call()
    except (Halt, MemoryError, RecursionError, OSError, EnvironmentFault, ProviderFault):
        raise
    except Exception as error:
        raise Halt(code, **{**facts, "error": type(error).__name__}) from error
