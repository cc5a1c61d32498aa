"""``match``: what each case binds, of the whole subject or of a part of it.

- A class pattern narrows as ``isinstance`` does; a name within a pattern is some part of the
  subject, at any depth, whichever it is.
- A pattern that takes a sequence apart keeps its order: the set decides which name gets what.
- Source: Python language reference §8.6, "The match statement".
"""

from typing import Final

from qfs.scan.domain.values import (
    ANY,
    CLASS,
    INSTANCE,
    NOTHING,
    OUTSIDE,
    SEQUENCE,
    TABLE,
    TUPLE,
    Taint,
    Value,
    join,
)
from qfs.scan.facts.ir import Fact
from qfs.scan.objects.annotations import of_class
from qfs.scan.objects.narrowing import fitting
from qfs.scan.order.left import fields_of
from qfs.scan.solver.frame import Frame

_DEPTH: Final = 2


def bind_case(frame: Frame, fact: Fact, subject: Value, kinds: Value, names: Fact) -> None:
    """Bind the names of a case whose pattern compares with some values."""
    classes = bool(kinds) and all(atom[0] in {CLASS, OUTSIDE} for atom in kinds)
    whole, parts = names
    held = subject
    if classes and (whole or not parts):
        held = fitting(frame, subject, of_class(frame, kinds))
        if fact[0] == 2:
            frame.env[fact[1]] = held
    for name in whole:
        frame.bind(name, held)
    if parts:
        inner, order = _within(frame, held, _DEPTH)
        for name in parts:
            frame.bind(name, inner)
        if order is not None:
            frame.leak(order, "set-pick", "decides which name of a pattern gets which element")


def _within(frame: Frame, value: Value, depth: int) -> tuple[Value, Taint | None]:
    """Return what a part of a value may be, and the order in which a sequence gives its parts."""
    out: Value = NOTHING
    order: Taint | None = None
    found: tuple[Value, ...]
    for atom in value:
        if atom[0] == SEQUENCE:
            found, order = (atom[2], (atom,)), order or atom[3]
        elif atom[0] == TABLE:
            found = (atom[2], (atom,))
        elif atom[0] == TUPLE:
            found = atom[1]
        elif atom[0] == INSTANCE:
            found = (fields_of(frame, atom[1]),)
        else:
            out = join(out, ANY)
            continue
        for part in found:
            out = join(out, part)
            if depth and part != (atom,):
                out = join(out, _within(frame, part, depth - 1)[0])
    return out or ANY, order
