"""Containers that a function is handed and changes: its caller's variable changes with them.

- What a parameter grew by is a cell of the callee's node; each call puts it back into the variable
  or attribute that was handed over.
- An order that came from a loop around the call is dropped where the container was made anew in
  each round of that loop.
"""

from typing import Any, Final

from qfs.scan import ir
from qfs.scan.dispatch import evaluate
from qfs.scan.frame import Frame
from qfs.scan.ir import Fact, Pos
from qfs.scan.left import hand_on
from qfs.scan.nodes import Node
from qfs.scan.program import Function
from qfs.scan.shared import class_like, is_module_level
from qfs.scan.values import (
    CLASS,
    FUNCTION,
    KNOWN,
    OUTSIDE,
    PLAIN,
    SEQUENCE,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Value,
    join,
)

_CHANGES: Final = {
    "append", "appendleft", "add", "insert", "extend", "extendleft", "update", "setdefault",
}  # fmt: skip


_CELLS: Final = -1  # ``qfs.scan.aliases.CELLS``, which looks at what has grown


def grows(function: Function) -> frozenset[str]:
    """Return the parameters that a function may change: by a method, an item, or by handing on."""
    return _changed(function)[0]


def _changed(function: Function) -> tuple[frozenset[str], frozenset[str]]:
    """Return the parameters that a function may change, and those of which it may a part."""
    known: tuple[frozenset[str], frozenset[str]] | None = function.notes.get("grows")
    if known is None:
        names = {parameter.name for parameter in function.facts.parameters}
        found, parts = _roots(function) if names else (frozenset(), frozenset())
        known = function.notes["grows"] = (found & names, parts & names)
    return known


def changes_parts(function: Function) -> bool:
    """Say whether a function may change what it is handed, or a part of it."""
    return bool(_changed(function)[1])


def changed_in(function: Function, names: frozenset[str]) -> frozenset[str]:
    """Return those of some names whose container a function changes."""
    return _roots(function)[0] & names if names else names


def _stored(function: Function) -> frozenset[str]:
    """Return the parameters that a function makes an attribute of something."""
    known: frozenset[str] | None = function.notes.get("stored")
    if known is None:
        known = function.notes["stored"] = frozenset(
            [
                fact[2][1]
                for fact in function.assignments
                if fact[2][0] == ir.NAME and any(target[0] == ir.ATTR for target in fact[1])
            ]
        )
    return known


def _roots(function: Function) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of what a function changes, and of that of which it changes a part."""
    known: tuple[frozenset[str], frozenset[str]] | None = function.notes.get("changed")
    if known is None:
        found: set[str] = set()
        parts: set[str] = set()
        _collect(function.facts.body, found, parts)
        for target, way in _renamed(function):
            if target in found:
                _root(way, found if way[0] == ir.NAME else parts, parts)
        known = function.notes["changed"] = (frozenset(found), frozenset(found | parts))
    return known


def _renamed(function: Function) -> list[tuple[str, Fact]]:
    """Return the variables given what a name, attribute or item holds; the last first."""
    out = [
        (target[1], fact[2])
        for fact in function.assignments
        if fact[2][0] in {ir.NAME, ir.ATTR, ir.INDEX}
        for target in fact[1]
        if target[0] == ir.NAME
    ]
    return sorted(out, key=_line, reverse=True)


def _line(renamed: tuple[str, Fact]) -> int:
    return int(renamed[1][-1][0])


def _collect(fact: Fact, out: set[str], parts: set[str]) -> None:
    if not fact:
        return
    tag = fact[0]
    if tag == ir.CALL and len(fact) == 5 and isinstance(fact[1], tuple) and fact[1]:
        for part in fact[2]:
            _root(part, out, parts)
    elif tag == ir.ATTR and len(fact) == 4 and fact[2] in _CHANGES:
        _root(fact[1], out, parts)
    elif tag == ir.ASSIGN and len(fact) == 4 and isinstance(fact[1], tuple):
        for target in fact[1]:
            if target[0] in {ir.INDEX, ir.ATTR}:
                _root(target, out, parts)
    elif tag == ir.AUGMENT and len(fact) == 5 and isinstance(fact[1], tuple):
        _root(fact[1], out, parts)
    for part in fact:
        if part.__class__ is tuple:
            _collect(part, out, parts)


def _root(fact: Fact, out: set[str], parts: set[str]) -> None:
    while fact[0] == ir.INDEX:
        fact = fact[1]
    if fact[0] == ir.NAME:
        out.add(fact[1])
    while fact[0] in {ir.INDEX, ir.ATTR}:
        fact = fact[1]
    if fact[0] == ir.NAME:
        parts.add(fact[1])


def note(frame: Frame, name: str, value: tuple[Atom, ...]) -> None:
    """Remember what a parameter has become."""
    if name in grows(frame.function):
        frame.solver.write(("grown", frame.node.number, name), value)


def hand_back(frame: Frame, node: Node, call: Fact, bound: bool, pos: Pos) -> None:  # noqa: FBT001
    """Let the caller's variables hold what the callee made of them."""
    names, parts = _changed(node.function)
    if frame.quiet or not parts:
        return
    stored = _stored(node.function)
    parameters = node.function.facts.parameters[bound:]
    given: list[tuple[str, Fact]] = []
    for parameter, fact in zip(parameters, call[2], strict=False):
        if fact[0] == ir.STAR or parameter.kind > 1:
            break
        given.append((parameter.name, fact))
    given.extend([(name, fact) for name, fact in call[3] if name])
    given.extend(_defaults(frame, node.function, {name for name, _fact in given}))
    _hand_back_rest(frame, node, given, call, pos)
    for name, fact in given:
        if name in stored and fact[0] == ir.NAME:
            from qfs.scan.aliases import take_given  # noqa: PLC0415 (it looks at what has grown)

            take_given(frame, node, name, fact)
        if name in parts:
            hand_on(frame, node, name, fact)
        if name in names and fact[0] in {ir.NAME, ir.ATTR, _CELLS}:
            value = frame.solver.read(frame.node, ("grown", node.number, name))
            if value:
                _put(frame, fact, value, pos)


def _defaults(frame: Frame, function: Function, given: set[str]) -> list[tuple[str, Fact]]:
    """Return the parameters of a function of this one that keep what a variable of it holds."""
    if function.outer is not frame.function:
        return []
    return [
        (parameter.name, parameter.default)
        for parameter in function.facts.parameters
        if parameter.name not in given
        if parameter.default is not None and parameter.default[0] == ir.NAME
    ]


def _hand_back_rest(
    frame: Frame,
    node: Node,
    given: list[tuple[str, Fact]],
    call: Fact,
    pos: Pos,
) -> None:
    """Let variables hold what a callee made of the items of ``*args`` and ``**words``."""
    names = _changed(node.function)[0]
    if not any(
        each.kind in {2, 4} and each.name in names for each in node.function.facts.parameters
    ):
        return
    known = {name for name, _fact in given}
    named = {each.name for each in node.function.facts.parameters if each.kind in {0, 1, 3}}
    for parameter in node.function.facts.parameters:
        if parameter.kind not in {2, 4} or parameter.name not in names:
            continue
        value = frame.solver.read(frame.node, ("grown", node.number, parameter.name))
        items: Value = ()
        for atom in value:
            if atom[0] == TUPLE:
                for part in atom[1]:
                    items = join(items, part)
            elif atom[0] in {SEQUENCE, SET, TABLE}:  # else the name was given something else
                items = join(items, atom[2])
        facts = call[2][len(known & named - {name for name, _fact in call[3]}) :]
        if parameter.kind == 4:
            facts = tuple([fact for name, fact in call[3] if name and name not in named])
        for fact in facts if items else ():
            if fact[0] in {ir.NAME, ir.ATTR}:
                frame.quiet += 1
                kinds = {atom[0] for atom in evaluate(frame, fact)}
                frame.quiet -= 1
                _put(frame, fact, tuple([atom for atom in items if atom[0] in kinds]), pos)


def _put(frame: Frame, fact: Fact, value: Value, pos: Pos) -> None:
    from qfs.scan.assignment import store  # noqa: PLC0415 (assignments call)

    if fact[0] == ir.NAME and is_module_level(frame, fact[1]):
        frame.quiet += 1
        held = evaluate(frame, fact)
        frame.quiet -= 1
        if held and not any(_may_hold(atom) for atom in held):
            return
    mine: list[Any] = [taint for taint, _names, made in frame.orders if _is(fact, made)]
    parameters = {parameter.name for parameter in frame.function.facts.parameters}
    if fact[0] == ir.NAME and fact[1] not in parameters and not frame.orders:
        mine.append(frame.node.order)
    out: list[Atom] = []
    for atom in value:
        if atom[0] in {SEQUENCE, TABLE} and atom[3] is not None and atom[3] in mine:
            out.append((*atom[:3], None))
        elif atom[0] in {SEQUENCE, SET, TABLE}:
            out.append(atom)
    if out:
        store(frame, fact, tuple(out), pos)


def _may_hold(atom: Atom) -> bool:
    """Say whether an alternative may be a container: no class, function, number or text is."""
    if atom[0] == OUTSIDE:
        return not class_like(atom[1])
    return atom[0] not in {CLASS, FUNCTION, PLAIN, KNOWN}


def _is(fact: Fact, made: frozenset[str]) -> bool:
    return bool(fact[0] == ir.NAME and fact[1] in made)
