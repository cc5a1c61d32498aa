"""Operators that classes overload: ``x + y`` asks x, and then y the other way round.

- A pair is looked at by itself; where many objects stand, each is asked once with all that may
  stand on the other side.
- Source: Python data model §3.3.8; a class as an operand is asked by its metaclass.
"""

from typing import Final

from qfs.scan.domain.values import ANY, CLASS, INSTANCE, NOTHING, Atom, Value, join
from qfs.scan.facts.ir import Pos
from qfs.scan.objects.implicit import meta_method, of_metaclass
from qfs.scan.solver.dispatch import SPECIAL, Arguments, call, call_method
from qfs.scan.solver.frame import Frame

NAMES: Final = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow",
    "<<": "lshift", ">>": "rshift", "|": "or", "^": "xor", "&": "and", "@": "matmul",
}  # fmt: skip
_PAIRS_MAX: Final = 6
"""Pairs of an object and something else that are looked at one by one."""


def are_many(left: Value, right: Value) -> bool:
    """Say whether operands are too many for each pair of them to be looked at."""
    if len(left) * len(right) <= _PAIRS_MAX:
        return False
    asked: int = sum([atom[0] in {INSTANCE, CLASS} for atom in left])
    reflected: int = sum([atom[0] == INSTANCE for atom in right])
    return asked * len(right) + len(left) * reflected > _PAIRS_MAX


def of_pair(
    frame: Frame, operator: str, left: Atom, right: Atom, pos: Pos, *, in_place: bool
) -> Value:
    """Return what an operator gives between two alternatives, one of them an object or class."""
    name = NAMES[operator]
    out = of_metaclass(frame, left, f"__{name}__", [(right,)], pos)
    if left[0] == INSTANCE:
        if in_place and frame.find(left[1], f"__i{name}__"):
            return call_method(frame, left, f"__i{name}__", Arguments([(right,)]), pos)
        if frame.find(left[1], f"__{name}__"):
            out = call_method(frame, left, f"__{name}__", Arguments([(right,)]), pos)
            if right[0] != INSTANCE:
                return out
    if right[0] == INSTANCE and frame.find(right[1], f"__r{name}__"):
        reflected = call_method(frame, right, f"__r{name}__", Arguments([(left,)]), pos)
        out = join(out, reflected)
    return out or ANY


def of_many(
    frame: Frame, operator: str, left: Value, right: Value, pos: Pos, *, in_place: bool
) -> Value:
    """Return what an operator gives between many objects: each is asked with all others."""
    name = NAMES[operator]
    names = (f"__i{name}__", f"__{name}__") if in_place else (f"__{name}__",)
    asked: Value = NOTHING
    deaf = False
    for atom in left:
        found = _first(frame, atom, names, pos)
        asked = join(asked, found)
        deaf = deaf or (not found and atom[0] in {INSTANCE, CLASS})
    reflected: Value = NOTHING
    for atom in right:
        found = _first(frame, atom, (f"__r{name}__",), pos) if atom[0] == INSTANCE else NOTHING
        reflected = join(reflected, found)
        deaf = deaf or (not found and atom[0] == INSTANCE)
    out = call(frame, asked, Arguments([right]), pos) if asked else NOTHING
    if reflected:
        out = join(out, call(frame, reflected, Arguments([left]), pos))
    return join(out, ANY) if deaf else out


def _first(frame: Frame, atom: Atom, names: tuple[str, ...], pos: Pos) -> Value:
    """Return the first of some methods that an object, or a class by its metaclass, has."""
    (special_method,) = SPECIAL
    for name in names:
        if atom[0] == CLASS and name == names[-1]:
            return meta_method(frame, atom, name)
        if atom[0] == INSTANCE and frame.find(atom[1], name):
            return special_method(frame, atom, name, pos)
    return NOTHING


__all__ = ["NAMES", "are_many", "of_many", "of_pair"]
