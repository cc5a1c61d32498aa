"""Definitions: functions and classes as they come into being, decorators included.

- A class body's names are its attributes; what it derives from and how it is decorated are its
  traits: dataclass, enum, exception, protocol, a tuple of names.
- A decorator of the program is called with the function; what is known of the others is a table.
- Source: Python reference §8.7, §8.8; dataclasses.
"""

from collections.abc import Callable
from typing import Final

from qfs.scan.domain.values import (
    CLASS,
    FUNCTION,
    INSTANCE,
    OBJECT,
    OUTSIDE,
    PARTIAL,
    SUPER,
    Value,
    join,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.objects.implicit import class_made
from qfs.scan.solver.dispatch import Arguments, call, evaluate
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.program import Function, Klass

_PROPERTIES: Final = {
    "builtins.property", "functools.cached_property", "abc.abstractproperty",
    "types.DynamicClassAttribute", "enum.property",
}  # fmt: skip
_CLASS_DECORATORS: Final = {
    "dataclasses.dataclass": "dataclass", "attr.s": "dataclass", "attr.attrs": "dataclass",
    "attrs.define": "dataclass", "attrs.frozen": "dataclass", "attr.dataclass": "dataclass",
    "functools.total_ordering": "ordered", "typing.final": "", "enum.unique": "",
    "typing.runtime_checkable": "",
}  # fmt: skip
_BASES: Final = {
    "enum.Enum": "enum", "enum.IntEnum": "enum", "enum.StrEnum": "enum", "enum.Flag": "enum",
    "enum.IntFlag": "enum", "typing.Protocol": "protocol", "typing_extensions.Protocol": "protocol",
    "typing.NamedTuple": "namedtuple", "typing.TypedDict": "typeddict",
}  # fmt: skip


def define_function(frame: Frame, index: int) -> None:
    """``def``: evaluate defaults and decorators, and bind the name."""
    function = frame.module.functions[index]
    defaults(frame, function)
    value = frame.closure(function.number)
    for decorator in reversed(function.facts.decorators):
        value = _decorated(frame, decorator, value)
    frame.bind(function.facts.name, value)


def defaults(frame: Frame, function: Function) -> None:
    """Evaluate the defaults of a function where it is defined."""
    for parameter in function.facts.parameters:
        if parameter.default is not None:
            value = evaluate(frame, parameter.default)
            frame.solver.write(("default", function.number, parameter.name), value)


def _decorated(frame: Frame, decorator: Fact, value: Value) -> Value:
    target = evaluate(frame, decorator)
    pos = decorator[-1]
    out: Value = ()
    for atom in target:
        if atom[0] == OUTSIDE:
            out = join(out, _outside_decorator(atom[1], value))
        elif atom[0] == "bm" and atom[2] in {"setter", "getter", "deleter"}:
            out = join(out, ((("prop"), value),))
        elif atom[0] == "bm" and atom[2] == "register" and atom[1][0] == FUNCTION:
            frame.solver.write(("dispatched", atom[1][1]), value)
            out = join(out, value)
        elif atom[0] in {FUNCTION, CLASS, "part", "inst"}:
            out = join(out, call(frame, (atom,), Arguments([value], apart=True), pos))
        elif atom[0] == OBJECT and f"{atom[1]}.__call__" in frame.solver.rules.summaries.acts:
            out = join(out, (atom,))  # it stands for the function, which somebody else runs
        else:
            out = join(out, value)
    return out or value


def _outside_decorator(name: str, value: Value) -> Value:
    if name in _PROPERTIES:
        return (("prop", value),)
    if name.rpartition(".")[2].endswith("property"):  # cached_property, hybrid_property ...
        return (("prop", value),)
    if name == "builtins.staticmethod":
        return (("static", value),)
    if name == "builtins.classmethod":
        return (("classm", value),)
    return value


def define_class(frame: Frame, index: int, run: Callable[[Frame, tuple[Fact, ...]], bool]) -> None:
    """``class``: evaluate bases and decorators, run the body, bind the name."""
    klass = frame.module.classes[index]
    facts = klass.facts
    bases = [evaluate(frame, base) for base in facts.bases]
    if klass.bases:  # a function called twice may make it of others: it is of both
        bases = [join(old, new) for old, new in zip(klass.bases, bases, strict=True)]
    if bases != klass.bases:
        klass.bases = bases
        frame.solver.rebase(klass.number)
    words = {name: evaluate(frame, value) for name, value in facts.keywords if name}
    klass.metaclass = words.pop("metaclass", klass.metaclass)
    for base in klass.bases:
        for atom in base:
            _derive(frame, klass, atom)
    for decorator in facts.decorators:
        _class_decorator(frame, klass, decorator)
    outer_class, outer_env = frame.klass, frame.env
    frame.klass, frame.env = klass, dict(frame.env)
    run(frame, facts.body)
    frame.klass, frame.env = outer_class, outer_env
    frame.solver.define(klass)
    class_made(frame, klass, words, facts.pos)
    value: Value = ((CLASS, klass.number),)
    for decorator in reversed(facts.decorators):
        value = _redecorated(frame, decorator, value)
    frame.bind(facts.name, value)


def _redecorated(frame: Frame, decorator: Fact, value: Value) -> Value:
    """Return what a decorator of the program makes of a class: the class, if nobody knows what."""
    own = tuple([atom for atom in evaluate(frame, decorator) if atom[0] in _CALLED_ON_CLASSES])
    if not own:
        return value
    given = tuple([(*atom, MADE) if atom[0] == CLASS else atom for atom in value])
    made = call(frame, own, Arguments([given], apart=True), decorator[-1])
    known: Value = ()
    for atom in made:
        if atom[0] in _CALLED_ON_CLASSES:
            known = join(known, (atom[:2] if atom[0] == CLASS else atom,))
    return known or value


MADE: Final = "made"
"""Marks a class that a decorator is handed: what it sets is part of making it."""
_CALLED_ON_CLASSES: Final = {FUNCTION, CLASS, PARTIAL, INSTANCE}


def _derive(frame: Frame, klass: Klass, atom: tuple[object, ...]) -> None:
    if atom[:2] == (PARTIAL, ((OUTSIDE, "qfs.tuple"),)):
        klass.traits["namedtuple"] = ""
        klass.traits["outside"] = "builtins.tuple"
    if atom[0] == CLASS and isinstance(atom[1], int):
        for base in frame.mro(atom[1]):
            if isinstance(base, int) and base != klass.number:
                frame.solver.derive(base, klass.number)
                for trait in ("enum", "exception", "namedtuple", "typeddict"):
                    if trait in frame.solver.program.classes[base].traits:
                        klass.traits[trait] = ""
    elif atom[0] == OUTSIDE and isinstance(atom[1], str):
        if atom[1] in _BASES:
            klass.traits[_BASES[atom[1]]] = ""
        name = atom[1].rpartition(".")[2]
        if atom[1].startswith("builtins.") and name.endswith(("Error", "Exception", "Warning")):
            klass.traits["exception"] = ""
        elif atom[1] not in {"qfs.tuple", "builtins.object", "typing.Generic", "abc.ABC"}:
            klass.traits.setdefault("outside", atom[1])


def _class_decorator(frame: Frame, klass: Klass, decorator: Fact) -> None:
    words = decorator[3] if decorator[0] == ir.CALL else ()
    target = evaluate(frame, decorator[1] if decorator[0] == ir.CALL else decorator)
    for atom in target:
        if atom[0] == OUTSIDE and _CLASS_DECORATORS.get(atom[1]):
            klass.traits[_CLASS_DECORATORS[atom[1]]] = ""
            if "." in atom[1] and atom[1].endswith("frozen"):
                klass.traits["frozen"] = ""
    for name, value in words:
        if value[0] == ir.CONST:
            klass.traits[f"{name}={value[1]}"] = ""
            if value[1] is True:
                klass.traits[name or ""] = ""


__all__ = ["SUPER", "defaults", "define_class", "define_function"]
