"""What the key registry remembers, and what a key may do at a sequence number.

- Heights are sequence numbers of packets: half-open, ``active_from <= seq < expires``.
- A record is never deleted: history keeps verifying.
- Source: NIST SP 800-57 part 1 rev. 5 §7 (key states).
"""

from dataclasses import dataclass
from enum import Enum

from qfs.crypto import KeyId, Profile
from qfs.errors import ContractError
from qfs.kernel import Table


class Role(Enum):
    """What a line of keys may do besides signing transactions."""

    ROOT = 1
    """Govern: keys, policy, upgrades, resumes; alone or as one of the threshold."""
    OPERATOR = 2
    """Run: ticks, and enrolling submitters."""
    SUBMITTER = 3
    """Sign transactions; machines decide what they may move."""


class Reason(Enum):
    """Why a key was revoked (NIST SP 800-57 part 1 §8.3.5; numbers as RFC 5280 §5.3.1)."""

    UNSPECIFIED = 0
    KEY_COMPROMISE = 1
    AFFILIATION_CHANGED = 3
    SUPERSEDED = 4
    CESSATION = 5
    PRIVILEGE_WITHDRAWN = 9


class Standing(Enum):
    """A key's state at a sequence number (NIST SP 800-57 part 1 §7)."""

    PRE_ACTIVE = "pre-active"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    """Expired, or retired by a rotation whose overlap is over."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One enrolled key."""

    profile: Profile
    public_key: bytes
    """Raw, SIZES[profile].public_key bytes."""
    principal: KeyId
    """The first key of its line; a line's first key names itself."""
    roles: tuple[Role, ...]
    """Ascending, at least one; the same along a line."""
    enrolled: int
    """Sequence number of the packet that enrolled it; 0 in genesis."""
    active_from: int | None
    """First sequence number that it may sign; None until it is activated."""
    expires: int | None = None
    """First sequence number that it may no longer sign; None without end."""
    revoked_from: int | None = None
    """First sequence number from which it is refused as revoked; None while it is not."""
    reason: Reason | None = None
    """Why it was revoked; given exactly when revoked_from is."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How keys are governed; changed by the root threshold."""

    threshold: int = 0
    """Root lines that must agree; 0 is the majority of those that stand: 1 of 1, 2 of 3, 3 of 5."""
    cryptoperiod: int = 0
    """Packets after which a key expires unless its command says sooner; 0 is never."""
    overlap_max: int = 100_000
    """Most packets for which a rotated key may go on signing beside its successor."""


@dataclass(frozen=True, slots=True)
class State:
    """The registry; a value."""

    keys: Table[KeyId, KeyRecord]
    """Every key ever enrolled."""
    newest: Table[KeyId, KeyId]
    """Principal -> newest key of its line."""
    before: Table[KeyId, KeyId]
    """Key -> the key it replaced."""
    roots: Table[KeyId, int]
    """Principals with the role ROOT -> sequence number of their enrolment."""
    approvals: Table[tuple[bytes, bytes], int]
    """(subject, principal of a root line) -> sequence number of its Approve."""
    policy: Policy


def genesis() -> State:
    """Return the registry without a key."""
    return State(
        keys=Table.of(KeyId, KeyRecord),
        newest=Table.of(KeyId, KeyId),
        before=Table.of(KeyId, KeyId),
        roots=Table.of(KeyId, int),
        approvals=Table.of(tuple[bytes, bytes], int),
        policy=Policy(),
    )


def standing(record: KeyRecord, seq: int) -> Standing:
    """Return a key's state at a sequence number; a revocation outweighs everything."""
    if record.revoked_from is not None and seq >= record.revoked_from:
        return Standing.REVOKED
    if record.expires is not None and seq >= record.expires:
        return Standing.DEACTIVATED
    if record.active_from is None or seq < record.active_from:
        return Standing.PRE_ACTIVE
    return Standing.ACTIVE


def record_of(state: State, key: KeyId) -> KeyRecord:
    """Return the record of a key that is known to be enrolled; raises ContractError for others."""
    found = state.keys.get(key)
    if found is None:
        raise ContractError(f"key {key.hex()} is not enrolled")
    return found


def newest_of(state: State, principal: KeyId) -> KeyId:
    """Return the newest key of a line that is known to exist."""
    found = state.newest.get(principal)
    if found is None:
        raise ContractError(f"key {principal.hex()} names no line")
    return found


def principal_roles(state: State, principal: KeyId) -> tuple[Role, ...]:
    """Return a line's roles; none for an unknown principal."""
    record = state.keys.get(principal)
    return () if record is None or record.principal != principal else record.roles


def roots_standing(state: State, seq: int) -> tuple[KeyId, ...]:
    """Return the principals of the root lines whose newest key is not revoked or expired at seq.

    In the order of their key ids. A newest key that is about to become active counts.
    """
    alive = (Standing.ACTIVE, Standing.PRE_ACTIVE)
    return tuple(
        [
            principal
            for principal in state.roots.keys()  # noqa: SIM118 (a Table iterates only when asked)
            if standing(record_of(state, newest_of(state, principal)), seq) in alive
        ]
    )


def threshold(state: State, seq: int) -> int:
    """Return how many root lines must agree at a sequence number."""
    standing_now = len(roots_standing(state, seq))
    return state.policy.threshold or standing_now // 2 + 1
