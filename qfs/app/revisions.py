"""A ledger's log under other revisions of QFS itself: does history change, where, for which key.

- ``qfs replay LOG --against REV`` and ``qfs bisect LOG --rev A B``, for the machines of QFS.
- A revision is taken out of the git repository of the working folder into a scratch folder and runs
  in a process of its own, signatures trusted; the first differing packet is compared key by key.
- A revision that cannot read the log, or stops, gives no answer, which is never identical.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import qfs
from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS, EXIT_USAGE
from qfs.app.perturbing import Divergence, Environment, Run, explain, run_one
from qfs.errors import UsageError
from qfs.shell.interpreters import this_interpreter
from qfs.shell.perturbed_run import workshop
from qfs.shell.perturbed_run_revision import extract


@dataclass(frozen=True, slots=True)
class Compared:
    """What two revisions make of one log."""

    runs: tuple[Run, ...]
    divergence: Divergence | None
    packets: int
    """How many packets were compared."""

    @property
    def identical(self) -> bool:
        """Whether every revision answered, and alike."""
        return self.divergence is None and all(run.failed is None for run in self.runs)

    @property
    def exit_code(self) -> int:
        """0 identical, 1 diverging, 2 a revision gave no answer."""
        if self.divergence is not None:
            return EXIT_FINDINGS
        return EXIT_CLEAN if self.identical else EXIT_USAGE

    def document(self) -> dict[str, Any]:
        """Return the JSON document ``qfs.revisions/1``."""
        return {
            "schema": "qfs.revisions/1",
            "identical": self.identical,
            "packets": self.packets,
            "revisions": [run.document() for run in self.runs],
            "divergence": None if self.divergence is None else self.divergence.document(),
        }


def against(path: Path, revision: str, recorded: Sequence[str], folder: Path) -> Compared:
    """Replay a log on a revision; recorded are its roots in hexadecimal.

    Raises UsageError for no repository, no such revision, or a revision without QFS.
    """
    own = Path(qfs.__file__).resolve().parent.parent
    with workshop() as shop:
        other = _environment(folder, revision, shop.folder / "revision")
        return _compared(replace(other, variable="baseline", root=own), other, path, recorded)


def bisect(path: Path, pair: tuple[str, str], folder: Path) -> Compared:
    """Replay a log on two revisions; raises as `against`."""
    with workshop() as shop:
        one, other = [
            _environment(folder, revision, shop.folder / f"revision-{number}")
            for number, revision in enumerate(pair)
        ]
        first = run_one(one, path)
        if first.failed is not None:
            return Compared((first,), None, 0)
        found = _compared(one, other, path, first.roots)
        return replace(found, runs=(first, *found.runs))


def _compared(
    one: Environment, other: Environment, path: Path, expected: Sequence[str]
) -> Compared:
    run = run_one(other, path)
    if run.failed is not None:
        return Compared((run,), None, 0)
    if list(run.roots) == list(expected):
        return Compared((run,), None, len(expected) - 1)
    found = explain(one, other, run, expected, path)
    return Compared((run,), found, found.packet)


def _environment(folder: Path, revision: str, to: Path) -> Environment:
    tree = extract(folder, revision, to)
    if not (tree / "qfs" / "app" / "replay_main.py").is_file():
        raise UsageError(
            f"revision {revision!r} holds no QFS",
            place=str(folder),
            way_out="run in QFS's source tree, or give your machines with --machine",
        )
    here = this_interpreter()
    return Environment("revision", revision, here.label, here.path, tree)
