"""Annotations: the value that a variable of a declared type may hold.

- A class of the program gives any instance of it or of a subclass; an unknown name gives anything.
- Text annotations are read at extraction; ``Annotated``, ``Final``, ``ClassVar`` are transparent.
- Source: Python typing specification, "Type annotations".
"""

from typing import Final

from qfs.scan.domain.values import (
    ANY,
    ANYTHING,
    CLASS,
    FUNCTION,
    INSTANCE,
    KNOWN,
    NONE,
    NOTHING,
    OBJECT,
    OUTSIDE,
    PARTIAL,
    PLAIN,
    TUPLE,
    Value,
    a_set,
    join,
    sequence,
    table,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.solver.dispatch import evaluate
from qfs.scan.solver.frame import Frame

_PLAIN: Final = {
    "int", "bool", "str", "bytes", "float", "complex", "bytearray",
}  # fmt: skip
_SEQUENCES: Final = {
    "list": "list", "List": "list", "Sequence": "list", "MutableSequence": "list",
    "Iterable": "iter", "Iterator": "iter", "Generator": "iter", "Collection": "list",
    "deque": "deque", "Deque": "deque", "AsyncIterator": "iter", "AsyncIterable": "iter",
    "Reversible": "list", "KeysView": "iter", "ValuesView": "iter", "Container": "list",
    "AsyncGenerator": "iter",
}  # fmt: skip
_SETS: Final = {
    "set": "set", "Set": "set", "frozenset": "frozenset", "FrozenSet": "frozenset",
    "AbstractSet": "set", "MutableSet": "set",
}  # fmt: skip
_TABLES: Final = {
    "dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict", "DefaultDict",
    "MappingProxyType", "ChainMap",
}  # fmt: skip
_TRANSPARENT: Final = {
    "Annotated",
    "Final",
    "ClassVar",
    "Required",
    "NotRequired",
    "ReadOnly",
    "InitVar",
}
_HOMES: Final = (
    "builtins.",
    "typing.",
    "collections.",
    "typing_extensions.",
    "types.",
    "dataclasses.",
)


def without_callables(note: Fact, value: Value) -> Value:
    """Return an argument without functions where ``str | None`` and the like say that it is none.

    What many calls share through ``**words`` holds every word's value, callbacks among them.
    """
    if note[0] != ir.BINARY or not _plain_union(note):
        return value
    kept = tuple([atom for atom in value if atom[0] not in {FUNCTION, PARTIAL}])
    return kept if kept and len(kept) < len(value) else value


def _plain_union(note: Fact) -> bool:
    if note[0] == ir.BINARY and note[1] == "|":
        return _plain_union(note[2]) and _plain_union(note[3])
    return note[:2] == (ir.CONST, None) or (note[0] == ir.NAME and note[1] in _PLAIN)


def annotated(frame: Frame, fact: Fact | None) -> Value:
    """Return what a variable with this annotation may hold."""
    if fact is None:
        return ANY
    tag = fact[0]
    if tag == ir.CONST:
        if fact[1] is None:
            return NONE
        return _dotted_text(frame, fact[1]) if isinstance(fact[1], str) else ANY
    if tag == ir.BINARY and fact[1] == "|":
        return join(annotated(frame, fact[2]), annotated(frame, fact[3]))
    if tag == ir.TUPLE:
        out: Value = NOTHING
        for part in fact[1]:
            out = join(out, annotated(frame, part))
        return out
    if tag == ir.INDEX:
        return _parametrised(frame, fact)
    if tag in {ir.NAME, ir.ATTR}:
        return of_class(frame, _resolve(frame, fact))
    return ANY


def _resolve(frame: Frame, fact: Fact) -> Value:
    """Return the class that an annotation names, without reporting reads on the way."""
    frame.quiet += 1
    value = evaluate(frame, fact)
    frame.quiet -= 1
    return value


def _dotted_text(frame: Frame, text: str) -> Value:
    if not text.replace(".", "").replace("_", "").isalnum():
        return ANY
    value = frame.lookup(text.partition(".")[0])
    return of_class(frame, value) if "." not in text else ANY


def of_class(frame: Frame, value: Value) -> Value:
    """Return what is of one of some classes."""
    out: Value = NOTHING
    for atom in value:
        if atom[0] == CLASS:
            made: Value = ((INSTANCE, atom[1], False),)
            if frame.trait(atom[1], "int-like"):
                made = ((PLAIN, "int"),)
            out = join(out, made)
        elif atom[0] == OUTSIDE:
            out = join(out, _outside(atom[1]))
        elif atom[0] == PLAIN and atom[1] == "none":
            out = join(out, NONE)
        elif atom[0] == "newtype" or (atom[0] == "union"):
            out = join(out, atom[1])
        elif atom[0] == KNOWN:
            out = join(out, ANY)
        else:
            out = join(out, ANY)
    return out or ANY


def _outside(name: str) -> Value:
    short = name
    for home in _HOMES:
        short = short.removeprefix(home)
    if short != name or name.startswith("collections.abc."):
        short = short.rpartition(".")[2]
        if short in _PLAIN:
            return ((PLAIN, short),)
        if short in _SEQUENCES:
            return sequence(ANY, _SEQUENCES[short])
        if short in _SETS:
            return a_set(ANY, _SETS[short])
        if short in _TABLES:
            return table(ANY, ANY)
        if short == "tuple":
            return sequence(ANY, "tuple")
        if short == "Callable":
            return ((ANYTHING, "callable"),)
        if short == "NoneType":
            return NONE
        if name.startswith(("typing.", "typing_extensions.")) or short == "object":
            return ANY
    return ((OBJECT, name, ""),)


def _parametrised(frame: Frame, fact: Fact) -> Value:
    base = _resolve(frame, fact[1])
    arguments: tuple[Fact, ...] = fact[2][1] if fact[2][0] == ir.TUPLE else (fact[2],)
    names = [atom[1].rpartition(".")[2] for atom in base if atom[0] == OUTSIDE]
    short = names[0] if names else ""
    if short in _TRANSPARENT:
        return annotated(frame, arguments[0])
    if short == "Optional":
        return join(annotated(frame, arguments[0]), NONE)
    if short == "Union":
        return annotated(frame, (ir.TUPLE, arguments))
    if short == "Literal":
        return _literal(arguments)
    if short in _SEQUENCES:
        return sequence(annotated(frame, arguments[0]), _SEQUENCES[short])
    if short in _SETS:
        return a_set(annotated(frame, arguments[0]), _SETS[short])
    if short in _TABLES:
        second = annotated(frame, arguments[1]) if len(arguments) > 1 else ANY
        return table(annotated(frame, arguments[0]), second)
    if short in {"tuple", "Tuple"}:
        if len(arguments) == 2 and arguments[1][0] == ir.CONST and arguments[1][1] is None:
            return sequence(annotated(frame, arguments[0]), "tuple")
        return ((TUPLE, tuple([annotated(frame, each) for each in arguments])),)
    if short in {"Callable", "type", "Type"}:
        return ((ANYTHING, "callable"),) if short == "Callable" else ANY
    return of_class(frame, base)


def _literal(arguments: tuple[Fact, ...]) -> Value:
    out: Value = NOTHING
    for each in arguments:
        if each[0] == ir.CONST and each[1] is not None:
            out = join(out, ((PLAIN, type(each[1]).__name__),))
    return out or ANY
