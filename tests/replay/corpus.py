"""The programs of ``planted/``, and when a report names their cause.

- Who wrote them had not seen the detector; their words for causes are put into the report's words
  here, in one table, and nowhere else.
- `judge` is strict: the variable named must be the planted one, and for hidden state the kind of
  place that keeps it. The line is counted apart.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfs.app.foreign import ForeignRequest, replay_foreign

FOLDER = Path(__file__).parent / "planted"
RACE_RUNS = 100

# A cause in the corpus's words -> the variables of a report that mean it.
MEANT: dict[str, tuple[str, ...]] = {
    "hash-order": ("PYTHONHASHSEED",),
    "hash-value": ("PYTHONHASHSEED",),
    "dict-from-set": ("PYTHONHASHSEED",),
    "set-pop": ("PYTHONHASHSEED",),
    "frozenset-repr": ("PYTHONHASHSEED",),
    "pickled-set": ("PYTHONHASHSEED",),
    "identity": ("addresses", "allocator"),
    "directory-order": ("directory-order",),
    "wall-clock": ("clock",),
    "monotonic-clock": ("clock",),
    "file-time": ("clock",),
    "time-zone": ("TZ",),
    "locale": ("LC_ALL",),
    "float-order": (),  # an order of something else, which the corpus names besides
    "json-float": ("python",),
    "thread-race": ("threads",),
    "completion-order": ("threads",),
    "module-state": ("history: module global", "history: class attribute"),
    "mutable-default": ("history: mutable default",),
    "impure-cache": ("history: cache",),
    "garbage-collection": ("gc",),
    "optimise": ("optimize",),
    "int-digits": ("int-digits",),
    "python-version": ("python",),
    "environment": ("$",),
    "environment-order": ("environment-order",),
    "user-name": ("USER",),
    "home": ("HOME",),
    "working-directory": ("cwd",),
    "source-path": ("source-path",),
    "host-name": ("hostname",),
    "process-id": ("process-id",),
    "cpu-count": ("cpu-count",),
    "umask": ("umask",),
    "temporary-name": ("random", "TMPDIR"),
    "recursion-limit": ("recursion-limit",),
    "random": ("random",),
    "entropy": ("random",),
}


@dataclass(frozen=True)
class Planted:
    """One program of the corpus."""

    file: str
    inputs: str
    cause: str
    planted: bool
    line: int | None
    varies_with: str
    note: str
    state: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    chance: bool = False
    """Whether the difference shows in some runs only."""


@dataclass(frozen=True)
class Judged:
    """What became of one program."""

    program: Planted
    variable: str
    """What the report says; with the kind of place for hidden state; empty if nothing differs."""
    line: int | None
    differs: int
    runs: int
    inconclusive: tuple[str, ...]

    @property
    def detected(self) -> bool:
        """Whether any difference is reported."""
        return bool(self.variable)

    @property
    def named(self) -> bool:
        """Whether the variable is the planted one."""
        causes = (self.program.cause, *self.program.also)
        return self.detected and any(
            self.variable == word or (word == "$" and self.variable.startswith("$"))
            for cause in causes
            for word in MEANT[cause]
        )

    @property
    def at_line(self) -> bool:
        """Whether the planted line is named as well."""
        return self.named and self.line == self.program.line


def programs() -> tuple[Planted, ...]:
    """Return the corpus in the index's order."""
    index = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    return tuple([_planted(entry) for entry in index["programs"]])


def _planted(entry: dict[str, Any]) -> Planted:
    lists = {name: tuple(entry.get(name) or ()) for name in ("state", "also")}
    return Planted(**{**entry, **lists})


def judge(program: Planted, jobs: int = 2) -> Judged:
    """Perturb one program and hold the report against what was planted."""
    report = replay_foreign(
        ForeignRequest(
            callable=f"{program.file}:run",
            inputs=FOLDER / program.inputs,
            state=program.state,
            perturb=True,
            folder=FOLDER,
            jobs=jobs,
            repeats=RACE_RUNS if program.chance else 1,
        )
    )
    opened = tuple(report.document()["inconclusive"])
    found = report.perturbed.divergence if report.perturbed is not None else None
    if found is None:
        return Judged(program, "", None, 0, 0, opened)
    variable = found.variable
    if variable == "history" and found.places:
        # A place is its kind and its name: ``mutable default of price``, ``module global _seen``.
        kind = found.places[0].rpartition(" ")[0].removesuffix(" of")
        variable = f"history: {kind}"
    line = report.cause.line if report.cause is not None else None
    return Judged(program, variable, line, found.differs, found.runs, opened)
