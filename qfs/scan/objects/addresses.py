"""Addresses: where ``id(x)`` tells objects apart, and where its number itself is used.

- As a key, in a comparison for equality and in a log, an address only says which object is meant,
  while that object is alive: ``id(x)`` itself is silent, and its value, the alternative
  ``ADDRESS``, keeps the place.
- Followed from there: whoever orders, prints, counts with, hands out, returns or keeps addresses
  uses the number, and is reported where ``id(x)`` stands.
- Source: Python library reference, ``id``: unique among objects that are alive at the same time.
"""

from typing import Any, Final

from qfs.scan.domain.values import (
    ADDRESS,
    KNOWN,
    MODULE,
    OBJECT,
    OUTSIDE,
    PLAIN,
    SEQUENCE,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Value,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.rules.rule import lookup
from qfs.scan.solver.frame import Frame

KEYED: Final = frozenset(("add", "get", "discard", "remove", "setdefault", "pop"))
EQUAL: Final = frozenset(("==", "!=", "is", "is not", "in", "not in"))
_DEPTH: Final = 4


def kept_hash(frame: Frame, call: Fact) -> bool:
    """Say whether ``self._hash = hash(...)`` is read by ``__hash__`` and ``__eq__`` alone."""
    question = ("kept hash", call[4])
    known: bool | None = frame.function.notes.get(question)
    if known is None:
        known = frame.function.notes[question] = _kept(frame, call)
    return known


def _kept(frame: Frame, call: Fact) -> bool:
    names = [
        fact[1][0][2]
        for fact in ir.parts(frame.function.facts.body)
        if len(fact) == 4 and fact[0] == ir.ASSIGN and fact[2] == call
        if len(fact[1]) == 1 and fact[1][0][0] == ir.ATTR and fact[1][0][1][0] == ir.NAME
    ]
    if not names or not names[0].startswith("_") or frame.function.owner is None:
        return False
    return not any(
        _reads(each.facts.body, names[0])
        for each in frame.module.functions
        if each.facts.name not in {"__hash__", "__eq__", "__ne__"}
    )


def _reads(fact: Any, name: str) -> bool:
    """Say whether a fact reads an attribute of a name."""
    match fact:
        case (ir.ATTR, holder, str(attribute), _):
            return attribute == name or _reads(holder, name)
        case (ir.ASSIGN, targets, value, (int(), *_)):
            others = tuple([target[1] if target[0] == ir.ATTR else target for target in targets])
            return _reads(others, name) or _reads(value, name)
    return isinstance(fact, tuple) and any(_reads(part, name) for part in fact)


def told(frame: Frame, value: Value, use: str, depth: int = _DEPTH) -> None:
    """Report the addresses in a value, where they were taken: their number is used."""
    if frame.logging:
        return
    for atom in value:
        tag = atom[0]
        if tag == ADDRESS:
            _report(frame, atom, use)
        elif depth and tag in {SEQUENCE, SET}:
            told(frame, atom[2], use, depth - 1)
        elif depth and tag == TABLE:
            told(frame, atom[1], use, depth - 1)
            told(frame, atom[2], use, depth - 1)
        elif depth and tag == TUPLE:
            for item in atom[1]:
                told(frame, item, use, depth - 1)


def told_if_kept(frame: Frame, value: Value, use: str, depth: int = _DEPTH) -> None:
    """Report the addresses that something holds which outlives the call, but as keys."""
    for atom in value:
        tag = atom[0]
        if tag == ADDRESS:
            told(frame, (atom,), use)
        elif depth and tag in {SEQUENCE, TABLE}:
            told_if_kept(frame, atom[2], use, depth - 1)
        elif depth and tag == TUPLE:
            for item in atom[1]:
                told_if_kept(frame, item, use, depth - 1)


def _report(frame: Frame, atom: Atom, use: str) -> None:
    _matched, hits = lookup(frame.solver.rules.index.calls, "builtins.id")
    for hit in hits:
        frame.report(hit.rule, atom[2], f"id(), which {use}", path=atom[1])


_PLAIN_TYPES: Final = {"int", "str", "bytes", "float"}
_CACHED: Final = range(-5, 257)
"""Integers of which CPython has but one object each, as of texts and bytes up to one long."""


def identity(frame: Frame, left: tuple[Fact, Value], right: tuple[Fact, Value], pos: Pos) -> None:
    """Report ``x is 1000``: whether equal numbers or texts are one object is nobody's promise."""
    for (fact, _value), (_other, value) in ((left, right), (right, left)):
        if fact[0] == ir.CONST and _of_many(fact[1]):
            plain = all(atom[0] in {PLAIN, KNOWN} and atom[1] in _PLAIN_TYPES for atom in value)
            verdict = "violation" if value and plain else "possible"
            frame.site("object-identity", pos, f"is between a value and {fact[1]!r}", verdict)
            return


def _of_many(value: object) -> bool:
    """Say whether there may be several objects of a literal's value."""
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int):
        return value not in _CACHED
    return isinstance(value, str | bytes) and len(value) > 1


_ADDRESSES: Final = {
    "threading.Lock", "io.StringIO", "io.BytesIO", "hashlib.hash", "struct.Struct", "random.Random",
    "string.Template", "string.Formatter", "json.JSONEncoder", "json.JSONDecoder", "asyncio.Lock",
    "contextvars.ContextVar", "contextvars.Context", "difflib.SequenceMatcher", "asyncio.Event",
    "xml.etree.ElementTree.Element", "textwrap.TextWrapper", "configparser.ConfigParser",
    "csv.Sniffer", "graphlib.TopologicalSorter", "operator.itemgetter", "decimal.localcontext",
}  # fmt: skip
"""Classes outside whose objects print where they lie."""


def outside_text(frame: Frame, atom: Atom, pos: Pos, verdict: str) -> None:
    """Turn something from outside into text: a module, or an object that says where it lies."""
    if atom[0] == OBJECT and atom[1] == "warnings.WarningMessage":
        frame.site("path-literal", pos, "text of a caught warning")
    elif atom[0] == OBJECT and atom[1] in _ADDRESSES:
        frame.site("default-repr", pos, f"text of a {atom[1]}", verdict)
    elif atom[0] == MODULE or (atom[0] == OUTSIDE and "." not in atom[1]):
        frame.site("path-literal", pos, f"text of the module {atom[1]}")
