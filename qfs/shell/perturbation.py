"""What may differ between two honest runs of a program, and a plan that tries it.

- A variable has a usual level, the first, and others. An environment gives each its level.
- A plan is a covering array of strength two: every two levels of every two variables meet in some
  environment. It is made greedily from a seed alone, so the same seed gives the same plan.
- A variable is named as people name what they set: ``PYTHONHASHSEED``, ``TZ``, ``clock``.
- Source: D. R. Kuhn, R. N. Kacker, Y. Lei, NIST SP 800-142 §2; PEP 456 (hash seed), PEP 538 and 540
  (locale), setarch(8) (addresses).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from random import Random
from types import MappingProxyType

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Variable:
    """One thing that differs between runs."""

    name: str
    levels: tuple[str, ...]
    """The usual level, then the others."""
    effect: str
    """Which effect of the audit's vocabulary a program has that depends on it."""
    what: str
    """One phrase for a report."""
    alone: bool = False
    """Whether it is tried by itself only: it takes twice the time, and needs no other to show."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine can vary."""

    pythons: tuple[str, ...]
    """Interpreters; the first is the usual one."""
    locale: str
    """A locale with other names and separators than C; empty when there is none."""
    addresses: bool
    """Whether address space randomisation can be turned off."""
    folder: bool
    """Whether the working folder can be shown in another place."""
    compiled: str = ""
    """A folder with QFS compiled, for logs of its own machines; empty for none."""
    unusable: tuple[tuple[str, str], ...] = ()
    """What has the name of a Python and cannot be run, and why."""


FIXED: tuple[Variable, ...] = (
    Variable("PYTHONHASHSEED", ("0", "1", "2", "4242"), "hash-order", "seed of str hashes"),
    Variable("TZ", ("UTC0", "QFS-14", "QFS3:30QDT"), "locale", "time zone"),
    Variable("umask", ("022", "077"), "filesystem", "mode of new files"),
    Variable("HOME", ("/nonexistent", "/nonexistent/another"), "environment", "home folder"),
    Variable("USER", ("qfs", "somebody"), "environment", "name of the user"),
    Variable("TMPDIR", ("first", "second"), "filesystem", "folder for temporary files"),
    Variable("environment-order", ("usual", "reversed"), "environment", "order of the environment"),
    Variable("directory-order", ("forward", "backward", "shuffled"), "filesystem",
             "order in which folders are listed"),
    Variable("clock", ("still", "shifted", "running", "frozen"), "clock",
             "time of day and elapsed time"),
    Variable("random", ("first", "second"), "random", "chance and entropy"),
    Variable("cpu-count", ("4", "1", "7"), "environment", "number of CPUs"),
    Variable("cpu-features", ("usual", "fewer"), "math", "instructions that libm may use"),
    Variable("threads", ("usual", "noise-1", "noise-2"), "concurrency", "scheduling of threads"),
    Variable("switch-interval", ("5000", "1", "100000"), "concurrency",
             "microseconds after which another thread may run"),
    Variable("allocator", ("pymalloc", "malloc", "scattered"), "identity", "addresses of objects"),
    Variable("gc", ("usual", "off", "eager"), "gc", "when the garbage collector runs"),
    Variable("recursion-limit", ("1000", "3000", "750"), "exception", "depth of recursion"),
    Variable("int-digits", ("4300", "0", "640"), "exception", "digits of an int as text"),
    Variable("optimize", ("0", "1", "2"), "exception", "python -O: no asserts, no docstrings"),
    Variable("process-id", ("4000", "5001"), "process", "number of the process"),
    Variable("hostname", ("first", "second"), "environment", "name of the machine"),
)  # fmt: skip


LEFT_BEHIND = Variable(
    *("left-behind", ("nothing", "last-run"), "filesystem"),
    *("what an earlier run has left", True),
)
FILE_TIMES = Variable(
    *("file-times", ("kept", "reversed"), "filesystem"),
    "when files were last modified",
)


def variables(
    machine: Machine, environment_names: Sequence[str] = (), *, whole: bool = False
) -> tuple[Variable, ...]:
    """Return what can be varied here, and each environment variable that the program reads.

    whole: the program is run whole, so that what it leaves behind can be there when it begins.
    """
    found = list(FIXED)
    locales = ("C.UTF-8", "C", *((machine.locale,) if machine.locale else ()))
    found.append(Variable("LC_ALL", locales, "locale", "locale and text encoding"))
    if machine.addresses:
        found.append(
            Variable("addresses", ("fixed", "randomised"), "identity", "addresses of objects")
        )
    if machine.folder:
        places = ("first", "second")
        found.append(Variable("cwd", places, "environment", "working folder"))
        found.append(Variable("source-path", places, "environment", "folder of the program"))
        found += [FILE_TIMES, LEFT_BEHIND] if whole else [FILE_TIMES]
    if len(machine.pythons) > 1:
        found.append(Variable("python", machine.pythons, "serialization", "Python version"))
    if machine.compiled:
        levels = ("interpreted", machine.compiled)
        found.append(Variable("compiled", levels, "math", "machine code instead of bytecode"))
    levels = ("as it is", "changed")
    found += [Variable(f"${name}", levels, "environment", f"${name}") for name in environment_names]
    return tuple(found)


def usual(known: Iterable[Variable]) -> Environment:
    """Return the environment in which everything is at its usual level."""
    return MappingProxyType({one.name: one.levels[0] for one in known})


def pairwise(known: Sequence[Variable], seed: int) -> tuple[Environment, ...]:
    """Return environments in which every two levels of every two variables meet.

    The usual environment is the first. seed is any int; greedy, so a few more than the optimum.
    What is tried by itself only stays at its usual level.
    """
    known = [replace(one, levels=one.levels[:1]) if one.alone else one for one in known]
    chance = Random(seed)  # noqa: S311 (a plan needs to be repeatable, not secret)
    base = {one.name: one.levels[0] for one in known}
    open_pairs = _pairs(known) - _met(base, known)
    plan = [base]
    while open_pairs:
        row = min(
            [_row(known, open_pairs, chance) for _ in range(4)],
            key=lambda made: -len(open_pairs & _met(made, known)),
        )
        plan.append({one.name: row[one.name] for one in known})
        open_pairs -= _met(row, known)
    return tuple([MappingProxyType(row) for row in plan])


_Pair = tuple[str, str, str, str]


def _pairs(known: Sequence[Variable]) -> set[_Pair]:
    return {
        (a.name, x, b.name, y)
        for a, b in combinations(known, 2)
        for x in a.levels
        for y in b.levels
    }


def _met(row: Mapping[str, str], known: Sequence[Variable]) -> set[_Pair]:
    return {(a.name, row[a.name], b.name, row[b.name]) for a, b in combinations(known, 2)}


def _row(known: Sequence[Variable], open_pairs: set[_Pair], chance: Random) -> dict[str, str]:
    """Begin with an open pair, then give each variable the level that meets most open pairs."""
    a, x, b, y = sorted(open_pairs)[chance.randrange(len(open_pairs))]
    row = {a: x, b: y}
    place = {one.name: number for number, one in enumerate(known)}
    rest = [one for one in known if one.name not in row]
    chance.shuffle(rest)
    for one in rest:
        levels = list(one.levels)
        chance.shuffle(levels)

        def gain(level: str, one: Variable = one) -> int:
            met = 0
            for other, other_level in row.items():
                if place[one.name] < place[other]:
                    met += (one.name, level, other, other_level) in open_pairs
                else:
                    met += (other, other_level, one.name, level) in open_pairs
            return met

        row[one.name] = max(levels, key=gain)
    return row


def changed(environment: Environment, base: Environment) -> tuple[str, ...]:
    """Return the names of the variables that are not at their usual level."""
    return tuple([name for name in base if environment[name] != base[name]])


def with_only(names: Iterable[str], environment: Environment, base: Environment) -> Environment:
    """Return the usual environment with the named variables as in the other one."""
    kept = set(names)
    return MappingProxyType(
        {name: environment[name] if name in kept else level for name, level in base.items()}
    )
