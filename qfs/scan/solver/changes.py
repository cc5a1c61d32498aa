"""What a function's facts say that it changes: containers it is handed, or finds around itself.

- By a method that changes, an item, an attribute, ``+=``, or by handing on to a call; a variable
  that was given what a name, attribute or item holds stands for that.
"""

from typing import Final

from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.solver.program import Function

_CHANGES: Final = {
    "append", "appendleft", "add", "insert", "extend", "extendleft", "update", "setdefault",
}  # fmt: skip


def grows(function: Function) -> frozenset[str]:
    """Return the parameters that a function may change: by a method, an item, or by handing on."""
    return changed(function)[0]


def changed(function: Function) -> tuple[frozenset[str], frozenset[str]]:
    """Return the parameters that a function may change, and those of which it may a part."""
    known: tuple[frozenset[str], frozenset[str]] | None = function.notes.get("grows")
    if known is None:
        names = {parameter.name for parameter in function.facts.parameters}
        found, parts = _roots(function) if names else (frozenset(), frozenset())
        known = function.notes["grows"] = (found & names, parts & names)
    return known


def changes_parts(function: Function) -> bool:
    """Say whether a function may change what it is handed, or a part of it."""
    return bool(changed(function)[1])


def changed_in(function: Function, names: frozenset[str]) -> frozenset[str]:
    """Return those of some names whose container a function changes."""
    return _roots(function)[0] & names if names else names


def stored_in(function: Function) -> frozenset[str]:
    """Return the parameters that a function makes an attribute of something."""
    known: frozenset[str] | None = function.notes.get("stored")
    if known is None:
        known = function.notes["stored"] = frozenset(
            [
                value[1]
                for target, value in _given(function)
                if value[0] == ir.NAME and target[0] == ir.ATTR
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
        (target[1], value)
        for target, value in _given(function)
        if value[0] in {ir.NAME, ir.ATTR, ir.INDEX} and target[0] == ir.NAME
    ]
    return sorted(out, key=_line, reverse=True)


def _given(function: Function) -> list[tuple[Fact, Fact]]:
    """Return which target is given which value by a function's assignments."""
    return [
        pair
        for fact in function.assignments
        for target in fact[1]
        for pair in ir.paired(target, fact[2])
    ]


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
        for target in ir.leaves(fact[1]):
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
