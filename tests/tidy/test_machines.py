"""Every machine has the same rooms, is in the contract of independence, and is registered."""

import importlib
from enum import Enum
from pathlib import Path

import pytest

from qfs.app.machines import MACHINES
from qfs.canon import Registry
from tests.tidy import tree

ROOMS = ("__init__.py", "commands.py", "events.py", "reducer.py", "state.py")


def machine_folders() -> list[Path]:
    """Return the folder of every machine: the ledger, the keys, and qfs/machines/*/*."""
    inside = sorted(
        path
        for path in (tree.ROOT / "qfs/machines").glob("*/*")
        if path.is_dir() and path.name != "__pycache__"
    )
    return [tree.ROOT / "qfs/keys", tree.ROOT / "qfs/ledger", *inside]


def dotted(folder: Path) -> str:
    """Return the folder's import name."""
    return tree.relative(folder).replace("/", ".")


MACHINE_NAMES = [dotted(folder) for folder in machine_folders()]


@pytest.mark.parametrize("name", MACHINE_NAMES)
def test_a_machine_has_every_room(name: str) -> None:
    folder = tree.ROOT / name.replace(".", "/")
    assert [room for room in ROOMS if not (folder / room).exists()] == []


@pytest.mark.parametrize("name", MACHINE_NAMES)
def test_a_room_holds_what_its_name_promises(name: str) -> None:
    commands = importlib.import_module(f"{name}.commands")
    events = importlib.import_module(f"{name}.events")
    reducer = importlib.import_module(f"{name}.reducer")
    state = importlib.import_module(f"{name}.state")
    assert type(commands.COMMANDS) is Registry
    assert type(events.EVENTS) is Registry
    assert issubclass(events.Refusal, Enum)
    assert reducer.MACHINE.commands is commands.COMMANDS
    assert reducer.MACHINE.events is events.EVENTS
    assert reducer.MACHINE.refusals is events.Refusal
    assert type(reducer.MACHINE.genesis()).__module__ == state.__name__


@pytest.mark.parametrize("name", MACHINE_NAMES)
def test_commands_and_events_are_closed_unions_of_what_is_registered(name: str) -> None:
    for room, union, registry in (
        ("commands", "Command", "COMMANDS"),
        ("events", "Event", "EVENTS"),
    ):
        module = importlib.import_module(f"{name}.{room}")
        members = getattr(module, union)
        classes = getattr(members, "__args__", (members,))
        assert sorted(cls.__name__ for cls in classes) == sorted(
            cls.__name__ for cls in getattr(module, registry).classes()
        )


@pytest.mark.parametrize("name", MACHINE_NAMES)
def test_a_machine_is_named_in_the_contract_of_independence(name: str) -> None:
    contracts = tree.settings()["tool"]["importlinter"]["contracts"]
    (independent,) = [one["modules"] for one in contracts if one["id"] == "machines"]
    assert name in independent


@pytest.mark.parametrize("name", MACHINE_NAMES)
def test_a_machine_is_registered_under_its_name_and_version(name: str) -> None:
    machine = importlib.import_module(f"{name}.reducer").MACHINE
    assert MACHINES[machine.name, machine.version] is machine


def test_the_contract_of_independence_names_only_machines() -> None:
    contracts = tree.settings()["tool"]["importlinter"]["contracts"]
    (independent,) = [one["modules"] for one in contracts if one["id"] == "machines"]
    assert sorted(independent) == sorted(MACHINE_NAMES)
