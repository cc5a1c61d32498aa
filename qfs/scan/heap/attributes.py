"""Attribute access: modules, classes, instances, and methods that wait to be called.

- A property of the program is a call; ``__getattr__`` is asked when nothing else answers.
- An instance that may be of a subclass has the subclasses' attributes too.
- Source: Python data model §3.3.2.
"""

import builtins
from typing import Final

from qfs.scan.domain.values import (
    ADDRESS,
    ANY,
    CLASS,
    FUNCTION,
    INSTANCE,
    MESSAGE,
    METHOD,
    MODULE,
    NOTHING,
    OBJECT,
    OUTSIDE,
    PARTIAL,
    STR,
    SUPER,
    TABLE,
    TUPLE,
    Atom,
    Taint,
    Value,
    join,
    join_all,
    known,
    sequence,
    table,
    type_name,
)
from qfs.scan.facts.ir import Pos
from qfs.scan.heap.replaced import of_class_alone
from qfs.scan.objects.addresses import told
from qfs.scan.objects.implicit import meta_method, of_metaclass, read_through
from qfs.scan.objects.imports import member
from qfs.scan.objects.shared import fills
from qfs.scan.order.inside import STOPPED, taken
from qfs.scan.order.left import fields_of
from qfs.scan.order.raised import given_to_exception
from qfs.scan.solver.dispatch import SPECIAL, Arguments, call, call_method
from qfs.scan.solver.frame import Frame

_KINDS_MAX: Final = 5
_DOTS_MAX: Final = 8
_OWN: Final = {INSTANCE, CLASS, MODULE, OUTSIDE, SUPER, FUNCTION, OBJECT}
_NAMES: Final = {"__name__", "__qualname__", "__module__", "__doc__"}


def attribute(frame: Frame, holder: Value, name: str, pos: Pos) -> Value:
    """Return an attribute of a value."""
    out: Value = NOTHING
    if len(holder) > _KINDS_MAX:
        own = [atom for atom in holder if atom[0] in _OWN]
        if len(holder) - len(own) > _KINDS_MAX:  # so many built-in kinds: a method of any of them
            holder = (*own, *ANY)
    missing: Value = NOTHING
    for atom in holder:
        found = _of(frame, atom, name, pos)
        if found == ((METHOD, atom, name),) and lacks(frame, atom, name):
            missing = join(missing, found)  # an AttributeError, if ever it is this one
        else:
            out = join(out, found)
    return out or missing


def _supertype(atom: Atom) -> Value:
    """Return the type under a NewType; of a type that nobody knows, another such type."""
    if atom[0] != "newtype":
        return (atom,)
    names = [type_name(each) for each in atom[1]]
    return tuple([(OUTSIDE, f"builtins.{each}") for each in names if each])


def lacks(frame: Frame, atom: Atom, name: str) -> bool:
    """Say whether None, or a class of the program, cannot have an attribute for certain."""
    if atom[0] not in {INSTANCE, CLASS}:
        return atom == ("plain", "none") or atom[0] == "newtype"
    number = atom[1]
    if frame.find(number, name) or frame.find(number, "__getattr__"):
        return False
    closed = not any(frame.trait(number, trait) for trait in ("protocol", "outside"))
    return closed and not frame.solver.read(frame.node, ("dynamic", number))


def _of(frame: Frame, atom: Atom, name: str, pos: Pos) -> Value:
    tag = atom[0]
    if tag == INSTANCE:
        return instance_attribute(frame, atom, name, pos)
    if tag == MODULE:
        return member(frame, atom[1], name, pos)
    if tag == OUTSIDE:
        return _outside(frame, atom, name, pos)
    if tag == CLASS:
        if name == "__supertype__":
            return NOTHING
        return _class_attribute(frame, atom, name, pos)
    if tag == SUPER:
        return _super(frame, atom, name)
    if tag == "prop" and name in {"fget", "fset", "fdel"}:
        accessors: Value = atom[1]
        return accessors
    if name in _NAMES:
        return STR
    if name == "__class__" and type_name(atom):
        return built_in_class(atom)
    if name == "__supertype__":
        return _supertype(atom)
    if tag == ADDRESS:
        told(frame, (atom,), f"is asked for {name}")
        return ANY
    if tag == METHOD:
        message = atom[1][:2] == (OBJECT, MESSAGE)  # a field, which may be a message too
        return ((METHOD, atom[1] if message and not _of_text(name) else ANY[0], name),)
    if tag == FUNCTION:
        given = frame.solver.read(frame.node, ("of function", atom[1], name))
        return given or ((METHOD, atom, name),)
    if tag == TUPLE and not (name.startswith("_") or hasattr(tuple, name)):
        return _field_of(atom)
    return (_of_object(frame, atom, name, pos) if tag == OBJECT else None) or (
        (METHOD, atom, name),
    )


def _of_object(frame: Frame, atom: Atom, name: str, pos: Pos) -> Value | None:
    """Return what is known of a variable or property of an object outside."""
    if name == "args" and atom[2:] == ("exception",):
        return sequence(join(given_to_exception(frame, atom), ANY), "tuple")
    full = f"{atom[1]}.{name}"
    if atom[2:] == ("exception",) and name in _OTHERS:
        return _OTHERS[name]
    if atom[2:] == ("exception",):
        held = taken(frame, STOPPED if full == STOPPED else f"exception.{name}")
        if held:
            return join(held, ANY)
    reads = frame.solver.rules.index.reads
    if full in reads:
        frame.hits(reads[full], pos, full)
    value = frame.solver.rules.summaries.value_of(full)
    held = taken(frame, full)
    return join(value or ANY, held) if held else value


_EXCEPTION: Final[Value] = ((OBJECT, "builtins.BaseException", "exception"),)
_OTHERS: Final[dict[str, Value]] = {
    "__cause__": _EXCEPTION,
    "__context__": _EXCEPTION,
    "exceptions": sequence(_EXCEPTION, "tuple"),
}
"""Other exceptions that an exception holds."""


def _of_text(name: str) -> bool:
    """Say whether a field that has an attribute may hold a text, a number or many of them."""
    return name != "add" and any(hasattr(kind, name) for kind in (str, bytes, int, list, dict))


_BUILT_IN: Final = {"list", "tuple", "dict", "set", "frozenset", "str", "bytes", "bytearray", "int",
             "bool", "float", "complex"}  # fmt: skip


def built_in_class(atom: Atom) -> Value:
    """Return the class of a built-in value, where it is known; a tuple's may be a named tuple's."""
    name = type_name(atom)
    unknown: Value = ((METHOD, (OBJECT, "builtins.type", ""), "type"),)
    if name not in _BUILT_IN:
        return unknown
    made: Value = ((OUTSIDE, f"builtins.{name}"),)
    return join(made, unknown) if atom[0] == TUPLE else made


def _field_of(atom: Atom) -> Value:
    """Return what any field of a tuple with named fields may hold."""
    out: Value = NOTHING
    for item in atom[1]:
        out = out if names_of(item) is not None else join(out, item)
    return out


def in_order(taint: Taint) -> Value:
    """Return what a namespace holds besides its fields: the order in which they were set."""
    return table(_IN_ORDER, ANY, taint)


def names_of(item: Value) -> Taint | None:
    """Return the order of a namespace's names, if an item says it."""
    said = len(item) == 1 and item[0][0] == TABLE and item[0][1] == _IN_ORDER
    taint: Taint | None = item[0][3] if said else None
    return taint


_IN_ORDER: Final[Value] = known("__dict__")


def _outside(frame: Frame, atom: Atom, name: str, pos: Pos) -> Value:
    full = frame.solver.rules.summaries.canonical(f"{atom[1]}.{name}")
    reads = frame.solver.rules.index.reads
    if full in reads:
        verdict = "possible" if full == "sys.maxsize" else "violation"  # of 32 bits alone another
        frame.hits(reads[full], pos, full, verdict)
    patched = frame.solver.read(frame.node, ("outside", full))
    if patched:
        return join(patched, ((OUTSIDE, full),))
    value = frame.solver.rules.summaries.value_of(full)
    if value is not None:
        return value
    if name in _NAMES:
        return STR
    if _no_builtin(atom[1], name):
        return NOTHING
    if full.count(".") >= _DOTS_MAX or (atom[1].startswith("builtins.") and atom[1].count(".") > 1):
        return ANY  # an attribute of an attribute of what nobody knows
    return ((OUTSIDE, full),)


def _no_builtin(kind: str, name: str) -> bool:
    """Say whether a built-in type has no such attribute: reading it raises AttributeError."""
    home, _, short = kind.partition(".")
    found = getattr(builtins, short, None) if home == "builtins" else None
    return isinstance(found, type) and not hasattr(found, name)


def bind(frame: Frame, value: Value, receiver: Atom, klass: Value, pos: Pos) -> Value:
    """Return what reading a stored attribute through a receiver gives."""
    out: list[Value] = []
    for atom in value:
        tag = atom[0]
        if tag == FUNCTION:
            out.append(((FUNCTION, atom[1], receiver, atom[3]),))
        elif tag == "prop" and receiver[0] == CLASS:
            out.append((atom,))  # the property itself: super(A, type(self)).x.fset
        elif tag == "prop":
            out.append(call(frame, atom[1], Arguments([(receiver,)]), pos))
        elif tag == "static":
            out.append(atom[1])
        elif tag == "classm":
            functions = [inner for inner in atom[1] if inner[0] == FUNCTION]
            out.append(tuple([(FUNCTION, each[1], klass[0], each[3]) for each in functions]))
        elif tag == INSTANCE:
            out.append(read_through(frame, (atom,), (receiver,), pos))
        elif tag == "pmeth":
            out.append(((PARTIAL, atom[1], ((receiver,), *atom[2]), atom[3]),))
        else:
            out.append((atom,))
    return join_all(out)


def special_method(frame: Frame, atom: Atom, name: str, pos: Pos) -> Value:
    """Return a method as the interpreter looks it up: the class has it, or nobody."""
    if atom[0] != INSTANCE:
        return attribute(frame, (atom,), name, pos)
    number = atom[1]
    lookup = frame.solver.lookups.get(frame.node, number, name, exact=atom[2])
    made = [bind(frame, lookup.stored, atom, ((CLASS, number),), pos)]
    for sub, found, _given in lookup.below:
        made.append(bind(frame, found, (INSTANCE, sub, False), ((CLASS, sub),), pos))
    out = join_all(made)
    if out:
        return frame.solver.bounded(out) if lookup.below else out
    if frame.trait(number, "protocol"):
        return ((METHOD, atom, name),)
    return _of_outside_base(frame, atom, name)


def instance_attribute(frame: Frame, atom: Atom, name: str, pos: Pos) -> Value:
    """Return an attribute of an instance of the program's class."""
    number = atom[1]
    klass: Value = ((CLASS, number),)
    if name in {"__class__", "__dict__"}:
        return klass if name == "__class__" else namespace(frame, number)
    out: Value = NOTHING
    hooked = "__getattribute__" in frame.solver.program.methods  # in hardly any program
    asked = frame.find(number, "__getattribute__") if hooked else NOTHING
    if asked:
        out = _asked_first(frame, bind(frame, asked, atom, klass, pos), pos)
    lookup = frame.solver.lookups.get(frame.node, number, name, exact=atom[2])
    remembered = lookup.bound.get(atom)
    if remembered is not None:
        return remembered
    stored, fields = lookup.stored, lookup.fields
    own = frame.solver.program.classes[number].own
    member = bool(stored) and name in own and frame.trait(number, "enum")
    if member and not any(each[0] in {FUNCTION, "prop", "static", "classm"} for each in stored):
        return ((INSTANCE, number, True),)
    if fields:
        stored = tuple([each for each in stored if each[0] != "any"])
    replaced = of_class_alone(frame, number, name, stored, exact=atom[2])
    if stored and not replaced:
        out = bind(frame, stored, atom, klass, pos)
    calls = _is_call(stored)
    made = [out]
    for sub, found, given in lookup.below:
        fields = join(fields, given)
        hidden = of_class_alone(frame, sub, name, found, exact=False)
        replaced = replaced or hidden
        if found and not hidden:
            made.append(bind(frame, found, (INSTANCE, sub, False), ((CLASS, sub),), pos))
            calls = calls or _is_call(found)
    out = join_all(made)
    out = frame.solver.bounded(join(out, fields)) if lookup.below else join(out, fields)
    if out and not (calls or replaced):
        lookup.bound[atom] = out
    if out:
        return out
    if frame.trait(number, "enum") and name in {"value", "name", "_value_", "_name_"}:
        return _enum_value(frame, number, name)
    if frame.trait(number, "protocol"):
        return ((METHOD, atom, name),)
    if frame.find(number, "__getattr__"):
        return call_method(frame, atom, "__getattr__", Arguments([STR]), pos)
    return _computed(frame, number) or _of_outside_base(frame, atom, name)


def _computed(frame: Frame, number: int) -> Value:
    """Return what the attributes of an object hold that were set by computed names."""
    dynamic = taken(frame, f"dynamic {number}")
    if dynamic:
        return join(dynamic, ANY)
    for held in frame.solver.read(frame.node, ("field", number, "__dict__")):
        if held[0] == TABLE:
            return join(held[2], ANY)
    return NOTHING


def _of_outside_base(frame: Frame, atom: Atom, name: str) -> Value:
    """Return an attribute that an instance has from a base outside, or that is still to come."""
    number = atom[1]
    if name == "args" and frame.trait(number, "exception"):
        return sequence(join(given_to_exception(frame, atom), ANY), "tuple")
    for base in frame.mro(number):
        if isinstance(base, str) and base not in {"builtins.object", "typing.Generic"}:
            still = _filled(frame, number, name)
            return NOTHING if still else ((METHOD, (OBJECT, base, number), name),)
    return NOTHING if _promised(frame, number, name) else ((METHOD, atom, name),)


def namespace(frame: Frame, number: int) -> Value:
    """Return the ``__dict__`` of a class's objects, in the order in which names were set."""
    held: Value = table(STR, join(fields_of(frame, number), ANY))
    for at in frame.mro(number):
        if isinstance(at, int):
            held = join(held, table(STR, taken(frame, at)))
            held = join(held, frame.solver.read(frame.node, ("field", at, "__dict__")))
    return held


def _asked_first(frame: Frame, method: Value, pos: Pos) -> Value:
    """Call ``__getattribute__``, but not from within itself."""
    if frame.function.facts.name == "__getattribute__":
        return NOTHING
    return call(frame, method, Arguments([STR]), pos)


def _is_call(stored: Value) -> bool:
    return any(each[0] in {"prop", INSTANCE} for each in stored)


def _filled(frame: Frame, number: int, name: str) -> bool:
    """Say whether some method of the class gives its object the attribute."""
    classes = frame.solver.program.classes
    return any(
        name in fills(method)
        for at in frame.mro(number)
        if isinstance(at, int)
        for method in classes[at].methods
    )


def _promised(frame: Frame, number: int, name: str) -> bool:
    """Say whether some function of the class sets the attribute: its value is still to come."""
    return any(
        name in frame.solver.program.classes[at].own
        for at in frame.mro(number)
        if isinstance(at, int)
    )


def _enum_value(frame: Frame, number: int, name: str) -> Value:
    if name in {"name", "_name_"}:
        return STR
    klass = frame.solver.program.classes[number]
    out: Value = NOTHING
    for each in klass.own:
        for atom in frame.solver.read(frame.node, ("attr", number, each)):
            if atom[0] not in {FUNCTION, "prop", "static", "classm", "newtype"}:
                plain = ("plain", atom[1]) if atom[0] == "known" else atom
                out = join(out, (plain,))
    return out or ANY


def _class_attribute(frame: Frame, atom: Atom, name: str, pos: Pos) -> Value:
    number = atom[1]
    if name in _NAMES:
        return STR
    stored = frame.find(number, name)
    if name == "__dict__":
        return (("classdict", number),)
    if not stored:
        if name == "__members__":
            return ((("dict"), STR, ((INSTANCE, number, True),), None),)
        return _of_metaclass(frame, atom, name, pos) or _inherited(frame, atom, name, pos)
    enum = frame.trait(number, "enum")
    out: Value = NOTHING
    for each in stored:
        if each[0] == "static":
            out = join(out, each[1])
        elif each[0] == "classm":
            out = join(out, bind(frame, (each,), atom, (atom,), pos))
        elif enum and each[0] not in {FUNCTION, "prop"}:
            out = join(out, ((INSTANCE, number, True),))
        elif each[0] == INSTANCE:
            out = join(out, read_through(frame, (each,), ANY, pos))
        else:
            out = join(out, (each,))
    return out


def _of_metaclass(frame: Frame, atom: Atom, name: str, pos: Pos) -> Value:
    """Return an attribute that a class has from its metaclass, or nothing."""
    out: Value = NOTHING
    for each in meta_method(frame, atom, name):
        if each[0] == "prop":
            out = join(out, call(frame, each[1], Arguments([(atom,)]), pos))
        else:
            out = join(out, (each,))
    if out or (name.startswith("__") and name.endswith("__")):
        return out
    return of_metaclass(frame, atom, "__getattr__", [STR], pos)


def _inherited(frame: Frame, atom: Atom, name: str, pos: Pos) -> Value:
    """Return what a class has from a base outside, if it has one."""
    for base in frame.mro(atom[1]):
        if isinstance(base, str) and not base.startswith(("builtins.", "typing.", "abc.", "enum.")):
            return _outside(frame, (OUTSIDE, base), name, pos)
    return ((METHOD, atom, name),)


def _super(frame: Frame, atom: Atom, name: str) -> Value:
    _, number, receiver = atom
    order = frame.mro(receiver[1] if receiver[0] in {INSTANCE, CLASS} else number)
    after = order[order.index(number) + 1 :] if number in order else []
    forked = any(isinstance(at, int) and frame.solver.lookups.forks(at) for at in order)
    out: Value = NOTHING
    for base in after:
        if isinstance(base, int):
            stored = frame.solver.read(frame.node, ("attr", base, name))
            out = join(out, bind(frame, stored, receiver, ((CLASS, base),), (1, 1, 1, 1)))
            if stored and not forked:
                return out
        elif out:
            continue
        elif base not in {"typing.Generic", "typing.Protocol", "abc.ABC"}:
            number = receiver[1] if receiver[0] == INSTANCE else ""
            return ((METHOD, (OBJECT, base, number), name),)
    return out or ((METHOD, (OBJECT, "builtins.object", ""), name),)


SPECIAL[:] = [special_method]
