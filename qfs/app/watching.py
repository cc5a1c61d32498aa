"""One packet of a log, command by command: what ran, what it changed, who wrote a key.

- Needs the standard library alone, as replay with trusted signatures does.
- Below the packet no hashing is needed: each command's states before and after are at hand.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfs.app.worlds import QFS, Program, admit, derive, last_of
from qfs.crypto import Verifier
from qfs.kernel import Difference, Executed, Receipt, World, apply
from qfs.kernel.state import machine_root
from qfs.shell import tracing
from qfs.shell.log_frames import Frame

_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Watched:
    """A packet as it ran."""

    before: World
    after: World
    receipt: Receipt
    commands: tuple[Executed, ...]
    """Those of refused transactions too."""


def watch_packet(
    frames: Sequence[Frame], seq: int, program: Program = QFS, verifier: Verifier | None = None
) -> Watched:
    """Derive a log up to packet seq, watching that one; seq is 1 .. the last packet.

    Recorded roots are not compared. Halts as `qfs.app.worlds.derive`.
    """
    before = last_of(derive(frames[:seq], program, verifier, compare=False)).world
    return watch_frame(frames[seq], before, program, verifier)


def watch_frame(
    frame: Frame, before: World, program: Program = QFS, verifier: Verifier | None = None
) -> Watched:
    """Apply one more frame to a world, watching it; halts when the gate refuses it."""
    commands: list[Executed] = []
    after, receipt = apply(
        program.machines,
        program.reactions,
        before,
        admit(frame, before, verifier),
        watch=commands.append,
    )
    return Watched(before, after, receipt, tuple(commands))


def writer_of(watched: Watched, place: Difference) -> Executed | None:
    """Return the last accepted command that changed a key; None when no command did."""
    for one in reversed(watched.commands):
        undone = watched.receipt.answers[one.transaction] is not None
        if undone or one.machine != place.machine or one.before is one.after:
            continue
        if value_at(one.before, place) != value_at(one.after, place):
            return one
    return None


def source_of(frame: Frame, watched: Watched, writer: Executed, place: Difference) -> str:
    """Return the line of its machine's that wrote a key, ``file.py:17``; empty if none is found.

    The packet is applied again under tracing, signatures trusted: the first state, or the first
    store of its field, that the machine's functions return with the key's new value.
    """
    number = next(at for at, one in enumerate(watched.commands) if one is writer)
    wanted, kind = value_at(writer.after, place), type(writer.after)
    store = getattr(writer.after, place.field)
    done: list[Executed] = []

    def written(value: Any) -> bool:
        if len(done) != number:
            return False
        if type(value) is kind:
            return bool(value_at(value, place) == wanted)
        return (
            place.key is not None
            and type(value) is type(store)
            and bool(value.get(place.key) == wanted)
        )

    home = Path(sys.modules[kind.__module__].__file__ or "").parent
    return tracing.first_return(
        lambda: apply(
            QFS.machines,
            QFS.reactions,
            watched.before,
            admit(frame, watched.before, None),
            watch=done.append,
        ),
        written,
        home,
    )


def value_at(state: Any, place: Difference) -> Any:
    """Return what a state holds at a place: the key's value, or the whole field."""
    value = getattr(state, place.field)
    return value if place.key is None else value.get(place.key)


def state_root(machine: str, world: World, state: Any) -> str:
    """Return the root of one machine's state, in hexadecimal."""
    return machine_root(machine, world.versions.get(machine, 1), state).hex()


def text_of(one: Executed) -> str:
    """Return a command in one line."""
    return shortened(repr(one.command))


def shortened(text: str) -> str:
    """Return a text that fits a line of a report."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
