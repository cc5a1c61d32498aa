"""The ledger against SQLite, PostgreSQL and beancount; packets of all sizes; growth and starts.

- ``QFS_BENCH_TRANSACTIONS`` says how many transactions the growth curve and the starts have,
  1,000,000 by default; ``QFS_BENCH_ACCOUNTS`` how many accounts the large ledger has, the same by
  default; ``QFS_BENCH_ROUNDS`` how often each engine has its turn, 3 by default.
- Each engine takes its turns between the others'; its figure is the median over all packets.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._ledger_peers import (
    Row,
    Sqlite,
    beancount_file,
    beancount_load,
    postgres,
    transfers,
)
from benchmarks._ledger_run import STAGES, less, now
from benchmarks.common import Report, Table, curve, measure, nanoseconds
from qfs.ledger.pages import PAGE_BYTES, PAGE_RECORDS
from tools.compiled import LEDGER_CORE, ROOT, compile_modules

ROUNDS = int(os.environ.get("QFS_BENCH_ROUNDS", "3"))
TRANSACTIONS = int(os.environ.get("QFS_BENCH_TRANSACTIONS", "1000000"))
ROWS = 8_000
PACKETS = 24
"""A turn: so many that the first ones, for which memory is still being fetched, do not decide."""
ACCOUNTS = 10_000
PAGES = -(-ACCOUNTS // PAGE_RECORDS)
MANY = int(os.environ.get("QFS_BENCH_ACCOUNTS", "1000000"))
FORMS = ("pure Python", "compiled")
GOALS = {
    "SQLite, each transfer answered": (2, 8),
    "SQLite, executemany, no answers": (2, 8),
    "PostgreSQL, serializable": (8, 30),
    "beancount, loading a file": (20, 80),
}

Taken = tuple[int, int]
"""Nanoseconds of processor and of wall clock."""


@dataclass
class Turns:
    """What an engine's packets took."""

    rows: int
    taken: list[Taken] = field(default_factory=list)

    def each(self, clock: int) -> float:
        """Return the median nanoseconds a transaction by one of the clocks."""
        return statistics.median([one[clock] for one in self.taken]) / self.rows


def run() -> Report:
    """Measure everything."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        core = directory / "core"
        compile_modules(core, LEDGER_CORE)
        homes = {"pure Python": ROOT, "compiled": core}
        engines, stages = compared(directory, homes)
        sizes: dict[tuple[str, int], list[Taken]] = {
            (form, rows): [] for rows in (1_000, 1) for form in FORMS
        }
        for _ in range(ROUNDS):
            for form, rows in sizes:
                spec = {"accounts": ACCOUNTS, "rows": rows, "packets": 14 if rows > 1 else 100}
                sizes[form, rows] += child(homes[form], spec)["packets"]
        wide = {
            form: child(
                homes[form], {"accounts": ACCOUNTS, "rows": ROWS, "packets": 6, "unit": 10**17}
            )
            for form in FORMS
        }
        many = {
            form: child(homes[form], {"accounts": MANY, "rows": ROWS, "packets": 8, "loaded": True})
            for form in FORMS
        }
        steps = [ROWS * step for step in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)]
        total = -(-TRANSACTIONS // ROWS) * ROWS
        growing: dict[str, Any] = {
            "accounts": ACCOUNTS,
            "rows": ROWS,
            "total": total,
            "tail": 4 * ROWS,
            "marks": steps,
        }
        grown = {form: child(homes[form], growing) for form in FORMS}
    return Report(
        name="ledger",
        title="The ledger: transactions a second, against peers, by size, by age",
        intro=INTRO,
        tables=(
            comparison(engines),
            by_stage(stages),
            by_size(engines, sizes, wide, many),
            starts(grown, many, total),
        ),
        packages=("cryptography", "mypy", "beancount", "psycopg2-binary"),
        figures={"ledger-growth": growth(grown)},
    )


INTRO = (
    f"Transfers with two legs between {ACCOUNTS:,} accounts drawn uniformly, {ROWS:,} in a packet, "
    "all of them good. The clock runs over everything that the ledger does with a packet: the "
    "gate with its ML-DSA-87 signature, reading the columns, every check, the sentences that are "
    "checked at each event, the state root, the log's frame and fdatasync. Making and signing "
    "packets is the client's and not in it. One operator key signs all packets; the accounts "
    "belong to another key and are delegated to the operator. The databases keep the same "
    "idempotency keys, nonces, balances and legs, durably, and sign and commit to nothing; "
    "beancount only reads. Amounts are below 64 bits everywhere, since the peers' must be; the "
    "ledger's own with 18 decimals have a row of their own. Compiled is the same source with "
    f"{', '.join(LEDGER_CORE)} built by mypyc; the rest runs interpreted. Ratios are of processor "
    "time, the servers' included: it stays nearly the same when the machine is busy. Wall clocks "
    "are of the same run and wait for the disk and for whatever else ran."
)


def child(home: Path, spec: dict[str, Any]) -> dict[str, Any]:
    """Run one part in a process of its own, on the package that stands in home."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(home), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._ledger_run", json.dumps(spec)],
        cwd="/",
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    made: dict[str, Any] = json.loads(done.stdout)
    if made["compiled"] != (home != ROOT):
        sys.exit(f"{home} ran as the other form")
    return made


def compared(
    directory: Path, homes: dict[str, Path]
) -> tuple[dict[str, Turns], dict[str, dict[str, list[Taken]]]]:
    """Give each engine its turns; return what each took, and the ledger's stages."""
    engines = {name: Turns(ROWS) for name in (*FORMS, *GOALS)}
    stages: dict[str, dict[str, list[Taken]]] = {
        form: {stage: [] for stage in STAGES} for form in FORMS
    }
    packets = transfers(ACCOUNTS, ROWS, ROUNDS * 4)
    text = beancount_file(directory, packets[0])
    for name in ("one", "two"):
        (directory / name).mkdir()
    answered = Sqlite(directory / "one", ACCOUNTS)
    at_once = Sqlite(directory / "two", ACCOUNTS)
    with postgres(directory, ACCOUNTS) as server:
        for turn in range(ROUNDS):
            mine = packets[4 * turn : 4 * turn + 4]
            for form in FORMS:
                made = child(homes[form], {"accounts": ACCOUNTS, "rows": ROWS, "packets": PACKETS})
                engines[form].taken += [(one, two) for one, two in made["packets"]]
                for stage in STAGES:
                    stages[form][stage] += made["stages"][stage]
            sqlite, many, stored, load = GOALS
            clocked(engines[sqlite], answered.answered, mine)
            clocked(engines[many], at_once.at_once, mine)
            if server is not None:
                clocked(engines[stored], server.take, mine, server.processor)
            clocked(engines[load], lambda _: beancount_load(text), mine[:1])
    return engines, stages


def clocked(
    turns: Turns,
    take: Callable[[list[Row]], None],
    packets: Sequence[list[Row]],
    elsewhere: Callable[[], int] = lambda: 0,
) -> None:
    """Read both clocks around each packet; elsewhere is the processor time of a server."""
    for rows in packets:
        start, before = now(), elsewhere()
        take(rows)
        own, wall = less(now(), start)
        turns.taken.append((own + elsewhere() - before, wall))


def comparison(engines: dict[str, Turns]) -> Table:
    """Return the table of engines, goals beside what was reached."""
    rows: list[list[str]] = []
    for name, turns in engines.items():
        if not turns.taken:
            rows.append([name, *["not installed here"] * 4, "-", "-"])
            continue
        line = [name, nanoseconds(turns.each(0)), nanoseconds(turns.each(1))]
        line += [f"{1e9 / turns.each(clock):,.0f}" for clock in (0, 1)]
        for form, goal in zip(FORMS, GOALS.get(name, ()), strict=False):
            reached = turns.each(0) / engines[form].each(0)
            wall = turns.each(1) / engines[form].each(1)
            line.append(f"{reached:.1f} x (wall {wall:.1f}), goal {goal}")
        rows.append(line + ["-"] * (7 - len(line)))
    return Table(
        f"Packets of {ROWS:,}",
        (
            *("engine", "processor a transaction", "wall a transaction"),
            *("a second of processor", "a second of wall", "pure is faster by", "compiled by"),
        ),
        rows,
        f"Medians over {ROUNDS} turns of {PACKETS} packets each, load average "
        f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors at the end. "
        "PostgreSQL's goal for pure Python is the measured prototype's.",
    )


def by_stage(stages: dict[str, dict[str, list[Taken]]]) -> Table:
    """Return what each stage of a packet costs."""
    rows = [
        [
            stage,
            *[
                nanoseconds(statistics.median([one[0] for one in stages[form][stage]]))
                for form in FORMS
            ],
            nanoseconds(statistics.median([one[1] for one in stages["compiled"][stage]])),
        ]
        for stage in STAGES
    ]
    return Table(
        f"Stages of a packet of {ROWS:,}",
        ("stage", "pure Python", "compiled", "compiled, wall"),
        rows,
        "gate: envelope, body, signature, payload. judge: columns, checks, balances. sentences: "
        "what every event must keep. root and rest: pages, trees, world's root, receipt. Of that, "
        f"SHA-256 over the {PAGES} pages of the accounts takes {nanoseconds(hashing())} in either "
        "form, all of them in one packet: no tree over these records costs less.",
    )


def hashing() -> float:
    """Return what hashing every page of the accounts once costs, in nanoseconds."""
    pages = [bytes(PAGE_BYTES + 1)] * PAGES

    def each() -> None:
        for page in pages:
            sha256(page).digest()

    return measure({"pages": each}, repeats=31)["pages"]


def by_size(
    engines: dict[str, Turns],
    sizes: dict[tuple[str, int], list[Taken]],
    wide: dict[str, dict[str, Any]],
    many: dict[str, dict[str, Any]],
) -> Table:
    """Return packets of other sizes, wide amounts, a million accounts."""
    rows: list[list[str]] = []

    def line(what: str, form: str, size: int, taken: Sequence[Taken]) -> None:
        walls = sorted([one[1] for one in taken])
        processor = statistics.median([one[0] for one in taken])
        last = walls[max(0, -(-99 * len(walls) // 100) - 1)]
        rows.append(
            [
                what,
                form,
                f"{size * 1e9 / processor:,.0f}",
                *[nanoseconds(one) for one in (processor, statistics.median(walls), last)],
            ]
        )

    for form in FORMS:
        line(f"{ROWS:,} a packet", form, ROWS, engines[form].taken)
    for (form, size), taken in sizes.items():
        line(f"{size:,} a packet", form, size, taken)
    for form in FORMS:
        line(f"{ROWS:,} a packet, 18 decimals", form, ROWS, wide[form]["packets"])
    for form in FORMS:
        line(f"{ROWS:,} a packet, {MANY:,} accounts", form, ROWS, many[form]["packets"])
    return Table(
        "Packets of other sizes, other amounts, more accounts",
        ("what", "form", "a second of processor", "processor", "wall p50", "wall p99"),
        rows,
        "Times are a packet's. With 18 decimals balances have 79 bits and amounts up to 67. The "
        "many accounts are put into the state at once, as a snapshot would, not by packets.",
    )


def starts(grown: dict[str, dict[str, Any]], many: dict[str, dict[str, Any]], total: int) -> Table:
    """Return how long each way of starting takes, and what an account weighs."""

    def each(name: str) -> list[str]:
        return [nanoseconds(grown[form][name]) for form in FORMS]

    def rate(name: str) -> list[str]:
        return [f"{total * 1e9 / grown[form][name]:,.0f}" for form in FORMS]

    weights = [f"{many[form]['account_bytes']:,} B" for form in FORMS]
    return Table(
        f"Starting a ledger of {total:,} transactions",
        ("what", *FORMS),
        [
            ["reading and checking the log", *each("read")],
            ["restoring the snapshot", *each("restore")],
            ["applying the last 4 packets after it", *each("tail")],
            ["without a snapshot: deriving everything, signatures trusted", *each("trusted")],
            ["transactions replayed so a second", *rate("trusted")],
            ["without a snapshot: deriving everything, every check", *each("replay")],
            ["transactions replayed so a second", *rate("replay")],
            ["size of the log", *[f"{grown[form]['log_bytes'] / 1e6:,.0f} MB" for form in FORMS]],
            [
                "size of the snapshot, the used keys in it",
                *[f"{grown[form]['snapshot_bytes'] / 1e6:,.0f} MB" for form in FORMS],
            ],
            [f"memory of an account, at {MANY:,}", *weights],
        ],
        "Processor time. With every check, signatures are verified, and each state is derived "
        f"again from its events and compared. The goal was 10,000,000 transactions; {total:,} were "
        "run here (`QFS_BENCH_TRANSACTIONS` sets it).",
    )


def growth(grown: dict[str, dict[str, Any]]) -> str:
    """Return the growth curve."""
    lines = {
        form: [(0.0, 0.0), *[(float(done), spent / 1e9) for done, spent in made["curve"]]]
        for form, made in grown.items()
    }
    return curve(
        "Cost of a growing ledger", "transactions", "seconds of processor", dict(lines.items())
    )
