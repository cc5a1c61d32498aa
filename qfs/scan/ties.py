"""Ties: a key function that is the same for two elements of a set leaves their order to the set.

- A key that holds the whole element cannot tie; one that measures it (``len``, ``lower``) can.
- Source: Python library reference, ``sorted``: equal elements keep their order.
"""

from qfs.scan import ir
from qfs.scan.dispatch import Arguments, call_each
from qfs.scan.frame import Frame
from qfs.scan.implicit import compares
from qfs.scan.ir import FunctionFacts, Pos
from qfs.scan.values import (
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
)

_COARSE = {
    "builtins.len", "builtins.abs", "builtins.bool", "builtins.type", "builtins.round",
    "builtins.int", "builtins.sum", "builtins.min", "builtins.max",
}  # fmt: skip


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
        if _all_items(atom, element):
            continue
        coarse = atom[0] == OUTSIDE and atom[1] in _COARSE
        coarse = coarse or (atom[0] == METHOD and atom[2] in {"count", "get", "lower", "index"})
        function = frame.solver.program.functions[atom[1]] if atom[0] == "fn" else None
        if function is not None and _whole(function.facts):
            continue
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


def _all_items(key: Atom, element: Value) -> bool:
    """Say whether ``itemgetter(0, 1)`` gets every item of the tuples that are compared."""
    if key[0] != "operator.itemgetter" or not element:
        return False
    places = {each[0][2] for each in key[1] if len(each) == 1 and each[0][0] == KNOWN}
    return all(atom[0] == TUPLE and places >= set(range(len(atom[1]))) for atom in element)


def _whole(facts: FunctionFacts) -> bool:
    """Say whether a key function's result holds the whole element, so that nothing ties."""
    body, parameters = facts.body, facts.parameters
    if len(body) != 1 or not parameters or body[0][0] != 4 or body[0][1] is None:
        return False
    result, name = body[0][1], parameters[0].name
    if result[:2] == (2, name):
        return True
    return result[0] == 6 and any(part[:2] == (2, name) for part in result[1])
