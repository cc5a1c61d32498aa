"""What the fixed point works on: functions in a context, the calls between them, what they do."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from qfs.scan.domain.values import NOTHING, Atom, Taint, Value
from qfs.scan.facts.ir import Pos
from qfs.scan.rules.rule import Rule
from qfs.scan.solver.lookup import Lookup
from qfs.scan.solver.program import Function

CellKey: TypeAlias = tuple[Any, ...]


class Effect(NamedTuple):
    """A construct that a rule speaks of, where it stands."""

    rule: Rule
    path: str
    pos: Pos
    text: str
    """What the message calls it."""
    verdict: str
    """violation, possible or unknown, seen from the function itself."""


class Edge(NamedTuple):
    """A call."""

    target: int
    """Number of the node that is called."""
    pos: Pos
    certain: bool


Form: TypeAlias = tuple[int, int | None, tuple[str, ...], bool, Taint | None, bool, Taint | None]
"""Of arguments: positional ones, how many are certain, words, star missing, its order, double,
and the order of those words."""


@dataclass(slots=True, eq=False)
class Crowd:
    """A call of many functions: ``qfs.scan.syntax.crowds``."""

    pos: Pos
    form: Form
    given: list[Value]
    """Positional arguments, those by word, an element of the star, what two stars hide."""
    callee: Value = NOTHING
    changing: dict[Atom, None] = field(default_factory=dict)
    """Nodes called that may change what they are handed, and whether they are bound."""


@dataclass(slots=True, eq=False)
class Node:
    """A function in a context."""

    number: int
    function: Function
    arguments: dict[str, Value]
    order: Taint | None
    """The unordered loop in which it is called, if any."""
    result: Value = NOTHING
    effects: dict[tuple[str, str, Pos], Effect] = field(default_factory=dict)
    edges: dict[tuple[int, Pos], Edge] = field(default_factory=dict)
    rests: dict[tuple[str, str], None] = field(default_factory=dict)
    """What is trusted without being looked at: (kind, name)."""
    readers: dict[int, bool] = field(default_factory=dict)
    """Who calls it, and whether what it returns is used."""
    seen: dict[CellKey, Value] = field(default_factory=dict)
    """Cells that its last evaluation read, as they were when it first did."""
    looked: dict[Lookup, None] = field(default_factory=dict)
    called: dict[int, Value] = field(default_factory=dict)
    """Nodes whose results it used, and what those were."""
    runs: int = 0
    queued: bool = False
    active: bool = False
    stale: bool = True
    """Whether something other than these has changed since."""
    cut: bool = False
    """Whether something that it reads changed once too often for it to be evaluated again."""
    resumed: bool = False
    """Whether it was cut, and goes on now that all else is done."""
    loose: bool = False
    """Whether its arguments are anything, since they grew even then: it is unknown."""
    rank: int = 0
    """How many nodes were evaluated to the end before it was, for the first time."""
    crowd: Crowd | None = None
    """What is called, where this is no function but a call of many."""
