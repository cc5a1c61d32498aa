"""Loops over what has no order: which of their results depend on the order all the same.

- Picks: what the loop stops at, keeps last, keeps first, or keeps of two that tie.
- Folds: ``h = h * 31 + x`` and text that grows; sums, products, bits and extremes do not depend on
  the order.
- Numbers given out in turn: ``ids[x] = len(ids)``, ``ids[x] = n; n += 1``, ``next(counter)``.
- Only the form of the body is looked at; what it says is certain is certain for any elements that
  differ, and the rest is a may.
"""

from collections.abc import Iterator
from typing import Any, Final

from qfs.scan.domain.values import SEQUENCE, TABLE, TUPLE, Taint, Value, join, type_name
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.order.alive import carries, spent
from qfs.scan.order.carried import (
    CLASSES,
    COMMUTE,
    attributes,
    bindings,
    carried,
    count,
    holds_itself,
    is_extreme,
)
from qfs.scan.order.collisions import besides, coarse, weak
from qfs.scan.order.worklists import depends, is_element
from qfs.scan.solver.frame import Frame, bare, mentions

_BLOCKS: Final = {ir.IF, ir.FOR, ir.WHILE, ir.WITH}
_ADDS: Final = {
    "add", "append", "update", "extend", "discard", "remove", "pop", "setdefault", "insert",
    "appendleft", "extendleft",
}  # fmt: skip
_EQUAL: Final = {"==", "is"}


def dependent(target: Fact, body: tuple[Fact, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that depend on a loop's element, and those made anew in each round."""
    names = frozenset(ir.bound_names(target))
    made: frozenset[str] = names
    for _round in range(2):
        for fact in body:
            if fact[0] in _BLOCKS:
                made |= _inside(fact)
            if fact[0] == ir.ASSIGN:
                fresh = frozenset([n for each in fact[1] for n in ir.bound_names(each)])
                made |= fresh
                if mentions(fact[2], names):
                    names |= fresh
            elif fact[0] == ir.FOR and mentions(fact[2], names):
                names |= frozenset(ir.bound_names(fact[1]))
    own = frozenset(ir.bound_names(target))
    return names, own.union([name for name in made if name in own or not carries(body, name)])


def _inside(block: Fact) -> frozenset[str]:
    """Return the names that each branch of a block makes before it reads them."""
    out: set[str] = set()
    for part in block[2:]:
        body = part if isinstance(part, tuple) else ()
        for at, fact in enumerate(body):
            if isinstance(fact, tuple) and fact and fact[0] == ir.ASSIGN and len(fact) == 4:
                fresh = [name for each in fact[1] for name in ir.bound_names(each)]
                out.update([n for n in fresh if not count(body[:at], n) and not count(fact[2], n)])
            elif isinstance(fact, tuple) and fact and fact[0] in _BLOCKS:
                out |= _inside(fact)
    outside = [name for name in out if count(block[1], name)]
    return frozenset(out.difference(outside))


def sorted_in_place(loop: Fact) -> bool:
    """Say whether a loop over ``os.walk`` sorts the folders: then the walk has one order."""
    target, body = loop[1], loop[3]
    if target[0] != ir.TUPLE or len(target[1]) != 3 or target[1][1][0] != ir.NAME:
        return False
    folders = target[1][1][1]
    return any(
        fact[0] == ir.EXPR
        and fact[1][0] == ir.CALL
        and fact[1][1][0] == ir.ATTR
        and fact[1][1][2] == "sort"
        and fact[1][1][1][:2] == (ir.NAME, folders)
        for fact in body
    )


def look(frame: Frame, taint: Taint, loop: Fact) -> None:
    """Report what in a loop, whose body was read, depends on the order."""
    names = frame.orders[-1][1]
    counts = any(
        (fact[0] == ir.AUGMENT and fact[1][0] == ir.NAME and _read_after(frame, loop, fact[1][1]))
        or (fact[0] == ir.EXPR and _adds(frame, loop, fact[1], names))
        for fact in loop[3]
    )
    _breaks(frame, taint, loop, loop[3], names, unique=False, counts=counts)
    _last(frame, taint, loop, names)
    _chosen(frame, taint, loop, names)
    _folds(frame, taint, loop, names)
    _accumulates(frame, taint, loop)
    _numbers(frame, taint, loop, names)
    carried(frame, taint, loop, names)
    question = ("greedy", loop[5])
    greedy: bool | None = frame.function.notes.get(question)
    if greedy is None:
        greedy = frame.function.notes[question] = depends(loop)
    if greedy:
        frame.leak(weak(taint), "set-fold", "decides which elements are chosen")


def _breaks(
    frame: Frame, taint: Taint, loop: Fact, block: tuple[Fact, ...], names: frozenset[str], *,
    unique: bool, kept: bool = False, counts: bool = False,
) -> None:  # fmt: skip
    """Report ``x = element; break``: the first element that fits is a set's choice."""
    for fact in block:
        if fact[0] == ir.ASSIGN and mentions(fact[2], names):
            made = [name for target in fact[1] for name in ir.bound_names(target)]
            kept = kept or not made or any(_read_after(frame, loop, name) for name in made)
        elif fact[0] == ir.AUGMENT and fact[1][0] == ir.NAME:
            counts = counts or (not unique and _read_after(frame, loop, fact[1][1]))
            kept = kept or _read_after(frame, loop, fact[1][1])
        elif fact[0] == ir.EXPR and _adds(frame, loop, fact[1], names):
            kept, counts = True, counts or not unique
        elif fact[0] == ir.BREAK and (counts or not unique):
            if (
                kept
                or counts
                or any(_read_after(frame, loop, name) for name in ir.bound_names(loop[1]))
            ):
                frame.leak(taint, "set-pick", "decides which element the loop stops at")
        elif fact[0] == ir.IF:
            found = is_element(frame, loop, fact[1], names)
            one = unique or found
            _breaks(frame, taint, loop, fact[2], names, unique=one, kept=kept, counts=counts)
            _breaks(frame, taint, loop, fact[3], names, unique=unique, kept=kept, counts=counts)


def _adds(frame: Frame, loop: Fact, call: Fact, names: frozenset[str]) -> bool:
    """Say whether a call adds an element to what is read after the loop: a break cuts it short."""
    if call[0] != ir.CALL or call[1][0] != ir.ATTR or not mentions(call[2], names):
        return False
    holder = call[1][1]
    adds = call[1][2] in _ADDS
    return adds and holder[0] == ir.NAME and _read_elsewhere(frame, loop, holder[1])


def _last(frame: Frame, taint: Taint, loop: Fact, names: frozenset[str]) -> None:
    """Report ``last = element`` that is read after the loop: the set decides who is last."""
    for fact in loop[3]:
        if fact[0] != ir.ASSIGN or len(fact[1]) != 1 or fact[1][0][0] != ir.NAME:
            continue
        name = fact[1][0][1]
        if not mentions(fact[2], names) or mentions(fact[2], frozenset((name,))):
            continue
        if _read_elsewhere(frame, loop, name) and not spent(frame, loop, name):
            frame.leak(taint, "set-pick", f"decides which element {name} keeps")
    for name in ir.bound_names(loop[1]):
        if name not in frame.function.shared and _read_after(frame, loop, name):
            frame.leak(taint, "set-pick", f"decides which element {name} keeps")


def _around(body: tuple[Fact, ...], start: int, end: int) -> int:
    """Return the line on which the outermost loop around some lines starts."""
    first = start
    for fact in ir.parts(body):
        if (len(fact) == 6 and fact[0] == ir.FOR) or (len(fact) == 4 and fact[0] == ir.WHILE):
            if not isinstance(fact[1], tuple):
                continue
            lines = [part[0] for part in ir.parts(fact) if ir.is_position(part)]
            if lines and min(lines) < first and max(lines) >= end:
                first = min(lines)
    return first


def _read_after(frame: Frame, loop: Fact, name: str) -> bool:
    """Say whether a name is read after a loop, before it is bound again."""
    question = ("read after", loop[5], name)
    known: bool | None = frame.function.notes.get(question)
    if known is None:
        body, start, end = frame.function.facts.body, loop[5][0], ir.last_line(loop)
        places = list(_places(body, name))
        seen = sorted([each for each in places if each[0] > end])
        around = _around(body, start, end) if places else start
        seen.extend(sorted([each for each in places if around <= each[0] < start]))
        known = bool(seen) and seen[0] not in _bindings(body, name)
        frame.function.notes[question] = known
    return known


def _read_elsewhere(frame: Frame, loop: Fact, name: str) -> bool:
    """Say whether a function mentions a name outside of a loop too."""
    question = ("read elsewhere", loop[5], name)
    known: bool | None = frame.function.notes.get(question)
    if known is None:
        known = count(frame.function.facts.body, name) > count(loop, name)
        frame.function.notes[question] = known
    return known


def _places(fact: Any, name: str) -> Iterator[tuple[int, int]]:
    if not isinstance(fact, tuple) or not fact:
        return
    if fact[0] == ir.NAME and len(fact) == 3 and fact[1] == name:
        yield (fact[2][0], fact[2][1])
        return
    for part in fact:
        yield from _places(part, name)


def _bindings(fact: Any, name: str) -> set[tuple[int, int]]:
    """Return where a name is a target."""
    out: set[tuple[int, int]] = set()
    if not isinstance(fact, tuple) or not fact:
        return out
    if (fact[0] == ir.ASSIGN and len(fact) == 4 and isinstance(fact[1], tuple)) or (
        fact[0] == ir.FOR and len(fact) == 6
    ):
        out.update(_places(fact[1], name))
    elif fact[0] == ir.COMP and len(fact) == 5 and isinstance(fact[3], tuple):
        for part in fact[3]:
            if count(part[0], name):
                out.update(_places(fact, name))
    for part in fact:
        out |= _bindings(part, name)
    return out


def _conditions(block: tuple[Fact, ...]) -> Iterator[Fact]:
    for fact in block:
        if fact[0] == ir.IF:
            yield fact
            yield from _conditions(fact[2])
            yield from _conditions(fact[3])


def _chosen(frame: Frame, taint: Taint, loop: Fact, names: frozenset[str]) -> None:
    """Report ``if better(x): best = x`` where two elements may be as good."""
    for condition in _conditions(loop[3]):
        test = condition[1]
        if is_element(frame, loop, test, names):
            continue
        for fact in condition[2]:
            if fact[0] != ir.ASSIGN or len(fact[1]) != 1 or fact[1][0][0] != ir.NAME:
                continue
            name = fact[1][0][1]
            if not mentions(fact[2], names) or count(fact[2], name):
                continue
            if is_extreme(test, fact[2]) or not _read_after(frame, loop, name):
                continue
            frame.leak(weak(taint), "set-pick", f"decides which element {name} keeps")


def _folds(frame: Frame, taint: Taint, loop: Fact, names: frozenset[str]) -> None:
    """Report ``h = h * 31 + x`` and the like; let a list that grows so have the loop's order."""
    kinds: dict[str, set[str]] = {}
    for fact in _statements(loop[3]):
        if fact[0] == ir.AUGMENT and fact[1][0] == ir.NAME:
            constant = fact[2] in {"%", "&"} and not mentions(fact[3], names)
            if not constant:
                kinds.setdefault(str(fact[1][1]), set()).add(_class(fact[2]))
    known = bindings(frame, loop)
    for each in [each for found in known.bindings.values() for each in found if not each.operator]:
        name, value = each.name, each.value
        others = known.derived - {name}
        if not mentions(value, others):
            continue
        if holds_itself(value, name):
            frame.env[name] = grown(frame, taint, frame.env.get(name, ()))
        made = _operators(value, name, others) if count(value, name) else []
        if made == ["+"]:
            frame.env[name] = grown(frame, taint, frame.env.get(name, ()))
        elif len(made) > 1:
            frame.leak(taint, "set-fold", f"decides what {name} adds up to")
    for name, used in kinds.items():
        if len(used & {"+", "*", "^", "<<", "|"}) > 1:
            frame.leak(taint, "set-fold", f"decides what {name} adds up to")


def _accumulates(frame: Frame, taint: Taint, loop: Fact) -> None:
    """Report ``state.last = x`` and ``state.h = mix(state.h, x)``: what the last leaves, a fold."""
    _taint, names, made = frame.orders[-1]
    for target, value, tests in attributes(loop[3]):
        if not mentions(value, names) or mentions(target, made):
            continue
        if any(is_element(frame, loop, test, names) or is_extreme(test, value) for test in tests):
            continue
        if not _holds(value, bare(target)):
            body = frame.function.facts.body
            if not _set_again(body, bare(target), ir.last_line(loop)):
                frame.leak(weak(taint), "set-pick", f"decides which element {target[2]} keeps")
        elif value[0] == ir.CALL and not _commutes(value):
            frame.leak(weak(taint), "set-fold", f"decides what {target[2]} becomes")


def _set_again(fact: Any, target: object, end: int) -> bool:
    """Say whether an attribute gets another value below a line."""
    if not isinstance(fact, tuple) or not fact:
        return False
    below = fact[0] == ir.ASSIGN and len(fact) == 4 and isinstance(fact[1], tuple)
    if below and fact[3][0] > end:
        return any(each[0] == ir.ATTR and bare(each) == target for each in fact[1])
    return any(_set_again(part, target, end) for part in fact)


def _holds(fact: Any, target: object) -> bool:
    """Say whether an expression reads a name or attribute."""
    if not isinstance(fact, tuple) or not fact:
        return False
    named = fact[0] in {ir.NAME, ir.ATTR} and len(fact) in {3, 4} and isinstance(fact[-2], str)
    if named and bare(fact) == target:
        return True
    return any(_holds(part, target) for part in fact)


def _commutes(call: Fact) -> bool:
    """Say whether folding with a call gives the same in any order, by its name."""
    callee = call[1]
    return callee[0] in {ir.NAME, ir.ATTR} and callee[-2] in COMMUTE


def _class(operator: str) -> str:
    return CLASSES.get(operator, operator)


def _operators(fact: Fact, name: str, names: frozenset[str]) -> list[str]:
    """Return the kinds of operators between an expression and the variable in it."""
    out: list[str] = []
    while fact[0] == ir.BINARY:
        inside = [part for part in fact[2:4] if count(part, name)]
        other = [part for part in fact[2:4] if not count(part, name)]
        if len(inside) != 1:
            return []
        constant = fact[1] in {"%", "&"} and not mentions(other[0], names)
        kind = _class(fact[1])
        if not constant and kind not in out:
            out.append(kind)
        fact = inside[0]
    return out if fact[0] == ir.NAME else []


def grown(frame: Frame, taint: Taint, value: Value) -> Value:
    """Return a list that grows in an unordered loop; report a sum that depends on the order."""
    out: Value = ()
    for atom in value:
        kind = type_name(atom)
        if kind in {"str", "bytes", "float", "complex"}:
            frame.leak(taint, "set-fold", f"decides a sum of {kind}")
        if atom[0] in {SEQUENCE, TABLE}:
            out = join(out, ((*atom[:3], atom[3] or taint),))
        elif atom[0] == TUPLE:
            element: Value = ()
            for item in atom[1]:
                element = join(element, item)
            out = join(out, ((SEQUENCE, "tuple", element, taint),))
        else:
            out = join(out, (atom,))
    return out


def _statements(block: tuple[Fact, ...]) -> Iterator[Fact]:
    for fact in block:
        yield fact
        if fact[0] in {ir.IF, ir.WHILE}:
            yield from _statements(fact[2])
            yield from _statements(fact[3])


def _numbers(frame: Frame, taint: Taint, loop: Fact, names: frozenset[str]) -> None:
    """Report numbers that are given out in the order of the loop."""
    turns = frozenset([
        fact[1][1] for fact in _statements(loop[3])
        if fact[0] == ir.AUGMENT and fact[1][0] == ir.NAME and not mentions(fact[3], names)
    ])  # fmt: skip
    for fact in _statements(loop[3]):
        if fact[0] == ir.ASSIGN:
            for target in ir.leaves(fact[1]):
                if target[0] not in {ir.INDEX, ir.ATTR}:
                    continue
                key = target[2] if target[0] == ir.INDEX else None
                counted = _in_turn(fact[2], target[1], turns, names)
                counted = counted or (key is not None and mentions(key, turns))
                if counted:
                    frame.leak(taint, "set-fold", "decides which number each element gets")
                elif key is not None and coarse(frame, key, names) and besides(fact[2], key, names):
                    frame.leak(weak(taint), "set-tie", "decides which element a key keeps")
        elif fact[0] == ir.EXPR and fact[1][0] == ir.CALL and fact[1][1][0] == ir.ATTR:
            callee, arguments = fact[1][1], fact[1][2]
            given = callee[2] == "setdefault" and len(arguments) == 2
            if given and _in_turn(arguments[1], callee[1], turns, names):
                frame.leak(taint, "set-fold", "decides which number each element gets")
            elif (
                given
                and coarse(frame, arguments[0], names)
                and besides(arguments[1], arguments[0], names)
            ):
                frame.leak(weak(taint), "set-tie", "decides which element a key keeps")


def _in_turn(value: Fact, holder: Fact, turns: frozenset[str], names: frozenset[str]) -> bool:
    """Say whether a value counts rounds: a counter, ``len(holder)`` or ``next(counter)``."""
    if mentions(value, turns):
        return True
    for part in _calls(value):
        if part[1][0] == ir.NAME and len(part[2]) == 1:
            if part[1][1] == "len" and bare(part[2][0]) == bare(holder) is not None:
                return True
            if part[1][1] == "next" and not mentions(part[2][0], names):
                return True
    return False


def _calls(fact: Any) -> Iterator[Fact]:
    if not isinstance(fact, tuple) or not fact:
        return
    if fact[0] == ir.CALL and len(fact) == 5 and isinstance(fact[1], tuple):
        yield fact
    for part in fact:
        yield from _calls(part)


__all__ = ["dependent", "look"]
