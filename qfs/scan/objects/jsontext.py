"""Numbers of a JSON text: which of them are floats, as far as the program tells.

- A text that stands in the program is read: a number with a dot or an exponent is a float.
- Of any other text nothing is known; arithmetic on what came out of it, unasked, may be a float's.
- ``parse_float=`` says what they are instead; ``int(x)`` and ``isinstance`` say what one is.
- Source: RFC 8259 §6; Python library reference, ``json``.
"""

import json
from typing import Final

from qfs.scan.domain.values import (
    ANY,
    ANYTHING,
    BOOL,
    FLOATING,
    INT,
    JSON,
    KNOWN,
    NONE,
    NOTHING,
    STR,
    Atom,
    Value,
    join,
    sequence,
    table,
    type_name,
)
from qfs.scan.facts.ir import Pos
from qfs.scan.solver.dispatch import Arguments
from qfs.scan.solver.frame import Frame

_NUMBERS: Final = {"int", "bool", "float"}
_ALWAYS: Final = {"-", "*", "//", "%", "**"}
"""Operators that have hardly a meaning for what else a JSON text may hold."""


class _Float:
    """A number that would be a float."""

    def __init__(self, text: str) -> None:
        self.text = text


def loaded(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    """Return what ``json.loads(text)`` gives."""
    if arguments.at(-1, "parse_float") or arguments.at(-1, "cls") or arguments.double:
        return ANY
    out: Value = NOTHING
    for atom in arguments.first():
        out = join(out, _read(frame, atom, pos))
    return out or ((ANYTHING, JSON),)


def _read(frame: Frame, atom: Atom, pos: Pos) -> Value:
    if atom[0] != KNOWN or atom[1] not in {"str", "bytes"}:
        return ((ANYTHING, JSON),)
    try:
        value = json.loads(atom[2], parse_float=_Float, parse_constant=_Float)
    except (ValueError, RecursionError):
        return ((ANYTHING, JSON),)
    found = _value(value)
    if _floats(value):
        frame.site("float-result", pos, "a float of a JSON text")
    return found


def _floats(value: object) -> bool:
    if isinstance(value, dict):
        return any(_floats(each) for each in value.values())
    if isinstance(value, list):
        return any(_floats(each) for each in value)
    return isinstance(value, _Float)


def _value(value: object) -> Value:
    """Return what is known of a value that was read."""
    if isinstance(value, dict):
        held: Value = NOTHING
        for each in value.values():
            held = join(held, _value(each))
        return table(STR, held)
    if isinstance(value, list):
        element: Value = NOTHING
        for each in value:
            element = join(element, _value(each))
        return sequence(element)
    if isinstance(value, _Float):
        return FLOATING
    if value is None:
        return NONE
    return BOOL if isinstance(value, bool) else INT if isinstance(value, int) else STR


def counted(frame: Frame, operator: str, left: Atom, right: Atom, pos: Pos) -> None:
    """Report arithmetic on what came out of a JSON text: it is a float's where it has a dot."""
    other = right if left == (ANYTHING, JSON) else left
    number = type_name(other) in _NUMBERS
    if number or (operator in _ALWAYS and other == (ANYTHING, JSON)):
        frame.site("json-number", pos, f"{operator} on a number of a JSON text", "possible")
