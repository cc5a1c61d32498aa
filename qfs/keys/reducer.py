"""The key registry's decisions, what they change, and the sentences that stay true.

Order of checks (a refusal is the first that fails); each command's function lists its own part:

1. authority: in genesis everything is asked by NOBODY; later the actor's line needs the role, or
   owns the key;
2. the key named is enrolled; a new key has its profile's length and is not enrolled;
3. standing, strength, overlap, heights;
4. a new key's proof of possession is there (the gate has verified it);
5. root lines left, and approvals of the root threshold, where the command touches a root key.
"""

from dataclasses import replace
from typing import assert_never

from qfs.canon import DIGEST_BYTES
from qfs.crypto import KeyId
from qfs.kernel import Context, Decision, Reducer
from qfs.keys import lines
from qfs.keys.authority import agreed, founding, has_role, is_approved, leaves_too_few
from qfs.keys.commands import (
    AT_ONCE,
    COMMANDS,
    Activate,
    Approve,
    Command,
    Enrol,
    Expire,
    Recover,
    Revoke,
    Rotate,
    SetPolicy,
)
from qfs.keys.events import (
    EFFECTS,
    EVENTS,
    Activated,
    ApprovalsSpent,
    Approved,
    Enrolled,
    Event,
    ExpirySet,
    PolicySet,
    Recovered,
    Refusal,
    Revoked,
    Rotated,
)
from qfs.keys.invariants import DELTA_INVARIANTS, STATE_INVARIANTS
from qfs.keys.possession import subject_of
from qfs.keys.state import (
    KeyRecord,
    Policy,
    Role,
    Standing,
    State,
    genesis,
    record_of,
    roots_standing,
    standing,
)

Answer = Decision[Event, State] | Refusal
MAX_HEIGHTS = 1 << 48
"""Bound of a cryptoperiod and an overlap: 89 years at 100,000 packets a second."""


def decide(state: State, command: Command, context: Context) -> Answer:
    """Answer one command; the order of checks is the module's."""
    match command:
        case Enrol():
            return lines.enrol(state, command, context)
        case Activate():
            return _activate(state, command, context)
        case Rotate():
            return lines.rotate(state, command, context)
        case Revoke():
            return _revoke(state, command, context)
        case Expire():
            return _expire(state, command, context)
        case Approve():
            return _approve(state, command, context)
        case Recover():
            return lines.recover(state, command, context)
        case SetPolicy():
            return _set_policy(state, command, context)
    assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Return the state after an event."""
    match event:
        case Enrolled():
            return _enrolled(state, event)
        case Activated():
            record = replace(record_of(state, event.key), active_from=event.from_seq)
            return replace(state, keys=state.keys.set(event.key, record))
        case Rotated():
            retired = replace(record_of(state, event.old), expires=event.retires)
            keys = state.keys.set(event.old, retired)
            return _succeeded(replace(state, keys=keys), event.old, event.key, event.record)
        case Revoked():
            record = replace(
                record_of(state, event.key), revoked_from=event.from_seq, reason=event.reason
            )
            return replace(state, keys=state.keys.set(event.key, record))
        case ExpirySet():
            record = replace(record_of(state, event.key), expires=event.at_seq)
            return replace(state, keys=state.keys.set(event.key, record))
        case Approved():
            place = (bytes(event.subject), bytes(event.principal))
            return replace(state, approvals=state.approvals.set(place, event.seq))
        case ApprovalsSpent():
            return _spent(state, event)
        case Recovered():
            return _succeeded(state, event.old, event.key, event.record)
        case PolicySet():
            return replace(state, policy=event.policy)
    assert_never(event)


def _activate(state: State, command: Activate, context: Context) -> Answer:
    """Check: a root or operator asks, the key is known, it waits for activation."""
    if not founding(context) and not has_role(state, context, Role.ROOT, Role.OPERATOR):
        return Refusal.LACKS_AUTHORITY
    record = state.keys.get(command.key)
    if record is None:
        return Refusal.KEY_UNKNOWN
    waiting = standing(record, context.seq + 1) is Standing.PRE_ACTIVE
    if record.active_from is not None or not waiting:
        return Refusal.NOT_PRE_ACTIVE
    return Decision((Activated(command.key, context.seq + 1),))


def _revoke(state: State, command: Revoke, context: Context) -> Answer:
    """Check: key known, authority, height ahead, not revoked sooner, roots left, approvals."""
    record = state.keys.get(command.key)
    if record is None:
        return Refusal.KEY_UNKNOWN
    if not _may_end(state, record, context):
        return Refusal.LACKS_AUTHORITY
    from_seq = context.seq + 1 if command.from_seq == AT_ONCE else command.from_seq
    if from_seq <= context.seq:
        return Refusal.HEIGHT_NOT_AHEAD
    if record.revoked_from is not None and record.revoked_from <= from_seq:
        return Refusal.ALREADY_REVOKED
    ended: Event = Revoked(command.key, from_seq, command.reason)
    return _ended(state, command, record, ended, context)


def _expire(state: State, command: Expire, context: Context) -> Answer:
    """Check: key known, authority, height ahead, sooner than now, roots left, approvals."""
    record = state.keys.get(command.key)
    if record is None:
        return Refusal.KEY_UNKNOWN
    if not _may_end(state, record, context):
        return Refusal.LACKS_AUTHORITY
    at_seq = context.seq + 1 if command.at_seq == AT_ONCE else command.at_seq
    if at_seq <= context.seq:
        return Refusal.HEIGHT_NOT_AHEAD
    if record.expires is not None and record.expires <= at_seq:
        return Refusal.EXPIRES_TOO_LATE
    return _ended(state, command, record, ExpirySet(command.key, at_seq), context)


def _approve(state: State, command: Approve, context: Context) -> Answer:
    """Check: a root line asks, the subject is a digest."""
    if not has_role(state, context, Role.ROOT):
        return Refusal.LACKS_AUTHORITY
    if len(command.subject) != DIGEST_BYTES:
        return Refusal.SUBJECT_MALFORMED
    return Decision((Approved(command.subject, context.actor, context.seq),))


def _set_policy(state: State, command: SetPolicy, context: Context) -> Answer:
    """Check: founding or a root line, numbers in their bounds, approvals."""
    if not founding(context) and not has_role(state, context, Role.ROOT):
        return Refusal.LACKS_AUTHORITY
    bounded = all(
        0 <= number <= MAX_HEIGHTS for number in (command.cryptoperiod, command.overlap_max)
    )
    roots = len(roots_standing(state, context.seq))
    if not bounded or not 0 <= command.threshold <= roots:
        return Refusal.POLICY_MALFORMED
    if not founding(context) and not agreed(state, command, context):
        return Refusal.APPROVALS_MISSING
    made = PolicySet(Policy(command.threshold, command.cryptoperiod, command.overlap_max))
    return Decision((made, *_spending(state, command)))


def _may_end(state: State, record: KeyRecord, context: Context) -> bool:
    """Say whether the actor may ask to end a key: its own line's, or any as a root line."""
    own = record.principal == context.actor
    return founding(context) or own or has_role(state, context, Role.ROOT)


def _ended(
    state: State, command: Revoke | Expire, record: KeyRecord, event: Event, context: Context
) -> Answer:
    """Return the event that ends a key, unless a root line would end against the rules."""
    if leaves_too_few(state, command.key, context):
        return Refusal.LAST_ROOTS
    others_root = Role.ROOT in record.roles and record.principal != context.actor
    if others_root and not founding(context) and not agreed(state, command, context):
        return Refusal.APPROVALS_MISSING
    return Decision((event, *_spending(state, command)))


def _spending(state: State, command: Command) -> tuple[Event, ...]:
    subject = subject_of(command)
    return (ApprovalsSpent(subject),) if is_approved(state, subject) else ()


def _enrolled(state: State, event: Enrolled) -> State:
    roots = state.roots
    if Role.ROOT in event.record.roles:
        roots = roots.set(event.key, event.record.enrolled)
    return replace(
        state,
        keys=state.keys.set(event.key, event.record),
        newest=state.newest.set(event.key, event.key),
        roots=roots,
    )


def _succeeded(state: State, old: KeyId, key: KeyId, record: KeyRecord) -> State:
    return replace(
        state,
        keys=state.keys.set(key, record),
        newest=state.newest.set(record.principal, key),
        before=state.before.set(key, old),
    )


def _spent(state: State, event: ApprovalsSpent) -> State:
    approvals = state.approvals
    for principal in state.roots.keys():  # noqa: SIM118 (a Table iterates only when asked)
        approvals = approvals.delete((bytes(event.subject), bytes(principal)))
    return replace(state, approvals=approvals)


MACHINE = Reducer(
    name="keys",
    version=1,
    genesis=genesis,
    decide=decide,
    evolve=evolve,
    commands=COMMANDS,
    events=EVENTS,
    refusals=Refusal,
    effects=EFFECTS,
    invariants=DELTA_INVARIANTS,
    state_invariants=STATE_INVARIANTS,
)
