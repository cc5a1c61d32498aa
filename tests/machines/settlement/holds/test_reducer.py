"""Every step from every stage by everybody, in time and too late: which are taken and which not."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import Digest
from qfs.crypto.ports import NOBODY, KeyId
from qfs.kernel import Context, Decision
from qfs.machines.settlement.holds.commands import (
    Command,
    Commit,
    Finish,
    Found,
    Lock,
    Prepare,
    Propose,
    RollBack,
)
from qfs.machines.settlement.holds.events import Refusal
from qfs.machines.settlement.holds.invariants import EDGES
from qfs.machines.settlement.holds.reducer import MACHINE, decide
from qfs.machines.settlement.holds.state import PACKETS_MAX, Leg, Stage, State
from tests.kernel.laws import check_declaration, check_machine, check_step

CLARA, ADA, BOB, EVE = (KeyId(letter * 32) for letter in (b"c", b"a", b"b", b"e"))
ZERO = Digest(bytes(32))
X, Y = b"x" * 16, b"y" * 16
EXPIRES = 100
SWAP = (Leg(1, 0, -5), Leg(2, 0, 5), Leg(2, 3, -7), Leg(1, 3, 7))
"""Ada's account 1 gives five of asset 0 and receives seven of asset 3 from Bob's account 2."""


def context(actor: KeyId, seq: int = 10) -> Context:
    return Context(ZERO, seq, ZERO, seq, actor, bytes(32), "holds", 0)


def after(state: State, *steps: tuple[KeyId, Command]) -> State:
    """The state after steps that are all taken; every law is checked at each."""
    for actor, command in steps:
        assert isinstance(decide(state, command, context(actor)), Decision), command
        state = check_step(MACHINE, state, command, context(actor))
    return state


FOUNDED = check_step(MACHINE, MACHINE.genesis(), Found((0, 3)), context(NOBODY, 0))
PROPOSE = Propose(X, SWAP, EXPIRES)
LOCK_1, LOCK_2 = Lock(X, 1, 1, 0, 0), Lock(X, 1, 2, 3, 0)
WAY: tuple[tuple[KeyId, Command], ...] = (
    (CLARA, PROPOSE),
    (ADA, LOCK_1),
    (BOB, LOCK_2),
    (CLARA, Prepare(X, 1)),
    (CLARA, Commit(X, 1)),
    (EVE, Finish(X, 1)),
)
PLACES = {
    "proposed": 1,
    "half locked": 2,
    "locked": 3,
    "prepared": 4,
    "committing": 5,
    "committed": 6,
}
STATES = {name: after(FOUNDED, *WAY[:steps]) for name, steps in PLACES.items()}
STATES["rolled back"] = after(STATES["half locked"], (CLARA, RollBack(X, 1)))
STEPS = {
    "lock 1": LOCK_1,
    "lock 2": LOCK_2,
    "prepare": Prepare(X, 1),
    "commit": Commit(X, 1),
    "finish": Finish(X, 1),
    "roll back": RollBack(X, 1),
}
ANYBODY = (CLARA, ADA, BOB, EVE)
IN_TIME = {
    ("proposed", "lock 1"): (ANYBODY, "half locked"),
    ("half locked", "lock 2"): (ANYBODY, "locked"),
    ("locked", "prepare"): ((CLARA,), "prepared"),
    ("prepared", "commit"): ((CLARA,), "committing"),
    ("committing", "finish"): (ANYBODY, "committed"),
    ("proposed", "roll back"): ((CLARA,), "rolled back"),
    ("half locked", "roll back"): ((CLARA, ADA), "rolled back"),
    ("locked", "roll back"): ((CLARA, ADA, BOB), "rolled back"),
    ("prepared", "roll back"): ((CLARA,), "rolled back"),
}
"""Who may take a step before the hold expires, and where it leads: all else is refused."""
LIVE = ("proposed", "half locked", "locked", "prepared", "committing")
TOO_LATE = {(name, "roll back"): (ANYBODY, "rolled back") for name in LIVE}
"""From the packet in which it expires: a roll-back, by anybody, and nothing else."""
STAGES = {
    "proposed": Stage.PROPOSED,
    "half locked": Stage.PROPOSED,
    "locked": Stage.LOCKED,
    "prepared": Stage.PREPARED,
    "committing": Stage.COMMITTING,
    "committed": Stage.COMMITTED,
    "rolled back": Stage.ROLLED_BACK,
}


@pytest.mark.parametrize("name", STATES)
def test_every_step_from_every_stage_by_everybody(name: str) -> None:
    state = STATES[name]
    for (step, command), actor, (allowed, seq) in product(
        STEPS.items(),
        ANYBODY,
        ((IN_TIME, EXPIRES - 1), (TOO_LATE, EXPIRES), (TOO_LATE, EXPIRES + 9)),
    ):
        answer = decide(state, command, context(actor, seq))
        who, leads = allowed.get((name, step), ((), ""))
        if actor not in who:
            assert isinstance(answer, Refusal), (step, actor, seq)
            continue
        assert isinstance(answer, Decision), (step, actor, seq, answer)
        then = check_step(MACHINE, state, command, context(actor, seq))
        hold = then.holds.get(X)
        assert hold is not None
        assert hold.stage is STAGES[leads]
        taken = {"half locked": [(1, 0)], "locked": [(1, 0), (2, 3)]}
        places = taken.get(leads, [(1, 0), (2, 3)] if leads in LIVE[2:] else [])
        assert [place for place, _ in then.locks.items()] == places
        stale = replace(command, fence=2)
        assert decide(state, stale, context(actor, seq)) is Refusal.STALE_FENCE


def test_every_edge_is_walked_and_no_other() -> None:
    walked = set()
    for state, command, actor, seq in product(
        (FOUNDED, *STATES.values()),
        (replace(PROPOSE, expires=EXPIRES + 5), *STEPS.values()),
        ANYBODY,
        (90, EXPIRES),
    ):
        if isinstance(decide(state, command, context(actor, seq)), Decision):
            then = check_step(MACHINE, state, command, context(actor, seq))
            was, now = state.holds.get(X), then.holds.get(X)
            assert now is not None
            walked.add((None if was is None else was.stage, now.stage))
    assert walked == set(EDGES)


HALF = STATES["half locked"]
OTHER = after(HALF, (EVE, Propose(Y, SWAP, EXPIRES)))
REFUSED: tuple[tuple[str, State, KeyId, Command, Refusal], ...] = (
    ("founded twice", FOUNDED, NOBODY, Found((0,)), Refusal.ALREADY_FOUNDED),
    ("no asset", MACHINE.genesis(), NOBODY, Found(()), Refusal.ASSETS_MALFORMED),
    ("assets out of order", MACHINE.genesis(), NOBODY, Found((3, 0)), Refusal.ASSETS_MALFORMED),
    ("a negative asset", MACHINE.genesis(), NOBODY, Found((-1,)), Refusal.ASSETS_MALFORMED),
    ("a short id", FOUNDED, CLARA, Propose(b"x", SWAP, EXPIRES), Refusal.HOLD_MALFORMED),
    ("one leg", FOUNDED, CLARA, Propose(X, SWAP[:1], EXPIRES), Refusal.LEGS_MALFORMED),
    ("33 legs", FOUNDED, CLARA, Propose(X, SWAP * 8 + SWAP[:1], 50), Refusal.LEGS_MALFORMED),
    ("a place twice", FOUNDED, CLARA, Propose(X, SWAP + SWAP, 50), Refusal.LEGS_MALFORMED),
    (
        "a change of zero",
        FOUNDED,
        CLARA,
        Propose(X, (*SWAP, Leg(9, 0, 0)), 50),
        Refusal.LEGS_MALFORMED,
    ),
    (
        "a change out of range",
        FOUNDED,
        CLARA,
        Propose(X, (Leg(1, 0, 1 << 124), Leg(2, 0, -(1 << 124))), 50),
        Refusal.LEGS_MALFORMED,
    ),
    (
        "an account out of range",
        FOUNDED,
        CLARA,
        Propose(X, (Leg(-1, 0, 1), Leg(2, 0, -1)), 50),
        Refusal.LEGS_MALFORMED,
    ),
    (
        "an asset that is not held",
        FOUNDED,
        CLARA,
        Propose(X, (Leg(1, 1, 1), Leg(2, 1, -1)), 50),
        Refusal.ASSET_NOT_HELD,
    ),
    (
        "legs that do not sum to zero",
        FOUNDED,
        CLARA,
        Propose(X, (Leg(1, 0, 1), Leg(2, 3, -1)), 50),
        Refusal.NOT_BALANCED,
    ),
    ("expired at once", FOUNDED, CLARA, Propose(X, SWAP, 10), Refusal.EXPIRY_OUT_OF_RANGE),
    (
        "held for too long",
        FOUNDED,
        CLARA,
        Propose(X, SWAP, 11 + PACKETS_MAX),
        Refusal.EXPIRY_OUT_OF_RANGE,
    ),
    ("a live id", HALF, CLARA, PROPOSE, Refusal.HOLD_EXISTS),
    ("a committed id", STATES["committed"], CLARA, PROPOSE, Refusal.HOLD_EXISTS),
    ("another's id", STATES["rolled back"], EVE, PROPOSE, Refusal.HOLD_EXISTS),
    ("no such hold", FOUNDED, CLARA, Prepare(X, 1), Refusal.UNKNOWN_HOLD),
    ("the second place first", STATES["proposed"], BOB, LOCK_2, Refusal.OUT_OF_ORDER),
    ("a place of no hold", HALF, ADA, Lock(X, 1, 7, 0, 0), Refusal.OUT_OF_ORDER),
    ("another's place", OTHER, ADA, Lock(Y, 2, 1, 0, 0), Refusal.PLACE_LOCKED),
    ("prepared too early", HALF, CLARA, Prepare(X, 1), Refusal.WRONG_STAGE),
    ("ended twice", STATES["committed"], CLARA, RollBack(X, 1), Refusal.WRONG_STAGE),
    ("prepared by another", STATES["locked"], ADA, Prepare(X, 1), Refusal.NOT_YOURS),
    ("withdrawn too late", STATES["prepared"], ADA, RollBack(X, 1), Refusal.NOT_YOURS),
    ("decided", STATES["committing"], CLARA, RollBack(X, 1), Refusal.DECIDED),
)


@pytest.mark.parametrize(
    ("state", "actor", "command", "refusal"), [case[1:] for case in REFUSED], ids=lambda _: ""
)
def test_what_is_refused(state: State, actor: KeyId, command: Command, refusal: Refusal) -> None:
    seq = 0 if isinstance(command, Found) else 10
    assert decide(state, command, context(actor, seq)) is refusal


def test_every_refusal_is_reached() -> None:
    assert decide(FOUNDED, Found((0,)), context(NOBODY, 1)) is Refusal.NOT_GENESIS
    assert decide(HALF, LOCK_2, context(BOB, EXPIRES)) is Refusal.EXPIRED
    assert decide(HALF, Lock(X, 2, 2, 3, 0), context(BOB)) is Refusal.STALE_FENCE
    reached = {case[4] for case in REFUSED}
    reached |= {Refusal.NOT_GENESIS, Refusal.EXPIRED, Refusal.STALE_FENCE}
    assert reached == set(Refusal)


def test_who_slept_through_a_roll_back_cannot_act_on_the_next_attempt() -> None:
    again = after(STATES["rolled back"], (CLARA, Propose(X, SWAP[::-1], EXPIRES)))
    hold = again.holds.get(X)
    assert hold is not None
    assert (hold.fence, hold.stage) == (2, Stage.PROPOSED)
    for command in STEPS.values():
        for actor in ANYBODY:
            assert decide(again, command, context(actor)) is Refusal.STALE_FENCE
    assert isinstance(decide(again, Lock(X, 2, 1, 0, 0), context(ADA)), Decision)


legs = st.sampled_from(
    [
        SWAP,
        SWAP[:2],
        SWAP[2:],
        (Leg(1, 3, -1), Leg(2, 3, -1), Leg(3, 3, 2)),
        (Leg(3, 0, -1), Leg(1, 0, 1)),
    ]
)
names = st.sampled_from([X, Y, b"z" * 16])
fences = st.integers(1, 6)
commands = st.one_of(
    st.builds(Propose, names, legs, st.integers(5, 60)),
    st.builds(Lock, names, fences, st.integers(1, 3), st.sampled_from([0, 3]), st.just(0)),
    st.builds(Lock, names, fences, st.integers(1, 3), st.sampled_from([0, 3]), st.just(0)),
    *[st.builds(step, names, fences) for step in (Prepare, Commit, Finish, RollBack)],
)


@given(st.lists(st.tuples(commands, st.sampled_from(ANYBODY)), max_size=40))
def test_every_history_keeps_the_laws(history: list[tuple[Command, KeyId]]) -> None:
    def contexts() -> Iterator[tuple[Command, Context]]:
        for seq, (command, actor) in enumerate(history, start=1):
            yield command, context(actor, seq)

    check_machine(MACHINE, contexts(), FOUNDED)


def test_two_that_want_the_same_places_do_not_wait_for_each_other() -> None:
    """In whatever order two holds ask for the same two places, one gets both."""
    both = after(FOUNDED, (CLARA, PROPOSE), (EVE, Propose(Y, SWAP, EXPIRES)))
    asks = [(X, 1), (Y, 2)]
    for first, second, third, fourth in product(asks, repeat=4):
        state = both
        for hold, fence in (first, second, third, fourth, *asks, *asks):
            for account, asset in ((1, 0), (2, 3)):
                command = Lock(hold, fence, account, asset, 0)
                if isinstance(decide(state, command, context(ADA)), Decision):
                    state = check_step(MACHINE, state, command, context(ADA))
        stages = {name: hold.stage for name, hold in state.holds.items()}
        assert stages[first[0]] is Stage.LOCKED
        assert sorted(stage.name for stage in stages.values()) == ["LOCKED", "PROPOSED"]


def test_the_machine_is_declared_as_every_machine_is() -> None:
    check_declaration(MACHINE)
