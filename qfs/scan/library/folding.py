"""``functools.reduce``: what a fold gives, and whether it gives the same in any order.

- In any order the same: maxima, unions, greatest common divisors; ``lambda x, y: x ^ f(y)`` and its
  like, where the operator commutes on what the fold gives: ``+``, ``-`` and ``*`` of integers.
- Source: Python library reference, ``functools.reduce``.
"""

from typing import Final

from qfs.scan.domain.values import (
    ANY,
    FUNCTION,
    OUTSIDE,
    SET,
    Atom,
    Value,
    join,
    same,
    type_name,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.order.iteration import elements, order_of
from qfs.scan.solver.dispatch import Arguments, call_each
from qfs.scan.solver.frame import Frame, mentions

_ROUNDS: Final = 3
"""Rounds of a fold: what it gives is what its function makes of what it gave."""
_COMMUTE: Final = {
    "builtins.max", "builtins.min", "operator.or_", "operator.and_", "operator.xor", "math.gcd",
    "math.lcm", "builtins.set.union", "builtins.set.intersection",
}  # fmt: skip
_EXACT: Final = {"int", "bool"}
_OF_NUMBERS: Final = {"+", "-", "*"}
_OF_SETS: Final = {"|", "&", "^"}


def fold(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    """Return what folding gives, functions when it composes some; report an order that it keeps."""
    function, folded = arguments.first(), arguments.at(1, "")
    element, taint = elements(frame, folded, pos)
    out = arguments.at(2, "initial") if arguments.gives(2, "initial") else element
    for _round in range(_ROUNDS):
        given = Arguments([out or ANY, element or ANY])
        new = join(out, call_each(frame, function, given, pos, taint))
        if same(new, out):
            break
        out = new
    kept = order_of(frame, folded, pos)
    if kept is not None and not all(_commutes(frame, atom, out) for atom in function):
        frame.leak(kept, "set-argument", "is kept by functools.reduce")
    return out


def _commutes(frame: Frame, function: Atom, out: Value) -> bool:
    """Say whether folding with a function, which gives this, gives the same in any order."""
    if function[0] == OUTSIDE:
        return function[1] in _COMMUTE
    if function[0] != FUNCTION or function[2] is not None:
        return False
    facts = frame.solver.program.functions[function[1]].facts
    match facts.body:
        case ((ir.RETURN, (ir.BINARY, str(operator), left, right, _), _),):
            return _adds_up(operator, left, right, [each.name for each in facts.parameters], out)
    return False


def _adds_up(operator: str, left: Fact, right: Fact, names: list[str], out: Value) -> bool:
    """Say whether ``x + f(y)``, or ``f(y) + x``, commutes where x is what was folded so far."""
    whole = frozenset(names[:1])
    sides = [(left, right)] if operator == "-" else [(left, right), (right, left)]
    if not any(x[0] == ir.NAME and x[1] in whole and not mentions(y, whole) for x, y in sides):
        return False
    exact = all(type_name(atom) in _EXACT for atom in out)
    if operator in _OF_SETS:
        return exact or all(atom[0] == SET for atom in out)
    return exact and operator in _OF_NUMBERS


__all__ = ["fold"]
