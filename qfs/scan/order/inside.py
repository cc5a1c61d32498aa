"""What is inside of things that nobody looks into, as far as two runs may disagree on its order.

- A set that is put into an object outside (a queue, a ``ChainMap``, a thread's local), under a
  computed name, or into an object whose class derives from a built-in container, is read again
  from there: a cell for each class or name, for all of its objects.
- Only what has such an order, and addresses, are kept, so that most programs keep nothing; as
  another object may be meant, an order that is read again is a may.
"""

from typing import Any, Final

from qfs.scan.domain.values import (
    ADDRESS,
    KNOWN,
    NOTHING,
    SEQUENCE,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Value,
    grade,
    join,
)
from qfs.scan.solver.frame import Frame

STOPPED: Final = "builtins.StopIteration.value"
"""Where what generators and coroutines return is put."""
CONTAINERS: Final = {
    "builtins.list", "builtins.dict", "typing.List", "typing.Dict", "collections.UserDict",
    "collections.UserList", "collections.OrderedDict", "collections.defaultdict",
    "collections.deque",
}  # fmt: skip
"""Classes of which the items are kept, for the program's classes that derive from them."""
_LASTING: Final = {"stable", "empty"}
_BY_ITSELF: Final = {"weakset", "arrival"}


def with_order(value: Value) -> Value:
    """Return the alternatives that are addresses or sets, hold one, or have a set's order."""
    for atom in value:
        if atom[0] in _HOLDS and _has_order(atom):
            return tuple([each for each in value if each[0] in _HOLDS and _has_order(each)])
    return NOTHING


_HOLDS: Final = {ADDRESS, SEQUENCE, SET, TABLE, TUPLE}


def _has_order(atom: Atom) -> bool:
    tag = atom[0]
    if tag == ADDRESS:
        return True
    if tag == SET:
        return atom[1] in _BY_ITSELF or atom[3] is not None or grade(atom[2]) not in _LASTING
    if tag in {SEQUENCE, TABLE} and atom[3] is not None:
        return True
    return any(bool(with_order(part)) for part in parts(atom))


def parts(atom: Atom) -> tuple[Value, ...]:
    """Return what an alternative holds: a tuple's items, a table's keys and values, elements."""
    if atom[0] == TUPLE:
        items: tuple[Value, ...] = atom[1]
        return items
    return (atom[1], atom[2]) if atom[0] == TABLE else (atom[2],)


def taken(frame: Frame, place: Any) -> Value:
    """Return what was ever put somewhere."""
    return frame.solver.read(frame.node, ("inside", place))


def constants(key: Value) -> list[object]:
    """Return the constants that a key is one of; none if it may be anything."""
    known = [atom[2] for atom in key if atom[0] == KNOWN]
    return known if len(known) == len(key) else []


EVERY: Final = ("every key",)
"""What was put under some constant key."""
UNNAMED: Final = ("any key",)
"""What was put under a key that may be anything."""


def items_in(frame: Frame, number: int, key: Value) -> Value:
    """Return what objects of such a class were ever given under a key, or under any."""
    names = [*(constants(key) or [EVERY]), UNNAMED]
    return _of_class(frame, number, [("items", name) for name in names])


def order_in(frame: Frame, number: int) -> Value:
    """Return lists in the orders in which objects of such a class were filled."""
    return _of_class(frame, number, [("order", EVERY)])


def _of_class(frame: Frame, number: int, places: list[tuple[str, object]]) -> Value:
    """Return what was put into such places of a class and its bases."""
    out: Value = NOTHING
    for at in frame.mro(number):
        for kind, name in places if isinstance(at, int) else ():
            out = join(out, taken(frame, (kind, at, name)))
    return out
