"""Narrowing: what a condition says of a variable where it holds, and where it does not.

- ``isinstance(x, T)``, ``callable(x)``, ``type(x) is T``, ``type(x) in (A, B)``, ``x is None``;
  ``not``, ``and`` and ``or`` as far as one side decides; ``kind = type(x)`` stands for ``type(x)``.
- A variable that a type test leaves without an alternative is not narrowed; one that is None, or
  is not, for certain makes a branch that nothing takes.
- Source: Python typing specification, "Type narrowing".
"""

from typing import Any, Final

from qfs.scan.domain.values import (
    ANYTHING,
    CLASS,
    FUNCTION,
    INSTANCE,
    KNOWN,
    NOTHING,
    OBJECT,
    PARTIAL,
    PLAIN,
    SEQUENCE,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Value,
    join,
    type_name,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.objects.annotations import annotated
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.program import Function

_SENTINEL: Final[Atom] = (OBJECT, "builtins.object", "")
_IS: Final = {"is", "=="}
_IS_NOT: Final = {"is not", "!="}


def narrow(frame: Frame, test: Fact, *, positive: bool) -> None:
    """Use a condition that holds, or does not, to know more of the variables in it."""
    tag = test[0]
    if tag == ir.UNARY and test[1] == "not":
        narrow(frame, test[2], positive=not positive)
    elif tag == ir.BOOL:
        if positive == (test[2] == "and"):
            for part in test[1]:
                narrow(frame, part, positive=positive)
    elif tag == ir.CALL:
        _isinstance(frame, test, positive=positive)
    elif tag == ir.COMPARE and len(test[2]) == 1:
        _compared(frame, test[1], test[2][0], positive=positive)


def impossible(frame: Frame, before: dict[str, Value]) -> bool:
    """Say whether a condition left a variable without any alternative: nothing goes this way."""
    env = frame.env
    return NOTHING in env.values() and any(
        not value and before.get(name) for name, value in env.items()
    )


def _isinstance(frame: Frame, test: Fact, *, positive: bool) -> None:
    callee, arguments = test[1], test[2]
    if callee[:2] == (ir.NAME, "callable") and len(arguments) == 1:
        _callable(frame, arguments[0], positive=positive)
    if callee[:2] != (ir.NAME, "isinstance") or len(arguments) != 2:
        return
    if arguments[0][0] == ir.NAME and arguments[0][1] in frame.env:
        _apply(frame, arguments[0][1], arguments[1], positive=positive, exact=False)


def _callable(frame: Frame, fact: Fact, *, positive: bool) -> None:
    """Let a variable be what can be called, or what cannot; a method may be an attribute."""
    if fact[0] != ir.NAME or fact[1] not in frame.env:
        return
    out = _CALLED if not positive else _NEVER_CALLED
    frame.env[fact[1]] = tuple([atom for atom in frame.env[fact[1]] if atom[0] not in out])


_CALLED: Final = {FUNCTION, PARTIAL, CLASS}
_NEVER_CALLED: Final = {PLAIN, KNOWN, SEQUENCE, TUPLE, TABLE, SET}


def _compared(frame: Frame, left: Fact, part: tuple[str, Fact], *, positive: bool) -> None:
    operator, right = part
    if left[0] == ir.NAME and right[0] == ir.CONST and right[1] is None:
        if operator in {"is", "is not"} and left[1] in frame.env:
            _drop(frame, left[1], ("plain", "none"), holds=(operator == "is") == positive)
        return
    both = left[0] == ir.NAME and right[0] == ir.NAME and operator in {"is", "is not"}
    if both and left[1] in frame.env and frame.lookup(right[1]) == (_SENTINEL,):
        _drop(frame, left[1], _SENTINEL, holds=(operator == "is") == positive)
        return
    name = _typed(frame, left)
    if name is None or name not in frame.env:
        return
    if operator in _IS or operator == "in":
        _apply(frame, name, right, positive=positive, exact=True)
    elif operator in _IS_NOT or operator == "not in":
        _apply(frame, name, right, positive=not positive, exact=True)


def _drop(frame: Frame, name: str, one: Atom, *, holds: bool) -> None:
    """Let a variable be None, or one sentinel ``object()``, or not be it."""
    rest = tuple([atom for atom in frame.env[name] if atom != one])
    if not holds:
        frame.env[name] = rest
    elif one in frame.env[name]:
        frame.env[name] = (one,)


def _typed(frame: Frame, fact: Fact) -> str | None:
    """Return x of ``type(x)``, or of a variable that is set once, to ``type(x)``."""
    if fact[0] == ir.CALL:
        named = fact[1][:2] == (ir.NAME, "type") and len(fact[2]) == 1
        return fact[2][0][1] if named and fact[2][0][0] == ir.NAME else None
    if fact[0] != ir.NAME or fact[1] not in frame.function.bound:
        return None
    made = _bindings(frame.function).get(fact[1], [])
    if len(made) != 1 or made[0] is None or made[0][0] != ir.CALL:
        return None
    name = _typed(frame, made[0])
    if name is None or name in _bindings(frame.function):
        return None
    return name


def _bindings(function: Function) -> dict[str, list[Fact | None]]:
    """Return every place at which each name is bound, with the value where it is a plain one."""
    known: dict[str, list[Fact | None]] | None = function.notes.get("bindings")
    if known is None:
        known = function.notes["bindings"] = {}
        _collect(function.facts.body, known)
    return known


def _collect(fact: Any, out: dict[str, list[Fact | None]]) -> None:
    if not fact:
        return
    if fact[0] == ir.ASSIGN and len(fact) == 4 and isinstance(fact[1], tuple):
        for target in fact[1]:
            plain = target[0] == ir.NAME
            for name in _names(target):
                out.setdefault(name, []).append(fact[2] if plain else None)
        return
    if fact[0] in {ir.AUGMENT, ir.FOR, ir.ANNOTATE} and len(fact) >= 5:
        for name in _names(fact[1]):
            out.setdefault(name, []).append(None)
    for part in fact:
        if part.__class__ is tuple:
            _collect(part, out)


def _names(fact: Any) -> set[str]:
    if not isinstance(fact, tuple) or not fact:
        return set()
    if fact[0] == ir.NAME and len(fact) == 3 and isinstance(fact[1], str):
        return {fact[1]}
    return {name for part in fact for name in _names(part)}


def _apply(frame: Frame, name: str, types: Fact, *, positive: bool, exact: bool) -> None:
    frame.quiet += 1
    wanted = annotated(frame, types)
    frame.quiet -= 1
    if not wanted or any(atom[0] == ANYTHING for atom in wanted):
        return
    before = frame.env[name]
    parts = [_part(frame, atom, wanted, positive=positive, exact=exact) for atom in before]
    kept = tuple([atom for atom, part in zip(before, parts, strict=True) if part])
    if any(part and part != (atom,) for atom, part in zip(before, parts, strict=True)):
        kept = NOTHING
        for part in parts:
            kept = join(kept, part)
    if kept:
        frame.env[name] = kept
    elif positive:
        frame.env[name] = wanted


def fitting(frame: Frame, value: Value, wanted: Value) -> Value:
    """Return what a value is where it is of one of some types."""
    out: Value = NOTHING
    for atom in value:
        out = join(out, _part(frame, atom, wanted, positive=True, exact=False))
    return out or wanted


def _part(frame: Frame, atom: Atom, wanted: Value, *, positive: bool, exact: bool) -> Value:
    """Return what a type test leaves of one alternative."""
    if atom[0] == ANYTHING:
        return wanted if positive else (atom,)
    fits = [_fit(frame, atom, each, exact=exact) for each in wanted]
    if not positive:
        return NOTHING if "yes" in fits else (atom,)
    kept: Value = NOTHING
    for answer, each in zip(fits, wanted, strict=True):
        kept = join(kept, _kept(atom, each, answer))
    return kept


def _kept(atom: Atom, wanted: Atom, answer: str) -> Value:
    if answer in {"yes", "maybe"}:
        return (atom,)
    return (wanted,) if answer == "narrower" else NOTHING


def _fit(frame: Frame, atom: Atom, wanted: Atom, *, exact: bool) -> str:
    """Say whether a value of one alternative is of a type: yes, no, maybe, or narrower."""
    if atom[0] == INSTANCE and wanted[0] == INSTANCE:
        return _instance(frame, atom, wanted, exact=exact)
    if atom[0] == INSTANCE:
        if wanted[0] == OBJECT and wanted[1] in frame.mro(atom[1]):
            return "yes"
        return "maybe" if frame.trait(atom[1], "outside") else "no"
    mine, other = type_name(atom), type_name(wanted)
    if mine and wanted[0] == INSTANCE:
        return "no"
    if atom[0] in _CALLED and other and not _loose(other):
        return "no"
    if not mine or not other:
        return "maybe"
    if mine == other:
        return "yes"
    if not exact and mine == "bool" and other == "int":
        return "yes"
    return "maybe" if _loose(mine) or _loose(other) else "no"


def _loose(name: str) -> bool:
    """Say whether a built-in type's name stands for several: an iterable, a view, a table."""
    return name not in {"int", "bool", "str", "bytes", "none", "float", "list", "tuple", "dict"}


def _instance(frame: Frame, atom: Atom, wanted: Atom, *, exact: bool) -> str:
    if atom[1] == wanted[1]:
        return "yes" if not exact or atom[2] else "maybe"
    if wanted[1] in frame.mro(atom[1]):
        return "no" if exact and atom[2] else ("maybe" if exact else "yes")
    return "narrower" if not atom[2] and atom[1] in frame.mro(wanted[1]) else "no"
