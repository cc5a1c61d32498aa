"""What an entry point leaves behind: an order in a field of what it returns, holds or was handed.

- A field of an object is a cell of its class; ``keep`` also notes which function put an order
  there, so that an order is reported where an entry point that ran that function leaves such an
  object: in its result, in its own object (``self``), or in an argument.
- It is certain where whoever fills the field puts an order there; else another object is meant.
  A table whose keys have another order is equal: it is a may, and none in a hidden field.
- What is put into an argument of which nothing is known is followed to whoever handed it over.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from qfs.scan import ir
from qfs.scan.addresses import told
from qfs.scan.frame import Frame
from qfs.scan.ir import Fact, Pos
from qfs.scan.order import unordered
from qfs.scan.solve import Node, Solver
from qfs.scan.values import (
    ANYTHING,
    INSTANCE,
    METHOD,
    SEQUENCE,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Taint,
    Value,
    join,
)

Field: TypeAlias = tuple[int, str]
"""Number of the class, name of the attribute."""
Writers: TypeAlias = dict[tuple[int, Pos], tuple[Taint | None, bool]]
"""By node and place: the order that was put there, and whether it is more than that of keys."""


def keep(frame: Frame, number: int, name: str, value: Value, pos: Pos) -> None:
    """Let a field of a class's objects hold a value, and note the order in it."""
    frame.solver.write(("field", number, name), value)
    taint = unordered(value, tables=False)
    keys = unordered(value) if taint is None else None
    if taint is not None or keys is not None or _holds(value):
        kept = frame.solver.kept.setdefault((number, name), {})
        kept[frame.node.number, pos] = (taint or keys, taint is not None)


def _holds(value: Value) -> bool:
    """Say whether a value is a container that is not empty, or may be one."""
    return any(
        (atom[0] in {SEQUENCE, TABLE} and atom[2]) or (atom[0] == TUPLE and atom[1])
        for atom in value
    )


def sorted_again(frame: Frame, holder: Fact, value: Value) -> None:
    """Forget the order that this function put into ``x.name``: it sorts it in place."""
    for atom in value:
        if atom[0] == INSTANCE and holder[0] == ir.ATTR:
            noted = frame.solver.kept.get((atom[1], holder[2]), {})
            for node, pos in [key for key in noted if key[0] == frame.node.number]:
                noted[node, pos] = (None, False)


def unknown(atom: Atom) -> bool:
    """Say whether nothing is known of an alternative: it may be a list, a table or a set."""
    return bool(atom[0] == ANYTHING or (atom[0] == METHOD and atom[1][0] == ANYTHING))


def leave(frame: Frame, holder: Fact, given: Taint | None, order: Taint | None = None) -> None:
    """Note an order that is put into an argument, or into what an argument holds.

    given is the order of what is put there, order that of the loop in which it is.
    """
    taint = given or order
    root = holder
    while root[0] in {ir.ATTR, ir.INDEX}:
        root = root[1]
    if taint is None or root[0] != ir.NAME:
        return
    if any(parameter.name == root[1] for parameter in frame.function.facts.parameters):
        value: Value = ((SEQUENCE, "list", (), taint),)
        frame.solver.write(("left", frame.node.number, root[1]), value)
    elif root is not holder and taint is given:
        use = f"is put into {root[1]}, of which nothing is known"
        frame.leak(taint, "set-sequence", use, sure=False)


def hand_on(frame: Frame, node: Node, name: str, fact: Fact) -> None:
    """Note what a callee left in its argument as left in the caller's."""
    left = frame.solver.read(frame.node, ("left", node.number, name))
    if left:
        leave(frame, fact, unordered(left))


def fields_of(frame: Frame, number: int) -> Value:
    """Return what any field of a class's objects may hold."""
    out: Value = ()
    for at in frame.mro(number):
        klass = frame.solver.program.classes[at] if isinstance(at, int) else None
        for name, declared in klass.fields.items() if klass is not None else ():
            out = join(out, frame.solver.read(frame.node, ("field", at, name)) or declared)
    return out


def report(solver: Solver, roots: Sequence[Node]) -> None:
    """Report every order that an entry point leaves behind."""
    stained = {
        field: writers
        for field, writers in solver.kept.items()
        if any(taint is not None for taint, _sure in writers.values())
    }
    above = _above(solver, stained.values()) if stained else {}
    fields = _fields(solver) if stained else {}
    for root in roots:
        if root.readers and root.function.facts.name.startswith("_"):
            continue
        frame = Frame(solver, root)
        taint = unordered(root.result)
        if taint is not None:
            use = f"is returned by {root.function.facts.qualname}"
            frame.leak(taint, "set-sequence", use)
        told(frame, root.result, "is returned")
        for parameter in root.function.facts.parameters:
            for kind in ("grown", "left"):
                taint = unordered(solver.peek((kind, root.number, parameter.name)))
                if taint is not None:
                    frame.leak(taint, "set-sequence", f"is left in {parameter.name}")
        if root.number in above:
            _of_objects(solver, root, stained, fields, above[root.number])


def _above(solver: Solver, stained: Iterable[Writers]) -> dict[int, dict[int, None]]:
    """Return, for each node, the nodes that put an order into a field and that it reaches."""
    writers = {
        number: None
        for each in stained
        for (number, _pos), (taint, _sure) in each.items()
        if taint is not None
    }
    callers: dict[int, list[int]] = {}
    for node in solver.nodes:
        for edge in node.edges.values():
            callers.setdefault(edge.target, []).append(node.number)
    out: dict[int, dict[int, None]] = {}
    for writer in writers:
        stack = [writer]
        while stack:
            at = stack.pop()
            found = out.setdefault(at, {})
            if writer not in found:
                found[writer] = None
                stack.extend(callers.get(at, ()))
    return out


def _fields(solver: Solver) -> dict[int, list[tuple[str, Value]]]:
    """Return the fields of each class and what they hold."""
    out: dict[int, list[tuple[str, Value]]] = {}
    for key, value in solver.cells.items():
        if key[0] == "field":
            out.setdefault(key[1], []).append((key[2], value))
    for klass in solver.program.classes:
        declared = [(name, value) for name, value in klass.fields.items() if value]
        if declared:
            out.setdefault(klass.number, []).extend(declared)
    return out


def _of_objects(
    solver: Solver,
    root: Node,
    stained: dict[Field, Writers],
    fields: dict[int, list[tuple[str, Value]]],
    mine: dict[int, None],
) -> None:
    """Report the orders in the fields of the objects that a root returns, is of or was handed."""
    parameters = root.function.facts.parameters
    own = parameters[0].name if root.function.owner is not None and parameters else ""
    starts: list[tuple[Value, bool]] = [(root.result, True)]
    for name, value in root.arguments.items():
        receiver = tuple([(INSTANCE, atom[1], True) for atom in value if atom[0] == INSTANCE])
        starts.append((receiver if name == own else value, name == own))
    home = root.function.owner
    ours = solver.lookups.mro(home.number) if home is not None else []
    for number, certain in _reached(solver, starts, fields):
        for name in dict.fromkeys([name for name, _value in fields.get(number, ())]):
            noted = stained.get((number, name), {})
            sure = certain and all(taint is not None for taint, _sure in noted.values())
            klass = solver.program.classes[number].facts.name
            hidden = name.startswith("_") and number not in ours
            for (writer, _pos), (taint, listed) in noted.items():
                if taint is not None and writer in mine and (listed or not hidden):
                    frame = Frame(solver, solver.nodes[writer])
                    frame.leak(
                        taint, "set-sequence", f"is kept in {klass}.{name}", sure=sure and listed
                    )


def _reached(
    solver: Solver,
    starts: Sequence[tuple[Value, bool]],
    fields: dict[int, list[tuple[str, Value]]],
) -> Iterator[tuple[int, bool]]:
    """Return the classes of the objects in some values, and in their fields; certain ones first."""
    classes: dict[int, bool] = {}
    stack = [(atom, certain) for value, certain in starts for atom in _objects(value)]
    stack.reverse()
    while stack:
        atom, certain = stack.pop()
        family = () if atom[2] else solver.lookups.families.get(atom[1], ())
        for number, sure in [(atom[1], certain), *[(each, False) for each in family]]:
            for at in solver.lookups.mro(number):
                if not isinstance(at, int) or (at in classes and (classes[at] or not sure)):
                    continue
                classes[at] = sure
                for _name, value in fields.get(at, ()):
                    stack.extend([(each, sure) for each in _objects(value)])
    yield from classes.items()


def _objects(value: Value) -> Iterator[Atom]:
    """Return the objects of the program's classes in a value."""
    for atom in value:
        tag = atom[0]
        if tag == INSTANCE:
            yield atom
        parts: Sequence[Value] = ()
        if tag in {SEQUENCE, SET}:
            parts = (atom[2],)
        elif tag == TABLE:
            parts = (atom[1], atom[2])
        elif tag == TUPLE:
            parts = atom[1]
        for part in parts:
            yield from _objects(part)
