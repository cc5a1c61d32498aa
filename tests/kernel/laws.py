"""Laws that hold for every machine: a kit that machine tests call with their own commands.

- decide and evolve leave the state that they were given as it was, and answer the same again.
- Decision.after, where given, is what folding evolve over the events gives.
- Commands, events and effects survive their registries; refusals do not use the kernel's names.
- Whole-state invariants hold after each accepted command; the state survives a snapshot.
"""

from collections.abc import Iterable
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

from qfs.canon import decode, encode
from qfs.kernel import Context, Decision, Denial, Machine, TransactionRefusal
from qfs.kernel import state as state_


def check_declaration(machine: Machine[Any, Any, Any]) -> None:
    """Check what can be checked without a command."""
    reserved = {one.name for one in TransactionRefusal}
    assert not reserved & {one.name for one in machine.refusals}
    state = machine.genesis()
    assert root(machine, state) == root(machine, machine.genesis())
    for registry in (machine.commands, machine.events, machine.effects):
        for cls in registry.classes():
            assert is_dataclass(cls)
            assert cls.__dataclass_params__.frozen, cls
            assert "__slots__" in vars(cls), cls
    for invariant in machine.state_invariants:
        assert invariant.holds(state), invariant.name


def check_machine(
    machine: Machine[Any, Any, Any], commands: Iterable[tuple[Any, Context]], state: Any = None
) -> Any:
    """Drive a machine through commands, checking every law at each; returns the last state."""
    check_declaration(machine)
    state = machine.genesis() if state is None else state
    for command, context in commands:
        state = check_step(machine, state, command, context)
    return state


def check_step(machine: Machine[Any, Any, Any], state: Any, command: Any, context: Context) -> Any:
    """Check the laws of one command; returns the state after it (the same after a refusal)."""
    assert survives(machine.commands, command) == command
    before = root(machine, state)
    answer = machine.decide(state, command, context)
    assert root(machine, state) == before, "decide changed its argument"
    again = machine.decide(state, command, context)
    if isinstance(answer, Denial):
        assert again == answer
        assert all(survives(machine.events, event) == event for event in answer.spent)
        assert type(answer.refusal) is machine.refusals
        assert root(machine, state) == before
        return fold(machine, state, answer.spent)
    if not isinstance(answer, Decision):
        assert isinstance(answer, Enum)
        assert type(answer) is machine.refusals
        assert again is answer
        assert root(machine, state) == before
        return state
    assert (again.events, again.effects) == (answer.events, answer.effects)
    assert (again.spent, again.results) == (answer.spent, answer.results)
    assert all(survives(machine.events, event) == event for event in answer.events)
    assert all(survives(machine.effects, effect) == effect for effect in answer.effects)
    fold(machine, state, answer.spent)
    folded = fold(machine, state, answer.events)
    if answer.after is not None:
        assert root(machine, answer.after) == root(machine, folded), "after is not the fold"
    for whole in machine.state_invariants:
        assert whole.holds(folded), whole.name
    loaded = state_.load(machine.genesis(), iter(list(state_.snapshot(folded))))
    assert root(machine, loaded) == root(machine, folded)
    assert root(machine, state) == before, "evolve changed its argument"
    state_.restore(folded)
    return folded


def fold(machine: Machine[Any, Any, Any], state: Any, events: Iterable[Any]) -> Any:
    """Return the state after events, each checked by the machine's delta invariants."""
    for event in events:
        earlier = state
        state = machine.evolve(earlier, event)
        for delta in machine.invariants:
            assert delta.holds(earlier, event, state), delta.name
    return state


def root(machine: Machine[Any, Any, Any], state: Any) -> bytes:
    return state_.machine_root(machine.name, machine.version, state)


def survives(registry: Any, value: object) -> object:
    return registry.unpack(decode(encode(registry.pack(value))))
