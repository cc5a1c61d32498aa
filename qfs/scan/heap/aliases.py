"""Aliases: the other ways to a container that a statement changes.

- A way is a name, an attribute, or an item of one; ``links`` of a frame are pairs of ways that lead
  to one object: ``rows = self.rows``, ``table = {"rows": rows}``, ``for row in rows``.
- What a container has become is put where it came from, and at the end of each way linked to that.
- An index says nothing: all items of a container are one. A name given anew loses its links.
- A way that leads out of the frame is a cell: a method may be called elsewhere than it was taken.
"""

from collections.abc import Iterator
from typing import Final

from qfs.scan.domain.depth import bounded
from qfs.scan.domain.values import (
    ANYTHING,
    CLASS,
    FUNCTION,
    INSTANCE,
    METHOD,
    MODULE,
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
from qfs.scan.objects.addresses import told_if_kept
from qfs.scan.objects.shared import is_module_level, root_of
from qfs.scan.order.iteration import unordered
from qfs.scan.order.left import keep
from qfs.scan.solver.changes import grows
from qfs.scan.solver.dispatch import evaluate
from qfs.scan.solver.frame import Frame, Links
from qfs.scan.solver.nodes import CellKey, Node
from qfs.scan.solver.program import Function
from qfs.scan.solver.solve import GROWING

CELLS: Final = -1
"""A way of cells, in place of an expression: ``(CELLS, cells)``."""
_LOOKS_UP: Final = {"setdefault", "get"}
_CONTAINERS: Final = {SEQUENCE, SET, TABLE, TUPLE}
_KEPT: Final = {SEQUENCE, SET, TABLE, TUPLE, ANYTHING, METHOD}
_NAMING: Final = {
    ir.NAME, ir.ATTR, ir.INDEX, ir.CALL, ir.LIST, ir.TUPLE, ir.DICT, ir.IF_ELSE, ir.BOOL, ir.WALRUS,
}  # fmt: skip
_LINKS_MAX: Final = 64
_STEPS_MAX: Final = 5
_NO_POS: Final[Pos] = (1, 1, 1, 1)
_ITEM: Final[Fact] = (ir.CONST, None, _NO_POS)


def link(frame: Frame, target: Fact, fact: Fact, value: Value) -> None:
    """Note that a target and what an expression names are one object."""
    if fact[0] not in _NAMING or not any(atom[0] in _KEPT for atom in value):
        return
    if fact[0] == ir.CALL and not any(atom[0] in _CONTAINERS for atom in value):
        return
    known = dict(frame.links)
    for one, two in _pairs(frame, target, fact):
        if len(known) < _LINKS_MAX:
            pair = (_key(one, apart=True), _key(two, apart=True))
            known.setdefault(pair, (one, two, _key(one), _key(two)))
    frame.links = known


def link_items(frame: Frame, target: Fact, iterable: Fact, element: Value) -> None:
    """Note that a loop's variable is an item of what it goes through."""
    if iterable[0] == ir.CALL and iterable[1][0] == ir.ATTR and not iterable[2]:
        holder, method = iterable[1][1], iterable[1][2]
        if method == "items" and target[0] == ir.TUPLE and len(target[1]) == 2:
            target = target[1][1]
        elif method != "values":
            return
        iterable = holder
    if target[0] == ir.NAME and iterable[0] in {ir.NAME, ir.ATTR, ir.INDEX}:
        unlink(frame, target)
        link(frame, target, item(iterable), element)


def unlink(frame: Frame, target: Fact) -> None:
    """Forget what a name led to: it is given anew."""
    if frame.links and target[0] == ir.NAME:
        name = target[1]
        frame.links = {
            whole: link
            for whole, link in frame.links.items()
            if name != _name(link[0]) and name != _name(link[1])
        }


def either(one: Links, other: Links) -> Links:
    """Return the links that either branch left."""
    return {**one, **other} if one and other else one or other


def item(holder: Fact) -> Fact:
    """Return the way to the items of a container."""
    return (ir.INDEX, holder, _ITEM, _NO_POS)


def _name(way: Fact) -> str:
    root = root_of(way)
    return str(root[1]) if root[0] == ir.NAME else ""


def _pairs(frame: Frame, target: Fact, fact: Fact) -> Iterator[tuple[Fact, Fact]]:
    tag = fact[0]
    if tag in {ir.LIST, ir.TUPLE}:
        together = target[0] == ir.TUPLE and len(target[1]) == len(fact[1])
        for at, part in enumerate(fact[1]):
            if part[0] in {ir.NAME, ir.ATTR, ir.LIST, ir.TUPLE, ir.DICT}:
                yield from _pairs(frame, target[1][at] if together else item(target), part)
    elif tag == ir.DICT:
        for key, part in fact[1]:
            if key is not None and part[0] in {ir.NAME, ir.ATTR, ir.LIST, ir.TUPLE, ir.DICT}:
                yield from _pairs(frame, item(target), part)
    elif target[0] in {ir.NAME, ir.ATTR, ir.INDEX}:
        for way in ways(frame, fact):
            if _key(way) != _key(target):
                yield target, way


def ways(frame: Frame, fact: Fact) -> Iterator[Fact]:
    """Yield the ways that an expression may name."""
    tag = fact[0]
    if tag in {ir.NAME, ir.ATTR, CELLS} or (tag == ir.INDEX and fact[2][0] != ir.SLICE):
        yield fact
    elif tag == ir.IF_ELSE:
        yield from ways(frame, fact[2])
        yield from ways(frame, fact[3])
    elif tag == ir.BOOL:
        for part in fact[1]:
            yield from ways(frame, part)
    elif tag == ir.WALRUS:
        yield from ways(frame, fact[2])
    elif tag == ir.CALL and fact[1][0] in {ir.NAME, ir.ATTR}:
        if fact[1][0] == ir.ATTR and fact[1][2] in _LOOKS_UP:
            yield item(fact[1][1])
        yield from _given_back(frame, fact)


def _given_back(frame: Frame, call: Fact) -> Iterator[Fact]:
    """Yield what a call gives that it was handed, or that its object holds."""
    frame.quiet += 1
    callee = evaluate(frame, call[1])
    frame.quiet -= 1
    for atom in callee:
        if atom[0] != FUNCTION:
            continue
        function = frame.solver.program.functions[atom[1]]
        bound = atom[2] is not None
        places = {each.name: at - bound for at, each in enumerate(function.facts.parameters)}
        for given in _gives(function):
            at = places.get(_name(given), -2)
            if at == -1 and call[1][0] == ir.ATTR and given[0] == ir.ATTR:
                yield (ir.ATTR, call[1][1], given[2], given[3])
            elif 0 <= at < len(call[2]) and given[0] == ir.NAME:
                yield from ways(frame, call[2][at])


def _gives(function: Function) -> list[Fact]:
    """Return the parameters, and the attributes of them, that a function returns or yields."""
    known: list[Fact] | None = function.notes.get("gives back")
    if known is None:
        names = {each.name for each in function.facts.parameters}
        known = function.notes["gives back"] = []
        for fact in ir.parts(function.facts.body) if names else ():
            returns = len(fact) == 3 and fact[0] in {ir.RETURN, ir.YIELD}
            given = fact[1] if returns and isinstance(fact[1], tuple) and fact[1] else ()
            if (given[:1] == (ir.NAME,) and given[1] in names) or (
                given[:1] == (ir.ATTR,) and given[1][0] == ir.NAME and given[1][1] in names
            ):
                known.append(given)
    return known


def _key(way: Fact, *, apart: bool = False) -> object:
    """Return a way without its positions and indices, by which two of them are compared.

    apart tells ways of different beginnings apart that are neither names nor cells.
    """
    tag = way[0]
    if tag in {ir.NAME, CELLS}:
        return way[:2]
    if tag == ir.ATTR:
        return (tag, _key(way[1], apart=apart), way[2])
    if tag == ir.INDEX:
        return (tag, _key(way[1], apart=apart))
    return way if apart else None


def linked(frame: Frame, holder: Fact) -> Iterator[Fact]:
    """Yield the other ways to what a way leads to."""
    steps: list[Fact] = []
    at = holder
    while frame.links and len(steps) < _STEPS_MAX:
        key = _key(at)
        for one, two, key_one, key_two in frame.links.values():
            if key_one == key:
                yield _after(two, steps)
            if key_two == key:
                yield _after(one, steps)
        if at[0] not in {ir.ATTR, ir.INDEX}:
            return
        steps.append(at)
        at = at[1]


def _after(way: Fact, steps: list[Fact]) -> Fact:
    for step in reversed(steps):
        way = (step[0], way, *step[2:])
    return way


def put_back(frame: Frame, holder: Fact, pos: Pos, value: Value) -> None:
    """Let what a way leads to, and whatever else leads there, hold a changed container."""
    if holder[0] == ir.CALL:
        for way in list(ways(frame, holder)):
            put_back(frame, way, pos, value)
        return
    value = bounded(value)
    key = _key(holder)
    steps = len(frame.putting)
    if key is None or key in frame.putting or steps > _STEPS_MAX:
        return
    if not steps:
        frame.put = {}
    if frame.put.get((key, value), _STEPS_MAX + 1) <= steps:
        return  # another way led here with as many steps left, or more
    frame.put[key, value] = steps
    frame.putting.append(key)
    _put(frame, holder, pos, value)
    for way in list(linked(frame, holder)):
        put_back(frame, way, pos, value)
    frame.putting.pop()


def _put(frame: Frame, holder: Fact, pos: Pos, value: Value) -> None:
    tag = holder[0]
    if tag == ir.NAME and is_module_level(frame, holder[1]):
        frame.solver.write(("global", frame.module.name, holder[1]), value)
    elif tag == ir.NAME:
        if any(parameter.name == holder[1] for parameter in frame.function.facts.parameters):
            told_if_kept(frame, value, f"is put into {holder[1]}")
        frame.bind(holder[1], value, weak=True)
        if holder[1] in grows(frame.function):
            frame.solver.write(("grown", frame.node.number, holder[1]), value)
        cell = frame.captured_cell(holder[1]) if holder[1] not in frame.function.bound else None
        if cell is not None:
            frame.solver.write(cell, value)
    elif tag == CELLS:
        for cell in holder[1]:
            if cell[0] == "field":
                keep(frame, cell[1], cell[2], value, pos)
            else:
                frame.solver.write(cell, value)
    else:
        frame.quiet += 1
        holders = evaluate(frame, holder[1])
        frame.quiet -= 1
        for atom in holders:
            if tag == ir.ATTR:
                _put_attribute(frame, atom, holder[2], pos, value)
            elif atom[0] in {SEQUENCE, TABLE, TUPLE}:
                changed = _with_item(atom, value)
                if changed != atom:  # else whatever else leads there holds it as well
                    put_back(frame, holder[1], pos, (changed,))


def _put_attribute(frame: Frame, atom: Atom, name: str, pos: Pos, value: Value) -> None:
    if atom[0] == INSTANCE:
        keep(frame, atom[1], name, value, pos)
        if unordered(value) is not None:
            frame.solver.write(("changed", atom[1], name), value)
    elif atom[0] == CLASS:
        classes = frame.solver.program.classes
        owners = [
            at for at in frame.mro(atom[1]) if isinstance(at, int) and name in classes[at].own
        ]
        frame.solver.write(("attr", owners[0] if owners else atom[1], name), value)
    elif atom[0] == MODULE:
        frame.solver.write(("global", atom[1], name), value)


def given_to(frame: Frame, fact: Fact, number: int, name: str) -> None:
    """Note that a field of a class's objects holds the container that a variable holds."""
    cell = ("changed", number, name)
    if fact[0] == ir.NAME and cell not in frame.mirrors.get(fact[1], ()):
        frame.mirrors[fact[1]] = (*frame.mirrors.get(fact[1], ()), cell)
        frame.rebound |= {fact[1]}


def note_given(frame: Frame, target: Fact, fact: Fact, value: Value) -> None:
    """Note ``x.name = rows``: a method of x may change the container in the variable."""
    if target[0] != ir.ATTR or fact[0] != ir.NAME:
        return
    if not any(atom[0] in _KEPT for atom in value):
        return
    frame.quiet += 1
    holders = evaluate(frame, target[1])
    frame.quiet -= 1
    parameters = {parameter.name for parameter in frame.function.facts.parameters}
    for atom in holders:
        if atom[0] == INSTANCE and fact[1] in parameters:
            held: Value = (("slot", atom[1], target[2]),)
            frame.solver.write(("held", frame.node.number, fact[1]), held)
        elif atom[0] == INSTANCE and any(each[0] in _CONTAINERS for each in value):
            given_to(frame, fact, atom[1], target[2])


def take_given(frame: Frame, node: Node, name: str, fact: Fact) -> None:
    """Note where a callee put a container that it was handed in a variable."""
    for atom in frame.solver.read(frame.node, ("held", node.number, name)):
        if atom[0] == "slot":
            given_to(frame, fact, atom[1], atom[2])
        else:  # in more places than a cell keeps apart
            frame.solver.unknown(frame.node, GROWING)


def _with_item(atom: Atom, value: Value) -> Atom:
    """Return a container of which some item has become a value."""
    if atom[0] == TUPLE:
        kinds = {each[0] for each in value}
        items = [join(one, value) if kinds & {each[0] for each in one} else one for one in atom[1]]
        return (TUPLE, tuple(items))
    return (*atom[:2], join(atom[2], value), atom[3])


def cells(frame: Frame, way: Fact) -> tuple[CellKey, ...]:
    """Return the cells to which a name or attribute leads, from wherever it is changed."""
    if way[0] == ir.NAME:
        if is_module_level(frame, way[1]) or frame.function.outer is None:
            return (("global", frame.module.name, way[1]),)
        if way[1] in frame.function.bound:
            frame.rebound |= {way[1]}
            return (("local", frame.node.number, way[1]),)
        cell = frame.captured_cell(way[1])
        return (cell,) if cell is not None else ()
    if way[0] != ir.ATTR:
        return ()
    frame.quiet += 1
    holders = evaluate(frame, way[1])
    frame.quiet -= 1
    return tuple([("field", atom[1], way[2]) for atom in holders if atom[0] == INSTANCE])
