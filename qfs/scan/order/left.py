"""What an entry point leaves behind: an order in a field of what it returns, holds or was handed.

- A field of an object is a cell of its class; ``keep`` also notes which function put an order
  there, so that an order is reported where an entry point that ran that function leaves such an
  object: in its result, in its own object (``self``), or in an argument.
- It is certain where whoever fills the field puts an order there; else another object is meant.
  A table whose keys have another order is equal: it is a may, and none in a hidden field.
- What is put into an argument of which nothing is known is followed to whoever handed it over.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from qfs.scan.domain.values import (
    ANYTHING,
    CLASS,
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
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.objects.addresses import told, told_if_kept
from qfs.scan.objects.shared import fills
from qfs.scan.order.filling import put
from qfs.scan.order.inside import with_order
from qfs.scan.order.iteration import unordered
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.nodes import Node
from qfs.scan.solver.reach import gathered
from qfs.scan.solver.solve import Solver

Field: TypeAlias = tuple[int, str]
"""Number of the class, name of the attribute."""
Writers: TypeAlias = dict[tuple[int, Pos], tuple[Taint | None, bool]]
"""By node and place: the order that was put there, and whether it is more than that of keys."""
_CLASSES: Final = {INSTANCE, CLASS}
Kind: TypeAlias = tuple[int, bool]
"""Number of an object's class, and whether it is of no subclass."""


@dataclass(slots=True)
class Ways:
    """The fields that hold an order, a bit each, and from which objects one comes to them."""

    noted: list[Field]
    waiting: list[tuple[int, int]]
    """Of each field the bits of those who put an order there that is not reported yet."""
    some: dict[Kind | int, int]
    sure: dict[Kind | int, int]
    """The same by ways that are certain."""
    bits: dict[int, int]
    """A bit for each node that put an order into a field."""
    open: int = -1
    """The fields of which some order is not reported yet."""
    done: dict[tuple[int, Taint], None] = field(default_factory=dict)


def keep(frame: Frame, number: int, name: str, value: Value, pos: Pos) -> None:
    """Let a field of a class's objects hold a value, and note the order in it."""
    frame.solver.write(("field", number, name), value)
    if with_order(value):
        told_if_kept(frame, value, f"is kept in the attribute {name}")
        put(frame, number, value, pos)
        if frame.trait(number, "exception"):
            put(frame, f"exception.{name}", value, pos)
    taint = unordered(value, tables=False)
    keys = unordered(value) if taint is None else None
    if taint is not None or keys is not None or _holds(value):
        noted = frame.solver.kept.setdefault((number, name), {})
        noted[frame.node.number, pos] = (taint or keys, taint is not None)


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
        if not isinstance(at, int):
            continue
        klass = frame.solver.program.classes[at]
        names = dict(klass.fields)
        for method in klass.methods:
            names.update(dict.fromkeys(sorted(fills(method)), ()))
        for name, declared in names.items():
            out = join(out, frame.solver.read(frame.node, ("field", at, name)) or declared)
    return out


def report(solver: Solver, roots: Sequence[Node]) -> None:
    """Report every order that an entry point leaves behind."""
    stained = {
        place: writers
        for place, writers in solver.kept.items()
        if any(taint is not None for taint, _sure in writers.values())
    }
    bits, below = _below(solver, stained.values()) if stained else ({}, {})
    fields = _fields(solver)
    ways = _ways(solver, stained, bits, fields)
    shared = _of_classes(solver)
    told_of = _Classes(solver, shared, fields) if shared else None
    for root in roots:
        if root.readers and root.function.facts.name.startswith("_"):
            continue
        frame = Frame(solver, root)
        taint = unordered(root.result)
        if taint is not None:
            use = f"is returned by {root.function.facts.qualname}"
            frame.leak(taint, "set-sequence", use)
        told(frame, root.result, "is returned")
        for taint, use, sure in told_of.of_result(root) if told_of is not None else ():
            frame.leak(taint, "set-sequence", use, sure=sure)
        for parameter in root.function.facts.parameters:
            for kind in ("grown", "left"):
                taint = unordered(solver.peek((kind, root.number, parameter.name)))
                if taint is not None:
                    frame.leak(taint, "set-sequence", f"is left in {parameter.name}")
        if root.number in below:
            _of_objects(solver, root, ways, below[root.number])


def _of_classes(solver: Solver) -> dict[int, list[tuple[str, Taint]]]:
    """Return the attributes of classes that hold an order, but those that objects set anew."""
    out: dict[int, list[tuple[str, Taint]]] = {}
    for key, value in solver.cells.items():
        taint = unordered(value, tables=False) if key[0] == "attr" else None
        if taint is not None and not solver.peek(("field", key[1], key[2])):
            out.setdefault(key[1], []).append((key[2], taint))
    return out


class _Classes:
    """The classes whose attributes hold an order, and those whose objects lead to them."""

    def __init__(
        self,
        solver: Solver,
        shared: dict[int, list[tuple[str, Taint]]],
        fields: dict[int, list[tuple[str, Value]]],
    ) -> None:
        self.solver = solver
        self.orders: dict[int, list[tuple[Taint, str]]] = {}
        """What is kept in an object's class and its bases."""
        self.after: dict[int, list[int]] = {}
        """The classes of the objects in a class's fields, of those that lead to an order."""
        self.known: dict[tuple[int, ...], list[tuple[Taint, str, bool]]] = {}
        before: dict[int, list[int]] = {}
        for number, each in fields.items():
            inside = [atom[1] for _name, value in each for atom in _objects(value)]
            for at in dict.fromkeys(inside):
                self.after.setdefault(number, []).append(at)
                before.setdefault(at, []).append(number)
        for klass in solver.program.classes:
            for at in solver.lookups.mro(klass.number):
                if isinstance(at, int) and at in shared:
                    owner = solver.program.classes[at].facts.name
                    self.orders.setdefault(klass.number, []).extend(
                        [(taint, f"is kept in {owner}.{name}") for name, taint in shared[at]]
                    )
        self.leading = dict.fromkeys(self.orders)
        waiting = list(self.orders)
        while waiting:
            for at in before.get(waiting.pop(), ()):
                if at not in self.leading:
                    self.leading[at] = None
                    waiting.append(at)

    def of_result(self, root: Node) -> list[tuple[Taint, str, bool]]:
        """Return the orders that the classes of what a root returns hold; certain if it is one."""
        atoms = (*_objects(root.result), *root.result)
        here = [atom[1] for atom in atoms if atom[0] in _CLASSES and atom[1] in self.leading]
        start = tuple(dict.fromkeys(here))
        known = self.known.get(start)
        if known is None:
            seen: dict[int, bool] = dict.fromkeys(start, True)
            queue = deque(start)
            while queue:
                for at in self.after.get(queue.popleft(), ()):
                    if at not in seen and at in self.leading:
                        seen[at] = False
                        queue.append(at)
            known = self.known[start] = [
                (taint, use, sure)
                for number, sure in seen.items()
                for taint, use in self.orders.get(number, ())
            ]
        return known


def _below(solver: Solver, stained: Iterable[Writers]) -> tuple[dict[int, int], dict[int, int]]:
    """Return a bit for each node that put an order into a field, and of a node those it reaches."""
    bits: dict[int, int] = {}
    for each in stained:
        for (number, _pos), (taint, _sure) in each.items():
            if taint is not None:
                bits.setdefault(number, 1 << len(bits))
    after = {
        node.number: list(dict.fromkeys([edge.target for edge in node.edges.values()]))
        for node in solver.nodes
    }
    return bits, gathered(bits, after)


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


def _of_objects(solver: Solver, root: Node, ways: Ways, mine: int) -> None:
    """Report the orders in the fields of the objects that a root returns, is of or was handed.

    Each by the node that put it there, where the root reaches that; certain ways first.
    """
    parameters = root.function.facts.parameters
    own = parameters[0].name if root.function.owner is not None and parameters else ""
    some = sure = 0
    for atom in _objects(root.result):
        some |= ways.some.get(atom[1:3], 0)
        sure |= ways.sure.get(atom[1:3], 0)
    for name, value in root.arguments.items():
        for atom in _objects(value) if name != own else value:
            if name != own:
                some |= ways.some.get(atom[1:3], 0)
            elif atom[0] == INSTANCE:
                some |= ways.some.get((atom[1], True), 0)
                sure |= ways.sure.get((atom[1], True), 0)
    home = root.function.owner
    ours = solver.lookups.mro(home.number) if home is not None else []
    for at in [*_ones(sure & ways.open), *_ones(some & ~sure & ways.open)]:
        number, name = ways.noted[at]
        hidden = name.startswith("_") and number not in ours
        listed, others = ways.waiting[at]
        if (listed if hidden else listed | others) & mine:
            _of_field(solver, ways, at, mine, sure=bool(sure >> at & 1), hidden=hidden)


def _of_field(solver: Solver, ways: Ways, at: int, mine: int, *, sure: bool, hidden: bool) -> None:
    """Report the orders in a field that were put there by some nodes, each of them once."""
    number, name = ways.noted[at]
    noted = solver.kept[number, name]
    certain = sure and all(taint is not None for taint, _listed in noted.values())
    use = f"is kept in {solver.program.classes[number].facts.name}.{name}"
    for (writer, _pos), (taint, listed) in noted.items():
        if taint is None or (hidden and not listed) or not ways.bits[writer] & mine:
            continue
        if (writer, taint) not in ways.done:
            ways.done[writer, taint] = None
            frame = Frame(solver, solver.nodes[writer])
            frame.leak(taint, "set-sequence", use, sure=certain and listed)
    ways.waiting[at] = _waiting(noted, ways.bits, ways.done)
    if ways.waiting[at] == (0, 0):
        ways.open &= ~(1 << at)


def _waiting(
    noted: Writers, bits: Mapping[int, int], done: Mapping[tuple[int, Taint], None]
) -> tuple[int, int]:
    """Return the nodes whose order in a field is not reported yet: listed ones, and the others."""
    listed_ones = others = 0
    for (writer, _pos), (taint, listed) in noted.items():
        if taint is not None and (writer, taint) not in done:
            listed_ones |= bits[writer] if listed else 0
            others |= 0 if listed else bits[writer]
    return listed_ones, others


def _ones(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def _ways(
    solver: Solver,
    stained: dict[Field, Writers],
    bits: dict[int, int],
    fields: dict[int, list[tuple[str, Value]]],
) -> Ways:
    """Return the ways through fields that lead to an object that has one of some fields."""
    noted: list[Field] = []
    if not stained:
        return Ways(noted, [], {}, {}, bits)
    own: dict[Kind | int, int] = {}
    some: dict[Kind | int, list[Kind | int]] = {}
    for number in sorted(fields):
        for name in dict.fromkeys([name for name, _value in fields[number]]):
            if (number, name) in stained:
                own[number] = own.get(number, 0) | 1 << len(noted)
                noted.append((number, name))
        objects = [atom[1:3] for _name, value in fields[number] for atom in _objects(value)]
        some[number] = list(dict.fromkeys(objects))
    sure = dict(some)
    for klass in solver.program.classes:
        for kind in ((klass.number, False), (klass.number, True)):
            classes = _classes(solver, kind)
            some[kind] = [number for number, _exactly in classes]
            sure[kind] = [number for number, exactly in classes if exactly]
    waiting = [_waiting(stained[place], bits, {}) for place in noted]
    return Ways(noted, waiting, gathered(own, some), gathered(own, sure), bits)


def _classes(solver: Solver, kind: Kind) -> list[tuple[int, bool]]:
    """Return the classes that an object is of, and whether for certain, as fields are looked up."""
    number, exact = kind
    family = () if exact else solver.lookups.families.get(number, ())
    return [
        (at, each == number)
        for each in (number, *family)
        for at in solver.lookups.mro(each)
        if isinstance(at, int)
    ]


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
