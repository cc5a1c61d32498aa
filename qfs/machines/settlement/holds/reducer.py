"""The decisions about holds and what they change.

The order of checks (a refusal is the first that fails):

1. shape: genesis and founding; id; legs; assets; balance; expiry;
2. the hold: free to propose, or known; its fencing token;
3. its stage, whose step it is, whether it has expired;
4. the place: whether it is next, whether it is free.
"""

from dataclasses import replace
from itertools import pairwise
from typing import TypeAlias, assert_never

from qfs.canon import Registry
from qfs.crypto.ports import KeyId
from qfs.errors import ContractError
from qfs.kernel import Context, Decision, Reducer
from qfs.machines.settlement.holds.commands import (
    COMMANDS,
    Command,
    Commit,
    Finish,
    Found,
    Lock,
    Prepare,
    Propose,
    RollBack,
    Step,
    cost,
)
from qfs.machines.settlement.holds.events import (
    EVENTS,
    Committed,
    Decided,
    Event,
    Founded,
    Locked,
    Prepared,
    Proposed,
    Refusal,
    RolledBack,
)
from qfs.machines.settlement.holds.invariants import DELTA_INVARIANTS, STATE_INVARIANTS
from qfs.machines.settlement.holds.state import (
    ACCOUNT_MAX,
    CHANGE_MAX,
    HOLD_BYTES,
    LEGS_MAX,
    LIVE,
    PACKETS_MAX,
    Hold,
    Leg,
    Stage,
    State,
    debits,
    genesis,
    is_balanced,
    payouts,
    refunds,
)

Answer: TypeAlias = Decision[Event, State] | Refusal


def decide(state: State, command: Command, context: Context) -> Answer:
    """Answer one command; the order of checks is the module's."""
    match command:
        case Found():
            return _found(state, command, context)
        case Propose():
            return _propose(state, command, context)
        case Lock() | Prepare() | Commit() | Finish() | RollBack():
            hold = state.holds.get(command.hold)
            if hold is None:
                return Refusal.UNKNOWN_HOLD
            if command.fence != hold.fence:
                return Refusal.STALE_FENCE
            return _step(state, hold, command, context)
    assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Return the state after an event."""
    match event:
        case Founded(assets):
            return replace(state, assets=assets)
        case Proposed(name, coordinator, fence, expires, legs):
            hold = Hold(coordinator, Stage.PROPOSED, fence, expires, legs, ())
            return replace(state, holds=state.holds.set(name, hold), fence=fence)
        case Locked(name, _, account, asset, _, _, by):
            hold = _held(state, name)
            lockers = (*hold.lockers, by)
            whole = len(lockers) == len(debits(hold.legs))
            stage = Stage.LOCKED if whole else Stage.PROPOSED
            return replace(
                state,
                holds=state.holds.set(name, replace(hold, lockers=lockers, stage=stage)),
                locks=state.locks.set((account, asset), name),
            )
        case Prepared(name):
            return _at(state, name, Stage.PREPARED)
        case Decided(name):
            return _at(state, name, Stage.COMMITTING)
        case Committed(name, _, _, legs):
            return _ended(state, name, Stage.COMMITTED, legs)
        case RolledBack(name, _, _, legs, _):
            return _ended(state, name, Stage.ROLLED_BACK, legs)
    assert_never(event)


def _found(state: State, command: Found, context: Context) -> Answer:
    if context.seq != 0:
        return Refusal.NOT_GENESIS
    if state.assets:
        return Refusal.ALREADY_FOUNDED
    rising = all(first < second for first, second in pairwise(command.assets))
    if not command.assets or command.assets[0] < 0 or not rising:
        return Refusal.ASSETS_MALFORMED
    return Decision((Founded(command.assets),))


def _propose(state: State, command: Propose, context: Context) -> Answer:
    if len(command.hold) != HOLD_BYTES:
        return Refusal.HOLD_MALFORMED
    no = _legs_refusal(state, command.legs)
    if no is not None:
        return no
    if not context.seq < command.expires <= context.seq + PACKETS_MAX:
        return Refusal.EXPIRY_OUT_OF_RANGE
    known = state.holds.get(command.hold)
    if known is not None and (
        known.stage is not Stage.ROLLED_BACK or known.coordinator != context.actor
    ):
        return Refusal.HOLD_EXISTS
    fence = state.fence + 1
    return Decision((Proposed(command.hold, context.actor, fence, command.expires, command.legs),))


def _legs_refusal(state: State, legs: tuple[Leg, ...]) -> Refusal | None:
    places = [(leg.account, leg.asset) for leg in legs]
    if not 2 <= len(legs) <= LEGS_MAX or len(dict.fromkeys(places)) != len(places):
        return Refusal.LEGS_MALFORMED
    for leg in legs:
        if leg.change == 0 or not -CHANGE_MAX <= leg.change <= CHANGE_MAX:
            return Refusal.LEGS_MALFORMED
        if not 0 <= leg.account <= ACCOUNT_MAX:
            return Refusal.LEGS_MALFORMED
    if not all(leg.asset in state.assets for leg in legs):
        return Refusal.ASSET_NOT_HELD
    return None if is_balanced(legs) else Refusal.NOT_BALANCED


def _step(state: State, hold: Hold, command: Step, context: Context) -> Answer:
    expired = context.seq >= hold.expires
    if isinstance(command, RollBack):
        return _roll_back(state, hold, command, context.actor, expired=expired)
    if hold.stage is not _FROM[type(command)]:
        return Refusal.WRONG_STAGE
    if isinstance(command, Prepare | Commit) and context.actor != hold.coordinator:
        return Refusal.NOT_YOURS
    if expired:
        return Refusal.EXPIRED
    match command:
        case Lock():
            return _lock(state, hold, command, context.actor)
        case Prepare():
            return Decision((Prepared(command.hold),))
        case Commit():
            return Decision((Decided(command.hold),))
        case Finish():
            paid = payouts(hold)
            return Decision((Committed(command.hold, hold.fence, state.releases, paid),))
    assert_never(command)


def _lock(state: State, hold: Hold, command: Lock, actor: KeyId) -> Answer:
    leg = debits(hold.legs)[len(hold.lockers)]
    if (command.account, command.asset) != (leg.account, leg.asset):
        return Refusal.OUT_OF_ORDER
    if (leg.account, leg.asset) in state.locks:
        return Refusal.PLACE_LOCKED
    return Decision(
        (
            Locked(
                command.hold,
                hold.fence,
                leg.account,
                leg.asset,
                -leg.change,
                command.nonce,
                actor,
            ),
        )
    )


def _roll_back(
    state: State, hold: Hold, command: RollBack, actor: KeyId, *, expired: bool
) -> Answer:
    if hold.stage not in LIVE:
        return Refusal.WRONG_STAGE
    if not expired:
        if hold.stage is Stage.COMMITTING:
            return Refusal.DECIDED
        may_withdraw = hold.stage is not Stage.PREPARED and actor in hold.lockers
        if actor != hold.coordinator and not may_withdraw:
            return Refusal.NOT_YOURS
    given = refunds(hold)
    return Decision((RolledBack(command.hold, hold.fence, state.releases, given, expired),))


def _at(state: State, name: bytes, stage: Stage) -> State:
    hold = replace(_held(state, name), stage=stage)
    return replace(state, holds=state.holds.set(name, hold))


def _ended(state: State, name: bytes, stage: Stage, given: tuple[Leg, ...]) -> State:
    """Return the state with a hold's places free, and one more release if anything was given."""
    hold = _held(state, name)
    locks = state.locks
    for leg in refunds(hold):
        locks = locks.delete((leg.account, leg.asset))
    ended = replace(hold, stage=stage, lockers=())
    releases = state.releases + (1 if given else 0)
    return replace(state, holds=state.holds.set(name, ended), locks=locks, releases=releases)


def _held(state: State, name: bytes) -> Hold:
    hold = state.holds.get(name)
    if hold is None:
        raise ContractError(f"no hold {name.hex()}")
    return hold


_FROM = {
    Lock: Stage.PROPOSED,
    Prepare: Stage.LOCKED,
    Commit: Stage.PREPARED,
    Finish: Stage.COMMITTING,
}
"""The one stage from which each step leads."""

MACHINE: Reducer[State, Command, Event] = Reducer(
    name="holds",
    version=1,
    genesis=genesis,
    decide=decide,
    evolve=evolve,
    commands=COMMANDS,
    events=EVENTS,
    refusals=Refusal,
    effects=Registry("holds effect"),
    invariants=DELTA_INVARIANTS,
    state_invariants=STATE_INVARIANTS,
    cost=cost,
)
