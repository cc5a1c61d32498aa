"""Order: what iterating over a value gives, and whether two runs agree on the order.

- A set's order is decided by its elements' hashes: int stable, str salted, objects by address.
- A listing's order is the file system's; arrival order is the scheduler's.
- Nothing is reported here: the taint travels with the value until a use keeps the order.
- Source: Python data model, ``object.__hash__``; PYTHONHASHSEED.
"""

from typing import Final

from qfs.scan.domain.values import (
    ANY,
    ANYTHING,
    CLASS,
    GIVEN,
    INSTANCE,
    INT,
    KNOWN,
    NOTHING,
    OBJECT,
    OUTSIDE,
    PLAIN,
    SEQUENCE,
    SET,
    SHARED,
    STR,
    TABLE,
    TUPLE,
    Atom,
    Taint,
    Value,
    found_in,
    grade,
    join,
    type_name,
)
from qfs.scan.facts.ir import Pos
from qfs.scan.objects.implicit import iterator_of, meta_method, named, next_of, of_metaclass
from qfs.scan.objects.shared import advances
from qfs.scan.order.inside import CONTAINERS, order_in, taken
from qfs.scan.solver.dispatch import Arguments, call_method
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.program import Klass

_KINDS_MAX: Final = 4
"""Kinds of alternatives, an unknown one among them, of which a function of few callers is."""
_SET_BASES: Final = {"builtins.set", "builtins.frozenset", "typing.Set", "typing.FrozenSet"}
_STABLE_OBJECTS: Final = {
    "decimal.Decimal",
    "fractions.Fraction",
    "uuid.UUID",
    "ipaddress.IPv4Address",
}


def set_taint(frame: Frame, element: Value, kind: str, pos: Pos) -> Taint | None:
    """Return the taint of iterating over a set of such elements, or None if runs agree."""
    if kind == "weakset":
        return Taint(frame.module.path, pos, "a WeakSet", "identity")
    if kind == "arrival":
        return Taint(frame.module.path, pos, "a set of tasks", "arrival")
    how = grade(element)
    if how == "instance":
        how = max(
            [instance_grade(frame, atom) for atom in element],
            key=("stable", "unknown", "salted", "identity").index,
        )
    if how in {"stable", "empty"}:
        return None
    return Taint(frame.module.path, pos, f"a set of {describe(frame, element)}", how)


def instance_grade(frame: Frame, atom: Atom, depth: int = 3) -> str:
    """Say what fixes the hash of one alternative."""
    if atom[0] == OBJECT:
        if atom[1] == "builtins.object":
            return "identity"
        if atom[1] in _STABLE_OBJECTS:
            return "stable"
        return "salted" if atom[1].startswith(("datetime.", "pathlib.")) else "unknown"
    if atom[0] != INSTANCE:
        how = grade((atom,))
        return "unknown" if how in {"instance", "empty"} else how
    if frame.trait(atom[1], "enum"):
        return "salted"
    if frame.find(atom[1], "__hash__"):
        return "unknown"
    klass = frame.solver.program.classes[atom[1]]
    if frame.trait(atom[1], "dataclass") or frame.trait(atom[1], "namedtuple"):
        return _fields_grade(frame, klass, depth - 1) if depth else "unknown"
    if frame.trait(atom[1], "outside"):
        return "unknown"
    return "identity"


def _fields_grade(frame: Frame, klass: Klass, depth: int) -> str:
    """Say what fixes the hash of a dataclass: all of its fields together."""
    worst = "stable"
    ranks = ("stable", "unknown", "salted", "identity")
    for value in klass.fields.values():
        how = grade(value)
        if how == "instance":
            how = max([instance_grade(frame, atom, depth) for atom in value], key=ranks.index)
        worst = max(worst, "unknown" if how == "empty" else how, key=ranks.index)
    return worst


def describe(frame: Frame, element: Value) -> str:
    """Name the type of a set's elements."""
    names: dict[str, None] = {}
    for atom in element:
        if atom[0] in {PLAIN, KNOWN}:
            names[atom[1]] = None
        elif atom[0] == INSTANCE:
            names[frame.solver.program.classes[atom[1]].facts.name] = None
        elif atom[0] == OBJECT:
            names[atom[1].rpartition(".")[2]] = None
        elif atom[0] == TUPLE:
            names["tuple"] = None
        elif atom[0] == CLASS:
            names["classes"] = None
        else:
            names["something"] = None
    return " or ".join(sorted(names)) or "something"


def elements(frame: Frame, value: Value, pos: Pos) -> tuple[Value, Taint | None]:
    """Return what iterating over a value gives, and the taint of its order."""
    element: Value = NOTHING
    taint: Taint | None = None
    for atom in value:
        tag = atom[0]
        if tag == SEQUENCE:
            if atom[1] == SHARED:
                advances(frame, (atom,), pos)
            element = join(element, atom[2])
            taint = taint or atom[3]
        elif tag == SET:
            element = join(element, atom[2])
            taint = taint or atom[3] or set_taint(frame, atom[2], atom[1], pos)
        elif tag == TABLE:
            element = join(element, atom[1])
            taint = taint or atom[3]
        elif tag == TUPLE:
            for item in atom[1]:
                element = join(element, item)
        elif tag in {PLAIN, KNOWN}:
            element = join(element, _scalar(atom))
        elif tag in {INSTANCE, OBJECT, CLASS}:
            item, inner_taint = _iterated(frame, atom, pos)
            element = join(element, item)
            taint = taint or inner_taint
        else:
            if tag == OUTSIDE and atom[1].endswith(".__dict__"):
                frame.site("module-names", pos, f"the names in {atom[1]}")
            element = join(element, found_in(atom))
    return element, taint


def _scalar(atom: Atom) -> Value:
    if atom[1] == "str":
        return STR
    return ((PLAIN, "int"),) if atom[1] in {"bytes", "bytearray"} else NOTHING


def _iterated(frame: Frame, atom: Atom, pos: Pos) -> tuple[Value, Taint | None]:
    if atom[0] == CLASS:
        if frame.trait(atom[1], "enum"):
            return ((INSTANCE, atom[1], True),), None
        if not meta_method(frame, atom, "__iter__"):
            return of_metaclass(frame, atom, "__getitem__", [INT], pos) or ANY, None
    if atom[0] == OBJECT:
        held = taken(frame, atom[1])
        inner, inner_taint = elements(frame, held, pos) if held else (NOTHING, None)
        return join(ANY, join(held, inner)), inner_taint
    pairs = named(frame, atom)
    if pairs is not atom and not frame.find(atom[1], "__iter__"):
        return elements(frame, (pairs,), pos)
    iterator = iterator_of(frame, atom, pos)
    element: Value = NOTHING
    taint: Taint | None = None
    for each in iterator:
        if each[0] in {SEQUENCE, SET, TABLE, TUPLE}:
            item, inner_taint = elements(frame, (each,), pos)
            element = join(element, item)
            taint = taint or inner_taint
        elif each[0] == INSTANCE:
            element = join(element, next_of(frame, each, pos))
        else:
            element = join(element, ANY)
    if atom[0] == CLASS:
        return element, taint
    if not iterator and not frame.find(atom[1], "__getitem__"):
        base = next((each for each in frame.mro(atom[1]) if each in _SET_BASES), "")
        if base:
            return ANY, set_taint(frame, ANY, "set", pos)
    if not iterator:
        got = call_method(frame, atom, "__getitem__", Arguments([ANY]), pos, silent=True)
        element = join(element, got or ANY)
        if any(base in CONTAINERS for base in frame.mro(atom[1])):
            _inner, taint = elements(frame, order_in(frame, atom[1]), pos)
    return element, taint


def blurred(value: Value, atom: Atom) -> bool:
    """Say whether nobody knows that a value is a container that is one of its alternatives.

    Where many callers share a function or an attribute, what it holds is of as many kinds, and each
    kind is another caller's; nor is it known there what such a container holds.
    """
    kinds = {(each[0], type_name(each)) for each in value}
    element = atom[1] if atom[0] == TABLE else atom[2]
    return len(kinds) > _KINDS_MAX and _is_unknown(value) and _is_unknown(element)


def _is_unknown(value: Value) -> bool:
    return any(atom[0] == ANYTHING and atom[1] not in GIVEN for atom in value)


def order_of(frame: Frame, value: Value, pos: Pos) -> Taint | None:
    """Return the taint of a value's order, its own or the one that iterating makes."""
    return elements(frame, value, pos)[1] if value else None


def unordered(value: Value, *, tables: bool = True) -> Taint | None:
    """Return the taint that a sequence or table, or one within it, carries already.

    Without tables, the order of a table's keys is none: tables of another order are equal.
    """
    for atom in value:
        tag = atom[0]
        if (tag == SEQUENCE or (tables and tag == TABLE)) and atom[3] is not None:
            taint: Taint = atom[3]
            return taint
        parts = (atom[2],) if tag in {SEQUENCE, TABLE} else atom[1] if tag == TUPLE else ()
        for part in parts:
            found = unordered(part, tables=tables)
            if found is not None:
                return found
    return None


__all__ = ["ANYTHING", "blurred", "elements", "order_of", "set_taint", "unordered"]
