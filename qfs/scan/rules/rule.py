"""One rule, and the index that leads from a name or a construct to rules.

- A target's guard says what makes a call deterministic: ``gzip.compress(mtime|2)`` means "unless
  mtime is given, or a third positional argument"; ``json.dumps(sort_keys=True)`` asks for a value.
- A name may end in ``.*``: then everything below it is meant, except what has an entry of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

EFFECTS: Final = (
    "float", "clock", "random", "entropy", "hash-order", "identity", "environment", "filesystem",
    "network", "process", "concurrency", "locale", "dynamic-code", "gc", "serialization", "native",
    "global-state", "math", "exception", "security",
)  # fmt: skip
VERDICTS: Final = ("violation", "possible", "unknown")


@dataclass(frozen=True, slots=True)
class Example:
    """A few lines that a rule must report, or must not."""

    code: str
    note: str
    fixed: str
    """What ``--fix`` makes of it, where the rule has a fix; else empty."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as its file says it."""

    code: str
    name: str
    pack: str
    matcher: str
    effect: str
    targets: tuple[str, ...]
    what: str
    why: str
    instead: str
    source: str
    message: str
    """Template of the finding's sentence; ``{name}`` is the construct."""
    verdict: str
    """The most certain verdict that the rule can give."""
    policies: tuple[str, ...]
    """Float policies under which the rule speaks; empty for all."""
    bad: tuple[Example, ...]
    good: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Guard:
    """What makes a call deterministic: a position that is given, a keyword, a keyword's value."""

    position: int
    keyword: str
    value: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that a name leads to, unless a guard holds."""

    rule: Rule
    guards: tuple[Guard, ...]


@dataclass(slots=True)
class Index:
    """Where the engine looks rules up; matchers fill it."""

    calls: dict[str, list[Hit]] = field(default_factory=dict)
    """Dotted name, or its prefix ending in a star, that is called."""
    reads: dict[str, list[Hit]] = field(default_factory=dict)
    """Dotted name that is read."""
    sites: dict[str, list[Rule]] = field(default_factory=dict)
    """Construct of the language: ``true-division``."""


def parse_target(target: str) -> tuple[str, tuple[Guard, ...]]:
    """Return the name and the guards of ``name(guard|guard)``."""
    name, _, rest = target.partition("(")
    guards = []
    for part in rest.rstrip(")").split("|"):
        if not part:
            continue
        keyword, _, value = part.partition("=")
        position = int(part) if part.isdigit() else -1
        guards.append(Guard(position, "" if position >= 0 else keyword, value))
    return name, tuple(guards)


def lookup(index: Mapping[str, list[Hit]], name: str) -> tuple[str, list[Hit]]:
    """Return the entry that a dotted name leads to: itself, or the nearest prefix with a star."""
    found = index.get(name)
    if found is not None:
        return name, found
    prefix = name
    while "." in prefix:
        prefix = prefix.rpartition(".")[0]
        found = index.get(f"{prefix}.*")
        if found is not None:
            return f"{prefix}.*", found
    return "", []
