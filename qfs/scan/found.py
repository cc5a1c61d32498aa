"""What the scanner says: an effect that an entry point reaches, by which way, and what it trusts.

- Values alone, apart from what finds them: a report that is read from a cache needs no engine.
"""

from dataclasses import dataclass

from qfs.scan.facts.ir import Pos
from qfs.scan.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Step:
    """One function on the way, and the line in it at which the way goes on."""

    path: str
    line: int
    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """An effect that an entry point reaches."""

    rule: Rule
    verdict: str
    path: str
    pos: Pos
    text: str
    chain: tuple[Step, ...]
    function: str
    """Qualified name of the function in which it stands."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Something that a proof rests on without having looked at it."""

    kind: str
    """stdlib, third-party, computed, native, callback or unreached."""
    name: str
    how: str
    """Why it is trusted."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the walk gave."""

    found: tuple[Found, ...]
    functions: int
    """Functions that an entry point reaches."""
    proved: int
    """Those of them that reach no effect at all."""
    rests: tuple[Rest, ...]
    """What the judgement trusts, in the order of kinds and names."""
