"""The sentences that the machine holds keeps: at each event, and over the whole state."""

from qfs.kernel import DeltaInvariant, StateInvariant
from qfs.machines.settlement.holds.events import Event, Founded, Proposed
from qfs.machines.settlement.holds.state import (
    LIVE,
    Stage,
    State,
    debits,
    is_balanced,
    live,
    refunds,
)

EDGES: tuple[tuple[Stage | None, Stage], ...] = (
    (None, Stage.PROPOSED),
    (Stage.ROLLED_BACK, Stage.PROPOSED),
    (Stage.PROPOSED, Stage.PROPOSED),
    (Stage.PROPOSED, Stage.LOCKED),
    (Stage.LOCKED, Stage.PREPARED),
    (Stage.PREPARED, Stage.COMMITTING),
    (Stage.COMMITTING, Stage.COMMITTED),
    (Stage.PROPOSED, Stage.ROLLED_BACK),
    (Stage.LOCKED, Stage.ROLLED_BACK),
    (Stage.PREPARED, Stage.ROLLED_BACK),
    (Stage.COMMITTING, Stage.ROLLED_BACK),
)
"""Every way from a stage to the next; None is before the first proposal, and PROPOSED leads to
itself with each lock but the last."""


def _walks_an_edge(before: State, event: Event, after: State) -> bool:
    if isinstance(event, Founded):
        return True
    was, now = before.holds.get(event.hold), after.holds.get(event.hold)
    return now is not None and (None if was is None else was.stage, now.stage) in EDGES


def _fences_rise(before: State, event: Event, after: State) -> bool:
    if not isinstance(event, Proposed):
        return after.fence == before.fence
    hold = after.holds.get(event.hold)
    return hold is not None and hold.fence == after.fence == before.fence + 1


def _an_end_frees_its_places(before: State, event: Event, after: State) -> bool:
    if isinstance(event, Founded):
        return True
    was, now = before.holds.get(event.hold), after.holds.get(event.hold)
    if was is None or now is None or now.stage in LIVE:
        return True
    return not any((leg.account, leg.asset) in after.locks for leg in refunds(was))


def _every_lock_is_of_a_live_hold(state: State) -> bool:
    expected: dict[tuple[int, int], bytes] = {}
    for name, hold in state.holds.items():
        for leg in refunds(hold):
            if (leg.account, leg.asset) in expected or hold.stage not in LIVE:
                return False
            expected[leg.account, leg.asset] = name
    return state.locks.items() == sorted(expected.items())


def _past_proposed_all_is_locked(state: State) -> bool:
    return all(
        (len(hold.lockers) == len(debits(hold.legs))) == (hold.stage is not Stage.PROPOSED)
        for hold in live(state)
    )


def _every_hold_is_balanced(state: State) -> bool:
    return all(is_balanced(hold.legs) for _, hold in state.holds.items())


def _fences_are_unique(state: State) -> bool:
    fences = [hold.fence for _, hold in state.holds.items()]
    return len(dict.fromkeys(fences)) == len(fences) and max(fences, default=0) <= state.fence


DELTA_INVARIANTS: tuple[DeltaInvariant[State, Event], ...] = (
    DeltaInvariant("every_step_walks_an_edge", _walks_an_edge),
    DeltaInvariant("fencing_tokens_rise", _fences_rise),
    DeltaInvariant("the_end_of_a_hold_frees_its_places", _an_end_frees_its_places),
)

STATE_INVARIANTS: tuple[StateInvariant[State], ...] = (
    StateInvariant("every_lock_is_of_one_live_hold", _every_lock_is_of_a_live_hold),
    StateInvariant("past_proposed_all_is_locked", _past_proposed_all_is_locked),
    StateInvariant("every_hold_is_balanced", _every_hold_is_balanced),
    StateInvariant("no_two_holds_have_one_fencing_token", _fences_are_unique),
)
