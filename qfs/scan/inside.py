"""What is inside of things that nobody looks into, as far as two runs may disagree on its order.

- A set that is put into an object outside (a queue, a ``ChainMap``, a thread's local), under a
  computed name, or into an object whose class derives from a built-in container, is read again
  from there: a cell for each class or name, for all of its objects.
- Only what has such an order, and addresses, are kept, so that most programs keep nothing; as
  another object may be meant, an order that is read again is a may.
"""

from typing import Any, Final

from qfs.scan.frame import Frame
from qfs.scan.ir import Pos
from qfs.scan.values import (
    ADDRESS,
    ANY,
    KNOWN,
    NOTHING,
    PLAIN,
    SEQUENCE,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Taint,
    Value,
    grade,
    join,
    sequence,
)

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
    return any(bool(with_order(part)) for part in _parts(atom))


def _parts(atom: Atom) -> tuple[Value, ...]:
    if atom[0] == TUPLE:
        parts: tuple[Value, ...] = atom[1]
        return parts
    return (atom[1], atom[2]) if atom[0] == TABLE else (atom[2],)


def may_hold(frame: Frame, value: Value, pos: Pos) -> Value:
    """Return what has an order in a value, and in what that holds, as something that may be.

    Of anything else that it holds only plain types are told.
    """
    out: Value = NOTHING
    for atom in with_order(value):
        out = join(out, (atom if atom[0] == ADDRESS else _possible(frame, atom, pos),))
        for part in _parts(atom) if atom[0] not in {ADDRESS, SET} else ():
            out = join(out, may_hold(frame, part, pos))
    return out


def _possible(frame: Frame, atom: Atom, pos: Pos) -> Atom:
    if atom[0] == TUPLE:
        return (TUPLE, tuple([reduced(frame, part, pos) for part in atom[1]]))
    taint = atom[3]
    if atom[0] == SET:
        from qfs.scan.order import set_taint  # noqa: PLC0415 (it calls what iterates)

        taint = taint or set_taint(frame, atom[2], atom[1], pos)
    if taint is not None:
        taint = taint._replace(grade="unknown")
    return _with(atom, [reduced(frame, part, pos) for part in _parts(atom)], taint)


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


def taken(frame: Frame, place: Any) -> Value:
    """Return what was ever put somewhere."""
    return frame.solver.read(frame.node, ("inside", place))


def put_item(
    frame: Frame, number: int, value: Value, pos: Pos, *, key: Value = NOTHING, spread: bool = False
) -> None:
    """Note what an object of a class that derives from a built-in container is given.

    With a key it is given under that, with spread its items are given, in their order.
    """
    if not with_order(value):
        return
    from qfs.scan.order import elements  # noqa: PLC0415 (it calls what iterates)

    inner, taint = elements(frame, value, pos) if spread else (value, None)
    for atom in value if spread else ():
        inner = join(inner, atom[2] if atom[0] == TABLE else NOTHING)
    names = _constants(key)
    for at in frame.mro(number):
        if isinstance(at, int):
            for name in names:
                put(frame, ("items", at, name), inner, pos)
            put(frame, ("items", at, _EVERY if names else _UNNAMED), inner, pos)
            if taint is not None:
                put(frame, ("order", at, _EVERY), sequence(inner, "list", taint), pos)


def _constants(key: Value) -> list[object]:
    """Return the constants that a key is one of; none if it may be anything."""
    known = [atom[2] for atom in key if atom[0] == KNOWN]
    return known if len(known) == len(key) else []


_EVERY: Final = ("every key",)
"""What was put under some constant key."""
_UNNAMED: Final = ("any key",)
"""What was put under a key that may be anything."""


def items_in(frame: Frame, number: int, key: Value) -> Value:
    """Return what objects of such a class were ever given under a key, or under any."""
    names = [*(_constants(key) or [_EVERY]), _UNNAMED]
    return _of_class(frame, number, [("items", name) for name in names])


def order_in(frame: Frame, number: int) -> Value:
    """Return lists in the orders in which objects of such a class were filled."""
    return _of_class(frame, number, [("order", _EVERY)])


def _of_class(frame: Frame, number: int, places: list[tuple[str, object]]) -> Value:
    """Return what was put into such places of a class and its bases."""
    out: Value = NOTHING
    for at in frame.mro(number):
        for kind, name in places if isinstance(at, int) else ():
            out = join(out, taken(frame, (kind, at, name)))
    return out
