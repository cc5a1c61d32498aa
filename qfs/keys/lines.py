"""New keys: the first of a line, its successor, and the one that recovers it.

- A line goes on with its roles; an algorithm never becomes weaker along it.
- At most two keys of a line are usable at once: a rotation waits until the overlap is over.
"""

from itertools import pairwise

from qfs.crypto import SIZES, KeyId, Profile, key_id
from qfs.kernel import Context, Decision
from qfs.keys.authority import agreed, founding, has_role, is_approved
from qfs.keys.commands import AT_ONCE, Enrol, Recover, Rotate
from qfs.keys.events import ApprovalsSpent, Enrolled, Event, Recovered, Refusal, Revoked, Rotated
from qfs.keys.possession import subject_of
from qfs.keys.state import (
    KeyRecord,
    Reason,
    Role,
    Standing,
    State,
    newest_of,
    principal_roles,
    record_of,
    standing,
)

Answer = Decision[Event, State] | Refusal

_STRENGTH = {Profile.ML_DSA_44: 2, Profile.ML_DSA_65: 3, Profile.ML_DSA_87: 5}
"""NIST security categories (FIPS 204 table 1)."""


def enrol(state: State, command: Enrol, context: Context) -> Answer:
    """Answer Enrol: authority, key, roles, heights, possession, approvals for a root line."""
    at_founding = founding(context)
    for_submitters = command.roles == (Role.SUBMITTER,)
    enrollers = (Role.ROOT, Role.OPERATOR) if for_submitters else (Role.ROOT,)
    if not at_founding and not has_role(state, context, *enrollers):
        return Refusal.LACKS_AUTHORITY
    made = _new_key(state, command.profile, command.public_key)
    if isinstance(made, Refusal):
        return made
    numbers = [role.value for role in command.roles]
    if not numbers or any(low >= high for low, high in pairwise(numbers)):
        return Refusal.ROLES_MALFORMED
    active_from = command.active_from
    if active_from == AT_ONCE:
        active_from = context.seq + 1
    if active_from is not None and active_from <= context.seq:
        return Refusal.HEIGHT_NOT_AHEAD
    expires = _expiry(state, command.expires, active_from or context.seq + 1)
    if isinstance(expires, Refusal):
        return expires
    if not at_founding and not command.possession:
        return Refusal.POSSESSION_MISSING
    if Role.ROOT in command.roles and not at_founding and not agreed(state, command, context):
        return Refusal.APPROVALS_MISSING
    record = KeyRecord(
        profile=command.profile,
        public_key=command.public_key,
        principal=made,
        roles=command.roles,
        enrolled=context.seq,
        active_from=active_from,
        expires=expires,
    )
    return _with_spent(state, command, [Enrolled(made, record)])


def rotate(state: State, command: Rotate, context: Context) -> Answer:
    """Answer Rotate: the old key's line, the new key, old key's standing, overlap, possession."""
    old = state.keys.get(command.key)
    if old is None:
        return Refusal.KEY_UNKNOWN
    if old.principal != context.actor:
        return Refusal.LACKS_AUTHORITY
    made = _new_key(state, command.profile, command.public_key)
    if isinstance(made, Refusal):
        return made
    if newest_of(state, old.principal) != command.key:
        return Refusal.NOT_NEWEST
    if standing(old, context.seq) is not Standing.ACTIVE:
        return Refusal.NOT_ACTIVE
    if _STRENGTH[command.profile] < _STRENGTH[old.profile]:
        return Refusal.WEAKER_PROFILE
    if not 0 <= command.overlap <= state.policy.overlap_max:
        return Refusal.OVERLAP_TOO_LONG
    before = state.before.get(command.key)
    if before is not None and standing(record_of(state, before), context.seq) is Standing.ACTIVE:
        return Refusal.OVERLAP_RUNNING
    expires = _expiry(state, command.expires, context.seq + 1)
    if isinstance(expires, Refusal):
        return expires
    if not command.possession:
        return Refusal.POSSESSION_MISSING
    retires = context.seq + 1 + command.overlap
    if old.expires is not None:
        retires = min(retires, old.expires)
    record = _successor(old, command.profile, command.public_key, context.seq, expires)
    return Decision((Rotated(command.key, retires, made, record),))


def recover(state: State, command: Recover, context: Context) -> Answer:
    """Answer Recover: a root line asks, the line, the new key, possession, approvals."""
    if not has_role(state, context, Role.ROOT):
        return Refusal.LACKS_AUTHORITY
    if not principal_roles(state, command.principal):
        return Refusal.KEY_UNKNOWN
    made = _new_key(state, command.profile, command.public_key)
    if isinstance(made, Refusal):
        return made
    newest = newest_of(state, command.principal)
    old = record_of(state, newest)
    if _STRENGTH[command.profile] < _STRENGTH[old.profile]:
        return Refusal.WEAKER_PROFILE
    expires = _expiry(state, command.expires, context.seq + 1)
    if isinstance(expires, Refusal):
        return expires
    if not command.possession:
        return Refusal.POSSESSION_MISSING
    if not agreed(state, command, context):
        return Refusal.APPROVALS_MISSING
    before = state.before.get(newest)
    line = (newest,) if before is None else (newest, before)
    usable = (Standing.ACTIVE, Standing.PRE_ACTIVE)
    events: list[Event] = [
        Revoked(key, context.seq + 1, Reason.KEY_COMPROMISE)
        for key in line
        if standing(record_of(state, key), context.seq + 1) in usable
    ]
    record = _successor(old, command.profile, command.public_key, context.seq, expires)
    events.append(Recovered(newest, made, record))
    return _with_spent(state, command, events)


def _new_key(state: State, profile: Profile, public_key: bytes) -> KeyId | Refusal:
    """Return the id of a key that may be enrolled, or why it may not."""
    if len(public_key) != SIZES[profile].public_key:
        return Refusal.KEY_MALFORMED
    made = key_id(profile, public_key)
    return Refusal.KEY_KNOWN if made in state.keys else made


def _expiry(state: State, asked: int | None, active_from: int) -> int | Refusal | None:
    """Return when a key that may sign from a height on expires, within the cryptoperiod."""
    period = state.policy.cryptoperiod
    latest = active_from + period if period else None
    if asked is None:
        return latest
    if asked <= active_from:
        return Refusal.EXPIRES_TOO_EARLY
    if latest is not None and asked > latest:
        return Refusal.EXPIRES_TOO_LATE
    return asked


def _successor(
    old: KeyRecord, profile: Profile, public_key: bytes, seq: int, expires: int | None
) -> KeyRecord:
    return KeyRecord(
        profile=profile,
        public_key=public_key,
        principal=old.principal,
        roles=old.roles,
        enrolled=seq,
        active_from=seq + 1,
        expires=expires,
    )


def _with_spent(
    state: State, command: Enrol | Recover, events: list[Event]
) -> Decision[Event, State]:
    """Return the events, and that the command's approvals are used up where it had any."""
    subject = subject_of(command)
    if is_approved(state, subject):
        events.append(ApprovalsSpent(subject))
    return Decision(tuple(events))
