"""``qfs replay --against REV``: whether another revision changes history, and where.

- The same inputs, the same usual environment; only the source tree differs: the revision's against
  the working folder's. A log of the user's machines is replayed the same way.
- What is expected is what the revision gives; the line is where the two recordings part.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from qfs.app.perturb import Divergence, Parting, Perturbed, Runner, described_by, parted
from qfs.shell.perturbation import Environment
from qfs.shell.perturbed_run import Failed, Told, Wish


def compare_revisions(
    usual: Environment, old: Runner, new: Runner, revision: str, tell: Callable[[str], None]
) -> Perturbed | Failed:
    """Run both revisions; Failed if the older one does not end well."""
    tell(f"revision {revision}")
    base = old(usual, Wish(quick=True))
    if isinstance(base, Failed):
        return base
    tell("the working folder")
    other = new(usual, Wish(quick=True))
    found = None
    if isinstance(other, Failed):
        at = len(other.digests)
        found = Divergence(at, "", "a result", f"{other.reason}: {other.words}", *_named(revision))
    else:
        at_ = parted(base.digests, other.digests)
        if at_ is not None:
            found = Divergence(at_, "", "", "", *_named(revision))
    parting = None
    if found is not None and isinstance(found.input, int) and isinstance(other, Told):
        wish = Wish(detail=found.input, trace=found.input, last=found.input, quick=True)
        expected, actual = old(usual, wish), new(usual, wish)
        if isinstance(expected, Told) and isinstance(actual, Told):
            found = described_by(found, expected, actual)
            parting = Parting(usual, usual, wish.last or 0, expected, _moved(actual, expected))
    return Perturbed(
        inputs=len(base.digests),
        digest=base.digests[-1][2] if base.digests else "",
        identical=found is None,
        divergence=found,
        open_questions=(),
        notes=(),
        variables=("revision",),
        not_exercised=(),
        environments=2 if parting is None else 4,
        seed=0,
        parting=parting,
    )


def _named(revision: str) -> tuple[str, str, str]:
    return "revision", "global-state", revision


def _moved(actual: Told, expected: Told) -> Told:
    """Name files alike in both recordings: the two trees lie in two places."""
    old, new = _root(expected), _root(actual)
    events = [
        (event[0].replace(new, old, 1), *event[1:4], event[4].replace(new, old, 1), *event[5:])
        for event in actual.events
    ]
    return replace(actual, events=tuple(events))


def _root(told: Told) -> str:
    """Return the folder of the first file that was recorded."""
    return str(Path(told.events[0][0]).parent) if told.events else ""
