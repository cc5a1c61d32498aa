"""Bisecting two long logs of a ledger: how much of them is executed again.

``QFS_BENCH_PACKETS`` sets how many packets each has, 1,000,000 by default: some 10 GB on the disk
for some minutes, and no part of any test.
"""

import os
import shutil
import tempfile
import time
from copy import copy
from pathlib import Path

from benchmarks.common import Report, Table, nanoseconds
from benchmarks.replay_log import keep
from qfs.app.bisection import BisectRequest, bisect
from qfs.kernel import Tick, Transactions
from qfs.ledger.commands import Transfer
from qfs.shell import log
from tests.app.logs import MINE, OTHER, House, actions, idempotency, order

PACKETS = int(os.environ.get("QFS_BENCH_PACKETS", "1000000"))
PARTED = PACKETS * 27_179 // 40_000  # where the second log goes another way
EVERY = PACKETS // 40  # packets between two snapshots


def _two_logs(one: Path, other: Path) -> None:
    """Write two logs of ticks that part with a transfer; both have the snapshots before it."""
    house = House(one)
    for action in actions(house, 3):
        house.send(action)
    _ticks(house, one, PARTED - 1)
    house.writer.close()
    shutil.copytree(one, other)
    for path, amount in ((one, 1), (other, 3)):
        side = copy(house)
        with log.open_writer(path)[0] as side.writer:
            move = Transfer(MINE, OTHER, 1, amount, 0, idempotency(1))
            side.send(Transactions(((order(move),),)))
            _ticks(side, path, PACKETS)


def _ticks(house: House, directory: Path, last: int) -> None:
    """Send ticks up to a packet, and keep a snapshot every so often; signatures are zeros."""
    while house.world.seq < last:
        house.send(Tick())
        if house.world.seq % EVERY == 0 and house.world.seq < PARTED:
            keep(directory, house.world)


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
        f"Two logs of {PACKETS:,} packets, ticks but for a transfer in which they part at packet "
        f"{PARTED:,}, a snapshot every "
        f"{EVERY:,}; goal: 5 % of 1,000,000. Reading both logs and their hash chains is most of "
        "the time. `QFS_BENCH_PACKETS` sets how many packets."
    )
    return Table("Two logs bisected", header, rows, note)


def run() -> Report:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as name:
        _two_logs(Path(name) / "one", Path(name) / "other")
        table = _bisected(Path(name) / "one", Path(name) / "other")
    return Report(
        "replay_bisect",
        "Bisecting two long logs",
        "Both logs are read and their chains checked; roots are compared by binary search; packets "
        "are executed again from the nearest good snapshot on. By the clock on the wall.",
        [table],
    )
