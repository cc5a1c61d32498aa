"""What a loop over no order carries from round to round, or out of its last one.

- A variable that is read after the loop, or by the next round, is the same in any order only if
  what the rounds give it says so: one constant, sums and other updates that commute, extremes,
  what one element alone gives it, or what no element has a part in. Anything else is a may.
- Every way to bind a variable counts, in every block of the body; tests that ask for the element,
  and rounds that end early for one, make what they guard depend on it.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from qfs.scan.domain.values import SEQUENCE, SET, TABLE, TUPLE, Taint, type_name
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.order.alive import carries, spent
from qfs.scan.order.collisions import besides, coarse, placeless, weak
from qfs.scan.order.worklists import is_element
from qfs.scan.solver.dispatch import evaluate
from qfs.scan.solver.frame import Frame, mentions

CLASSES: Final = {"+": "+", "-": "+", "*": "*", "|": "|", "&": "&", "^": "^"}
"""Operators that commute with their like on numbers and sets."""
COMMUTE: Final = {
    "max", "min", "gcd", "lcm", "union", "intersection", "symmetric_difference", "difference",
    "or_", "and_", "xor", "maximum", "minimum", "combine", "join", "meet",
}  # fmt: skip
"""Names of functions that fold to the same in any order."""
_CONTAINERS: Final = {SEQUENCE, SET, TABLE, TUPLE}
_ORDERED: Final = {"<", ">", "<=", ">="}
_ENDS: Final = {ir.BREAK: 2, ir.CONTINUE: 2, ir.RETURN: 3, ir.RAISE: 4}
"""Statements that end a round, and how long their facts are."""


_Block = tuple[Fact, ...]
_Targets = list[tuple[Fact, Fact]]


class Binding(NamedTuple):
    """One way in which a round gives a variable a value."""

    name: str
    value: Fact
    operator: str
    """That of ``+=`` and its like; empty where the old value is forgotten."""
    tests: tuple[Fact, ...]
    """What decides whether it happens, from outside."""
    final: bool
    """Whether the block that it stands in ends the loop."""


class Carried(NamedTuple):
    """The bindings of a loop's body, and the variables in them that depend on the element."""

    bindings: dict[str, list[Binding]]
    derived: frozenset[str]
    alive: frozenset[str]
    """Those that another round, or what comes after the loop, reads."""
    crossing: frozenset[str]
    """Those that another round reads."""
    cut: bool
    """Whether an element decides how much of a round happens."""
    ended: bool
    """Whether an element decides which rounds happen."""
    one: bool
    """Whether there is one round at most: the set decides whose."""


def carried(frame: Frame, taint: Taint, loop: Fact, elements: frozenset[str]) -> None:
    """Report the variables whose value after a round depends on which rounds came before."""
    known = bindings(frame, loop)
    steady = _steady(known)
    for name in known.bindings:
        if name not in known.alive:
            continue
        if name in steady:
            if name in known.crossing and _asked(loop, name, known):
                frame.leak(weak(taint), "set-fold", f"decides which {name} each element gets")
        elif not _any_order(frame, loop, known, name, elements):
            frame.leak(weak(taint), "set-pick", f"decides which element {name} keeps")


def bindings(frame: Frame, loop: Fact) -> Carried:
    """Return what the rounds of a loop give variables."""
    question = ("carried", loop[5])
    known: Carried | None = frame.function.notes.get(question)
    if known is None:
        known = frame.function.notes[question] = _read(frame, loop)
    return known


def attributes(block: _Block, tests: _Block = ()) -> Iterator[tuple[Fact, Fact, _Block]]:
    """Yield the attributes that a block sets, their values, and what decides whether it does."""
    for fact in block:
        for target in fact[1] if fact[0] == ir.ASSIGN else ():
            for part, value in ir.paired(target, fact[2]):
                for each in ir.leaves((part,)):
                    if each[0] == ir.ATTR:
                        yield each, value, tests
        for body, more, _targets in _inside(fact):
            yield from attributes(body, (*tests, *more))


def _is_alive(frame: Frame, loop: Fact, name: str) -> bool:
    """Say whether what a round gives a variable is read by another round, or after the loop."""
    if spent(frame, loop, name):
        return False
    function, own = frame.function, frozenset((name,))
    if name in ir.bound_names(loop[1]) and spent(frame, loop, name, element=True):
        return False
    if _crosses(loop, name) or name in function.shared:
        return True
    if function.outer is None and any(
        mentions(each.facts.body, own) for each in frame.module.functions if each is not function
    ):
        return True
    return count(function.facts.body, name) > count(loop, name)


def _crosses(loop: Fact, name: str) -> bool:
    """Say whether a round reads what an earlier one gave a variable that is not the loop's own."""
    return name not in ir.bound_names(loop[1]) and carries(loop[3], name)


def count(fact: Any, name: str) -> int:
    """Count how often a fact mentions a name."""
    if not isinstance(fact, tuple) or not fact:
        return 0
    if fact[0] == ir.NAME and len(fact) == 3 and fact[1] == name:
        return 1
    return sum([count(part, name) for part in fact])


def _read(frame: Frame, loop: Fact) -> Carried:
    found: dict[str, list[Binding]] = {}
    for each in _bindings(loop[3], (), final=False):
        found.setdefault(each.name, []).append(each)
    derived = _derived(loop, found)
    ends = [(tests, kind) for tests, kind in _endings(loop[3], ()) if _asks(tests, derived)]
    alive = frozenset([name for name in found if _is_alive(frame, loop, name)])
    crossing = frozenset([name for name in alive if _crosses(loop, name)])
    ended = any(kind == ir.BREAK for _tests, kind in ends)
    one = any(fact[0] == ir.BREAK for fact in loop[3])
    return Carried(found, derived, alive, crossing, bool(ends), ended, one)


def _bindings(
    block: tuple[Fact, ...], tests: tuple[Fact, ...], *, final: bool
) -> Iterator[Binding]:
    """Yield what a block binds, and the blocks within it."""
    final = final or any(fact[0] in {ir.BREAK, ir.RETURN} for fact in block)
    for fact in block:
        tag = fact[0]
        if tag == ir.ASSIGN:
            for target in fact[1]:
                yield from _bound(target, fact[2], tests, final=final)
        elif tag == ir.ANNOTATE and fact[3] is not None:
            yield from _bound(fact[1], fact[3], tests, final=final)
        elif tag == ir.AUGMENT and fact[1][0] == ir.NAME:
            yield Binding(fact[1][1], fact[3], fact[2], tests, final)
        for part in ir.parts(fact):
            if len(part) == 3 and part[0] == ir.WALRUS and part[1].__class__ is str:
                yield Binding(part[1], part[2], "", tests, final)
        for inner, more, targets in _inside(fact):
            for target, value in targets:
                yield from _bound(target, value, (*tests, *more), final=final)
            yield from _bindings(inner, (*tests, *more), final=final)


def _inside(fact: Fact) -> list[tuple[_Block, _Block, _Targets]]:
    """Return the blocks within a statement, what decides whether they run, and what they bind."""
    tag = fact[0]
    if tag == ir.IF:
        return [(fact[2], (fact[1],), []), (fact[3], (fact[1],), [])]
    if tag == ir.FOR:
        return [(fact[3], (fact[2],), [(fact[1], fact[2])]), (fact[4], (fact[2],), [])]
    if tag == ir.WHILE:
        return [(fact[2], (fact[1],), []), (fact[3], (fact[1],), [])]
    if tag == ir.WITH:
        given = [(target, manager) for manager, target in fact[1] if target is not None]
        return [(fact[2], (), given)]
    if tag == ir.TRY:
        _, body, handlers, otherwise, final = fact
        caught: list[tuple[_Block, _Block, _Targets]] = [
            (block, (body,), []) for _kind, _name, block, _pos in handlers
        ]
        return [(body, (), []), *caught, (otherwise, (body,), []), (final, (), [])]
    if tag == ir.MATCH:
        return [
            (case[3], (fact[1], *([case[2]] if case[2] else [])), _captures(case[0], fact[1]))
            for case in fact[2]
        ]
    return []


def _captures(names: Fact, subject: Fact) -> _Targets:
    return [((ir.NAME, name, subject[-1]), subject) for part in names for name in part]


def _bound(target: Fact, value: Fact, tests: tuple[Fact, ...], *, final: bool) -> Iterator[Binding]:
    """Yield what an assignment binds: of displays of one length, part by part."""
    if target[0] == ir.NAME:
        if value[0] == ir.IF_ELSE:
            for part in value[2:4]:
                yield from _bound(target, part, (*tests, value[1]), final=final)
        elif value[:2] != target[:2]:
            yield Binding(target[1], value, "", tests, final)
    elif target[0] == ir.STAR:
        yield from _bound(target[1], value, tests, final=final)
    elif target[0] in {ir.TUPLE, ir.LIST}:
        pairs = ir.paired(target, value)
        for item, each in pairs if len(pairs) > 1 else [(part, value) for part in target[1]]:
            yield from _bound(item, each, tests, final=final)


def _endings(block: _Block, tests: _Block) -> Iterator[tuple[_Block, int]]:
    """Yield what ends a round, and what decides whether it does."""
    for fact in block:
        if _ENDS.get(fact[0]) == len(fact):
            yield tests, fact[0]
        loops = fact[0] in {ir.FOR, ir.WHILE}
        for inner, more, _targets in _inside(fact):
            for found, kind in _endings(inner, (*tests, *more)):
                if not loops or kind not in {ir.BREAK, ir.CONTINUE}:
                    yield found, kind


def _asks(tests: _Block, names: frozenset[str]) -> bool:
    return any(mentions(test, names) for test in tests)


def _derived(loop: Fact, bindings: dict[str, list[Binding]]) -> frozenset[str]:
    """Return the names whose value in a round depends on the element."""
    out = frozenset(ir.bound_names(loop[1]))
    filled = list(_filled(loop[3]))
    while True:
        more = {
            each.name
            for found in bindings.values()
            for each in found
            if each.name not in out and (mentions(each.value, out) or _asks(each.tests, out))
        }
        more.update([name for name, by in filled if name not in out and mentions(by, out)])
        if not more:
            return out
        out |= more


def _filled(body: _Block) -> Iterator[tuple[str, Fact]]:
    """Yield the variables whose object a body may change, and what it is given."""
    for part in ir.parts(body):
        match part:
            case (ir.CALL, (ir.ATTR, (ir.NAME, str(name), _), _, _), positional, words, _):
                yield name, (positional, words)
            case (ir.ASSIGN, tuple(targets), value, (int(), *_)):
                for target in targets:
                    if target[0] in {ir.INDEX, ir.ATTR} and target[1][0] == ir.NAME:
                        yield target[1][1], (value, target)


def _steady(known: Carried) -> frozenset[str]:
    """Return the variables that get the same from every round: no element has a part in it."""
    if known.cut:
        return frozenset()
    out = known.alive - known.derived
    while True:
        others = known.alive - out
        fewer = frozenset(
            [
                name
                for name in out
                if any(
                    mentions(each.value, others) or _asks(each.tests, others)
                    for each in known.bindings[name]
                )
            ]
        )
        if not fewer:
            return out
        out -= fewer


def _any_order(
    frame: Frame, loop: Fact, known: Carried, name: str, elements: frozenset[str]
) -> bool:
    """Say whether a variable is the same in whatever order the rounds come."""
    found = known.bindings[name]
    changing = known.crossing | known.derived
    first = placeless(found[0].value)
    own = frozenset((name,))
    if known.ended and not known.one and not all(each.final for each in found):
        return False
    constant = all(
        not each.operator and placeless(each.value) == first and not mentions(each.value, changing)
        for each in found
    )
    if constant and not _is_filled(loop, name, known.derived):
        return not known.one or not any(_asks(each.tests, known.derived) for each in found)
    if all(_alone(frame, loop, each, elements) for each in found):
        return True
    if known.one or known.ended:
        return False
    changing = known.crossing - own
    begun = [each for each in found if _begins(each, found)]
    rest = [each for each in found if each not in begun]
    updates = {_update(frame, each, own, changing, known.derived) for each in rest}
    if len(updates) != 1 or "" in updates:
        return False
    held = frame.env.get(name, ())
    grows = bool(held) and all(atom[0] in _CONTAINERS for atom in held)  # with the loop's order
    return grows or not _asked(loop, name, known)


def _asked(loop: Fact, name: str, known: Carried) -> bool:
    """Say whether a round uses what others made of a variable together with its element."""
    own = frozenset((name,))
    others = known.derived - own
    return any(
        _asks((fact, *tests), own) and _asks((fact, *tests), others)
        for fact, tests in _leaves(loop[3], ())
        if not any(target[:2] == (ir.NAME, name) for target in _targets(fact))
    )


def _targets(fact: Fact) -> list[Fact]:
    """Return what a statement binds, if it binds one variable alone."""
    if fact[0] == ir.AUGMENT:
        return [fact[1]]
    return list(fact[1]) if fact[0] == ir.ASSIGN else []


def _leaves(block: _Block, tests: _Block) -> Iterator[tuple[Fact, _Block]]:
    """Yield the statements that hold no others, with what decides whether they happen."""
    for fact in block:
        inside = _inside(fact)
        if fact[0] == ir.ASSIGN:
            for target in fact[1]:
                for part, value in ir.paired(target, fact[2]):
                    yield (ir.ASSIGN, (part,), value, fact[3]), tests
        elif not inside:
            yield fact, tests
        for body, more, _given in inside:
            yield from _leaves(body, (*tests, *more))
            if fact[0] == ir.IF and any(True for _end in _endings(body, ())):
                tests = (*tests, *more)


def _begins(binding: Binding, found: list[Binding]) -> bool:
    """Say whether it gives a variable, being None, what others fold into it with ``min(v, x)``."""
    asked = any(
        test[0] == ir.COMPARE
        and test[1][:2] == (ir.NAME, binding.name)
        and test[2][0][1][:2] == (ir.CONST, None)
        for test in binding.tests
    )
    value = placeless(binding.value)
    return asked and any(
        each is not binding
        and each.value[0] == ir.CALL
        and value in [placeless(part) for part in each.value[2]]
        for each in found
    )


def _is_filled(loop: Fact, name: str, derived: frozenset[str]) -> bool:
    return any(at == name and mentions(by, derived) for at, by in _filled(loop[3]))


def _alone(frame: Frame, loop: Fact, binding: Binding, elements: frozenset[str]) -> bool:
    """Say whether one element alone gives it: it equals something, or is the largest."""
    return any(
        is_element(frame, loop, test, elements)
        or (not binding.operator and is_extreme(test, binding.value))
        for test in binding.tests
    )


def is_extreme(test: Fact, value: Fact) -> bool:
    """Say whether what is kept is what was compared: the largest is the same in any order."""
    if test[0] == ir.BOOL:
        return any(is_extreme(part, value) for part in test[1])
    if test[0] != ir.COMPARE or len(test[2]) != 1 or test[2][0][0] not in _ORDERED:
        return False
    return placeless(value) in {placeless(test[1]), placeless(test[2][0][1])}


def _update(
    frame: Frame,
    binding: Binding,
    own: frozenset[str],
    others: frozenset[str],
    derived: frozenset[str],
) -> str:
    """Return the kind of update that a binding is, which commutes with its like; "" if none."""
    _name, value, operator, _tests, _final = binding
    if operator:
        return _class_of(operator, value, own, others, derived)
    if value[0] == ir.BINARY:
        return _of_binary(value, own, others, derived)
    if value[0] == ir.CALL and value[1][0] in {ir.NAME, ir.ATTR} and value[1][-2] in COMMUTE:
        return str(value[1][-2])
    if holds_itself(value, binding.name) and not _meets(frame, value, derived):
        return "display"  # whose order is that of the loop
    if value[0] == ir.BOOL and any(_is(part, own) for part in value[1]):
        rest = [part for part in value[1] if not _is(part, own)]
        if not any(mentions(part, own) for part in rest) and _are_truths(frame, rest):
            return str(value[2])
    return ""


def _of_binary(
    value: Fact, own: frozenset[str], others: frozenset[str], derived: frozenset[str]
) -> str:
    """Return the one kind of operator between a variable and the expression around it."""
    kinds: dict[str, None] = {}
    while value[0] == ir.BINARY:
        inside = [part for part in value[2:4] if mentions(part, own)]
        other = [part for part in value[2:4] if not mentions(part, own)]
        if len(inside) != 1 or not other:
            return ""
        if value[1] == "-" and inside[0] is value[3]:
            return ""
        constant = value[1] in {"%", "&"} and not mentions(other[0], derived | others)
        if not constant:
            kinds[_class_of(value[1], other[0], own, others, derived)] = None
        value = inside[0]
    if not _is(value, own) or len(kinds) > 1:
        return ""
    return next(iter(kinds), "%")


def _class_of(
    operator: str,
    value: Fact,
    own: frozenset[str],
    others: frozenset[str],
    derived: frozenset[str],
) -> str:
    """Return the class of operators that commute with this; of another only if no element is in."""
    if mentions(value, own | others):
        return ""
    if operator in CLASSES:
        return CLASSES[operator]
    return "" if mentions(value, derived | others) else f"{operator} {placeless(value)}"


def holds_itself(fact: Fact, name: str) -> bool:
    """Say whether ``[*xs, x]``, ``(*xs, x)`` or ``{**xs, x: 1}`` holds a variable's own items."""
    if fact[0] in {ir.LIST, ir.TUPLE, ir.SET}:
        return any(part[0] == ir.STAR and part[1][:2] == (ir.NAME, name) for part in fact[1])
    return fact[0] == ir.DICT and any(
        key is None and part[:2] == (ir.NAME, name) for key, part in fact[1]
    )


def _meets(frame: Frame, display: Fact, derived: frozenset[str]) -> bool:
    """Say whether a key of ``{**rows, key: x}`` is that of several rounds: the last one wins."""
    pairs = display[1] if display[0] == ir.DICT else ()
    return any(
        mentions(value, derived)
        and (
            not mentions(key, derived)
            or (coarse(frame, key, derived) and besides(value, key, derived))
        )
        for key, value in pairs
        if key is not None
    )


def _is(fact: Fact, own: frozenset[str]) -> bool:
    return bool(fact[0] == ir.NAME and fact[1] in own)


def _are_truths(frame: Frame, facts: list[Fact]) -> bool:
    """Say whether expressions give nothing but truth values."""
    frame.quiet += 1
    values = [evaluate(frame, fact) for fact in facts]
    frame.quiet -= 1
    return all(value and all(type_name(atom) == "bool" for atom in value) for value in values)


__all__ = [
    "CLASSES", "COMMUTE", "attributes", "bindings", "carried", "count", "holds_itself",
    "is_extreme",
]  # fmt: skip
