"""Asking objects about themselves: ``getattr``, ``setattr``, ``vars`` and ``dir``.

- A computed name is any of a class's attributes that begin as its text does (``"on_" + kind``);
  of a module, and of a text of which no beginning is known, it may be anything.
- What a module outside of the program holds depends on its version: ``dir(os)`` is a site.
- Source: Python library reference, "Built-in Functions".
"""

from collections.abc import Sequence
from typing import Final

from qfs.scan.domain.values import (
    ANY,
    ANYTHING,
    CLASS,
    FUNCTION,
    INSTANCE,
    KNOWN,
    MODULE,
    NONE,
    NOTHING,
    OUTSIDE,
    STR,
    TUPLE,
    Atom,
    Value,
    join,
    join_all,
    sequence,
    table,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.heap.aliases import put_back
from qfs.scan.heap.assignment import inner_order
from qfs.scan.heap.attributes import attribute, bind, in_order, names_of, namespace
from qfs.scan.order.filling import put
from qfs.scan.order.inside import taken, with_order
from qfs.scan.order.left import keep
from qfs.scan.solver.dispatch import Arguments, call
from qfs.scan.solver.frame import Frame

_OPEN: Final = ("outside", "protocol")
"""Traits of a class that may have attributes which nobody sees."""


def get_attribute(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    """Return what ``getattr(x, name, default)`` gives."""
    names = arguments.at(1, "")
    out: Value = arguments.at(2, "")
    if names and all(atom[0] == KNOWN and atom[1] == "str" for atom in names):
        for atom in names:
            out = join(out, attribute(frame, arguments.first(), atom[2], pos))
        return out or ANY
    if any(is_module(atom) for atom in arguments.first()):
        frame.site(
            "dynamic-attribute", pos, "getattr() of a module with a computed name", "possible"
        )
        return ANY
    given: Sequence[Fact] = arguments.facts[2] if arguments.facts is not None else ()
    prefix = beginning(frame, given[1]) if len(given) > 1 else ""
    if prefix:
        return join(out, _beginning_with(frame, arguments.first(), prefix, pos))
    return join(any_method(frame, arguments.first(), pos), _any_field(frame, arguments.first()))


def _any_field(frame: Frame, holder: Value) -> Value:
    """Return what has an order in any field of some objects."""
    out: Value = NOTHING
    for atom in holder:
        if atom[0] == INSTANCE:
            for at in frame.mro(atom[1]):
                out = join(out, taken(frame, at) if isinstance(at, int) else NOTHING)
        for item in atom[1] if atom[0] == TUPLE else ():
            out = join(out, with_order(item))
    return out


def any_method(frame: Frame, holder: Value, pos: Pos) -> Value:
    """Return what an attribute of any name is: nobody knows, but whose it is."""
    out = tuple([atom for atom in holder if atom[0] in {INSTANCE, CLASS}])
    for atom in out:
        for _name, each in _methods(frame, atom) if atom[0] == INSTANCE else ():
            if each[0] == "prop":
                call(frame, each[1], Arguments([(atom,)]), pos, certain=False)
    return ((ANYTHING, out),) if 0 < len(out) <= _HOLDERS_MAX else ANY


_HOLDERS_MAX: Final = 3
_METHODS_MAX: Final = 12
"""Methods of a class, its bases and subclasses any of which a computed name may be."""


def methods_of(frame: Frame, holders: Value, pos: Pos) -> Value:
    """Return the methods of the holders, any of which a computed name may mean."""
    out: Value = NOTHING
    for atom in holders:
        found = _methods(frame, atom)
        for _name, each in found if len(found) <= _METHODS_MAX else ():
            if each[0] in {FUNCTION, "static", "classm"} and each[1] != frame.function.number:
                out = join(out, bind(frame, (each,), atom, ((CLASS, atom[1]),), pos))
    return out


def _methods(frame: Frame, atom: Atom) -> list[tuple[str, Atom]]:
    """Return what a class, and those that derive from it, store under names of their own."""
    kinds = [atom[1]] if atom[0] == CLASS or atom[2] else [atom[1], *frame.subclasses(atom[1])]
    classes = {at: None for kind in kinds for at in frame.mro(kind) if isinstance(at, int)}
    return [
        (name, each)
        for at in classes
        for name in frame.solver.program.classes[at].own
        if not name.startswith("__")
        for each in frame.find(at, name)
        if each[0] in _CALLED
    ]


_CALLED: Final = {FUNCTION, "static", "classm", "prop"}


def own_names(frame: Frame, number: int) -> dict[str, None]:
    """Return the names that a class of the program and its bases there write down."""
    names: dict[str, None] = {}
    for at in frame.mro(number):
        if isinstance(at, int):
            names.update(frame.solver.program.classes[at].own)
    return names


def beginning(frame: Frame, fact: Fact) -> str:
    """Return what the text of an expression begins with, as far as its form tells."""
    if fact[0] == ir.CONST and isinstance(fact[1], str):
        return fact[1]
    if fact[0] == ir.BINARY and fact[1] == "+":
        return beginning(frame, fact[2])
    if fact[0] == ir.BINARY and fact[1] == "%":
        return beginning(frame, fact[2]).partition("%")[0]
    if fact[0] == ir.TEXT:
        begins: str = fact[2]
        return begins or (beginning(frame, fact[1][0][0]) if fact[1] else "")
    if fact[0] == ir.CALL and fact[1][0] == ir.ATTR and fact[1][2] == "format":
        return beginning(frame, fact[1][1]).partition("{")[0]
    if fact[0] != ir.NAME:
        return ""
    given = _only_given(frame, fact[1])
    return beginning(frame, given) if given is not None and given[0] != ir.NAME else ""


def _only_given(frame: Frame, name: str) -> Fact | None:
    """Return the one value of a variable that is named but there and where it is asked for."""
    function = frame.function
    named = matched = 0
    for part in ir.parts(function.facts.body):
        named += len(part) == 3 and part[0] == ir.NAME and part[1] == name
        text = len(part) == 4 and isinstance(part[2], str)
        matched += part[:1] == (ir.MATCH,) and not text and not ir.is_position(part)
    given = [
        each[2]
        for each in function.assignments
        if len(each[1]) == 1 and each[1][0][:2] == (ir.NAME, name)
    ]
    parameter = any(each.name == name for each in function.facts.parameters)
    elsewhere = name in function.shared or name in frame.rebound or name not in function.bound
    if named != 2 or matched or len(given) != 1 or parameter or elsewhere:
        return None
    value: Fact = given[0]
    return value


def _beginning_with(frame: Frame, holder: Value, prefix: str, pos: Pos) -> Value:
    """Return every attribute of the program's classes that begins so; else anything."""
    out: Value = NOTHING
    for atom in holder:
        found: list[Value] = []
        if atom[0] in {INSTANCE, CLASS}:
            number = atom[1]
            exact = atom[0] == CLASS or atom[-1] is True
            kinds = [number] if exact else [number, *frame.subclasses(number)]
            names: dict[str, None] = {}
            for kind in kinds:
                names.update(own_names(frame, kind))
            asked = [name for name in names if name.startswith(prefix)]
            found.extend([attribute(frame, (atom,), name, pos) for name in asked])
            if not _closed(frame, number):
                found.append(ANY)
        out = join(out, join_all(found) or ANY)
    return out or ANY


def _closed(frame: Frame, number: int) -> bool:
    """Say whether a class has no attributes but those that its program writes down."""
    if any(frame.trait(number, trait) for trait in _OPEN) or frame.find(number, "__getattr__"):
        return False
    return not frame.solver.read(frame.node, ("dynamic", number))


def is_module(atom: Atom) -> bool:
    """Say whether an alternative is a module; outside, a class has a name of its own case."""
    if atom[0] == OUTSIDE:
        return atom[1].rpartition(".")[2].islower() and not atom[1].startswith("builtins.")
    return bool(atom[0] == MODULE)


def set_attribute(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    """Let an object or a class have an attribute: ``setattr(x, name, value)``."""
    for atom in arguments.first():
        shared = atom[0] in {MODULE, OUTSIDE, CLASS} and frame.function.outer is not None
        if shared and not frame.makes_a_class() and len(atom) == 2:
            frame.site("dynamic-attribute", pos, "setattr() on a module or class")
        if atom[0] == TUPLE:
            _named(frame, atom, arguments, pos)
        if atom[0] not in {INSTANCE, CLASS}:
            continue
        named = _named_in_order(frame, arguments)
        if named and atom[0] == INSTANCE:
            keep(frame, atom[1], "__dict__", named, pos)
        elif named:
            frame.solver.write(("attr", atom[1], "__dict__"), named)
        for name in arguments.at(1, ""):
            if name[:2] != (KNOWN, "str"):
                if atom[0] == INSTANCE:
                    frame.solver.write(("dynamic", atom[1]), ANY)
                    put(frame, f"dynamic {atom[1]}", arguments.at(2, ""), pos)
                    put(frame, atom[1], arguments.at(2, ""), pos)
            elif atom[0] == INSTANCE:
                keep(frame, atom[1], name[2], arguments.at(2, ""), pos)
            elif len(arguments.positional) > 2:
                frame.solver.write(("attr", atom[1], name[2]), arguments.at(2, ""))
    return NONE


def _named(frame: Frame, atom: Atom, arguments: Arguments, pos: Pos) -> None:
    """Let a namespace hold a field more, and the order in which its names were set."""
    if arguments.facts is None or not arguments.facts[2]:
        return
    for each in _named_in_order(frame, arguments):
        if not any(names_of(item) is not None for item in atom[1]):
            made = (TUPLE, (*atom[1], arguments.at(2, ""), in_order(each[3])))
            put_back(frame, arguments.facts[2][0], pos, (made,))


def _named_in_order(frame: Frame, arguments: Arguments) -> Value:
    """Return a table of the attributes that are set in the order of the loop around, if any."""
    given: Sequence[Fact] = arguments.facts[2] if arguments.facts is not None else ()
    order = inner_order(frame, given[0]) if given else frame.node.order
    return table(STR, arguments.at(2, ""), order) if order is not None else NOTHING


def variables(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    """Return what ``vars(x)`` gives."""
    out: Value = NOTHING
    for atom in arguments.first():
        if atom[0] == INSTANCE:
            out = join(out, namespace(frame, atom[1]))
            continue
        if atom[0] == CLASS:
            named = frame.solver.read(frame.node, ("attr", atom[1], "__dict__"))
            out = join(out, join(table(STR, any_method(frame, (atom,), pos)), named))
            continue
        for taint in [names_of(item) for item in atom[1]] if atom[0] == TUPLE else ():
            out = join(out, table(STR, ANY, taint))
        module = atom[0] == OUTSIDE
        out = join(out, ((OUTSIDE, f"{atom[1]}.__dict__"),) if module else table(STR, ANY))
    return out or table(STR, ANY)


def directory(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    """Return what ``dir(x)`` gives: sorted names."""
    for atom in arguments.first():
        if atom[0] == OUTSIDE and is_module(atom):
            frame.site("module-names", pos, f"dir() of the module {atom[1]}")
    return sequence(STR)
