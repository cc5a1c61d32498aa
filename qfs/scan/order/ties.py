"""Ties: a key function that is the same for two elements of a set leaves their order to the set.

- A key that holds the whole element cannot tie; one that measures it (``len``, ``lower``) can.
- Source: Python library reference, ``sorted``: equal elements keep their order.
"""

from typing import Final

from qfs.scan.domain.values import (
    FUNCTION,
    INSTANCE,
    KNOWN,
    METHOD,
    OUTSIDE,
    PLAIN,
    TUPLE,
    Atom,
    Taint,
    Value,
    type_name,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.objects.compared import compares
from qfs.scan.solver.dispatch import Arguments, call_each
from qfs.scan.solver.frame import Frame

_COARSE: Final = {
    "builtins.len", "builtins.abs", "builtins.bool", "builtins.type", "builtins.round",
    "builtins.int", "builtins.sum", "builtins.min", "builtins.max",
}  # fmt: skip
_TEXTS: Final = {"builtins.str", "builtins.repr", "builtins.ascii", "builtins.hex", "operator.neg"}
"""Functions that give something else for each number or text of one type."""
_MEMBER: Final = frozenset(("value", "name", "_value_", "_name_"))


def ranked(
    frame: Frame, key: Value, ordered: tuple[Value, Taint | None], pos: Pos, use: str
) -> None:
    """Compare elements, or what a key function gives; report a tie between elements of a set."""
    element, taint = ordered
    if not any(atom != (PLAIN, "none") for atom in key):
        compares(frame, element, pos)
        if taint is not None and any(_partial(frame, atom) for atom in element):
            frame.leak(taint._replace(grade="unknown"), "set-tie", use)
    for atom in key:
        if atom == (PLAIN, "none"):
            continue
        compares(frame, call_each(frame, (atom,), Arguments([element]), pos, taint), pos)
        if taint is None:
            continue
        if _tells_apart(frame, atom, element):
            continue
        coarse = atom[0] == OUTSIDE and atom[1] in _COARSE
        coarse = coarse or (atom[0] == METHOD and atom[2] in {"count", "get", "lower", "index"})
        function = frame.solver.program.functions[atom[1]] if atom[0] == "fn" else None
        grade_ = taint.grade if coarse or function is not None else "unknown"
        frame.leak(taint._replace(grade=grade_), "set-tie", use)


def _partial(frame: Frame, atom: Atom) -> bool:
    """Say whether two objects that differ may be as large: ``__lt__`` asks for less than ``==``."""
    if atom[0] != INSTANCE:
        return False
    less = _asked(frame, atom[1], "__lt__")
    if less is None:
        return False
    equal = _asked(frame, atom[1], "__eq__")
    if equal is None and frame.trait(atom[1], "dataclass"):
        equal = frozenset(frame.solver.program.classes[atom[1]].fields)
    return equal is None or not equal <= less


def _asked(frame: Frame, number: int, method: str) -> frozenset[str] | None:
    """Return the attributes of its object that a method reads, or None if there is no such."""
    for each in frame.find(number, method):
        if each[0] != FUNCTION:
            continue
        facts = frame.solver.program.functions[each[1]].facts
        own = facts.parameters[0].name if facts.parameters else ""
        return frozenset(
            [
                part[2]
                for part in ir.parts(facts.body)
                if len(part) == 4 and part[0] == ir.ATTR and isinstance(part[1], tuple)
                if part[1][:2] == (ir.NAME, own)
            ]
        )
    return None


def _tells_apart(frame: Frame, key: Atom, element: Value) -> bool:
    """Say whether a key gives something else for any two elements that differ."""
    if key[0] in {"operator.itemgetter", "operator.attrgetter"} and element:
        asked = [each[0][2] for each in key[1] if len(each) == 1 and each[0][0] == KNOWN]
        return _every_part(frame, frozenset(asked), element)
    if key[0] == OUTSIDE:
        kinds = {type_name(atom) for atom in element}
        return key[1] in _TEXTS and len(kinds) == 1 and kinds <= {"str", "int", "bytes"}
    if key[0] != FUNCTION:
        return False
    facts = frame.solver.program.functions[key[1]].facts
    body, parameters = facts.body, facts.parameters
    at = int(key[2] is not None)
    if len(body) != 1 or len(parameters) <= at or body[0][0] != ir.RETURN or body[0][1] is None:
        return False
    return _holds_all(frame, body[0][1], parameters[at].name, element)


def _holds_all(frame: Frame, result: Fact, name: str, element: Value) -> bool:
    """Say whether an expression holds the whole element, or all of its parts."""
    if result[:2] == (ir.NAME, name):
        return True
    if result[0] == ir.TUPLE and any(_holds_all(frame, p, name, element) for p in result[1]):
        return True
    if result[0] == ir.UNARY and result[1] == "neg" and result[2][:2] == (ir.NAME, name):
        return all(type_name(atom) == "int" for atom in element)
    asked: list[object] = []
    for part in result[1] if result[0] == ir.TUPLE else (result,):
        if part[0] == ir.ATTR and part[1][:2] == (ir.NAME, name):
            asked.append(part[2])
        elif part[0] == ir.INDEX and part[1][:2] == (ir.NAME, name) and part[2][0] == ir.CONST:
            asked.append(part[2][1])
    return bool(asked) and _every_part(frame, frozenset(asked), element)


def _every_part(frame: Frame, asked: frozenset[object], element: Value) -> bool:
    """Say whether some items or attributes are all that tells elements apart.

    They are all of a tuple's, all fields of a dataclass, or the name or value of one enumeration.
    """
    if all(atom[0] == TUPLE for atom in element):
        return all(asked >= {*range(len(atom[1]))} for atom in element)
    numbers = {atom[1] for atom in element if atom[0] == INSTANCE}
    if len(numbers) != 1 or any(atom[0] != INSTANCE for atom in element):
        return False
    (number,) = numbers
    if frame.trait(number, "enum"):
        return bool(asked & _MEMBER)
    plain = frame.trait(number, "dataclass") or frame.trait(number, "namedtuple")
    if not plain or any(each[0] == FUNCTION for each in frame.find(number, "__eq__")):
        return False
    classes = frame.solver.program.classes
    kinds = [number, *frame.subclasses(number)]
    bases = [at for kind in kinds for at in frame.mro(kind) if isinstance(at, int)]
    fields = {name for at in bases for name in classes[at].fields}
    return bool(fields) and asked >= fields
