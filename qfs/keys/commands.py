"""What one may ask of the key registry.

- Heights in commands are sequence numbers; a height that must lie ahead is above the packet's own.
- ``possession`` is the new key's signature over ``possession_message``; the gate verifies it.
"""

from dataclasses import dataclass
from typing import TypeAlias

from qfs.canon import Digest, Registry
from qfs.crypto import KeyId, Profile
from qfs.keys.state import Reason, Role

AT_ONCE = 0
"""A height that means: from the packet after this one."""


@dataclass(frozen=True, slots=True)
class Enrol:
    """Make a key known, as the first of its line."""

    profile: Profile
    public_key: bytes
    """Raw."""
    roles: tuple[Role, ...]
    """Ascending, none twice, at least one."""
    active_from: int | None = AT_ONCE
    """First packet it may sign; None: not before an Activate."""
    expires: int | None = None
    """First packet it may no longer sign; None: as the policy's cryptoperiod says."""
    possession: bytes = b""
    """Empty in genesis alone, where the ledger's id is not known yet."""


@dataclass(frozen=True, slots=True)
class Activate:
    """Let a pre-active key sign from the next packet on."""

    key: KeyId


@dataclass(frozen=True, slots=True)
class Rotate:
    """Replace the newest key of the actor's own line; signed by the old key and by the new."""

    key: KeyId
    """The key that is replaced."""
    profile: Profile
    public_key: bytes
    overlap: int
    """Packets for which the old key goes on signing, 0 .. policy.overlap_max."""
    expires: int | None
    possession: bytes


@dataclass(frozen=True, slots=True)
class Revoke:
    """Refuse a key from a packet on."""

    key: KeyId
    reason: Reason
    from_seq: int = AT_ONCE


@dataclass(frozen=True, slots=True)
class Expire:
    """Let a key end sooner than it would."""

    key: KeyId
    at_seq: int = AT_ONCE


@dataclass(frozen=True, slots=True)
class Approve:
    """Say yes, as a root line, to a command that needs the threshold."""

    subject: Digest
    """``subject_of`` that command."""


@dataclass(frozen=True, slots=True)
class Recover:
    """Give a line whose keys are lost or stolen a new key; revokes the line's usable keys."""

    principal: KeyId
    profile: Profile
    public_key: bytes
    expires: int | None
    possession: bytes


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """Change how keys are governed."""

    threshold: int
    """0: the majority; else at most the number of standing root lines."""
    cryptoperiod: int
    overlap_max: int


Command: TypeAlias = Enrol | Activate | Rotate | Revoke | Expire | Approve | Recover | SetPolicy

COMMANDS = (
    Registry("keys command")
    .add(1, 1, Enrol)
    .add(2, 1, Activate)
    .add(3, 1, Rotate)
    .add(4, 1, Revoke)
    .add(5, 1, Expire)
    .add(6, 1, Approve)
    .add(7, 1, Recover)
    .add(8, 1, SetPolicy)
)
