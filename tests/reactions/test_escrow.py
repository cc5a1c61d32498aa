"""The ledger and holds in one world: escrow, and a failure injected at every step of the way."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from qfs import keys, ledger
from qfs.app.machines import MACHINES, REACTIONS
from qfs.crypto.ports import KeyId
from qfs.errors import EnvironmentFault
from qfs.halt import Code, Halt
from qfs.kernel import (
    DeltaInvariant,
    Genesis,
    Machines,
    Order,
    Receipt,
    Transactions,
    World,
    apply,
    found,
    machine_principal,
    restore_world,
)
from qfs.ledger import Found as FoundLedger
from qfs.ledger import Issue, OpenAccount, Transfer
from qfs.machines.settlement.holds import reducer as holds
from qfs.machines.settlement.holds.commands import (
    Commit,
    Finish,
    Found,
    Lock,
    Prepare,
    Propose,
    RollBack,
)
from qfs.machines.settlement.holds.state import Leg, Stage
from qfs.reactions.escrow import ESCROW, HELD, OPENING, the_escrow_covers_what_is_locked
from tests.kernel.toys import admitted

OPERATOR, ADA, BOB, EVE = (KeyId(letter * 32) for letter in (b"o", b"a", b"b", b"e"))
CHR, FLX, PSYNC, ATR, RES = range(5)
X = b"x" * 16
ADAS, BOBS = 2000, 2001
SWAP = (Leg(ADAS, FLX, -5), Leg(BOBS, FLX, 5), Leg(ADAS, RES, 7), Leg(BOBS, RES, -7))
COMMANDS = {"ledger": ledger.MACHINE.commands, "holds": holds.MACHINE.commands}


def order(command: object) -> Order:
    machine = "ledger" if type(command).__module__.startswith("qfs.ledger") else "holds"
    return Order(machine, COMMANDS[machine].pack(command))


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


class House:
    """A world with the ledger and holds, in which Ada has FLX and Bob RES, 100 each."""

    def __init__(self) -> None:
        founding = (
            order(FoundLedger(OPERATOR, ())),
            OPENING,
            order(Found(HELD)),
        )
        machines = (("holds", 1), ("keys", keys.MACHINE.version), ("ledger", 1))
        genesis = Genesis("escrow", machines, founding)
        self.world: World = found(MACHINES, genesis, REACTIONS)
        self.must(ADA, OpenAccount(ADAS, ADA))
        self.must(BOB, OpenAccount(BOBS, BOB))
        self.must(OPERATOR, Issue(FLX, ADAS, 100, 0, key(1)), Issue(RES, BOBS, 100, 0, key(2)))

    def ask(self, actor: KeyId, *commands: object, machines: Machines = MACHINES) -> Receipt:
        """Apply a packet with one transaction."""
        action = Transactions((tuple(order(one) for one in commands),))
        packet = admitted(self.world, action, actor)
        world, receipt = apply(machines, REACTIONS, self.world, packet, check_after=True)
        self.world = world
        self.check()
        return receipt

    def must(self, actor: KeyId, *commands: object) -> None:
        receipt = self.ask(actor, *commands)
        assert receipt.answers == (None,)

    def check(self) -> None:
        for name, state in self.world.states.items():
            for invariant in MACHINES[name, self.world.versions[name]].state_invariants:
                assert invariant.holds(state), invariant.name
        assert the_escrow_covers_what_is_locked(self.world)

    def held(self, account: int) -> tuple[int, ...]:
        found_ = self.world.states["ledger"].accounts.get(account)
        assert found_ is not None
        return (found_.balances[FLX], found_.balances[RES])

    def balances(self) -> list[tuple[int, ...]]:
        return [self.held(account) for account in (ADAS, BOBS, ESCROW)]

    @property
    def stage(self) -> Stage | None:
        hold = self.world.states["holds"].holds.get(X)
        return None if hold is None else hold.stage

    def nonce(self, account: int) -> int:
        nonce: int = self.world.states["ledger"].accounts.get(account).nonce
        return nonce


WAY: tuple[tuple[KeyId, object], ...] = (
    (EVE, Propose(X, SWAP, 40)),
    (ADA, Lock(X, 1, ADAS, FLX, 0)),
    (BOB, Lock(X, 1, BOBS, RES, 0)),
    (EVE, Prepare(X, 1)),
    (EVE, Commit(X, 1)),
    (BOB, Finish(X, 1)),
)
BALANCES = [
    [(100, 0), (0, 100), (0, 0)],
    [(95, 0), (0, 100), (5, 0)],
    [(95, 0), (0, 93), (5, 7)],
    [(95, 0), (0, 93), (5, 7)],
    [(95, 0), (0, 93), (5, 7)],
    [(95, 7), (5, 93), (0, 0)],
]
"""Of Ada, Bob and the escrow, (FLX, RES), after each step of the way."""
ASKED = [("holds", steps) for steps in range(6)] + [("ledger", steps) for steps in (0, 1, 2, 5)]
"""The machines that are asked at each step of the way: preparing and deciding ask no ledger."""
STAGES = [
    Stage.PROPOSED,
    Stage.PROPOSED,
    Stage.LOCKED,
    Stage.PREPARED,
    Stage.COMMITTING,
    Stage.COMMITTED,
]


def on_the_way(steps: int) -> House:
    house = House()
    for actor, command in WAY[:steps]:
        house.must(actor, command)
    return house


def test_a_swap_across_six_packets_moves_all_of_it() -> None:
    house = House()
    for (actor, command), balances, stage in zip(WAY, BALANCES, STAGES, strict=True):
        house.must(actor, command)
        assert (house.balances(), house.stage) == (balances, stage)
    assert house.nonce(ESCROW) == 1


@pytest.mark.parametrize("steps", range(1, 6))
def test_time_rolls_back_from_every_stage_all_of_it(steps: int) -> None:
    house = on_the_way(steps)
    while house.world.seq < 38:
        house.must(EVE, OpenAccount(5000 + house.world.seq, EVE))
    if steps == 5:
        assert house.ask(BOB, RollBack(X, 1)).answers[0].reason == "DECIDED"
    else:
        assert house.ask(EVE, OpenAccount(5000, EVE)).answers == (None,)
    house.must(OPERATOR, RollBack(X, 1))
    assert house.stage is Stage.ROLLED_BACK
    assert house.balances() == BALANCES[0]
    assert house.world.states["holds"].locks.items() == []
    house.must(EVE, Propose(X, SWAP, 60))
    house.must(ADA, Lock(X, 2, ADAS, FLX, house.nonce(ADAS)))
    house.must(ADA, RollBack(X, 2))
    assert house.balances() == BALANCES[0]
    assert house.nonce(ESCROW) == (1 if steps == 1 else 2)


def refusing(machine: str) -> Machines:
    """Machines of which one answers every command with a no."""
    own = MACHINES[machine, 1]
    no = next(iter(own.refusals))
    return {**MACHINES, (machine, 1): replace(own, decide=lambda *_: no)}


@pytest.mark.parametrize(("machine", "steps"), ASKED)
def test_a_refusal_at_any_step_leaves_both_machines_as_they_were(machine: str, steps: int) -> None:
    house = on_the_way(steps)
    actor, command = WAY[steps]
    before = [house.world.roots[name][1] for name in ("holds", "ledger")]
    (answer,) = house.ask(actor, command, machines=refusing(machine)).answers
    assert answer is not None
    assert (answer.machine, bool(answer.reaction)) == (machine, machine == "ledger")
    assert [house.world.roots[name][1] for name in ("holds", "ledger")] == before
    house.must(actor, command)
    assert house.balances() == BALANCES[steps]


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise error

    return fail


FAULTS: tuple[tuple[str, dict[str, Any], Code | type[Exception]], ...] = (
    ("decide raises", {"decide": raising(KeyError("gone"))}, Code.DECIDE_FAILED),
    ("evolve raises", {"evolve": raising(KeyError("gone"))}, Code.EVOLVE_FAILED),
    ("cost raises", {"cost": raising(KeyError("gone"))}, Code.DECIDE_FAILED),
    (
        "an invariant breaks",
        {"invariants": (DeltaInvariant("nothing_happens", lambda *_: False),)},
        Code.INVARIANT_BROKEN,
    ),
    ("memory ends in decide", {"decide": raising(MemoryError())}, MemoryError),
    ("the disk fails in evolve", {"evolve": raising(EnvironmentFault("disk"))}, EnvironmentFault),
)


@pytest.mark.parametrize(("machine", "steps"), ASKED)
@pytest.mark.parametrize(
    ("change", "expected"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_a_fault_at_any_step_halts_by_the_catalogue_and_undoes_it_all(
    machine: str, steps: int, change: dict[str, Any], expected: Code | type[Exception]
) -> None:
    """A fault of a machine is a CIR event; one of the process is none, and enters no history."""
    house = on_the_way(steps)
    actor, command = WAY[steps]
    world, root = house.world, house.world.root
    broken = {**MACHINES, (machine, 1): replace(MACHINES[machine, 1], **change)}
    with pytest.raises(Halt if isinstance(expected, Code) else expected) as caught:
        house.ask(actor, command, machines=broken)
    if isinstance(expected, Code):
        assert caught.value.code is expected
        assert caught.value.facts["machine"] == machine
        assert caught.value.facts["seq"] == world.seq + 1
    world.restore()
    assert restore_world(MACHINES, b"".join(world.snapshot())).root == root
    for actor, command in WAY[steps:]:
        house.must(actor, command)
    assert house.balances() == BALANCES[-1]


def test_a_lock_without_the_right_or_the_money_is_refused_and_nothing_is_locked() -> None:
    house = on_the_way(1)
    asks = {
        "NOT_AUTHORISED": (BOB, Lock(X, 1, ADAS, FLX, 0)),
        "WRONG_NONCE": (ADA, Lock(X, 1, ADAS, FLX, 7)),
    }
    for reason, (actor, command) in asks.items():
        (answer,) = house.ask(actor, command).answers
        assert (answer.machine, answer.reason) == ("ledger", reason)
    house.must(ADA, Transfer(ADAS, BOBS, FLX, 96, 0, key(9)))
    (answer,) = house.ask(ADA, Lock(X, 1, ADAS, FLX, 1)).answers
    assert answer.reason == "EXCEEDS_BALANCE"
    assert house.world.states["holds"].locks.items() == []
    assert house.stage is Stage.PROPOSED


def test_nobody_touches_what_is_in_escrow() -> None:
    house = on_the_way(3)
    for actor in (ADA, BOB, EVE, OPERATOR):
        (answer,) = house.ask(actor, Transfer(ESCROW, ADAS, FLX, 1, 0, key(9))).answers
        assert answer.reason == "NOT_AUTHORISED"
    steal = (Leg(ESCROW, FLX, -5), Leg(ADAS, FLX, 5))
    house.must(EVE, Propose(b"s" * 16, steal, 40))
    (answer,) = house.ask(EVE, Lock(b"s" * 16, 2, ESCROW, FLX, 0)).answers
    assert (answer.reaction, answer.reason) == ("escrow-take", "DUPLICATE_LEG")


def test_a_payout_that_the_ledger_refuses_leaves_the_hold_to_time() -> None:
    house = House()
    legs = (Leg(ADAS, FLX, -5), Leg(9999, FLX, 5))
    house.must(EVE, Propose(X, legs, 12))
    house.must(ADA, Lock(X, 1, ADAS, FLX, 0))
    house.must(EVE, Prepare(X, 1))
    house.must(EVE, Commit(X, 1))
    (answer,) = house.ask(EVE, Finish(X, 1)).answers
    assert (answer.machine, answer.reason) == ("ledger", "UNKNOWN_ACCOUNT")
    assert house.stage is Stage.COMMITTING
    while house.world.seq < 11:
        (answer,) = house.ask(EVE, RollBack(X, 1)).answers
        assert answer.reason == "DECIDED"
    house.must(BOB, RollBack(X, 1))
    assert house.balances() == BALANCES[0]


def test_only_tokens_that_can_always_be_given_back_are_held() -> None:
    assert HELD == (FLX, ATR, RES)
    house = House()
    for token in (CHR, PSYNC):
        (answer,) = house.ask(EVE, Propose(X, (Leg(1, token, -1), Leg(2, token, 1)), 40)).answers
        assert (answer.machine, answer.reason) == ("holds", "ASSET_NOT_HELD")


def test_a_ledger_whose_escrow_is_somebody_elses_holds_nothing() -> None:
    house = House()
    squatted = (
        order(FoundLedger(OPERATOR, ())),
        order(OpenAccount(ESCROW, EVE)),
        order(Found(HELD)),
    )
    machines = (("holds", 1), ("keys", 1), ("ledger", 1))
    house.world = found(MACHINES, Genesis("squat", machines, squatted), REACTIONS)
    (answer,) = house.ask(EVE, Propose(X, SWAP, 40)).answers
    assert (answer.reaction, answer.reason) == ("escrow-confirm", "NOT_AUTHORISED")


def test_the_sentence_about_the_escrow_can_be_false() -> None:
    house = on_the_way(2)
    emptied = {**house.world.states, "ledger": House().world.states["ledger"]}
    assert not the_escrow_covers_what_is_locked(replace(house.world, states=emptied))
    house.must(ADA, Transfer(ADAS, ESCROW, FLX, 1, 1, key(9)))  # a gift, which nobody gets back
    assert the_escrow_covers_what_is_locked(house.world)


def test_a_machines_principal_is_nobody_who_signs() -> None:
    assert machine_principal("holds") != machine_principal("ledger")
    assert len(machine_principal("holds")) == 32
