"""Filling what nobody looks into: only what two runs may disagree on is kept, as a may.

- Read again by ``qfs.scan.order.inside``.
"""

from typing import Any, Final

from qfs.scan.domain.values import (
    ADDRESS,
    ANY,
    KNOWN,
    NOTHING,
    PLAIN,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Taint,
    Value,
    join,
    sequence,
)
from qfs.scan.facts.ir import Pos
from qfs.scan.order.inside import EVERY, UNNAMED, constants, parts, with_order
from qfs.scan.order.iteration import elements, set_taint
from qfs.scan.solver.frame import Frame


def may_hold(frame: Frame, value: Value, pos: Pos) -> Value:
    """Return what has an order in a value, and in what that holds, as something that may be.

    Of anything else that it holds only plain types are told.
    """
    out: Value = NOTHING
    for atom in with_order(value):
        out = join(out, (atom if atom[0] == ADDRESS else _possible(frame, atom, pos),))
        for part in parts(atom) if atom[0] not in {ADDRESS, SET} else ():
            out = join(out, may_hold(frame, part, pos))
    return out


def _possible(frame: Frame, atom: Atom, pos: Pos) -> Atom:
    if atom[0] == TUPLE:
        return (TUPLE, tuple([reduced(frame, part, pos) for part in atom[1]]))
    taint = atom[3]
    if atom[0] == SET:
        taint = taint or set_taint(frame, atom[2], atom[1], pos)
    if taint is not None:
        taint = taint._replace(grade="unknown")
    return _with(atom, [reduced(frame, part, pos) for part in parts(atom)], taint)


def _with(atom: Atom, parts: list[Value], taint: Taint | None) -> Atom:
    """Return a container of other parts and in another order."""
    return (TABLE, *parts, taint) if atom[0] == TABLE else (*atom[:2], *parts, taint)


def reduced(frame: Frame, value: Value, pos: Pos) -> Value:
    """Return the plain types of a value, what two runs may disagree on, and else anything."""
    plain = tuple([atom for atom in value if atom[0] in _PLAIN])
    held = may_hold(frame, value, pos)
    rest = ANY if len(plain) < len(value) else NOTHING
    return join(join(plain, held), rest)


_PLAIN: Final = {PLAIN, KNOWN}


def put(frame: Frame, place: Any, value: Value, pos: Pos) -> None:
    """Note what is put somewhere; a place is a name, a class or a name in one."""
    held = may_hold(frame, value, pos)
    if held and not frame.quiet:
        frame.solver.write(("inside", place), held)


def put_item(
    frame: Frame, number: int, value: Value, pos: Pos, *, key: Value = NOTHING, spread: bool = False
) -> None:
    """Note what an object of a class that derives from a built-in container is given.

    With a key it is given under that, with spread its items are given, in their order.
    """
    if not with_order(value):
        return
    inner, taint = elements(frame, value, pos) if spread else (value, None)
    for atom in value if spread else ():
        inner = join(inner, atom[2] if atom[0] == TABLE else NOTHING)
    names = constants(key)
    for at in frame.mro(number):
        if isinstance(at, int):
            for name in names:
                put(frame, ("items", at, name), inner, pos)
            put(frame, ("items", at, EVERY if names else UNNAMED), inner, pos)
            if taint is not None:
                put(frame, ("order", at, EVERY), sequence(inner, "list", taint), pos)
