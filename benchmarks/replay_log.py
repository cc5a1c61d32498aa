"""Replaying and bisecting a ledger's log: beside the core's own apply, and how much runs again."""

import tempfile
import time
from pathlib import Path

from benchmarks.common import Report, Table, measure, nanoseconds, ratio
from qfs.app.bisection import BisectRequest, bisect
from qfs.app.worlds import QFS, Derived, admit, derive, last_of
from qfs.kernel import Admitted, Transactions, World, apply
from qfs.ledger.commands import Transfer
from qfs.shell import log
from tests.app.logs import MINE, OTHER, House, actions, idempotency, order

PACKETS = 40_000
REPLAYED = 2_000
EVERY = 1_000  # packets between two snapshots
PARTED = 27_179  # where the second log goes another way


def _written(directory: Path, packets: int, parted: int | None) -> None:
    """Write a log of transfers and a snapshot every so often; signatures are zeros."""
    house = House(directory)
    folder = directory / "snapshots"
    folder.mkdir()
    with house.writer:
        for action in actions(house, 3):
            house.send(action)
        for number in range(packets - 3):
            amount = 3 if house.world.seq + 1 == parted else 1
            move = Transfer(MINE, OTHER, 1, amount, number, idempotency(number))
            house.send(Transactions(((order(move),),)))
            if house.world.seq % EVERY == 0:
                path = folder / f"{house.world.seq:020d}.snapshot"
                path.write_bytes(b"".join(house.world.snapshot()))


def _rate(directory: Path) -> Table:
    """Compare a whole replay with the core alone over the same admitted packets."""
    frames = log.read(directory).frames[: REPLAYED + 1]
    start = last_of(derive(frames[:1]))
    admitted: list[Admitted] = []
    before = start.world
    for step in derive(frames):
        if step.frame.seq:
            admitted.append(admit(step.frame, before, None))
        before = step.world

    def core(*, check: bool = False) -> World:
        world = start.world
        for one in admitted:
            world, _ = apply(QFS.machines, QFS.reactions, world, one, check_after=check)
        return world

    def replayed() -> Derived:
        return last_of(derive(frames))

    took = measure(
        {"core": core, "checked": lambda: core(check=True), "replay": replayed},
        operations=REPLAYED,
        repeats=5,
    )
    names = {
        "core": "the core's apply",
        "checked": "the core's apply, each state checked",
        "replay": "replay, signatures trusted",
    }
    rows = [
        [says, nanoseconds(took[name]), ratio(took["core"], took[name])]
        for name, says in names.items()
    ]
    note = (
        f"{REPLAYED} packets of one transfer; goal: 0.9 of the core's rate. A replay also decodes "
        "each packet, passes the gate, and checks each machine's state after each packet."
    )
    return Table("A packet replayed", ["", "a packet", "of the core's rate"], rows, note)


def _bisected(a: Path, b: Path) -> Table:
    """Bisect with and without snapshots, from the wall."""
    rows = []
    for name in ("with snapshots", "without"):
        if name == "without":
            for path in (a, b):
                (path / "snapshots").rename(path / "kept")
        start = time.perf_counter_ns()
        found = bisect(BisectRequest(a, b, trust_signatures=True))
        taken = time.perf_counter_ns() - start
        share = f"{100 * found.executed / found.packets[0]:.3g} %"
        rows.append([name, str(found.packet), str(found.executed), share, nanoseconds(taken)])
    header = ["", "first that differs", "executed again", "of all", "in all"]
    note = (
        f"Two logs of {PACKETS} packets that part at packet {PARTED}, a snapshot every {EVERY}; "
        "goal: 5 %. Reading both logs and their hash chains is most of the time."
    )
    return Table("Two logs bisected", header, rows, note)


def run() -> Report:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as name:
        one, other = Path(name) / "one", Path(name) / "other"
        _written(one, PACKETS, None)
        _written(other, PACKETS, PARTED)
        return Report(
            "replay_log",
            "Replaying and bisecting a log",
            "Medians of interleaved repeats in one run, by processor time; bisection by the clock.",
            [_rate(one), _bisected(one, other)],
        )
