"""`make sim SEEDS=N`: simulate N worlds on all processors; a failure prints its seed and replays.

- One seed is one world, its packets and its faults; ``--first S --seeds 1`` runs one again.
- Each worker has its own PYTHONHASHSEED; every tenth world is run by a second one with another,
  and must end alike.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import traceback
from collections import Counter

from tests.sim.world import simulate

SLICE = 250
"""Worlds a worker simulates before it ends."""
TWICE = 10
"""One world in so many is run under two hash seeds."""


def worker(first: int, seeds: int, step: int) -> None:
    """Simulate worlds and print a line of JSON for each, until one fails."""
    for seed in range(first, first + seeds, step):
        line: dict[str, object] = {"seed": seed}
        try:
            outcome = simulate(seed)
        except BaseException as error:  # noqa: BLE001 (whatever it is, its seed is what counts)
            line |= {"failed": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
        else:
            line |= {
                "end": outcome.roots.hex(),
                "packets": outcome.packets,
                "faults": outcome.faults,
                "halted": outcome.halted,
            }
        say(json.dumps(line))
        if "failed" in line:
            return


def main() -> int:
    parser = argparse.ArgumentParser(prog="make sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--step", type=int, default=0, help="run as a worker, every so many seeds")
    asked = parser.parse_args()
    if asked.step:
        worker(asked.first, asked.seeds, asked.step)
        return 0
    return run(asked.first, asked.seeds, asked.jobs)


def run(first: int, seeds: int, jobs: int) -> int:
    """Simulate worlds in workers; returns the exit code."""
    began = time.monotonic()
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
            running.append(start(*waiting.pop(), hash_seed=len(waiting) + 1))
        process = running.pop(0)
        said, errors = process.communicate()
        lines = [json.loads(line) for line in said.splitlines()]
        failed = next((line for line in lines if "failed" in line), None)
        if failed is None and process.returncode:
            failed = {"seed": lines[-1]["seed"] + 1 if lines else first, "failed": errors}
        for line in lines if failed is None else []:
            end = ends.setdefault(line["seed"], line["end"])
            if end != line["end"]:
                failed = {"seed": line["seed"], "failed": "another end under another hash seed"}
                break
        if failed is not None:
            for other in running:
                other.kill()
                other.communicate()
            say(f"world {failed['seed']} FAILS: {failed['failed']}\n{failed.get('trace', '')}")
            say(f"again: python -m tests.sim --first {failed['seed']} --seeds 1")
            return 1
        for line in lines:
            known = line["seed"] in ends and process.args[-1] != "1"
            twice += known
            if not known:
                packets += line["packets"]
                halted += line["halted"]
                faults.update(line["faults"])
    seconds = round(time.monotonic() - began)
    say(
        f"{len(ends)} worlds hold: {packets} packets, {twice} run under two hash seeds, {seconds} s"
    )
    say(f"{sum(faults.values())} faults: {dict(sorted(faults.items()))}; {halted} worlds halted")
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
