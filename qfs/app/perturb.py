"""Runs a program in many environments, and names the one variable that it is sensitive to.

- First as usual, twice, and with a second pass in one process (is there hidden state?); then the
  environments of a pairwise plan, those that change most first.
- At the first divergence the plan ends: halves of what that environment changed are put back until
  one variable is left. Thread scheduling is tried on its own, often: it is a matter of luck.
- A run that crashes where the usual one does not diverges; one that hangs or exhausts its memory
  leaves the question open, and an open question is never reported as identical.
- Source: A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256

from qfs.app.perturb_names import names_asked, refused
from qfs.shell.perturbation import (
    Environment,
    Machine,
    Variable,
    changed,
    pairwise,
    usual,
    variables,
    with_only,
)
from qfs.shell.perturbed_run import Failed, Item, Leaves, Told, Wish
from qfs.shell.watched_canonical import first_difference

RACE_TRIES = 10
_PASSES = 3
_ROOTS = {"TZ": ("clock",), "python": ("PYTHONHASHSEED",)}
Runner = Callable[[Environment, Wish], Told | Failed]
Progress = Callable[[str], None]


def _silent(words: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first difference between the usual run and another."""

    input: int | str
    """Number of the input, or name of the file, at which they part."""
    key: str
    """Path inside result or state: ``result.trades[3]``."""
    expected: str
    actual: str
    variable: str
    """What the program is sensitive to; ``unrepeatable`` if nothing that can be varied."""
    effect: str
    level: str
    """Level of the variable in the other run."""
    differs: int = 1
    """In how many runs of ``runs`` it differed."""
    runs: int = 1
    places: tuple[str, ...] = ()
    """For hidden state: where it is kept."""
    command: str = ""
    """For a log: the first command of the packet after which a machine's root differs."""


@dataclass(frozen=True, slots=True)
class Perturbed:
    """What became of a perturbation."""

    inputs: int
    digest: str
    """Over every result of the usual run."""
    identical: bool
    divergence: Divergence | None
    open_questions: tuple[str, ...]
    """Runs that hung, exhausted memory or could not be compared."""
    notes: tuple[tuple[str, str], ...]
    variables: tuple[str, ...]
    not_exercised: tuple[tuple[str, str], ...]
    """What this machine could not vary, and why."""
    environments: int
    """How many runs were made."""
    seed: int
    native: tuple[str, ...] = ()
    refusals: tuple[tuple[tuple[str, str], ...], ...] = ()
    parting: "Parting | None" = None
    other: Environment | None = None
    """The environment that diverges; None where another environment is not what differs."""


@dataclass(frozen=True, slots=True)
class Parting:
    """Two environments that part at one input: what the cause is sought from."""

    usual: Environment
    other: Environment
    input: int
    expected: Told
    actual: Told


@dataclass(slots=True)
class Search:
    """One perturbation on its way."""

    run: Runner
    machine: Machine
    seed: int = 0
    jobs: int = 1
    repeats: int = 1
    hidden_state: bool = True
    """Whether a second pass in the same process makes sense; else a second run in a folder does."""
    only: tuple[str, ...] = ()
    """Names of the variables to vary; all if empty."""
    progress: Progress = _silent
    base: Told = field(default_factory=lambda: Told((), {}))
    known: tuple[Variable, ...] = ()
    usual: Environment = field(default_factory=dict)
    open_questions: list[str] = field(default_factory=list)
    not_exercised: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def diverges(self, environment: Environment) -> Told | Failed | None:
        """Return the run in this environment if it diverges, None if it is as usual."""
        outcome = self.once(environment, Wish(quick=True))
        if isinstance(outcome, Told):
            return outcome if parted(self.base.digests, outcome.digests) is not None else None
        if outcome.reason in ("hung", "memory"):
            words = ", ".join([f"{n}={environment[n]}" for n in changed(environment, self.usual)])
            self.open_questions.append(f"{outcome.reason}: {outcome.words} with {words}")
            return None
        return outcome

    def once(self, environment: Environment, wish: Wish) -> Told | Failed:
        """Run, and count it."""
        self.made += 1
        return self.run(environment, wish)


def perturb(search: Search) -> Perturbed | Failed:
    """Run the whole search; Failed if not even the usual run ends well."""
    search.known = variables(search.machine, whole=not search.hidden_state)
    search.usual = usual(search.known)
    search.not_exercised.update(search.machine.unusable)
    search.progress("usual environment")
    first = search.once(search.usual, Wish(passes=_PASSES if search.hidden_state else 1))
    if isinstance(first, Failed):
        return first
    names, left_out = names_asked(first.noticed)
    search.not_exercised.update(left_out)
    known = variables(search.machine, names, whole=not search.hidden_state)
    search.known = _chosen(search, known)
    search.usual = usual(search.known)
    _drop_refused(search, first.noticed.get("libraries", ()))
    # Watching and a second pass move objects in memory, so what is compared is a run without.
    plain = search.once(search.usual, Wish(quick=True))
    if isinstance(plain, Failed):
        return plain
    base = replace(plain, noticed=first.noticed)
    search.base = base
    again = search.diverges(search.usual)
    if again is not None:
        found: Divergence | _Found | None = _unrepeatable(search, base)
    else:
        raced = _race(search) if base.noticed.get("threads") else None
        found = raced or _second_pass(search, first) or _alone(search, "left-behind")
        found = found or _planned(search)
        if found is not None and not raced and search.diverges(search.usual) is not None:
            # What differs by itself, with time, is not the work of what was varied meanwhile.
            found = _unrepeatable(search, base)
    return report(search, base, found)


def _chosen(search: Search, known: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """Keep every variable, but only the chosen ones keep more than their usual level."""
    if not search.only:
        return known
    return tuple(
        [
            # `$` chooses every environment variable that the program reads.
            one
            if one.name in search.only or (one.name[0] == "$" and "$" in search.only)
            else replace(one, levels=one.levels[:1])
            for one in known
        ]
    )


def _drop_refused(search: Search, libraries: Sequence[str]) -> None:
    """Leave as they are the environment variables of which a library refuses another value."""
    names = [f"${name}" for name in libraries]
    chosen = [one.name for one in search.known if one.name in names and len(one.levels) > 1]
    found = refused(chosen, search.usual, lambda row: search.once(row, Wish(last=0, quick=True)))
    search.not_exercised.update(found)
    search.known = tuple([one for one in search.known if one.name not in found])
    search.usual = usual(search.known)


def _second_pass(search: Search, first: Told) -> "Divergence | _Found | None":
    """Compare the later passes in one process with the first."""
    number, at = _later(first.digests) if search.hidden_state else (0, None)
    if at is None:
        return None
    told = [str(name) for name in first.noticed.get("changed", ())]
    # A cache or a default that keeps values says more than the globals that they came from.
    kinds = ("mutable default", "cache", "closure", "function attribute")
    places = tuple(sorted(told, key=lambda name: not name.startswith(kinds)))
    # A generator without a seed is kept, but what it draws is chance. Where nothing was kept,
    # objects lay elsewhere in memory, or the collector came at another time.
    for name in ("random", *(() if places else ("addresses", "allocator", "gc"))):
        moved = _alone(search, name)
        if moved is not None:
            return moved
    planned = None if places else _planned(search)
    if planned is not None:
        return planned
    level = "second pass" if number == 1 else "a pass that one input went before"
    found = Divergence(at, "", "", "", "history", "global-state", level, places=places)
    if not isinstance(at, int):
        return found
    # The earlier passes run to their ends: what they leave behind is what makes the difference.
    detail = search.once(search.usual, Wish(passes=number + 1, detail=at))
    if isinstance(detail, Told) and len(detail.details) > number:
        return _located(found, detail.details[0], detail.details[number])
    return found


def _later(digests: Sequence[Item]) -> tuple[int, int | str | None]:
    """Return the first pass that differs from pass 0, and the input at which it does."""
    once = [item for item in digests if item[0] == 0]
    for number in range(1, _PASSES):
        again = [(0, at, digest) for made, at, digest in digests if made == number]
        at = parted(once, again) if again else None
        if at is not None:
            return number, at
    return 0, None


def _alone(search: Search, name: str) -> "_Found | None":
    """Vary one variable by itself."""
    for variable in search.known:
        for level in variable.levels[1:] if variable.name == name else ():
            other = {**search.usual, name: level}
            outcome = search.diverges(other)
            if outcome is not None:
                found = _described(search, other, outcome, (name, variable.effect, level))
                return _Found(found, other)
    return None


def _planned(search: Search) -> "_Found | None":
    """Walk the plan until an environment diverges."""
    plan = pairwise(search.known, search.seed)[1:]
    rows = sorted(plan, key=lambda row: -len(changed(row, search.usual)))
    with ThreadPoolExecutor(max_workers=search.jobs) as pool:
        for start in range(0, len(rows), search.jobs):
            batch = rows[start : start + search.jobs]
            search.progress(f"environment {start + 1} of {len(rows)}")
            for row, outcome in zip(batch, pool.map(search.diverges, batch), strict=True):
                checked = _without_unloadable(search, row, outcome)
                if checked is None:
                    continue
                found = _narrowed(search, checked[0])
                if found is not None:
                    return found
    return None


def _without_unloadable(
    search: Search, row: Environment, outcome: Told | Failed | None
) -> tuple[Environment, Told | Failed] | None:
    """Run again with the usual Python, or core, what another one cannot even import."""
    for name in ("compiled", "python"):
        if not (isinstance(outcome, Failed) and outcome.reason == "unloadable"):
            break
        if row.get(name) == search.usual.get(name):
            continue
        same = {**row, name: search.usual[name]}
        again = search.diverges(same)
        if isinstance(again, Failed) and again.reason == "unloadable":
            continue
        search.not_exercised[f"{name} {row[name]}"] = outcome.words
        return None if again is None else (same, again)
    return None if outcome is None else (row, outcome)


@dataclass(frozen=True, slots=True)
class _Found:
    divergence: Divergence
    other: Environment


def narrowed(search: Search, row: Environment) -> _Found | None:
    """Put back what the row changes until one variable is left; None if it is as usual."""
    if search.diverges(row) is None:
        return None
    return _narrowed(search, row)


def _narrowed(search: Search, row: Environment) -> _Found | None:
    """Put back halves of what the row changes until one variable is left."""
    names = list(changed(row, search.usual))
    while len(names) > 1:
        half = len(names) // 2
        for part in (names[:half], names[half:]):
            if search.diverges(with_only(part, row, search.usual)) is not None:
                names = part
                break
        else:
            kept = _needed(search, row, names)
            if kept == names:
                break
            names = kept
    other = _rooted(search, names, with_only(names, row, search.usual))
    names = list(changed(other, search.usual))
    outcome = search.diverges(other)
    if outcome is None:
        search.open_questions.append("a divergence did not show again: " + ", ".join(names))
        return None
    variable = " and ".join(names)
    effect = next(one.effect for one in search.known if one.name == names[0])
    level = ", ".join([other[name] for name in names])
    return _Found(_described(search, other, outcome, (variable, effect, level)), other)


def _rooted(search: Search, names: list[str], other: Environment) -> Environment:
    """Return the environment that changes what the found variables only show.

    Almost anything moves objects in memory, a date shows through the time zone as well, and another
    Python lays out sets in another way: so what they hang on is tried by itself.
    """
    levels = {one.name: one.levels[1:] for one in search.known}
    for name in dict.fromkeys(["addresses", "allocator", *_ROOTS.get(names[0], ())]):
        if name not in names:
            for level in levels.get(name, ()):
                alone = {**search.usual, name: level}
                if search.diverges(alone) is not None:
                    return alone
    return other


def _needed(search: Search, row: Environment, names: list[str]) -> list[str]:
    """Drop what is not needed, one after another: several variables act together."""
    kept = list(names)
    for name in names:
        rest = [one for one in kept if one != name]
        if rest and search.diverges(with_only(rest, row, search.usual)) is not None:
            kept = rest
    return kept


def _described(
    search: Search, other: Environment, outcome: Told | Failed, named: tuple[str, str, str]
) -> Divergence:
    """Find the key at which the two results part; named is variable, effect and level."""
    at = parted(search.base.digests, outcome.digests)
    found = Divergence(0 if at is None else at, "", "", "", *named)
    if isinstance(outcome, Failed):
        at = at if at is not None else len(outcome.digests)
        return replace(
            found, input=at, expected="a result", actual=f"{outcome.reason}: {outcome.words}"
        )
    if at is None:
        return found
    if isinstance(at, str):
        written = [any(item[1] == at for item in one.digests) for one in (search.base, outcome)]
        if not all(written):
            said = ["written" if one else "not written" for one in written]
            return replace(found, expected=said[0], actual=said[1])
    number = at if isinstance(at, int) else _number(search.base.digests, at)
    wish = Wish(detail=number, last=number, quick=True)
    expected = search.once(search.usual, wish)
    for _ in range(RACE_TRIES if other == search.usual else 1):
        actual = search.once(other, wish)
        if isinstance(expected, Told) and isinstance(actual, Told):
            described = described_by(found, expected, actual)
            if described.key:
                return described
    return found


def _number(digests: Sequence[Item], name: str) -> int:
    return next((place for place, item in enumerate(digests) if item[1] == name), 0)


def _located(found: Divergence, mine: Leaves, yours: Leaves) -> Divergence:
    parted = first_difference(list(mine), list(yours))
    if parted is None:
        return found
    path, expected, actual = parted
    return replace(found, key=path, expected=expected[:500], actual=actual[:500])


def _race(search: Search) -> _Found | None:
    """Try thread scheduling on its own, often; count how often it tells."""
    levels = next(one.levels for one in search.known if one.name == "threads")[1:]
    if not levels:
        return None
    differs, seen = 0, None
    runs = max(search.repeats, RACE_TRIES)
    environments = [
        {**search.usual, "threads": levels[number % len(levels)]} for number in range(runs)
    ]
    search.progress(f"{runs} runs under other thread scheduling")
    with ThreadPoolExecutor(max_workers=search.jobs) as pool:
        for environment, outcome in zip(
            environments, pool.map(search.diverges, environments), strict=True
        ):
            if outcome is not None:
                differs += 1
                seen = seen or (environment, outcome)
    if seen is None:
        return None
    environment, outcome = seen
    level = environment["threads"]
    found = _described(search, environment, outcome, ("threads", "concurrency", level))
    return _Found(replace(found, differs=differs, runs=runs), environment)


def _unrepeatable(search: Search, base: Told) -> _Found:
    """Count how often the usual environment, given again, gives another result."""
    runs = max(search.repeats, RACE_TRIES)
    outcomes = [search.diverges(search.usual) for _ in range(runs)]
    parted = [one for one in outcomes if one is not None]
    threads = bool(base.noticed.get("threads"))
    variable, effect = ("threads", "concurrency") if threads else ("unrepeatable", "native")
    if not threads and not search.machine.addresses:
        # All else that is known stands still here; addresses do only where setarch may fix them.
        variable, effect = "addresses", "identity"
    sample = parted[0] if parted else base
    found = _described(search, search.usual, sample, (variable, effect, "same again"))
    return _Found(replace(found, differs=len(parted), runs=runs), search.usual)


def described_by(found: Divergence, expected: Told, actual: Told) -> Divergence:
    """Return the divergence with the key at which two detailed runs part."""
    mine = expected.details[0] if expected.details else ()
    yours = actual.details[0] if actual.details else ()
    return _located(found, mine, yours)


def parted(mine: Sequence[Item], yours: Sequence[Item]) -> int | str | None:
    """Return the first input at which two runs part, or None."""
    for one, other in zip(mine, yours, strict=False):
        if one != other:
            return one[1] if one[1] == other[1] else min(one[1], other[1], key=str)
    if len(mine) != len(yours):
        return (mine if len(mine) > len(yours) else yours)[min(len(mine), len(yours))][1]
    return None


def report(search: Search, base: Told, found: "Divergence | _Found | None") -> Perturbed:
    """Say what the runs so far have shown."""
    divergence = found.divergence if isinstance(found, _Found) else found
    notes = {str(kind): str(text) for kind, text in base.noticed.get("notes", {}).items()}
    opened = [*search.open_questions, *left_open(base)]
    return Perturbed(
        inputs=len(base.digests),
        digest=sha256("\n".join([item[2] for item in base.digests]).encode()).hexdigest(),
        identical=divergence is None and not opened,
        divergence=divergence,
        open_questions=tuple(dict.fromkeys(opened)),
        notes=tuple(sorted(notes.items())),
        variables=tuple([one.name for one in search.known if len(one.levels) > 1]),
        not_exercised=tuple(sorted(search.not_exercised.items())),
        environments=search.made,
        seed=search.seed,
        native=tuple([str(name) for name in base.noticed.get("native", ())]),
        parting=_parting(search, found),
        other=found.other if isinstance(found, _Found) else None,
    )


def left_open(told: Told) -> tuple[str, ...]:
    """Return why a run that ended well shows nothing."""
    notes = told.noticed.get("notes", {})
    steps = told.noticed.get("steps", 0)
    raised = bool(steps) and told.noticed.get("raised", 0) == steps
    return (
        *([f"not comparable: {notes['opaque']}"] if "opaque" in notes else []),
        *([f"not compared: {notes['unwatched']}"] if "unwatched" in notes else []),
        *([f"every input raises: {notes.get('raised', '')}"] if raised else []),
    )


def _parting(search: Search, found: "Divergence | _Found | None") -> Parting | None:
    """Trace the one step at which two environments part, in both."""
    if not isinstance(found, _Found) or not isinstance(found.divergence.input, int):
        return None
    at = found.divergence.input
    wish = Wish(trace=at, last=at, quick=True)
    expected, actual = search.once(search.usual, wish), search.once(found.other, wish)
    if not isinstance(expected, Told) or not isinstance(actual, Told):
        return None
    return Parting(search.usual, found.other, at, expected, actual)
