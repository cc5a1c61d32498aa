"""A log at any point of its past: the state after a packet, or one key of it.

- ``qfs replay LOG --until SEQ --show ledger.accounts[4294967296]``; a place is a machine, a field
  of its state, a key, each as narrow as wanted.
- The world is derived from the newest good snapshot before the packet on, signatures trusted.
- Nothing on the disk is changed.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from qfs.app.failure import InputError, UsageError
from qfs.app.snapshots import Finder
from qfs.app.watching import shortened
from qfs.app.worlds import QFS, Program, continued, last_of
from qfs.kernel import World
from qfs.shell import log

ROWS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A log's state after one packet, as far as it was asked for."""

    packet: int
    state_root: str
    rows: tuple[tuple[str, str], ...]
    """Place and value; at most ROWS_MAX."""
    more: int
    """How many rows are left out."""

    def document(self) -> dict[str, Any]:
        """Return the JSON document ``qfs.moment/1``."""
        return {
            "schema": "qfs.moment/1",
            "packet": self.packet,
            "state_root": self.state_root,
            "state": dict(self.rows),
            "more": self.more,
        }


def moment(path: Path, until: int | None, show: str = "", program: Program = QFS) -> Moment:
    """Return the state after packet until, the last if None; show is a place, all if empty.

    Raises InputError for what is no log, UsageError for a packet or place that is not there; halts
    as `qfs.app.worlds.derive`.
    """
    world = world_at(path, until, program)
    rows = [row for row in rows_of(world) if not show or _within(row[0], show)]
    if show and not rows:
        raise UsageError(
            f"{show!r} is no place in the state after packet {world.seq}",
            place="--show",
            way_out=_way_out(world, show),
        )
    kept = tuple([(place, shortened(text)) for place, text in rows[:ROWS_MAX]])
    return Moment(world.seq, world.root.hex(), kept, max(0, len(rows) - ROWS_MAX))


def world_at(path: Path, until: int | None, program: Program = QFS) -> World:
    """Return the world after a packet, the last if None; raises as `moment`."""
    frames = log.survey(path)[0].frames
    if not frames:
        raise InputError("no genesis", place=str(path), way_out="pass a ledger directory")
    last = len(frames) - 1
    if until is not None and not 0 <= until <= last:
        raise UsageError(f"packet {until}", place="--until", way_out=f"name one of 0 .. {last}")
    wanted = frames if until is None else frames[: until + 1]
    start = Finder(path, program, below=len(wanted)) if path.is_dir() else None
    return last_of(continued(wanted, program, None, start)).world


def rows_of(world: World) -> list[tuple[str, str]]:
    """Return every place of every machine's state and its value, machines in name order."""
    rows: list[tuple[str, str]] = []
    for name, state in sorted(world.states.items()):
        for field in fields(state):
            value = getattr(state, field.name)
            place = f"{name}.{field.name}"
            if hasattr(value, "items"):
                rows += [(f"{place}[{key!r}]", repr(item)) for key, item in value.items()]
            else:
                rows.append((place, repr(value)))
    return rows


def _within(place: str, show: str) -> bool:
    """Say whether a place is the one shown, or part of it."""
    return place == show or (place.startswith(show) and place[len(show)] in ".[")


def _way_out(world: World, show: str) -> str:
    machine, dot, rest = show.partition(".")
    if machine not in world.states:
        return f"begin with a machine: {', '.join(sorted(world.states))}"
    names = [field.name for field in fields(world.states[machine])]
    if not dot or rest.partition("[")[0] not in names:
        return f"name a field: {', '.join(f'{machine}.{name}' for name in names)}"
    return f"name a key that is there: qfs replay LOG --show {machine}.{rest.partition('[')[0]}"
