"""What can have happened in the key registry, and why it says no."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from qfs.canon import Digest, Registry
from qfs.crypto import KeyId
from qfs.keys.state import KeyRecord, Policy, Reason


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A line began with this key."""

    key: KeyId
    record: KeyRecord


@dataclass(frozen=True, slots=True)
class Activated:
    """A pre-active key may sign."""

    key: KeyId
    from_seq: int


@dataclass(frozen=True, slots=True)
class Rotated:
    """A line went on with a new key; the old one signs until it retires."""

    old: KeyId
    retires: int
    """First sequence number that the old key may no longer sign."""
    key: KeyId
    record: KeyRecord


@dataclass(frozen=True, slots=True)
class Revoked:
    """A key is refused from a sequence number on."""

    key: KeyId
    from_seq: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class ExpirySet:
    """A key ends sooner."""

    key: KeyId
    at_seq: int


@dataclass(frozen=True, slots=True)
class Approved:
    """A root line said yes to a subject."""

    subject: Digest
    principal: KeyId
    seq: int


@dataclass(frozen=True, slots=True)
class ApprovalsSpent:
    """A subject was carried out: its approvals are gone."""

    subject: Digest


@dataclass(frozen=True, slots=True)
class Recovered:
    """A line went on with a key that the root threshold gave it."""

    old: KeyId
    key: KeyId
    record: KeyRecord


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Keys are governed in another way."""

    policy: Policy


Event: TypeAlias = (
    Enrolled
    | Activated
    | Rotated
    | Revoked
    | ExpirySet
    | Approved
    | ApprovalsSpent
    | Recovered
    | PolicySet
)

EVENTS = (
    Registry("keys event")
    .add(1, 1, Enrolled)
    .add(2, 1, Activated)
    .add(3, 1, Rotated)
    .add(4, 1, Revoked)
    .add(5, 1, ExpirySet)
    .add(6, 1, Approved)
    .add(7, 1, ApprovalsSpent)
    .add(8, 1, Recovered)
    .add(9, 1, PolicySet)
)

EFFECTS = Registry("keys effect")


class Refusal(Enum):
    """Why the key registry says no."""

    LACKS_AUTHORITY = "lacks-authority"
    """The packet's key has no role, and is not of the line, that this command needs."""
    KEY_MALFORMED = "key-malformed"
    """The public key's length is not its profile's."""
    KEY_KNOWN = "key-known"
    """The key is enrolled already; a key is enrolled once and for one line."""
    KEY_UNKNOWN = "key-unknown"
    """No such key, or no such line, is enrolled."""
    ROLES_MALFORMED = "roles-malformed"
    """Roles are empty, repeated or out of order."""
    HEIGHT_NOT_AHEAD = "height-not-ahead"
    """A height that must lie ahead is this packet's own or an earlier one."""
    EXPIRES_TOO_EARLY = "expires-too-early"
    """The key would expire before it could sign."""
    EXPIRES_TOO_LATE = "expires-too-late"
    """The key would outlive the policy's cryptoperiod, or an expiry would be put off."""
    POSSESSION_MISSING = "possession-missing"
    """A new key comes without its own signature."""
    NOT_PRE_ACTIVE = "not-pre-active"
    """The key to activate has a height already, or has ended."""
    NOT_NEWEST = "not-newest"
    """The key to rotate is not the newest of its line."""
    NOT_ACTIVE = "not-active"
    """The key to rotate is not active."""
    WEAKER_PROFILE = "weaker-profile"
    """The new key's algorithm is weaker than the one it replaces."""
    OVERLAP_TOO_LONG = "overlap-too-long"
    """The overlap is negative or above the policy's."""
    OVERLAP_RUNNING = "overlap-running"
    """The key that the newest replaced has not retired yet."""
    ALREADY_REVOKED = "already-revoked"
    """The key is revoked from that packet on, or an earlier one, already."""
    APPROVALS_MISSING = "approvals-missing"
    """Fewer root lines than the threshold have said yes lately."""
    LAST_ROOTS = "last-roots"
    """Fewer root lines would be left standing than the policy's threshold needs."""
    POLICY_MALFORMED = "policy-malformed"
    """A policy's number is negative, too large, or above the standing root lines."""
    SUBJECT_MALFORMED = "subject-malformed"
    """What is approved is not named by 32 bytes."""
