"""What ``operator`` makes that is called later: getters of attributes and items, method callers.

- An item of a tuple is told apart by its number; of another container it may be any.
- Source: Python library reference, operator.
"""

from qfs.scan.domain.values import ANY, KNOWN, NOTHING, SEQUENCE, TABLE, TUPLE, Atom, Value, join
from qfs.scan.facts.ir import Pos
from qfs.scan.heap.attributes import attribute
from qfs.scan.library.reflection import any_method
from qfs.scan.solver.dispatch import Arguments, call, call_method
from qfs.scan.solver.frame import Frame


def items(frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool) -> Value:
    """Return what ``itemgetter("a", 1)(x)`` gives."""
    del certain
    made: list[Value] = []
    for key in atom[1]:
        item: Value = NOTHING
        for holder in arguments.first():
            if holder[0] == TUPLE and key[:1] and key[0][:2] == (KNOWN, "int"):
                item = join(item, dict(enumerate(holder[1])).get(key[0][2], ANY))
            elif holder[0] in {SEQUENCE, TABLE}:
                item = join(item, holder[2])
            else:
                item = join(item, call_method(frame, holder, "__getitem__", Arguments([key]), pos))
        made.append(item or ANY)
    return made[0] if len(made) == 1 else ((TUPLE, tuple(made)),)


def got(frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool) -> Value:
    """Return what ``attrgetter("a.b")(x)`` or ``methodcaller("a")(x)`` gives."""
    del certain
    out = arguments.first()
    if any(each[0] != KNOWN for value in atom[1][:1] for each in value):
        out = any_method(frame, out, pos)
        if atom[0] == "operator.attrgetter":
            return out
        return call(frame, out, Arguments(list(atom[1][1:]), dict(atom[2])), pos)
    names = [each[2] for each in (atom[1][0] if atom[1] else ()) if each[0] == KNOWN]
    for name in names[0].split(".") if names else ():
        out = attribute(frame, out, name, pos)
    if atom[0] == "operator.attrgetter" or not names:
        return out if len(atom[1]) == 1 else ANY
    return call(frame, out, Arguments(list(atom[1][1:]), dict(atom[2])), pos)
