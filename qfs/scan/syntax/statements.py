"""Statements: how each changes the variables, and which sites it is.

- Both sides of a branch are taken and joined; a loop's body is read until nothing changes, at most
  three times.
- A block answers whether control can leave it at its end.
"""

import sys
from collections.abc import Callable
from typing import Any, Final

from qfs.scan.domain.values import (
    ANY,
    CLASS,
    INSTANCE,
    NOTHING,
    OBJECT,
    OUTSIDE,
    SET,
    STR,
    TUPLE,
    Value,
    join,
    join_all,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.heap.aliases import either, link, link_items, note_given, unlink
from qfs.scan.heap.assignment import assign, augment
from qfs.scan.heap.operations import truth
from qfs.scan.heap.replaced import settle
from qfs.scan.objects.annotations import annotated
from qfs.scan.objects.classes import define_class, define_function
from qfs.scan.objects.implicit import deleted, enter, swallows
from qfs.scan.objects.imports import import_from, import_module
from qfs.scan.objects.narrowing import impossible, narrow
from qfs.scan.order.counted import counts
from qfs.scan.order.filling import put
from qfs.scan.order.inside import STOPPED
from qfs.scan.order.iteration import elements
from qfs.scan.order.loops import dependent, grown, look, sorted_in_place
from qfs.scan.order.single import stays, tested, within
from qfs.scan.order.worklists import Drain, accumulated, drained, is_element
from qfs.scan.solver.frame import Frame, bare, mentions, position
from qfs.scan.syntax.expressions import evaluate
from qfs.scan.syntax.matching import bind_case

_FEW_ROUNDS: Final = 2
_MANY_ROUNDS: Final = 8
_ROUNDS: Final = 40


def run(frame: Frame, body: tuple[Fact, ...]) -> bool:
    """Read a block; return whether its end is reached."""
    single = frame.single
    for fact in body:
        if not _STATEMENTS[fact[0]](frame, fact):
            frame.single = single
            return False
    frame.single = single
    return True


def _expr(frame: Frame, fact: Fact) -> bool:
    frame.unused = fact[1][0] == ir.CALL
    evaluate(frame, fact[1])
    if frame.rebound:
        settle(frame, fact)
    return True


def _assign(frame: Frame, fact: Fact) -> bool:
    value = evaluate(frame, fact[2])
    frame.assigning = fact[2]
    order = frame.node.order
    if order is not None and fact[2][0] == ir.BINARY and _adds_to(frame, fact):
        value = grown(frame, order, value)
    for target in fact[1]:
        assign(frame, target, value, fact[3])
        unlink(frame, target)
    for target in fact[1]:
        for part, given in ir.paired(target, fact[2]):
            held = value if part is target else _part_of(value, part, target)
            link(frame, part, given, held)
            note_given(frame, part, given, held)
        if target is not fact[1][0]:
            link(frame, target, fact[1][0], value)
    frame.assigning = None
    if frame.rebound:
        settle(frame, fact)
    return True


def _part_of(value: Value, part: Fact, target: Fact) -> Value:
    """Return what one of several targets is given."""
    out: Value = ()
    for at, each in enumerate(target[1]):
        items = join_all([atom[1][at] for atom in value if atom[0] == TUPLE and at < len(atom[1])])
        if each is part:
            return items
        if each[0] in {ir.TUPLE, ir.LIST}:
            out = out or _part_of(items, part, each)
    return out


def _adds_to(frame: Frame, fact: Fact) -> bool:
    """Say whether ``x = x + y`` changes a variable that is not the function's own."""
    shared = frozenset([t[1] for t in fact[1] if t[0] == ir.NAME and t[1] in frame.function.shared])
    return bool(shared) and fact[2][1] == "+" and mentions(fact[2], shared)


def _augment(frame: Frame, fact: Fact) -> bool:
    augment(frame, fact)
    return True


def _annotate(frame: Frame, fact: Fact) -> bool:
    declared = annotated(frame, fact[2])
    target = fact[1]
    if frame.klass is not None and target[0] == ir.NAME:
        frame.klass.fields[target[1]] = declared
    if fact[3] is not None:
        value = evaluate(frame, fact[3])
        if frame.klass is not None and target[0] == ir.NAME:
            frame.klass.defaults[target[1]] = value
        if any(atom[0] == "any" for atom in value) or not value or _is_empty(value):
            value = join(tuple([atom for atom in value if atom[0] != "any"]), declared)
        assign(frame, target, value, fact[3 + 1])
    elif frame.klass is not None and target[0] == ir.NAME:
        frame.bind(target[1], declared)
    elif target[0] == ir.NAME and frame.function.outer is not None:
        frame.env.setdefault(target[1], declared)
    return True


def _is_empty(value: Value) -> bool:
    """Say whether a value is an empty container, whose declared type says more."""
    return any(atom[0] in {"seq", "dict", "set"} and not atom[2] for atom in value)


def _return(frame: Frame, fact: Fact) -> bool:
    value = evaluate(frame, fact[1]) if fact[1] is not None else (("plain", "none"),)
    if frame.orders and fact[1] is not None:
        for at, (taint, names, _made) in enumerate(frame.orders):
            if at != frame.chosen and mentions(fact[1], names):
                frame.leak(taint, "set-pick", "decides which element is returned")
        if frame.loop is not None and mentions(fact[1], accumulated(frame.loop)):
            taint = frame.orders[-1][0]
            frame.leak(taint, "set-pick", "decides how far a loop comes", sure=False)
    frame.returned = join(frame.returned, value)
    if frame.function.facts.generator or frame.function.facts.asynchronous:
        put(frame, STOPPED, value, position(fact))
    return False


def _if(frame: Frame, fact: Fact) -> bool:
    _, test, body, otherwise = fact
    version = frame.function.outer is None and _asks_version(test)
    frame.quiet += version
    value = truth(frame, test)
    frame.quiet -= version
    before = frame.copy()
    if value is False:
        return run(frame, otherwise)
    narrow(frame, test, positive=True)
    single = frame.single
    one, other = tested(test, positive=True), tested(test, positive=False)
    frame.single |= within(one, body)
    links = frame.links
    chosen = frame.chosen
    if frame.loop is not None and is_element(frame, frame.loop, test, frame.orders[-1][1]):
        frame.chosen = len(frame.orders) - 1
    goes_on = not impossible(frame, before) and run(frame, body)
    frame.single = single | stays(frame, other, position(test)[0])
    frame.chosen = chosen
    then = frame.env if goes_on else None
    frame.env = before
    frame.links, links = links, frame.links if goes_on else {}
    earlier = frame.copy()
    narrow(frame, test, positive=False)
    other_goes_on = not impossible(frame, earlier) and run(frame, otherwise)
    if goes_on:
        frame.single = single
    if not other_goes_on:
        frame.single |= stays(frame, one, position(test)[0])
    frame.merge(then, frame.env if other_goes_on else None)
    frame.links = either(frame.links if other_goes_on else {}, links)
    return goes_on or other_goes_on


def _asks_version(test: Fact) -> bool:
    """Say whether a module asks which Python it is for: both answers are read anyway."""
    if test[0] == ir.BOOL:
        return all(_asks_version(part) for part in test[1])
    left = test[1] if test[0] == ir.COMPARE else test
    left = left[1][0] if left[0] == ir.TUPLE and left[1] else left
    left = left[1] if left[0] == ir.INDEX else left
    left = left[1] if left[0] == ir.ATTR and left[2] in {"major", "minor"} else left
    return left[0] == ir.ATTR and left[2] in {"version_info", "platform", "implementation"}


def _for(frame: Frame, fact: Fact) -> bool:
    _, target, iterable, body, otherwise, pos = fact
    frame.counted = counts(frame, target, iterable, body, fact)
    value = evaluate(frame, iterable)
    element, taint = elements(frame, value, pos)
    alone = bare(iterable) in frame.single
    if taint is not None and (alone or (taint.grade == "listing" and sorted_in_place(fact))):
        taint = None
    before = frame.copy()
    if taint is not None:
        names, made = dependent(target, body)
        frame.orders.append((taint, names, made))
    single = frame.single
    around, frame.loop = frame.loop, frame.loop if taint is None else fact
    for turn in range(_ROUNDS):
        known = dict(frame.env)
        assign(frame, target, element, pos)
        link_items(frame, target, iterable, element)
        frame.jumps.append([])
        goes_on = run(frame, body)
        frame.merge(known, frame.env if goes_on else None, *frame.jumps.pop())
        frame.single = single
        if _settled(frame, known, turn):
            break
    frame.loop = around
    if taint is not None:
        look(frame, taint, fact)
        frame.orders.pop()
    frame.merge(before, frame.env)
    run(frame, otherwise)
    return True


def _while(frame: Frame, fact: Fact) -> bool:
    _, test, body, otherwise = fact
    before = frame.copy()
    drain, single = drained(frame, fact), frame.single
    for turn in range(_ROUNDS):
        known = dict(frame.env)
        truth(frame, test)
        frame.jumps.append([])
        goes_on = run(frame, body) if drain is None else _empty(frame, drain)
        frame.merge(known, frame.env if goes_on else None, *frame.jumps.pop())
        frame.single = single
        if _settled(frame, known, turn):
            break
    frame.merge(before, frame.env)
    run(frame, otherwise)
    return not (test[0] == ir.CONST and test[1] and not _has_break(body))


def _settled(frame: Frame, known: dict[str, Value], turn: int) -> bool:
    """Say whether another round of a loop changes nothing; in the end let what grows be anything.

    A value goes from one variable to the next in each round; nested ones grow no deeper than cells.
    """
    changed = [name for name, value in frame.env.items() if known.get(name) != value]
    if turn >= _FEW_ROUNDS:
        for name in changed:
            value = frame.solver.bounded(frame.env[name])
            frame.env[name] = join(value, ANY) if turn >= _MANY_ROUNDS else value
    return all(known.get(name) == frame.env[name] for name in changed)


def _empty(frame: Frame, drain: Drain) -> bool:
    """Read the body of a loop that empties a set as that of a loop over it."""
    kinds = tuple([atom for atom in evaluate(frame, drain.holder) if atom[0] == SET])
    taint = elements(frame, kinds, drain.pos)[1] if kinds else None
    if taint is None:
        return run(frame, drain.body)
    frame.orders.append((taint, *dependent(drain.loop[1], drain.loop[3])))
    outer, frame.drained = frame.drained, frame.drained | {bare(drain.holder)}
    goes_on = run(frame, drain.body)
    frame.drained = outer
    look(frame, taint, drain.loop)
    frame.orders.pop()
    return goes_on


def _has_break(body: tuple[Fact, ...]) -> bool:
    for fact in body:
        if fact[0] == ir.BREAK:
            return True
        if fact[0] == ir.IF and (_has_break(fact[2]) or _has_break(fact[3])):
            return True
        if fact[0] in {ir.TRY, ir.WITH, ir.MATCH}:
            return True
    return False


def _try(frame: Frame, fact: Fact) -> bool:
    _, body, handlers, otherwise, final = fact
    before = frame.copy()
    trail, frame.trail = frame.trail, {}
    single = frame.single
    goes_on = run(frame, body)
    frame.single = single
    middle = join_env(join_env(before, frame.env), frame.trail)
    frame.trail = None if trail is None else join_env(trail, frame.trail)
    if goes_on:
        goes_on = run(frame, otherwise)
    ends: list[dict[str, Value] | None] = [frame.env if goes_on else None]
    for caught, name, block, pos in handlers:
        if _stands_in(frame, body, block):
            continue
        frame.env = dict(middle)
        if caught is not None:
            kinds = evaluate(frame, caught)
        else:
            kinds = ((OUTSIDE, "builtins.BaseException"),)
        _handler(frame, kinds, block, pos)
        if name:
            frame.bind(name, _caught(kinds))
        ends.append(frame.env if run(frame, block) else None)
        frame.single = single
    reached = any(end is not None for end in ends)
    if reached:
        frame.merge(*ends)
    else:
        frame.env = middle
    return run(frame, final) and reached


def _stands_in(frame: Frame, body: tuple[Fact, ...], block: tuple[Fact, ...]) -> bool:
    """Say whether a handler makes empty classes alone, in place of what Python brings itself.

    ``try: from enum import Enum`` with ``class Enum: pass`` beside it is for a Python of long ago.
    """
    classes = [frame.module.classes[fact[1]] for fact in block if fact[0] == ir.CLASS]
    sources = [fact[1].partition(".")[0] for fact in body if fact[0] == ir.FROM and not fact[2]]
    return (
        bool(sources)
        and len(sources) == len(body)
        and bool(classes)
        and len(classes) == len(block)
        and all(source in sys.stdlib_module_names for source in sources)
        and not any(klass.facts.body or klass.facts.bases for klass in classes)
    )


def join_env(left: dict[str, Value], right: dict[str, Value]) -> dict[str, Value]:
    """Return variables that hold what either side gave."""
    out = dict(left)
    for name, value in right.items():
        out[name] = join(out[name], value) if name in out else value
    return out


def _caught(kinds: Value) -> Value:
    out: Value = NOTHING
    for atom in kinds:
        if atom[0] == CLASS:
            out = join(out, ((INSTANCE, atom[1], False),))
        elif atom[0] == OUTSIDE:
            out = join(out, ((OBJECT, atom[1], "exception"),))
        elif atom[0] == "tup":
            for item in atom[1]:
                out = join(out, _caught(item))
    return out or ANY


_LIMITS: Final = {"builtins.RecursionError", "builtins.MemoryError"}
_WIDE: Final = {"builtins.Exception", "builtins.BaseException"}


def _limits(kinds: Value) -> bool:
    """Say whether a handler catches that a process has no more stack or memory."""
    return any(
        any(_limits(item) for item in atom[1])
        if atom[0] == "tup"
        else atom[0] == OUTSIDE and atom[1] in _LIMITS
        for atom in kinds
    )


def _handler(frame: Frame, kinds: Value, block: tuple[Fact, ...], pos: Any) -> None:
    block = tuple([each for each in block if each[0] != ir.CONTINUE])
    wide = any(atom[0] == OUTSIDE and atom[1] in _WIDE for atom in kinds)
    if _limits(kinds) and not (block and block[-1][0] == ir.RAISE):
        frame.site("caught-limit", pos, "the handler of a limit of this process")
    if not block and wide:
        frame.site("swallowed", pos, "every exception")
    elif not block:
        frame.site("swallowed", pos, "an exception", "possible")
    elif wide and not any(fact[0] == ir.RAISE for fact in block):
        frame.site("broad-except", pos, "every exception", "possible")


def _with(frame: Frame, fact: Fact) -> bool:
    for manager, target in fact[1]:
        entered = enter(frame, evaluate(frame, manager), fact[3])
        if target is not None:
            assign(frame, target, entered, fact[3])
            link(frame, target, manager, entered)
    if not any(swallows(frame, manager) for manager, _target in fact[1]):
        return run(frame, fact[2])
    before = frame.copy()
    trail, frame.trail = frame.trail, {}
    single = frame.single
    run(frame, fact[2])
    frame.single = single
    frame.env = join_env(join_env(before, frame.env), frame.trail)
    frame.trail = None if trail is None else join_env(trail, frame.trail)
    return True


def _raise(frame: Frame, fact: Fact) -> bool:
    for part in (fact[1], fact[2]):
        if part is not None:
            evaluate(frame, part)
    for taint, names, _made in frame.orders if fact[1] is not None else ():
        if mentions(fact[1], names):
            frame.leak(taint, "set-pick", "decides which element is raised", sure=False)
    return False


def _def(frame: Frame, fact: Fact) -> bool:
    define_function(frame, fact[1])
    return True


def _class(frame: Frame, fact: Fact) -> bool:
    define_class(frame, fact[1], run)
    return True


def _import(frame: Frame, fact: Fact) -> bool:
    import_module(frame, fact)
    return True


def _from(frame: Frame, fact: Fact) -> bool:
    import_from(frame, fact)
    return True


def _nothing(_frame: Frame, _fact: Fact) -> bool:
    return True


def _assert(frame: Frame, fact: Fact) -> bool:
    frame.site("assert", fact[3], "assert")
    truth(frame, fact[1])
    narrow(frame, fact[1], positive=True)
    if fact[2] is not None:
        evaluate(frame, fact[2])
    return not (fact[1][0] == ir.CONST and not fact[1][1])


def _delete(frame: Frame, fact: Fact) -> bool:
    for target in fact[1]:
        if target[0] == ir.ATTR:
            deleted(frame, evaluate(frame, target[1]), "__delattr__", STR, target[3])
        elif target[0] == ir.INDEX:
            key = evaluate(frame, target[2])
            deleted(frame, evaluate(frame, target[1]), "__delitem__", key, target[3])
    return True


def _match(frame: Frame, fact: Fact) -> bool:
    subject = evaluate(frame, fact[1])
    before = frame.copy()
    ends: list[dict[str, Value] | None] = [dict(before)]
    single = frame.single
    for names, values, guard, body in fact[2]:
        frame.env = dict(before)
        kinds: Value = NOTHING
        for value in values:
            kinds = join(kinds, evaluate(frame, value))
        bind_case(frame, fact[1], subject, kinds, names)
        if guard is not None:
            evaluate(frame, guard)
        ends.append(frame.env if run(frame, body) else None)
        frame.single = single
    frame.merge(*ends)
    return True


def _jump(frame: Frame, _fact: Fact) -> bool:
    """``break`` and ``continue``: what variables hold here they hold where the loop goes on."""
    if frame.jumps:
        frame.jumps[-1].append(frame.copy())
    return False


_STATEMENTS: Final[list[Callable[[Frame, Fact], bool]]] = [
    _expr, _assign, _augment, _annotate, _return, _if, _for, _while, _try, _with, _raise, _def,
    _class, _import, _from, _nothing, _assert, _delete, _match, _jump, _jump,
]  # fmt: skip
