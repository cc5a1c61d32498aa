"""Collections that hold one element at most, because a test said so: they have but one order.

- ``len(x) == 1`` and the like in what they guard, and ``if len(x) > 1: raise`` in what follows.
- A variable counts only while nothing later binds it again, adds to it, or hands it on.
"""

from typing import Any, Final

from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.solver.frame import Frame, bare

_AT_MOST: Final = {("==", 1), ("<=", 1), ("<", 2), ("==", 0), ("<=", 0), ("<", 1)}
_NOT_MORE: Final = {(">", 1), (">=", 2), ("!=", 1), (">", 0), (">=", 1), ("!=", 0)}
_TAKES: Final = {
    "pop", "discard", "remove", "clear", "copy", "index", "count", "isdisjoint", "issubset",
    "issuperset", "union", "intersection", "difference", "symmetric_difference", "items", "keys",
    "values", "get",
}  # fmt: skip
_READS: Final = {
    "len", "next", "iter", "list", "tuple", "set", "frozenset", "sorted", "min", "max", "sum",
    "any", "all", "bool", "str", "repr", "print", "isinstance",
}  # fmt: skip


def tested(test: Fact, *, positive: bool) -> frozenset[object]:
    """Return the collections that have one element at most where a test holds, or does not."""
    if test[0] == ir.UNARY:
        return tested(test[2], positive=not positive) if test[1] == "not" else frozenset()
    if test[0] == ir.BOOL:
        if (test[2] == "and") != positive:
            return frozenset()
        return frozenset().union(*[tested(part, positive=positive) for part in test[1]])
    if test[0] != ir.COMPARE or len(test[2]) != 1 or test[1][0] != ir.CALL:
        return frozenset()
    operator, right = test[2][0]
    call = test[1]
    if right[0] != ir.CONST or call[1][:2] != (ir.NAME, "len") or not call[2]:
        return frozenset()
    one = bare(call[2][0])
    says = (operator, right[1]) in (_AT_MOST if positive else _NOT_MORE)
    return frozenset((one,)) if says and one is not None else frozenset()


def is_single(frame: Frame, fact: Fact) -> bool:
    """Say whether an expression is a collection of one element, or a list or tuple of such."""
    copies = fact[0] == ir.CALL and fact[1][:1] == (ir.NAME,) and fact[1][1] in _COPIES
    if copies and len(fact[2]) == 1 and not fact[3]:
        fact = fact[2][0]
    return bare(fact) in frame.single


_COPIES: Final = {"list", "tuple"}


def within(found: frozenset[object], body: tuple[Fact, ...]) -> frozenset[object]:
    """Return the collections among some that a block neither fills nor hands on."""
    return frozenset([one for one in found if not _filled(body, one, 0)])


def stays(frame: Frame, found: frozenset[object], line: int) -> frozenset[object]:
    """Return the variables among some collections that nothing below a line fills or hands on."""
    kept = [one for one in found if _stays(frame, one, line)]
    return frozenset(kept)


def _stays(frame: Frame, one: Any, line: int) -> bool:
    if one[0] != ir.NAME or one[1] in frame.rebound or frame.function.outer is None:
        return False
    if one[1] in frame.function.facts.shared or one[1] not in frame.function.bound:
        return False
    question = ("stays single", one[1], line)
    known: bool | None = frame.function.notes.get(question)
    if known is None:
        body = frame.function.facts.body
        known = frame.function.notes[question] = not _filled(body, one, line)
    return known


def _filled(fact: Any, one: object, line: int) -> bool:
    """Say whether a part of a fact below a line may give a variable another element."""
    match fact:
        case (int(), int(), int(), int()):  # a place in the code, no fact
            return False
        case (ir.NAME, str(), (int(at), *_)):
            return at > line and _is(fact, one)
        case (ir.CALL, (ir.ATTR, holder, str(method), _), positional, words, _) if (
            _is(holder, one) and method in _TAKES
        ):
            return _filled((positional, words), one, line)
        case (ir.CALL, (ir.NAME, str(name), _), positional, words, _) if name in _READS:
            rest = tuple([each for each in positional if not _is(each, one)])
            return _filled((fact[1], rest, words), one, line)
        case (ir.COMP, _, results, parts, _) if isinstance(parts, tuple):
            rest = tuple([(each[0], each[2]) for each in parts])
            iterated = tuple([each[1] for each in parts if not _is(each[1], one)])
            return _filled((results, rest, iterated), one, line)
        case (ir.COMPARE, left, rights, _) if isinstance(rights, tuple) and not _is(left, one):
            others = tuple([right for _operator, right in rights if not _is(right, one)])
            return _filled((left, others), one, line)
        case (ir.INDEX, holder, index, _) if _is(holder, one):
            return _filled(index, one, line)
        case (ir.ASSIGN, ((ir.TUPLE | ir.LIST, *_),), value, _) if _is(value, one):
            return _filled(fact[1], one, line)
        case (ir.FOR, target, iterable, body, otherwise, _) if _is(iterable, one):
            return _filled((target, body, otherwise), one, line)
        case (ir.IF, test, body, otherwise) if _is(test, one):
            return _filled((body, otherwise), one, line)
    return isinstance(fact, tuple) and any(_filled(part, one, line) for part in fact)


def _is(fact: Any, one: object) -> bool:
    """Say whether a part of a fact is the variable."""
    return isinstance(fact, tuple) and fact[:2] == one
