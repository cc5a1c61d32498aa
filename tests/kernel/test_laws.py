"""The laws of machines: the kit finds each breach, and every machine of QFS keeps them."""

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import pytest

from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.worlds import Program, derive, last_of
from qfs.canon import Digest, Registry
from qfs.errors import ContractError, QFSError
from qfs.kernel import Context, Decision, StateInvariant, Table
from qfs.shell import log
from tests.kernel.laws import check_declaration, check_machine, check_step
from tests.kernel.toys import (
    ALICE,
    AUDIT,
    SHELF,
    SHELF2,
    Moved,
    Put,
    Shelf,
    Take,
    Telegram,
    Write,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def contexts(machine: str):
    zero = Digest(bytes(32))
    seq = 0
    while True:
        seq += 1
        yield Context(zero, seq, zero, seq, ALICE, bytes(32), machine, 0)


PUTS = [Put("pear", 3), Take("pear", 1), Take("fig", 1), Put("fig", 0), Take("pear", 2)]


@pytest.mark.parametrize("machine", [SHELF, SHELF2], ids=["version 1", "version 2"])
def test_the_toy_shelf_keeps_the_laws(machine):
    last = check_machine(machine, zip(PUTS, contexts("shelf"), strict=False))
    assert last.moves == 3


def test_the_toy_audit_keeps_the_laws():
    commands = [Write("a"), Write(""), Write("contraband"), Write("b")]
    last = check_machine(AUDIT, zip(commands, contexts("audit"), strict=False))
    assert last.lines.items() == [(0, "a"), (1, "b")]


@dataclass
class Unfrozen:
    item: str


def breaches():
    """Machines that each break one law."""
    box: list[int] = []

    def forgetful(state, command, context):
        box.append(1)
        return Decision((Moved("pear", len(box)),))

    def wrong_after(state, command, context):
        return Decision((Moved("pear", 1),), after=Shelf(state.goods.set("pear", 9), 1))

    def foreign(state, command, context):
        return Decision((Telegram("no event"),))

    def ill_typed(state, event):
        return Shelf(state.goods.set(event.item, event.by), True)

    return [
        ("a decision that remembers", replace(SHELF, decide=forgetful)),
        ("another after", replace(SHELF, decide=wrong_after)),
        ("an event that is none", replace(SHELF, decide=foreign)),
        ("a refusal of another machine", replace(SHELF, refusals=type(AUDIT.refusals.BANNED))),
        ("a state of other types", replace(SHELF, evolve=ill_typed, invariants=())),
        (
            "a broken sentence",
            replace(
                SHELF, state_invariants=(StateInvariant("stays_empty", lambda s: not len(s.goods)),)
            ),
        ),
        (
            "the kernel's own refusal",
            replace(SHELF, refusals=Enum("Taken", {"ARITHMETIC": 1})),
        ),
        ("a genesis that differs", replace(SHELF, genesis=drifting())),
    ]


def drifting():
    box: list[int] = []

    def genesis():
        box.append(1)
        return Shelf(Table.of(str, int), len(box))

    return genesis


@pytest.mark.parametrize(
    "machine", [one[1] for one in breaches()], ids=[one[0] for one in breaches()]
)
def test_the_kit_finds_a_breach(machine):
    commands = [Put("fig", 1), Take("moon", 1)]
    with pytest.raises((AssertionError, QFSError)):
        check_machine(machine, zip(commands, contexts("shelf"), strict=False))


def test_the_kit_wants_frozen_records():
    with pytest.raises(ContractError, match="no frozen dataclass"):
        Registry("shelf command").add(1, 1, Unfrozen)


@pytest.mark.parametrize("name", sorted(f"{name} {version}" for name, version in MACHINES))
def test_every_machine_of_qfs_declares_itself_lawfully(name):
    machine, version = name.split()
    check_declaration(MACHINES[machine, int(version)])


@pytest.mark.parametrize("name", ["governance", "market-day"])
def test_every_command_of_the_golden_logs_keeps_the_laws(name):
    """Each command is decided under the kit's eyes, on the state that it really met."""
    seen: list[str] = []

    def watched(machine):
        def decide(state, command, context):
            seen.append(type(command).__name__)
            check_step(machine, state, command, context)
            return machine.decide(state, command, context)

        return replace(machine, decide=decide)

    program = Program({key: watched(machine) for key, machine in MACHINES.items()}, REACTIONS)
    frames = log.read(GOLDEN / name).frames
    last_of(derive(frames, program))
    assert len(seen) >= 13
