"""Replaying and verifying a ledger's log: beside the core's own apply, and in two processes."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks._ledger_run import Ledger
from benchmarks.common import Report, Table, measure, nanoseconds, ratio
from qfs.app.replay import replay_here
from qfs.app.worlds import QFS, admit, derive, last_of, snapshot_file
from qfs.kernel import Admitted, Transactions, World, apply
from qfs.ledger.commands import Transfer
from qfs.shell import log, providers
from tests.app.logs import MINE, OTHER, House, actions, idempotency, order

BATCHES, ROWS = 64, 8_000
GROUPS = 100
SINGLES = 16_000
SNAPSHOTS = 16
"""A ledger keeps so many, evenly over its log."""
ROUNDS = 5


def _transfers(house: House, numbers: range) -> None:
    """Send one packet, a transaction for each number."""
    moves = [Transfer(MINE, OTHER, 1, 1, number, idempotency(number)) for number in numbers]
    house.send(Transactions(tuple([(order(move),) for move in moves])))


def _singles(directory: Path, packets: int, a_packet: int = 1) -> None:
    """Write a signed log of transfers, each an order of its own, and snapshots over it."""
    house = House(directory, signed=True)
    with house.writer:
        for action in actions(house, 3):
            house.send(action)
        for number in range(packets):
            _transfers(house, range(number * a_packet, (number + 1) * a_packet))
            if number % (packets // SNAPSHOTS) == 0:
                keep(directory, house.world)


def _batches(directory: Path) -> None:
    """Write a signed log of batches, and snapshots over it."""
    ledger = Ledger(directory, 1_000)
    ledger.open_accounts()
    for number in range(BATCHES):
        ledger.take(ledger.transfers(ROWS))
        if number % (BATCHES // SNAPSHOTS) == 0:
            keep(directory, ledger.world)
    ledger.writer.close()


def keep(directory: Path, world: World) -> None:
    """Write a world's snapshot where its ledger keeps them."""
    path = snapshot_file(directory, world.seq)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(world.snapshot()))


def _rate(name: str, path: Path, a_packet: int) -> list[str]:
    """Compare whole replays, reading included, with the core alone over the admitted packets."""
    frames = log.read(path).frames
    admitted: list[Admitted] = []
    genesis = last_of(derive(frames[:1]))
    before = genesis.world
    for step in derive(frames[1:], after=genesis):
        admitted.append(admit(step.frame, before, None))
        before = step.world

    def core() -> World:
        world = last_of(derive(frames[:1])).world  # anew: going back to an old world costs
        for one in admitted:
            world, _ = apply(QFS.machines, QFS.reactions, world, one)
        return world

    def gated() -> World:
        world = last_of(derive(frames[:1])).world
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
    took = measure(cases, operations=len(admitted) * a_packet, repeats=ROUNDS, collect=True)
    figures = [nanoseconds(took[case]) for case in ("core", "trusted", "whole")]
    parts = [ratio(took["core"], took[case]) for case in ("gated", "trusted", "whole")]
    return [name, *figures, *parts]


def _processes(name: str, path: Path) -> list[list[str]]:
    """Replay a log in one process and in two, by the clock and by the busiest process."""
    rows = []
    for way in (
        "trusted, from snapshots",
        "verified, from snapshots",
        "verified, signatures ahead",
    ):
        if way.endswith("ahead"):
            (path / "snapshots").rename(path / "kept")
        checked = way.partition(",")[0]
        rounds = [{jobs: _replayed(path, checked, jobs) for jobs in (1, 2)} for _ in range(ROUNDS)]
        taken = {jobs: min([found[jobs][0] for found in rounds]) for jobs in (1, 2)}
        busiest = {jobs: min([found[jobs][1] for found in rounds]) for jobs in (1, 2)}
        walls = [nanoseconds(taken[1]), nanoseconds(taken[2]), ratio(taken[1], taken[2])]
        rows.append([f"{name}, {way}", *walls, ratio(busiest[1], busiest[2])])
    return rows


def _replayed(path: Path, way: str, jobs: int) -> tuple[int, int]:
    """Replay a log; return nanoseconds on the wall, and of the process that used most."""
    command = [sys.executable, "-m", "benchmarks._replay_run", str(path), way, str(jobs)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    wall, busiest = done.stdout.split()
    return int(wall), int(busiest)


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
    header = ["log", "core", "replay, trusted", "full verification"]
    goal = "trusted, of the core's (goal 0.9)"
    return Report(
        "replay_log",
        "Replaying and verifying a log",
        "Medians of interleaved repeats in one run, by processor time; the best of five for one "
        "process beside two. A turn lasts half a second or more, each kind has had one before the "
        "clock runs, and what a turn leaves in memory is cleared away before the next begins. (Up "
        "to November 2026 the next one paid for that: of batches, a trusted replay then seemed to "
        "do 0.71 of what the core does.) The core has its packets decoded in memory and keeps "
        "them; a replay makes those objects and lets them go, and that is counted as its work.",
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
                "Two processes",
                ["log", "one, wall", "two, wall", "faster by (goal 1.8)", "by the busiest process"],
                shared,
                "By the busiest process: the processor time of one process over that of the "
                "busier of two, starting it included; what the clock says where two processors "
                f"have nothing else to do. Load average here: {load:.1f} on {os.cpu_count()}. Each "
                "replay has a process of its own, as `qfs replay` has (up to November 2026 it had "
                "the one that had made the logs, and copied its memory), and a log has "
                f"{SNAPSHOTS} snapshots at which it can be parted (it had one). "
                "Signatures ahead are what is left where a ledger has no snapshot.",
            ),
        ],
    )
