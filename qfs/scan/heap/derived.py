"""Objects of the program's classes that derive from a built-in container or a named tuple.

- What is put into one is kept for its class, under constant keys where there are such.
- Source: Python data model §3.3.7; Python library reference, ``collections.namedtuple``.
"""

from typing import Final

from qfs.scan.domain.values import (
    ANY,
    INSTANCE,
    NOTHING,
    PLAIN,
    SEQUENCE,
    SET,
    STR,
    TABLE,
    Atom,
    Value,
    join,
    table,
)
from qfs.scan.facts.ir import Pos
from qfs.scan.order.filling import put_item, reduced
from qfs.scan.order.inside import items_in
from qfs.scan.order.left import fields_of, keep
from qfs.scan.solver.dispatch import Arguments
from qfs.scan.solver.frame import Frame

EXTENDS: Final = {"extend", "extendleft", "update", "difference_update", "intersection_update",
            "symmetric_difference_update"}  # fmt: skip
BUILTIN_OBJECTS: Final[dict[str, Atom]] = {
    "builtins.dict": (TABLE, ANY, ANY, None),
    "builtins.list": (SEQUENCE, "list", ANY, None),
    "builtins.tuple": (SEQUENCE, "tuple", ANY, None),
    "builtins.set": (SET, "set", ANY, None),
    "builtins.frozenset": (SET, "frozenset", ANY, None),
    "builtins.str": (PLAIN, "str"),
    "builtins.bytes": (PLAIN, "bytes"),
    "builtins.int": (PLAIN, "int"),
}


def of_named(frame: Frame, number: int, name: str, arguments: Arguments, pos: Pos) -> Value:
    """Return a named tuple with other fields, or its fields as a dict."""
    if name == "_asdict":
        return table(STR, fields_of(frame, number) or ANY)
    for field, value in arguments.keywords.items():
        keep(frame, number, field, reduced(frame, value, pos), pos)
    return ((INSTANCE, number, True),)


def of_subclass(frame: Frame, receiver: Atom, name: str, arguments: Arguments, pos: Pos) -> Atom:
    """Return a container with what objects of a class derived from it may hold, after a call."""
    known, number = BUILTIN_OBJECTS[receiver[1]], receiver[2]
    keyed = known[0] == TABLE and name in _BY_KEY
    key = arguments.first() if keyed else NOTHING
    for value in arguments.positional[1:] if keyed else arguments.all():
        spread = name in EXTENDS or name == "__init__"
        put_item(frame, number, value, pos, key=key, spread=spread)
    return (*known[:2], join(known[2], items_in(frame, number, key)), known[3])


_BY_KEY: Final = {"__setitem__", "__getitem__", "get", "setdefault", "pop"}
