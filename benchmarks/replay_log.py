"""Replaying, verifying and bisecting a ledger's log: beside the core's own apply, in two processes.

``QFS_BENCH_PACKETS`` sets how many packets the logs have that are bisected, 40,000 by default.
"""

import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from copy import copy
from pathlib import Path

from benchmarks._ledger_run import Ledger
from benchmarks.common import Report, Table, measure, nanoseconds, ratio
from qfs.app.bisection import BisectRequest, bisect
from qfs.app.replay import replay_here
from qfs.app.worlds import QFS, admit, derive, last_of, snapshot_file
from qfs.kernel import Admitted, Tick, Transactions, World, apply
from qfs.ledger.commands import Transfer
from qfs.shell import log, providers
from tests.app.logs import MINE, OTHER, House, actions, idempotency, order

PACKETS = int(os.environ.get("QFS_BENCH_PACKETS", "40000"))
PARTED = PACKETS * 27_179 // 40_000  # where the second log goes another way
EVERY = PACKETS // 40  # packets between two snapshots
BATCHES, ROWS = 32, 8_000
GROUPS = 100
SINGLES = 8_000
ROUNDS = 3


def _transfers(house: House, numbers: range) -> None:
    """Send one packet, a transaction for each number."""
    moves = [Transfer(MINE, OTHER, 1, 1, number, idempotency(number)) for number in numbers]
    house.send(Transactions(tuple([(order(move),) for move in moves])))


def _singles(directory: Path, packets: int, a_packet: int = 1) -> None:
    """Write a signed log of transfers, each an order of its own, and a snapshot in its middle."""
    house = House(directory, signed=True)
    with house.writer:
        for action in actions(house, 3):
            house.send(action)
        for number in range(packets):
            _transfers(house, range(number * a_packet, (number + 1) * a_packet))
            if number == packets // 2:
                _keep(directory, house.world)


def _batches(directory: Path) -> None:
    """Write a signed log of batches, and a snapshot in its middle."""
    ledger = Ledger(directory, 1_000)
    ledger.open_accounts()
    for number in range(BATCHES):
        ledger.take(ledger.transfers(ROWS))
        if number == BATCHES // 2:
            _keep(directory, ledger.world)
    ledger.writer.close()


def _keep(directory: Path, world: World) -> None:
    path = snapshot_file(directory, world.seq)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(world.snapshot()))


def _rate(name: str, path: Path, a_packet: int) -> list[str]:
    """Compare whole replays, reading included, with the core alone over the admitted packets."""
    frames = log.read(path).frames
    start = last_of(derive(frames[:1])).world
    admitted: list[Admitted] = []
    before = start
    for step in derive(frames[1:], after=last_of(derive(frames[:1]))):
        admitted.append(admit(step.frame, before, None))
        before = step.world

    def core() -> World:
        world = start
        for one in admitted:
            world, _ = apply(QFS.machines, QFS.reactions, world, one)
        return world

    def gated() -> World:
        world = start
        for frame in frames[1:]:
            admitted_ = admit(frame, world, None)
            world, _ = apply(QFS.machines, QFS.reactions, world, admitted_)
        return world

    cases: dict[str, Callable[[], object]] = {
        "core": core,
        "gated": gated,
        "trusted": lambda: replay_here(path, None, QFS),
        "whole": lambda: replay_here(path, providers.verifier(), QFS),
    }
    took = measure(cases, operations=len(admitted) * a_packet, repeats=ROUNDS)
    figures = [nanoseconds(took[case]) for case in ("core", "trusted", "whole")]
    parts = [ratio(took["core"], took[case]) for case in ("gated", "trusted", "whole")]
    return [name, *figures, *parts]


def _processes(name: str, path: Path) -> list[list[str]]:
    """Verify a log in one process and in two, by the clock and by the busiest process."""
    ways = [(f"{name}, from a snapshot", True), (f"{name}, signatures ahead", False)]
    rows = []
    for says, kept in ways:
        if not kept:
            (path / "snapshots").rename(path / "kept")
        taken = {jobs: min([_verified(path, jobs) for _ in range(ROUNDS)]) for jobs in (1, 2)}
        busiest = {jobs: min([_busiest(path, jobs) for _ in range(ROUNDS)]) for jobs in (1, 2)}
        rows.append(
            [
                says,
                nanoseconds(taken[1]),
                nanoseconds(taken[2]),
                ratio(taken[1], taken[2]),
                ratio(busiest[1], busiest[2]),
            ]
        )
    return rows


def _verified(path: Path, jobs: int) -> int:
    start = time.perf_counter_ns()
    replay_here(path, providers.verifier(), QFS, jobs=jobs)
    return time.perf_counter_ns() - start


def _busiest(path: Path, jobs: int) -> int:
    """Return the processor time of the process that took most of it."""
    own, others = time.process_time_ns(), _children()
    replay_here(path, providers.verifier(), QFS, jobs=jobs)
    return max(time.process_time_ns() - own, _children() - others)


def _children() -> int:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int((used.ru_utime + used.ru_stime) * 1e9)


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
            _keep(directory, house.world)


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
    rates, shared = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _batches(folder / "batches")
        _singles(folder / "groups", 200, GROUPS)
        _singles(folder / "singles", SINGLES)
        rates.append(_rate(f"batches of {ROWS:,}", folder / "batches", ROWS))
        rates.append(_rate(f"{GROUPS} transactions a packet", folder / "groups", GROUPS))
        rates.append(_rate("1 transaction a packet", folder / "singles", 1))
        for says, path in (("batches", "batches"), ("1 transaction a packet", "singles")):
            shared += _processes(says, folder / path)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        _two_logs(Path(name) / "one", Path(name) / "other")
        bisected = _bisected(Path(name) / "one", Path(name) / "other")
    header = ["log", "core", "replay, trusted", "full verification"]
    goal = "trusted, of the core's (goal 0.9)"
    return Report(
        "replay_log",
        "Replaying, verifying and bisecting a log",
        "Medians of interleaved repeats in one run, by processor time; processes and bisection by "
        "the clock, the best of three.",
        [
            Table(
                "A transaction replayed",
                [*header, "gate and core, of the core's", goal, "full, of the core's"],
                rates,
                "Core: `apply` alone, over packets that the gate has admitted. Replay reads the "
                "log, checks its chain, decodes each packet, passes the gate and compares each "
                "root. Full verification checks each signature and derives each state from its "
                "events as well (ADR 14). With one transaction a packet, decoding is much of all.",
            ),
            Table(
                "Full verification in two processes",
                ["log", "one, wall", "two, wall", "faster by (goal 1.8)", "by the busiest process"],
                shared,
                "By the busiest process: the processor time of one process over that of the "
                "busier of two, starting it included; what the clock says where two processors "
                f"have nothing else to do. Load average here: {load:.1f} on {os.cpu_count()}. "
                "Signatures ahead are what is left where a ledger has no snapshot.",
            ),
            bisected,
        ],
    )
