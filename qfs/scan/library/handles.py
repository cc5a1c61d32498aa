"""Methods and functions that hold a container: ``add = out.append``, ``partial(put, out)``.

- Such a value knows the way to what it changes, for the frame that took it, and as cells for all
  other frames: whoever calls it changes that container there.
- Only what adds something is followed; what takes something out, or asks, is a plain method.
"""

from typing import Final

from qfs.scan.domain.values import (
    FUNCTION,
    METHOD,
    NOTHING,
    OUTSIDE,
    SEQUENCE,
    SET,
    TABLE,
    Atom,
    Value,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.heap.aliases import CELLS, cells
from qfs.scan.heap.derived import EXTENDS
from qfs.scan.library.methods import ADDS, changed
from qfs.scan.solver.dispatch import CALLED, Arguments, call, evaluate
from qfs.scan.solver.frame import Frame

ADDER: Final = "adder"
"""kind of container, method, way: (node, fact, cells)"""
FILLER: Final = "filler"
"""function, ways of the arguments that are filled already, or None each"""
_ADDING: Final = ADDS | EXTENDS
_EMPTY: Final[dict[str, Atom]] = {
    SEQUENCE: (SEQUENCE, "list", NOTHING, None),
    SET: (SET, "set", NOTHING, None),
    TABLE: (TABLE, NOTHING, NOTHING, None),
}


def taken(frame: Frame, value: Value, fact: Fact) -> Value:
    """Return a method that is read as a value, with the way to the container that it changes."""
    if fact[2] not in _ADDING or fact[1][0] not in {ir.NAME, ir.ATTR}:
        return value
    if not any(atom[0] == METHOD and atom[1][0] in _EMPTY for atom in value):
        return value
    way = (frame.node.number, fact[1], cells(frame, fact[1]))
    return tuple(
        [
            (ADDER, atom[1][0], atom[2], way)
            if atom[0] == METHOD and atom[1][0] in _EMPTY
            else atom
            for atom in value
        ]
    )


def filled_by(frame: Frame, callee: Value, arguments: Arguments) -> Value:
    """Return the function of a partial, with the ways to the containers that it is handed."""
    if arguments.facts is None or not any(atom[0] in {FUNCTION, OUTSIDE} for atom in callee):
        return callee
    parts = arguments.facts[2][1:]
    positional = tuple([_way(frame, part) for part in parts])
    words = tuple([(name, _way(frame, part)) for name, part in arguments.facts[3] if name])
    if not any(positional) and not any(way for _name, way in words):
        return callee
    out: list[Atom] = []
    for atom in callee:
        kind, _, method = str(atom[1]).removeprefix("builtins.").partition(".")
        if atom[0] == FUNCTION or (
            atom[0] == OUTSIDE and method in _ADDING and kind in {"list", "set", "dict"}
        ):
            out.append((FILLER, atom, positional, words))
        else:
            out.append(atom)
    return tuple(out)


def _way(frame: Frame, fact: Fact) -> Atom | None:
    """Return the way to a container, or None for anything else."""
    if fact[0] not in {ir.NAME, ir.ATTR}:
        return None
    frame.quiet += 1
    value = evaluate(frame, fact)
    frame.quiet -= 1
    if not any(atom[0] in _EMPTY for atom in value):
        return None
    return (frame.node.number, fact, cells(frame, fact))


def _seen(frame: Frame, way: Atom) -> Fact:
    """Return a way as this frame sees it."""
    node, fact, known = way
    return fact if node == frame.node.number else (CELLS, known)


def _held(frame: Frame, way: Atom, kind: str) -> Value:
    """Return the container at the end of a way, as far as this frame can see it."""
    out: Value = NOTHING
    if way[0] == frame.node.number:
        frame.quiet += 1
        out = evaluate(frame, way[1])
        frame.quiet -= 1
    found = tuple([atom for atom in out if atom[0] == kind])
    return found or (_EMPTY[kind],)


def _call_adder(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> Value:
    _tag, kind, name, way = atom
    held = _held(frame, way, kind)
    callee = (ir.ATTR, _seen(frame, way), name, pos)
    inner = Arguments(arguments.positional, arguments.keywords, arguments.star)
    changed(frame, callee, held, inner, pos)
    return call(frame, ((METHOD, held[0], name),), inner, pos, certain=certain)


def _call_filler(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> Value:
    _tag, callee, positional, words = atom
    nothing: Fact = (ir.CONST, None, pos)
    facts = [nothing if way is None else _seen(frame, way) for way in positional]
    facts.extend([nothing for _more in arguments.positional[len(facts) :]])
    named = tuple([(name, _seen(frame, way)) for name, way in words if way is not None])
    arguments.facts = (ir.CALL, (ir.NAME, "", pos), tuple(facts), named, pos)
    return call(frame, (callee,), arguments, pos, certain=certain)


CALLED.update({ADDER: _call_adder, FILLER: _call_filler})
