"""Replaying a program that knows nothing of QFS: a step beside a bare loop, and a whole search."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import Report, Table, measure, nanoseconds, ratio
from qfs.app.foreign import ForeignRequest, replay_foreign
from qfs.shell.watched_steps import Pass, Target, Watch

INPUTS = 2_000
PROGRAM = '''
"""A desk that matches orders: some work, a small result."""

def entry(order):
    book = sorted([(order["price"] + n * 7 % 13, n) for n in range(order["depth"])])
    taken = 0
    for price, size in book:
        taken += price * size
    return {"id": order["id"], "taken": taken, "best": book[0]}

def drifting(order):
    return list({str(n) for n in range(order["depth"])})
'''
SETTINGS: dict[str, Any] = {"trace": None, "detail": None, "last": None, "beside": ""}


class Nowhere:
    """Takes records and keeps none: what is measured is telling, not a disk."""

    def write(self, line: object) -> None:
        """Forget it."""

    def forked(self) -> bool:
        """Say no."""
        return False


def _lines(depth: int) -> list[str]:
    orders = [{"id": n, "price": 100 + n % 9, "depth": depth} for n in range(INPUTS)]
    return [json.dumps(order) for order in orders]


def steps(folder: Path) -> Table:
    """Compare a watched step with a bare loop over the same function."""
    target = Target(f"{folder / 'desk.py'}:entry", [])
    entry: Callable[[Any], Any] = target.found
    rows = []
    for depth in (1, 100, 1000):
        lines = _lines(depth)[: INPUTS * 10 // (10 + depth)]
        values = [json.loads(line) for line in lines]
        settings = {**SETTINGS, "quick": True}
        # Watching adds an audit hook for good, so it is measured without: "quick" is how it runs.
        once = Pass(settings, Nowhere(), None, Watch(settings, Nowhere()))
        took = measure(
            {
                "bare": lambda values=values: [entry(value) for value in values],
                "parsed": lambda lines=lines: [entry(json.loads(line)) for line in lines],
                "watched": lambda lines=lines, once=once: once.run(0, target, lines, None),
            },
            operations=len(lines),
        )
        rows.append(
            [
                f"{depth} levels",
                nanoseconds(took["bare"]),
                nanoseconds(took["parsed"]),
                nanoseconds(took["watched"]),
                ratio(took["watched"], took["bare"]),
                nanoseconds(took["watched"] - took["parsed"]),
            ]
        )
    header = ["book of", "bare loop", "and JSON read", "watched", "watched to bare", "telling"]
    note = "Telling: the result canonicalised and digested, and one record written, a step."
    return Table("A step", header, rows, note)


def searches(folder: Path) -> Table:
    """Time whole searches, from the wall."""
    inputs = folder / "orders.jsonl"
    inputs.write_text("\n".join(_lines(10)[:100]) + "\n", encoding="utf-8")
    rows = []
    for name, what in (("entry", "nothing to find"), ("drifting", "the hash seed found, traced")):
        for perturbed in (False, True):
            start = time.perf_counter_ns()
            report = replay_foreign(
                ForeignRequest(
                    callable=f"desk:{name}",
                    inputs=inputs,
                    folder=folder,
                    perturb=perturbed,
                    other_pythons=False,
                    jobs=2,
                )
            )
            taken = time.perf_counter_ns() - start
            found = report.perturbed
            runs = found.environments if found is not None else 0
            label = f"--perturb: {what}" if perturbed else "without --perturb"
            rows.append([label, str(runs), nanoseconds(taken), nanoseconds(taken / max(runs, 1))])
    return Table("A search, two processes at a time", ["", "runs", "in all", "a run"], rows)


def run() -> Report:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "desk.py").write_text(PROGRAM, encoding="utf-8")
        return Report(
            "replay_programs",
            "Replaying programs that know nothing of QFS",
            "Medians of interleaved repeats in one run, by processor time; searches by the clock. "
            "Read the ratios.",
            [steps(folder), searches(folder)],
        )
