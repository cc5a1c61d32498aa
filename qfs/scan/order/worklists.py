"""Loops that empty a set, ``while todo: x = todo.pop()``: each element once, in the set's order.

- Such a loop is one over the set: its body is looked at as that of ``for x in todo`` is, so that a
  set that is filled, a sum or a keyed table is silent, and a list, a pick or a text is found.
- What asks for an element that equals something asks for one element, in any order.
- It is one only where the test is the set alone and nothing but this ``pop`` takes from it: a loop
  that ends earlier, or drops other elements, leaves what the order decides.
- A ``pop`` within a statement, whose value goes on or is dropped, is read as one of its own before.
"""

from typing import Any, Final, NamedTuple

from qfs.scan.domain.values import INSTANCE
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.solver.frame import Frame, bare, mentions

_GROWS: Final = {"add", "update"}
TAKEN: Final = " taken"
"""A variable that no program has: the element that a ``pop`` within a statement takes."""


class Drain(NamedTuple):
    """A loop that empties a collection."""

    holder: Fact
    loop: Fact
    """The same as a loop over the collection: target, body, and where it ends."""
    pos: Pos
    """Where it takes an element."""
    body: tuple[Fact, ...]
    """The body as it is read: it takes its element in an assignment of its own."""


def drained(frame: Frame, fact: Fact) -> Drain | None:
    """Return how a ``while`` empties a collection, or None if it does anything else."""
    test = fact[1]
    if test[0] not in {ir.NAME, ir.ATTR, ir.CALL, ir.COMPARE}:
        return None
    question = ("drained", test)  # with its position, which no other has
    notes = frame.function.notes
    if question not in notes:
        notes[question] = _drained(fact)
    known: Drain | None = notes[question]
    return known


def _drained(fact: Fact) -> Drain | None:
    _, test, body, otherwise = fact
    holder = _tested(test)
    own = bare(holder) if holder is not None else None
    if holder is None or own is None or otherwise:
        return None
    if not any(each[0] == ir.ASSIGN and _takes(each[2], own) for each in body):
        body = _apart(body, own)
    taken: tuple[Fact, Pos] | None = None
    rest: list[Fact] = []
    for each in body:
        if taken is None and each[0] == ir.ASSIGN and _takes(each[2], own):
            taken = (each[1][0], each[2][4])
            if len(each[1]) != 1:
                return None
        else:
            rest.append(each)
    if taken is None or taken[0][0] not in {ir.NAME, ir.TUPLE} or _changes(tuple(rest), own):
        return None
    loop = (ir.FOR, taken[0], holder, tuple(rest), (), taken[1])
    return Drain(holder, loop, taken[1], body)


def _apart(body: tuple[Fact, ...], own: object) -> tuple[Fact, ...]:
    """Return a body whose one ``xs.pop()`` within a statement is an assignment of its own."""
    if any(_leaves(part) for part in ir.parts(body)):
        return body
    for at, fact in enumerate(body):
        if fact[0] not in {ir.EXPR, ir.ASSIGN, ir.AUGMENT}:
            continue
        where = 1 if fact[0] == ir.EXPR else len(fact) - 2
        found, value = _replaced(fact[where], own)
        if found is None:
            continue
        taking = (ir.ASSIGN, ((ir.NAME, TAKEN, found[4]),), found, found[4])
        rest = (*fact[:where], value, *fact[where + 1 :])
        return (*body[:at], taking, rest, *body[at + 1 :])
    return body


def _leaves(fact: Fact) -> bool:
    """Say whether a statement ends a loop before its collection is empty."""
    if len(fact) < 3:
        ends = fact[:1] == (ir.BREAK,) and fact[1].__class__ is tuple
        return ends and ir.is_position(fact[1])
    if fact[0] == ir.RAISE and len(fact) == 4:
        return isinstance(fact[3], tuple) and fact[1].__class__ is not str
    return len(fact) == 3 and fact[0] == ir.RETURN and isinstance(fact[2], tuple)


def _replaced(fact: Fact, own: object) -> tuple[Fact | None, Fact]:
    """Return the ``xs.pop()`` that is read whenever an expression is, and it with a name there."""
    if _takes(fact, own):
        return fact, (ir.NAME, TAKEN, fact[4])
    if fact[0] == ir.CALL:
        found, callee = _replaced(fact[1], own)
        if found is not None:
            return found, (fact[0], callee, *fact[2:])
        found, items = _first(fact[2], own)
        return found, (*fact[:2], items, *fact[3:])
    if fact[0] in {ir.ATTR, ir.INDEX, ir.STAR, ir.AWAIT}:
        found, holder = _replaced(fact[1], own)
        return found, (fact[0], holder, *fact[2:])
    if fact[0] in {ir.TUPLE, ir.LIST, ir.SET}:
        found, items = _first(fact[1], own)
        return found, (fact[0], items, *fact[2:])
    if fact[0] == ir.BINARY:
        found, sides = _first(fact[2:4], own)
        return found, (*fact[:2], *sides, *fact[4:])
    return None, fact


def _first(facts: tuple[Fact, ...], own: object) -> tuple[Fact | None, tuple[Fact, ...]]:
    for at, each in enumerate(facts):
        found, value = _replaced(each, own)
        if found is not None:
            return found, (*facts[:at], value, *facts[at + 1 :])
    return None, facts


def _tested(test: Fact) -> Fact | None:
    """Return the collection of ``xs``, ``len(xs)``, ``len(xs) > 0`` and ``len(xs) != 0``."""
    if test[0] == ir.COMPARE:
        if len(test[2]) != 1 or test[2][0][0] not in {">", "!="} or test[1][0] != ir.CALL:
            return None
        if test[2][0][1][:2] != (ir.CONST, 0):
            return None
        test = test[1]
    if test[0] == ir.CALL:
        if test[1][:2] != (ir.NAME, "len") or len(test[2]) != 1:
            return None
        test = test[2][0]
    return test if test[0] in {ir.NAME, ir.ATTR} else None


def _takes(value: Fact, own: object) -> bool:
    """Say whether a value is ``xs.pop()``."""
    return bool(
        value[0] == ir.CALL
        and value[1][0] == ir.ATTR
        and value[1][2] == "pop"
        and not value[2]
        and bare(value[1][1]) == own
    )


def _changes(fact: Any, own: object) -> bool:
    """Say whether a fact changes a collection otherwise than by adding to it, or hands it on."""
    match fact:
        case (ir.CALL, (ir.ATTR, holder, str(method), _), positional, words, _) if (
            holder[0] in {ir.NAME, ir.ATTR} and bare(holder) == own
        ):
            return method not in _GROWS or _changes((positional, words), own)
        case (ir.AUGMENT, target, operator, value, _) if (
            target[0] in {ir.NAME, ir.ATTR} and bare(target) == own
        ):
            return operator != "|" or _changes(value, own)
        case (ir.ASSIGN, targets, value, (int(), *_)) if any(
            target[0] in {ir.NAME, ir.ATTR} and bare(target) == own for target in targets
        ):
            joined = value[0] == ir.BINARY and value[1] == "|"
            return not joined or own not in {bare(part) for part in value[2:4] if _named(part)}
        case (ir.COMPARE, left, rights, (int(), *_)):
            parts = [right for operator, right in rights if operator not in {"in", "not in"}]
            return _changes((left, *parts), own)
        case (kind, *_) if kind in {ir.NAME, ir.ATTR} and len(fact) in {3, 4} and _named(fact):
            return bare(fact) == own or (kind == ir.ATTR and _changes(fact[1], own))
    return isinstance(fact, tuple) and any(_changes(part, own) for part in fact)


def _named(fact: Fact) -> bool:
    return fact[0] in {ir.NAME, ir.ATTR} and isinstance(fact[-2], str)


def depends(loop: Fact) -> bool:
    """Say whether a test in a loop asks for what earlier rounds left: a greedy choice.

    ``x in done`` of an element asks for the element alone, whose turn says nothing there.
    """
    return any(
        _asks(fact[1], _grown(fact[2]))
        for fact in ir.parts(loop[3])
        if len(fact) == 4 and fact[0] == ir.IF and isinstance(fact[2], tuple)
    )


def _grown(body: Any) -> frozenset[str]:
    """Return the names of the sets that a block adds to."""
    out = [
        fact[1][1][1]
        for fact in ir.parts(body)
        if len(fact) == 5 and fact[0] == ir.CALL and isinstance(fact[1], tuple)
        if fact[1][:1] == (ir.ATTR,) and fact[1][2] in _GROWS and fact[1][1][0] == ir.NAME
    ]
    return frozenset(out)


def _asks(test: Any, grown: frozenset[str]) -> bool:
    if not grown or not isinstance(test, tuple) or not test:
        return False
    match test:
        case (ir.COMPARE, left, ((("in" | "not in"), right),), (int(), *_)):
            return _asks(left, grown) or (left[0] == ir.CONST and _asks(right, grown))
        case (ir.NAME, str(name), _):
            return name in grown
    return any(_asks(part, grown) for part in test)


def is_element(frame: Frame, loop: Fact, test: Fact, names: frozenset[str]) -> bool:
    """Say whether a test asks for one element: it, or its key in a table, equals something else."""
    if test[0] == ir.BOOL and test[2] == "and":
        return any(is_element(frame, loop, part, names) for part in test[1])
    if test[0] != ir.COMPARE or len(test[2]) != 1 or test[2][0][0] not in _EQUAL:
        return False
    left, right = test[1], test[2][0][1]
    key = _key(loop)
    for one, other in ((left, right), (right, left)):
        if key and one[:2] == (ir.NAME, key) and not mentions(other, names):
            held = frame.env.get(key, ())
            return not any(atom[0] == INSTANCE and frame.find(atom[1], "__eq__") for atom in held)
    return False


_EQUAL: Final = {"==", "is"}


def _key(loop: Fact) -> str:
    """Return the variable that no two elements share: the element, or the key of ``items()``."""
    target, iterable, body = loop[1], loop[2], loop[3]
    called = iterable[0] == ir.CALL and iterable[1][0] == ir.ATTR
    if target[0] == ir.TUPLE and called and iterable[1][2] == "items":
        target = target[1][0]
    if target[0] != ir.NAME or _sets(body, target[1]):
        return ""
    return str(target[1])


def _sets(body: tuple[Fact, ...], name: str) -> bool:
    """Say whether a loop gives its own variable another value."""
    for fact in ir.parts(body):
        if len(fact) == 4 and fact[0] == ir.ASSIGN and isinstance(fact[1], tuple):
            if any(part[:2] == (ir.NAME, name) for target in fact[1] for part in ir.parts(target)):
                return True
        elif len(fact) == 5 and fact[0] == ir.AUGMENT and fact[1][:2] == (ir.NAME, name):
            return True
    return False


def accumulated(loop: Fact) -> frozenset[str]:
    """Return the variables that a loop adds to in each round."""
    out = set(_grown(loop[3]))
    for fact in loop[3]:
        if fact[0] == ir.AUGMENT and fact[1][0] == ir.NAME:
            out.add(fact[1][1])
    return frozenset(out)
