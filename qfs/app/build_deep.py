"""`qfs build --deep`: what diffoscope says of the differences that no cause was found for.

- Only of those: a cause that is named says more in a line than a listing of both files.
- A member is shown to it alone; an archive in an archive, and what is gone on one side, as the
  whole artefact. At most MEMBERS_MAX are shown, and what is left out is counted.
- Without diffoscope, or where it fails, each difference says so. The verdict is the same anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from qfs.app.build import Artifact, BuildReport, Progress
from qfs.repro import Cause
from qfs.repro.members import member
from qfs.shell.deep import difference, find_diffoscope

UNNAMED = (Cause.UNKNOWN, Cause.ELF, Cause.PYC)
"""Causes that say where, and not why."""
MEMBERS_MAX = 8
SECONDS = 120
"""Time limit of one comparison."""
CHARACTERS = 4_000
"""Of what it says of one member."""
MISSING = "NOT RUN: diffoscope is not installed (Debian's or PyPI's package diffoscope)"


@dataclass(frozen=True, slots=True)
class Deep:
    """What diffoscope said of one difference."""

    pair: str
    artifact: str
    member: str
    """Empty for the whole artefact."""
    said: str
    problem: str
    """Why it said nothing; empty if it did."""

    def document(self) -> dict[str, str]:
        """Return the part of a JSON document."""
        return {
            "pair": self.pair,
            "artifact": self.artifact,
            "member": self.member,
            "said": self.said,
            "problem": self.problem,
        }


def deepened(report: BuildReport, progress: Progress = lambda *_: None) -> tuple[Deep, ...]:
    """Show diffoscope what has no name yet; one answer a member, in the order of the report."""
    places = [
        (pair, found.artifact, found.member)
        for pair, found in report.differences
        if found.cause in UNNAMED
    ]
    places = list(dict.fromkeys(places))
    program = find_diffoscope()
    answers = []
    for place in places[:MEMBERS_MAX]:
        progress(f"{place[0]} with diffoscope", place[1], place[2] or "the whole file")
        answers.append(_asked(program, place, report.artifacts))
    left = len(places) - MEMBERS_MAX
    if left > 0:
        answers.append(Deep("", "", "", "", f"NOT SHOWN: {left} more"))
    return tuple(answers)


def _asked(program: str | None, place: tuple[str, str, str], artifacts: Sequence[Artifact]) -> Deep:
    pair, name, path = place
    if program is None:
        return Deep(pair, name, path, "", MISSING)
    both = [one for one in artifacts if (one.pair, one.name) == (pair, name)]
    if not both or not both[0].again:
        return Deep(pair, name, path, "", "NOT RUN: one side was not built")
    sides = both[0].data, both[0].again
    inner = [member(name, data, path) if path else None for data in sides]
    if inner[0] is not None and inner[1] is not None:
        shown = (path.rsplit("/", 1)[-1], inner[0], inner[1])
    else:
        shown = (name, *sides)
    said, problem = difference(program, *shown, seconds=SECONDS, characters=CHARACTERS)
    return Deep(pair, name, path, said, f"diffoscope gave no answer: {problem}" if problem else "")
