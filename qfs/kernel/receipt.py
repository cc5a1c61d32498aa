"""What applying a packet answers: one answer a transaction, the effects, the new root.

- A receipt has its own digest and is not part of the world's root.
- The digests of the proof logs are in it when `apply` was asked to prove, and change no root.
- A refusal is named by its enum member; a machine's members never share a name with the kernel's.
"""

from dataclasses import dataclass
from enum import Enum

from qfs.canon import Digest, digest, pack


class TransactionRefusal(Enum):
    """Why the kernel itself refuses a transaction."""

    UNKNOWN_MACHINE = 1
    """The order names a machine that is not enabled in this world."""
    MALFORMED_ORDER = 2
    """The machine's registry of commands cannot read the order."""
    ARITHMETIC = 3
    """CertifiedMath stopped the decision: an overflow, a division by zero, a domain."""
    COST_EXCEEDED = 4
    """The packet's orders have cost all the units that a packet has."""


class UpgradeRefusal(Enum):
    """Why an upgrade is not scheduled; in the order of the checks."""

    NO_MACHINE_NAME = 1
    """The name is malformed or reserved."""
    HEIGHT_NOT_AHEAD = 2
    """The height is not above the packet's own sequence number, or beyond 2**63 - 1."""
    HEIGHT_BEFORE_SCHEDULED = 3
    """An upgrade of the same machine is scheduled for this height or a later one."""
    VERSION_NOT_NEXT = 4
    """An enabled machine goes one version up; a new one begins with any version from 1 on."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The first order that was refused; its transaction left what its machines say is spent."""

    order: int
    """Position in the transaction."""
    machine: str
    """Who said no: the order's machine, or the one that a reaction asked."""
    reason: str
    """Name of the refusal's member."""
    reaction: str = ""
    """Name of the reaction that asked; empty for the order itself."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to one packet."""

    seq: int
    packet: Digest
    root: Digest
    """Root of the world after the packet."""
    answers: tuple[Refused | None, ...]
    """One a transaction (one for an upgrade): None is yes."""
    orders: int
    """How many commands were decided, reactions included, in refused transactions too."""
    cost: int
    """Units that the packet's orders cost, refused ones too; counted, never measured."""
    effects: tuple[tuple[int, int, int], ...]
    """Identities of the effects that entered the outbox."""
    activated: tuple[tuple[str, int], ...]
    """Machine versions that became active with this packet."""
    proofs: tuple[Digest, ...] = ()
    """When asked for: the digest of each transaction's proof log, in the order of the answers."""
    results: tuple[tuple[int, int, bytes], ...] = ()
    """(transaction, order, a code a row) of each order that asked for many things at once; the
    machine's own refusals number the codes, 0 is yes."""

    def digest(self) -> Digest:
        """Return the receipt's digest."""
        return digest("qfs/receipt/1", pack(self))
