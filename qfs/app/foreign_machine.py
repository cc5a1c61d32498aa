"""``qfs replay LOG --machine pkg.mod:NAME``: a log of machines that QFS does not ship.

- Any object with the Machine contract; it joins the machines of QFS under its own name and version.
- With --perturb each packet of the log is one step of a watched program (``LogSteps``), so that a
  machine is searched for its one variable, and its line, as any callable is.
- ``LogSteps`` needs the standard library alone.
"""

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qfs.app.watching import state_root, text_of
from qfs.app.worlds import QFS, Derived, Program, derive
from qfs.errors import ContractError, InputError
from qfs.kernel import Executed, World
from qfs.kernel.contract import Machine
from qfs.kernel.state import machine_root
from qfs.shell import log

_CONTRACT = ("name", "version", "genesis", "decide", "evolve", "invariants")
COMMANDS = ".commands"
STEPS = "qfs.app.foreign_machine:LogSteps.apply"


def program_of(names: Sequence[str], folder: Path) -> Program:
    """Return QFS's program with machines of the user's, found from a folder.

    Raises InputError for what cannot be imported, ContractError for what is no machine.
    """
    machines = dict(QFS.machines)
    for name in names:
        machine = _machine(name, folder)
        machines[machine.name, machine.version] = machine
    return Program(machines, QFS.reactions)


def _machine(name: str, folder: Path) -> Machine[Any, Any, Any]:
    module, _, attribute = name.partition(":")
    place = str(folder.resolve())
    if place not in sys.path:
        sys.path.insert(0, place)
    try:
        found = getattr(importlib.import_module(module), attribute or "MACHINE")
    except (ImportError, AttributeError, ValueError, SyntaxError) as error:
        raise InputError(
            f"no machine can be imported: {error}",
            place=name,
            way_out="write package.module:NAME and run where the package is found",
        ) from error
    if not all(hasattr(found, part) for part in _CONTRACT):
        raise ContractError(
            f"a {type(found).__name__} is no machine",
            place=name,
            way_out="pass an object with name, version, genesis, decide and evolve",
        )
    machine: Machine[Any, Any, Any] = found
    return machine


def steps_of(path: Path, names: Sequence[str], show: tuple[int, Path] | None = None) -> str:
    """Return the inputs of `LogSteps`, JSON Lines: the log, then each packet's number.

    show is a packet, and the file into which its world goes; its commands go beside it.
    """
    frames = log.read(path).frames
    opened: dict[str, Any] = {
        "log": str(path.resolve()),
        "machines": list(names),
        "folder": str(Path.cwd()),
        "show": None if show is None else [show[0], str(show[1])],
    }
    lines = [json.dumps({"args": [opened]}), *[str(frame.seq) for frame in frames[1:]]]
    return "\n".join(lines) + "\n"


class LogSteps:
    """A log as a program: the first step founds the world, each other applies a packet."""

    def __init__(self) -> None:
        self.seq = -1
        self._derived: Iterator[Derived] = iter(())
        self._show: tuple[int, str] | None = None
        self._commands: list[Executed] = []

    def apply(self, asked: Any) -> dict[str, Any]:
        """Derive the next frame; returns the world's root, each machine's, and the answers."""
        if isinstance(asked, dict):
            program = program_of(asked["machines"], Path(asked["folder"]))
            frames = log.read(Path(asked["log"])).frames
            self._show = asked["show"]
            watch = None if self._show is None else self._commands.append
            self._derived = derive(frames, program, compare=False, check_after=True, watch=watch)
        self._commands.clear()
        step = next(self._derived)
        self.seq = step.world.seq
        if self._show is not None and self._show[0] == self.seq:
            self._shown(Path(self._show[1]), step.world)
        answers = step.receipt.answers if step.receipt is not None else ()
        return {
            "root": step.world.root.hex(),
            "machines": {
                name: machine_root(name, step.world.versions[name], state).hex()
                for name, state in sorted(step.world.states.items())
            },
            "answers": [str(answer) for answer in answers],
        }

    def _shown(self, to: Path, world: World) -> None:
        """Write down the world, and what ran in its packet with each machine's root after it."""
        to.write_bytes(b"".join(world.snapshot()))
        rows = [
            {
                "place": f"transaction {one.transaction}, order {one.order}: {text_of(one)}",
                "refusal": one.refusal,
                "root": state_root(one.machine, world, one.after),
            }
            for one in self._commands
        ]
        to.with_suffix(COMMANDS).write_text(json.dumps(rows), encoding="utf-8")
