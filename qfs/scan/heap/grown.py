"""Containers that a function is handed and changes: its caller's variable changes with them.

- What a parameter grew by is a cell of the callee's node; each call puts it back into the variable
  or attribute that was handed over.
- An order that came from a loop around the call is dropped where the container was made anew in
  each round of that loop.
"""

from typing import Any

from qfs.scan.domain.values import (
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
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.heap.aliases import CELLS, take_given
from qfs.scan.heap.assignment import store
from qfs.scan.objects.shared import class_like, is_module_level
from qfs.scan.order.left import hand_on
from qfs.scan.solver.changes import changed, stored_in
from qfs.scan.solver.dispatch import evaluate
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.nodes import Node
from qfs.scan.solver.program import Function


def hand_back(frame: Frame, node: Node, call: Fact, bound: bool, pos: Pos) -> None:  # noqa: FBT001
    """Let the caller's variables hold what the callee made of them."""
    names, parts = changed(node.function)
    if frame.quiet or not parts:
        return
    stored = stored_in(node.function)
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
            take_given(frame, node, name, fact)
        if name in parts:
            hand_on(frame, node, name, fact)
        if name in names and fact[0] in {ir.NAME, ir.ATTR, CELLS}:
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
    names = changed(node.function)[0]
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
