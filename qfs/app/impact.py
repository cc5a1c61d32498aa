"""Two revisions, or two environments, of one program: whether history differs, where and why.

- ``qfs replay --against REV``, ``qfs bisect --rev A B``: the same inputs and environment; only the
  source tree differs. What is expected is what the first revision gives.
- ``qfs bisect --env A B``: the same program; an environment is what differs from the usual one.
  What differs between the two is halved until one variable is left.
- The line is where the two recordings of one step part.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from qfs.app.perturb import (
    Divergence,
    Parting,
    Perturbed,
    Runner,
    Search,
    described_by,
    left_open,
    narrowed,
    parted,
    report,
)
from qfs.errors import UsageError
from qfs.shell.perturbation import Environment, Variable, usual, variables
from qfs.shell.perturbed_run import Failed, Told, Wish

WORKING_FOLDER = "the working folder"
# Variables that may have any level, not only those of a plan.
_FREE = ("PYTHONHASHSEED", "TZ", "LC_ALL", "HOME", "USER", "umask", "cpu-count", "recursion-limit",
         "int-digits", "process-id", "python")  # fmt: skip


def compare_environments(search: Search, pair: tuple[str, str]) -> Perturbed | Failed:
    """Run in both environments; Failed if the first does not end well.

    Raises UsageError for what names no environment.
    """
    names = [name for text in pair for name, _ in _settings(text) if name[0] == "$"]
    names = [name[1:] for name in dict.fromkeys(names)]
    search.known = variables(search.machine, names, whole=not search.hidden_state)
    one, other = [_environment(text, search.known) for text in pair]
    search.usual = one
    base = search.once(one, Wish(quick=True))
    if isinstance(base, Failed):
        return base
    search.base = base
    return report(search, base, narrowed(search, other))


def _environment(text: str, known: Sequence[Variable]) -> Environment:
    """Return the usual environment with what ``name=level,name=level`` says."""
    made = dict(usual(known))
    levels = {one.name: one.levels for one in known}
    for name, level in _settings(text):
        if name not in levels:
            raise UsageError(
                f"{name!r} is no variable",
                place="--env",
                way_out=f"one of {', '.join(levels)}",
            )
        if name not in _FREE and level not in levels[name]:
            raise UsageError(
                f"{name} has no level {level!r}",
                place="--env",
                way_out=f"one of {', '.join(levels[name])}",
            )
        made[name] = level
    return MappingProxyType(made)


def _settings(text: str) -> list[tuple[str, str]]:
    parts = [part.partition("=") for part in text.split(",") if part.strip()]
    for name, equals, _ in parts:
        if not name or not equals:
            raise UsageError(
                f"{text!r} names no environment",
                place="--env",
                way_out="write PYTHONHASHSEED=1,TZ=QFS-14",
            )
    return [(name.strip(), level) for name, _, level in parts]


def compare_revisions(
    environment: Environment,
    old: Runner,
    new: Runner,
    revisions: tuple[str, str],
    tell: Callable[[str], None],
) -> Perturbed | Failed:
    """Run both revisions; Failed if the older one does not end well."""
    revision = revisions[0]
    tell(f"revision {revision}")
    base = old(environment, Wish(quick=True))
    if isinstance(base, Failed):
        return base
    tell(revisions[1])
    other = new(environment, Wish(quick=True))
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
        expected, actual = old(environment, wish), new(environment, wish)
        if isinstance(expected, Told) and isinstance(actual, Told):
            found = described_by(found, expected, actual)
            parting = Parting(
                environment, environment, wish.last or 0, expected, _moved(actual, expected)
            )
    # A quick run tells no reasons; where both gave the same, another is asked for them.
    asked = old(environment, Wish()) if found is None else base
    opened = left_open(asked) if isinstance(asked, Told) else (f"{asked.reason}: {asked.words}",)
    return Perturbed(
        inputs=len(base.digests),
        digest=base.digests[-1][2] if base.digests else "",
        identical=found is None and not opened,
        divergence=found,
        open_questions=opened,
        notes=(),
        variables=("revision",),
        not_exercised=(),
        environments=3 if found is None else 2 if parting is None else 4,
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
