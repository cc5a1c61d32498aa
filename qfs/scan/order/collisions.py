"""Keys that are the same for many elements: whose value a table keeps depends on the order.

- A length, a remainder, small letters or a first letter do not tell elements apart.
- What is kept matters only where it depends on an element otherwise than through its key.
"""

from typing import Any, Final

from qfs.scan.domain.values import Taint, type_name
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.solver.dispatch import evaluate
from qfs.scan.solver.frame import Frame, mentions

_COARSE_CALLS: Final = {"len", "abs", "bool", "type", "round", "int"}
_COARSE_METHODS: Final = {"lower", "upper", "casefold", "strip", "title"}


def coarse(frame: Frame, key: Fact, names: frozenset[str]) -> bool:
    """Say whether a key is the same for many elements: a length, a remainder, a first letter."""
    if not mentions(key, names):
        return False
    if key[0] == ir.INDEX:
        return key[2][0] == ir.SLICE or _is_text(frame, key[1])
    if key[0] == ir.CALL:
        named = key[1][1] if key[1][0] == ir.NAME else ""
        method = key[1][2] if key[1][0] == ir.ATTR else ""
        return named in _COARSE_CALLS or (method in _COARSE_METHODS and not key[2])
    return key[0] == ir.BINARY and key[1] in {"%", "//", ">>", "&"}


def _is_text(frame: Frame, fact: Fact) -> bool:
    """Say whether an expression gives a text: its letters do not tell elements apart."""
    frame.quiet += 1
    value = evaluate(frame, fact)
    frame.quiet -= 1
    return any(type_name(atom) in {"str", "bytes"} for atom in value)


def besides(value: Any, key: Fact, names: frozenset[str]) -> bool:
    """Say whether a value depends on an element otherwise than through a key."""
    if not isinstance(value, tuple) or not value or placeless(value) == placeless(key):
        return False
    if value[0] == ir.NAME and len(value) == 3 and isinstance(value[1], str):
        return value[1] in names
    return any(besides(part, key, names) for part in value)


def collides(frame: Frame, taint: Taint, key: Fact, value: Fact, names: frozenset[str]) -> None:
    """Report a comprehension whose keys may meet: the last element wins."""
    if coarse(frame, key, names) and besides(value, key, names):
        frame.leak(weak(taint), "set-tie", "decides which element a key keeps")


def weak(taint: Taint) -> Taint:
    """Return an order of which nobody is sure that it matters."""
    return taint._replace(grade="unknown") if taint.grade in {"salted", "identity"} else taint


def placeless(fact: Any) -> Any:
    """Return a fact without its positions, to compare two of them."""
    if not isinstance(fact, tuple):
        return fact
    if len(fact) == 4 and all(isinstance(each, int) for each in fact):
        return None
    return tuple([placeless(part) for part in fact])
