"""New objects of the program's classes: who makes them, who fills their fields.

- A metaclass may answer the call itself; ``__new__`` may give something else than an object.
- Source: Python data model, §3.3.1 and §3.3.3.
"""

from typing import Final

from qfs.scan.domain.values import (
    ADDRESS,
    CLASS,
    FUNCTION,
    INSTANCE,
    KNOWN,
    NOTHING,
    PLAIN,
    SEQUENCE,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Value,
    join,
)
from qfs.scan.facts.ir import Pos
from qfs.scan.heap.fields import fill_fields
from qfs.scan.library.builtin_functions import BUILTINS
from qfs.scan.library.outside import ruled
from qfs.scan.objects.implicit import metaclass
from qfs.scan.order.filling import put_item
from qfs.scan.order.inside import CONTAINERS
from qfs.scan.order.raised import keep_given, outside_bases
from qfs.scan.solver.dispatch import Arguments, call
from qfs.scan.solver.frame import Frame


def instantiate(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool = True
) -> Value:
    """Return a new instance of a class of the program; run its constructor."""
    number = atom[1]
    klass = frame.solver.program.classes[number]
    if frame.trait(number, "enum"):
        return ((INSTANCE, number, True),)
    if frame.trait(number, "typeddict"):
        return BUILTINS["builtins.dict"](frame, arguments, pos)
    for meta in metaclass(frame, number):
        for each in frame.find(meta[1], "__call__") if meta[0] == CLASS else ():
            if each[0] == FUNCTION:
                receiver = (FUNCTION, each[1], atom, each[3])
                return call(frame, (receiver,), arguments, pos, certain=certain)
    made, others = _made(frame, atom, arguments, pos, certain=certain)
    if not made:
        return others
    init = frame.find(number, "__init__")
    for each in init:
        if each[0] == FUNCTION:
            receiver = (FUNCTION, each[1], made[0], each[3])
            call(frame, (receiver,), arguments, pos, certain=certain)
    if not init and (frame.trait(number, "dataclass") or frame.trait(number, "namedtuple")):
        fill_fields(frame, number, arguments, pos)
        for each in frame.find(number, "__post_init__"):
            if each[0] == FUNCTION:
                receiver = (FUNCTION, each[1], made[0], each[3])
                call(frame, (receiver,), Arguments([]), pos, certain=certain)
    if not init:
        _made_outside(frame, number, arguments, pos)
        keep_given(frame, outside_bases(frame, number), arguments)
    for each in frame.find(number, "__del__"):
        if each[0] == FUNCTION:
            found = frame.solver.program.functions[each[1]]
            text, path = f"{klass.facts.name}.__del__", found.module.path
            frame.site("finaliser", found.facts.pos, text, "possible", path)
    return join(made, others)


def _made_outside(frame: Frame, number: int, arguments: Arguments, pos: Pos) -> None:
    """Ask the rules about the constructor that a class has from a base outside."""
    for base in frame.mro(number):
        if base in CONTAINERS:
            for value in arguments.all():
                put_item(frame, number, value, pos, spread=True)
        if isinstance(base, str) and not base.startswith("builtins."):
            ruled(frame, base, arguments, pos)


def _made(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> tuple[Value, Value]:
    """Return the object that ``__new__`` makes of a class, and what it gives besides objects."""
    made: Value = ((INSTANCE, atom[1], True),)
    others: Value = NOTHING
    for each in frame.find(atom[1], "__new__"):
        if each[0] == FUNCTION:
            receiver = (FUNCTION, each[1], atom, each[3])
            returned = call(frame, (receiver,), arguments, pos, certain=certain)
            kept = tuple([one for one in returned if one[0] == INSTANCE])
            others = join(others, tuple([one for one in returned if one[0] in _NO_OBJECTS]))
            made = kept or (NOTHING if others and len(others) == len(returned) else made)
    return made, others


_NO_OBJECTS: Final = {ADDRESS, SEQUENCE, SET, TABLE, TUPLE, PLAIN, KNOWN}
"""What ``__new__`` may give that is no object of the class, and is not initialised."""
