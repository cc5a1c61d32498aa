"""`make sim SEEDS=N`: simulate N worlds on all processors; a failure prints its seed and replays.

- One seed is one world, its packets and its faults; ``--first S --seeds 1`` runs one again.
- Each worker has its own PYTHONHASHSEED; every tenth world is run by a second one with another,
  and must end alike.
- ``--record FILE`` writes down the commit, the seeds and what happened in their worlds.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.sim.world import simulate
from tools.nightly import commit

SLICE = 250
"""Worlds a worker simulates before it ends."""
TWICE = 10
"""One world in so many is run under two hash seeds."""


def worker(first: int, seeds: int, step: int) -> None:
    """Simulate worlds and print a line of JSON for each; dies of the first that fails."""
    for seed in range(first, first + seeds, step):
        outcome = simulate(seed)
        line = {
            "seed": seed,
            "end": outcome.roots.hex(),
            "packets": outcome.packets,
            "faults": outcome.faults,
            "halted": outcome.halted,
        }
        say(json.dumps(line))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--step", type=int, default=0, help="run as a worker, every so many seeds")
    parser.add_argument("--record", type=Path, help="file for what was run")
    asked = parser.parse_args()
    if asked.step:
        worker(asked.first, asked.seeds, asked.step)
        return 0
    return run(asked.first, asked.seeds, asked.jobs, asked.record)


def run(first: int, seeds: int, jobs: int, record: Path | None) -> int:
    """Simulate worlds in workers; returns the exit code."""
    began = time.monotonic()
    started = commit() if record else ""
    slices = [
        (at, min(SLICE, first + seeds - at), step)
        for at in range(first, first + seeds, SLICE)
        for step in (1, TWICE)
    ]
    waiting, running = slices[::-1], []
    ends: dict[int, str] = {}
    faults: Counter[str] = Counter()
    packets = halted = twice = 0
    while waiting or running:
        while waiting and len(running) < jobs:
            asked = waiting.pop()
            running.append((*asked, start(*asked, hash_seed=len(waiting) + 1)))
        at, _, step, process = running.pop(0)
        said, errors = process.communicate()
        lines = [json.loads(line) for line in said.splitlines()]
        parted = [one for one in lines if ends.setdefault(one["seed"], one["end"]) != one["end"]]
        if parted or process.returncode:
            seed = parted[0]["seed"] if parted else at + len(lines) * step
            for *_, other in running:
                other.kill()
                other.communicate()
            say(errors or "another end under another hash seed")
            say(f"world {seed} FAILS; again: python -m tests.sim --first {seed} --seeds 1")
            return 1
        for line in lines:
            twice += step == TWICE
            if step == 1:
                packets += line["packets"]
                halted += line["halted"]
                faults.update(line["faults"])
    seconds = round(time.monotonic() - began)
    say(
        f"{len(ends)} worlds hold: {packets} packets, {twice} run under two hash seeds, {seconds} s"
    )
    say(f"{sum(faults.values())} faults: {dict(sorted(faults.items()))}; {halted} worlds halted")
    if record:
        document = {
            "schema": "qfs.sim/1",
            "commit": started,
            "python": platform.python_version(),
            "first_seed": first,
            "worlds": len(ends),
            "run_under_two_hash_seeds": twice,
            "failed": 0,
            "packets": packets,
            "faults": dict(faults),
            "worlds_halted": halted,
        }
        record.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")
    return 0


def start(first: int, seeds: int, step: int, *, hash_seed: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.sim", "--first", str(first)),
            *("--seeds", str(seeds), "--step", str(step)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
    )


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
