"""Comparing and hashing: the methods of objects that containers and operators call.

- ``==`` of lists, tuples, tables and dataclasses compares their items; ``in``, ``index`` and
  ``remove`` compare each item; a set and a table hash their keys, and compare two that collide.
- What a class does not say itself, ``!=``, the reflected method or ``total_ordering`` does.
- Source: Python data model §3.3.1; functools.
"""

from collections.abc import Iterable
from typing import Final

from qfs.scan.domain.values import (
    ADDRESS,
    BOOL,
    CLASS,
    INSTANCE,
    NOTHING,
    SEQUENCE,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Taint,
    Value,
    join,
)
from qfs.scan.facts.ir import Pos
from qfs.scan.objects.addresses import told
from qfs.scan.objects.implicit import meta_method, of_metaclass
from qfs.scan.solver.dispatch import SPECIAL, Arguments, call, call_method
from qfs.scan.solver.frame import Frame

_DEPTH_MAX: Final = 3
_REFLECTED: Final = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_ORDERS: Final = ("lt", "gt", "le", "ge")


def objects(frame: Frame, value: Value, name: str) -> list[Atom]:
    """Return the objects in a value, and in its items and fields, that have a method; classes too.

    Each class's fields are looked into once, however many ways lead to its objects.
    """
    out: dict[Atom, None] = {}
    seen: dict[int, None] = {}
    level = [value]
    for _depth in range(_DEPTH_MAX + 1):
        below: list[Value] = []
        for atom in [atom for each in level for atom in each]:
            tag = atom[0]
            if tag == CLASS or (tag == INSTANCE and frame.find(atom[1], name)):
                out[atom] = None
            elif tag == INSTANCE and atom[1] not in seen:
                seen[atom[1]] = None
                below.extend(_fields(frame, atom[1]))
            elif tag in {SEQUENCE, SET}:
                below.append(atom[2])
            elif tag == TABLE:
                below.extend((atom[1], atom[2]))
            elif tag == TUPLE:
                below.extend(atom[1])
        level = below
    return list(out)


def _fields(frame: Frame, number: int) -> tuple[Value, ...]:
    """Return what the fields of a class's objects hold, if generated methods compare them."""
    if not (frame.trait(number, "dataclass") or frame.trait(number, "namedtuple")):
        return ()
    classes = frame.solver.program.classes
    return tuple(
        [
            frame.solver.read(frame.node, ("field", at, name)) or declared
            for at in frame.mro(number)
            if isinstance(at, int)
            for name, declared in classes[at].fields.items()
        ]
    )


def _ask(frame: Frame, value: Value, name: str, other: Value, pos: Pos) -> None:
    if name not in frame.solver.program.methods:
        return
    _call_each(frame, objects(frame, value, name), name, [other], pos)


def _call_each(
    frame: Frame,
    asked: Iterable[Atom],
    name: str,
    others: list[Value],
    pos: Pos,
    *,
    certain: bool = True,
) -> None:
    """Call a method of each object and class, whatever it gives."""
    (special_method,) = SPECIAL
    methods: Value = NOTHING
    for atom in asked:
        if atom[0] == CLASS:
            methods = join(methods, meta_method(frame, atom, name))
        else:
            methods = join(methods, special_method(frame, atom, name, pos))
    if methods:
        call(frame, methods, Arguments(others, unused=True), pos, certain=certain)


def equals(frame: Frame, element: Value, other: Value, pos: Pos) -> None:
    """Compare elements with something, as ``in``, ``count`` and ``index`` do."""
    _ask(frame, element, "__eq__", other, pos)
    if not any(atom[0] == INSTANCE for atom in element):
        _ask(frame, other, "__eq__", element, pos)


def compares(frame: Frame, element: Value, pos: Pos) -> None:
    """Compare elements with each other, as sorting does; tuples compare their items."""
    _addresses(frame, element, pos)
    _ask(frame, element, "__lt__", element, pos)
    _ask(frame, element, "__gt__", element, pos)
    for atom in element:
        if atom[0] in {TUPLE, SEQUENCE}:
            _ask(frame, (atom,), "__eq__", element, pos)


def _addresses(frame: Frame, element: Value, pos: Pos) -> None:
    for atom in element:
        if atom[0] == ADDRESS:
            told(frame, (atom,), "decides an order")
        for item in atom[1] if atom[0] == TUPLE else ():
            _addresses(frame, item, pos)


def hashed(frame: Frame, key: Value, pos: Pos) -> None:
    """Hash keys of a set or table, and compare those that collide."""
    methods = frame.solver.program.methods
    for name in ("__hash__", "__eq__"):
        if name not in methods or not any(atom[0] in {INSTANCE, TUPLE} for atom in key):
            continue
        given = [key] if name == "__eq__" else []
        asked = [atom for atom in objects(frame, key, name) if atom[0] == INSTANCE]
        _call_each(frame, asked, name, given, pos, certain=name == "__hash__")


def compared(frame: Frame, name: str, left: Value, right: Value, pos: Pos) -> Value:
    """Return what ``left < right`` gives, where name is ``lt``: what a method gives, or a bool."""
    out: Value = NOTHING
    plain = False
    for atom in left:
        given: Value = NOTHING
        if atom[0] == INSTANCE:
            given = _by(frame, atom, name, right, pos)
        elif atom[0] == CLASS:
            given = of_metaclass(frame, atom, f"__{name}__", [right], pos)
        else:
            _ask(frame, (atom,), "__eq__", right, pos)
            if name in _ORDERS:
                _ask(frame, (atom,), f"__{name}__", right, pos)
        out = join(out, given)
        plain = plain or not given
    if plain or not left:
        for atom in right:
            if atom[0] == INSTANCE:
                out = join(out, _by(frame, atom, _REFLECTED[name], left, pos))
    return join(out, BOOL) if plain or not out else out


def orders_of(left: Value, right: Value) -> list[Taint]:
    """Return the orders of lists and tuples that are compared, but with what is empty."""
    if any(atom[:3] == (SEQUENCE, "list", NOTHING) or atom == (TUPLE, ()) for atom in right):
        return []
    return [
        atom[3]
        for atom in (*left, *right)
        if atom[0] == SEQUENCE and atom[1] in {"list", "tuple", "deque"} and atom[3] is not None
    ]


def _by(frame: Frame, atom: Atom, name: str, other: Value, pos: Pos) -> Value:
    """Compare by an object's method: its own, that of ``==`` for ``!=``, or of another order."""
    names = [name, "eq"] if name == "ne" else [name]
    if name in _ORDERS and frame.trait(atom[1], "ordered"):
        names.extend(_ORDERS)
    for each in names:
        method = f"__{each}__"
        if frame.find(atom[1], method):
            out = call_method(frame, atom, method, Arguments([other]), pos)
            return out if each == name else BOOL
    inner = "__eq__" if name in {"eq", "ne"} else f"__{name}__"
    _ask(frame, (atom,), inner, other, pos)
    return NOTHING


__all__ = ["compared", "compares", "equals", "hashed", "objects", "orders_of"]
