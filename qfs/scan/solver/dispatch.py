"""Where the parts of the engine meet that need one another: evaluating and calling.

- A call evaluates its arguments and an argument may be a call; a property, an operator and an
  iteration are calls. The parts find one another through tables, by the number of a fact and by
  the tag of what is called, which ``qfs.scan.syntax``, ``heap`` and ``library`` fill.
- An import inside of a function, the other way round such a circle, takes as long as what it does.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from qfs.scan.domain.values import (
    ANY,
    CLASS,
    FUNCTION,
    INSTANCE,
    KNOWN,
    NOTHING,
    PARTIAL,
    PLAIN,
    Atom,
    Taint,
    Value,
    join,
)
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.solver.frame import Frame


@dataclass(slots=True)
class Arguments:
    """What a call passes."""

    positional: list[Value]
    keywords: dict[str, Value] = field(default_factory=dict)
    star: Value | None = None
    """An element of ``*args``, if any."""
    star_taint: Taint | None = None
    double: bool = False
    """Whether ``**kwargs`` may give more keywords."""
    named: Taint | None = None
    """The order of the keywords that ``**kwargs`` gives."""
    more: Value = NOTHING
    """Those of them that have an order which two runs may disagree on."""
    fewest: int | None = None
    """How many positional ones are given for certain, where some may be missing."""
    apart: bool = False
    """Whether the call's context is its own: a decorator's."""
    facts: Fact | None = None
    """The call's fact, when there is one: for what its form alone says."""
    unused: bool = False
    """Whether nothing is done with what the call returns."""
    handed: dict[Atom, bool] | None = None
    """Callbacks among them that were called by code outside, and whether for certain."""
    answers: dict[Any, Value] | None = None
    """What was called with them already, and what it gave: many ways lead to one method."""

    def leaks(self, frame: Frame) -> None:
        """Report that ``*xs`` gives parameters and fields what an order decides."""
        if self.star_taint is not None:
            frame.leak(self.star_taint, "set-pick", "decides which parameter gets which element")

    def first(self) -> Value:
        """Return the first argument, or nothing."""
        return self.at(0, "")

    def at(self, position: int, keyword: str) -> Value:
        """Return an argument by position or keyword, or nothing."""
        if keyword and keyword in self.keywords:
            return self.keywords[keyword]
        if 0 <= position < len(self.positional):
            return self.positional[position]
        return self.star or NOTHING

    def gives(self, position: int, keyword: str) -> bool:
        """Say whether an argument is given for certain."""
        certain = len(self.positional) if self.fewest is None else self.fewest
        return 0 <= position < certain or keyword in self.keywords

    def all(self) -> list[Value]:
        """Return every argument."""
        rest = [self.star] if self.star else []
        return [*self.positional, *self.keywords.values(), *rest]


class Answer(Protocol):
    """What calling one kind of alternative gives."""

    def __call__(
        self, frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, /, *, certain: bool
    ) -> Value:
        """Return what the call gives."""


EXPRESSIONS: Final[list[Callable[[Frame, Fact], Value]]] = []
"""By the number of a kind of expression."""
CALLED: Final[dict[str, Answer]] = {}
"""By the tag of an alternative; calling any other kind is a TypeError."""
SPECIAL: Final[list[Callable[[Frame, Atom, str, Pos], Value]]] = []
"""The one function that looks up a special method as the interpreter itself does."""

CROWDED: Final[list[Callable[[Frame, Value, Arguments, Pos], Value]]] = []
"""The one function that calls many."""


def evaluate(frame: Frame, fact: Fact) -> Value:
    """Return the value of an expression."""
    return EXPRESSIONS[fact[0]](frame, fact)


def call(
    frame: Frame, callee: Value, arguments: Arguments, pos: Pos, *, certain: bool = True
) -> Value:
    """Return what calling a value gives, whatever it may be."""
    out: Value = NOTHING
    if not callee:
        frame.rest("unreached", frame.function.label)
    certain = certain and (len(callee) <= 1 or _alone(callee))
    crowd = _called_crowd(frame, callee, arguments, _CALLABLE)
    if crowd:
        out = CROWDED[0](frame, crowd, arguments, pos)
        callee = tuple([atom for atom in callee if atom[0] not in _CALLABLE])
    for atom in callee:
        answer = CALLED.get(atom[0])
        if answer is not None:
            out = join(out, answer(frame, atom, arguments, pos, certain=certain))
    return out


def _called_crowd(frame: Frame, value: Value, arguments: Arguments, kinds: Container[str]) -> Value:
    """Return those of a value whose call is looked at once for all contexts of who calls."""
    solver = frame.solver
    if len(value) <= solver.crowd_max or arguments.apart or frame.node.crowd or solver.visits_max:
        return NOTHING
    many = tuple([atom for atom in value if atom[0] in kinds])
    return many if len(many) > solver.crowd_max else NOTHING


_CALLABLE: Final = {FUNCTION, CLASS, INSTANCE}
_HANDED: Final = {FUNCTION}


def call_each(
    frame: Frame, callee: Value, arguments: Arguments, pos: Pos, order: Taint | None
) -> Value:
    """Return what calling a value for each element gives, in the order of the elements."""
    if order is None:
        return call(frame, callee, arguments, pos)
    frame.orders.append((order, frozenset(), frozenset()))
    out = call(frame, callee, arguments, pos)
    frame.orders.pop()
    return out


def _alone(callee: Value) -> bool:
    """Say whether one alternative alone can be called: of several, nobody knows which."""
    return sum([atom[0] not in {PLAIN, KNOWN} for atom in callee]) <= 1


def call_method(
    frame: Frame,
    receiver: Atom,
    name: str,
    arguments: Arguments,
    pos: Pos,
    *,
    silent: bool = False,
) -> Value:
    """Return what a special method of a receiver gives; () when silent and it has none."""
    if silent and receiver[0] == INSTANCE and not frame.find(receiver[1], name):
        return NOTHING
    (special_method,) = SPECIAL
    return call(frame, special_method(frame, receiver, name, pos), arguments, pos)


def escape(frame: Frame, arguments: Arguments, pos: Pos) -> None:
    """Call every callback that is handed to unknown code: it may call it."""
    for value in arguments.all():
        for atom in hand_over_many(frame, value, arguments, pos):
            if atom[0] in {FUNCTION, PARTIAL}:
                hand_over(frame, atom, arguments, pos, certain=False)


def hand_over_many(frame: Frame, value: Value, arguments: Arguments, pos: Pos) -> Value:
    """Call the callbacks of a crowd as code outside does; return what else a value may be."""
    crowd = _called_crowd(frame, value, arguments, _HANDED)
    if not crowd:
        return value
    CROWDED[0](frame, crowd, Arguments([], star=ANY, double=True, unused=True), pos)
    return tuple([atom for atom in value if atom[0] != FUNCTION])


def hand_over(frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool) -> None:
    """Call a callback as code outside does; whoever else is handed it calls it no otherwise."""
    if arguments.handed is None:
        arguments.handed = {}
    known = arguments.handed.get(atom)
    if known is None or (certain and not known):
        arguments.handed[atom] = certain
        call(frame, (atom,), Arguments([], star=ANY, double=True), pos, certain=certain)
