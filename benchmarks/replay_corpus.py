"""Which planted causes `qfs replay --perturb` names: at first sight of the corpus, and now.

- The corpus (tests/replay/planted) was written by somebody who had not seen the detector.
- First sight is what the detector said before anything was changed because of the corpus; it was
  recorded once (tests/replay/first_sight.json) and stays as it was.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.common import Report, Table
from tests.replay.corpus import FOLDER, Judged, Planted, judge, programs

FIRST_SIGHT = FOLDER.parent / "first_sight.json"


def first_sight(known: Sequence[Planted]) -> list[Judged]:
    """Return what was said of each program at first sight, as far as it was in the corpus then."""
    told = json.loads(FIRST_SIGHT.read_text(encoding="utf-8"))["programs"]
    found = [(one, told[one.file]) for one in known if one.file in told]
    return [Judged(one, said[0], said[1], said[2], said[3], ()) for one, said in found]


def _counts(name: str, judged: Sequence[Judged]) -> list[str]:
    planted = [one for one in judged if one.program.planted]
    alike = [one for one in judged if not one.program.planted]
    causes = {one.program.cause for one in planted}
    missed = {one.program.cause for one in planted if not one.named}
    return [
        name,
        f"{sum(one.detected for one in planted)} of {len(planted)}",
        f"{sum(one.named for one in planted)} of {len(planted)}",
        f"{sum(one.at_line for one in planted)} of {len(planted)}",
        f"{len(causes - missed)} of {len(causes)}",
        f"{sum(one.detected for one in alike)} of {len(alike)}",
    ]


def _races(judged: Sequence[Judged]) -> list[list[str]]:
    return [
        [one.program.file, one.program.cause, f"{one.differs} of {one.runs}"]
        for one in judged
        if one.program.planted and one.program.chance and one.variable == "threads"
    ]


def _row(before: Judged | None, now: Judged) -> list[str]:
    program = now.program
    return [
        program.file,
        program.cause,
        "" if program.line is None else str(program.line),
        "" if before is None else _said(before),
        _said(now),
        "" if now.line is None else str(now.line),
        "" if not program.planted else "yes" if now.named else "no",
    ]


def _said(one: Judged) -> str:
    return one.variable or "nothing"


def run() -> Report:
    """Judge every program."""
    known = programs()
    before = first_sight(known)
    with ThreadPoolExecutor(2) as pool:
        now = list(pool.map(lambda one: judge(one, jobs=1), known))
    early = {one.program.file: one for one in before}
    header = ["", "detected", "cause named", "line named", "kinds of cause", "look-alikes reported"]
    return Report(
        "replay_corpus",
        "Planted causes that a perturbed replay names",
        f"{sum(one.planted for one in known)} small programs with one planted cause each, and "
        f"{sum(not one.planted for one in known)} that only look as if, written by somebody who "
        "had not seen the detector. Each is run as `qfs replay --callable FILE:run "
        "--inputs ... --state-attr ... --perturb`. First sight was recorded before anything was "
        "changed because of the corpus. A kind of cause counts when every program of it is named.",
        [
            Table("All", header, [_counts("first sight", before), _counts("now", now)]),
            Table(
                "Races",
                ["program", "cause", "runs that differed"],
                _races(now),
                "A race shows by luck: how many runs under other thread scheduling differed.",
            ),
            Table(
                "Each program",
                ["program", "planted", "line", "first sight", "now", "its line", "named"],
                [_row(early.get(one.program.file), one) for one in now],
                "`ok_monotonic_unused.py` keeps what a clock says in the state that it declares, "
                "and declared state is compared: the report names that state. Its results and its "
                "other state are the same everywhere; with those alone it is not reported.",
            ),
        ],
    )
