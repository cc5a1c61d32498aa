"""What the kernel applies: a packet that the gate has admitted.

- Opaque to the kernel's callers: ``qfs.gate`` alone makes one (an import contract and a tidy test
  say so), so that an unverified packet cannot be passed on.
- A transaction is all or nothing; a packet is a list of transactions, each with its own answer.
"""

from dataclasses import dataclass
from typing import TypeAlias

from qfs.canon import Digest, Value
from qfs.crypto.ports import KeyId


@dataclass(frozen=True, slots=True)
class Order:
    """One command for one machine, still in canonical form: the machine's version reads it."""

    machine: str
    record: Value
    """[kind, version, field ...] of the machine's commands."""


@dataclass(frozen=True, slots=True)
class Transactions:
    """Groups of orders; each group happens whole or not at all."""

    groups: tuple[tuple[Order, ...], ...]


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Activates a machine's version from a height on."""

    machine: str
    version: int
    height: int
    """First sequence number that the new version applies; above the packet's own."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Moves time and nothing else: carries an idle ledger over a long gap."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Ends a halt; signed by the root threshold."""

    halt: Digest
    """Digest of the halt record that it answers."""


Action: TypeAlias = Transactions | Upgrade | Tick | Resume


@dataclass(frozen=True, slots=True)
class Admitted:
    """A verified packet, ready to apply; only ``qfs.gate`` makes one."""

    ledger: Digest
    seq: int
    packet: Digest
    previous: Digest
    time_us: int
    actor: KeyId
    seed: bytes
    action: Action
    cosigners: tuple[KeyId, ...] = ()
    """Principals of the other lines that signed, in the order of their key ids."""
