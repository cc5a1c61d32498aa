"""Calls that nobody writes: truth, indices, ``with``, descriptors, and what classes do.

- ``if x``, ``with x``, ``xs[x]`` and ``await x`` call methods of x; a class
  statement calls its metaclass, ``__init_subclass__`` and ``__set_name__``.
- Only objects of the program's classes have such methods that an engine must look at.
- Source: Python data model, §3.3 "Special method names".
"""

from typing import Final

from qfs.scan.domain.values import (
    ANY,
    CLASS,
    FUNCTION,
    INSTANCE,
    INT,
    NOTHING,
    OBJECT,
    PLAIN,
    SEQUENCE,
    STR,
    TUPLE,
    Atom,
    Value,
    join,
    sequence,
    table,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.rules.summaries import parse_type
from qfs.scan.solver.dispatch import SPECIAL, Arguments, call, call_method, evaluate
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.program import Function, Klass


def _asked(
    frame: Frame, value: Value, names: tuple[str, ...], others: list[Value], pos: Pos
) -> None:
    """Call the first of some methods that each object of the program has; none is waited for."""
    (special_method,) = SPECIAL
    methods: Value = NOTHING
    for atom in value:
        if atom[0] == INSTANCE:
            for name in names:
                if frame.find(atom[1], name):
                    methods = join(methods, special_method(frame, atom, name, pos))
                    break
        elif atom[0] == CLASS:
            for name in names:
                methods = join(methods, meta_method(frame, atom, name))
    if methods:
        call(frame, methods, Arguments(others, unused=True), pos)


def metaclass(frame: Frame, number: int) -> Value:
    """Return the metaclass that a class or a base names."""
    for at in frame.mro(number):
        if isinstance(at, int) and frame.solver.program.classes[at].metaclass:
            return frame.solver.program.classes[at].metaclass
    return NOTHING


def meta_method(frame: Frame, atom: Atom, name: str) -> Value:
    """Return a method that a class has from its metaclass, bound to the class."""
    if name not in frame.solver.program.methods:
        return NOTHING
    out: Value = NOTHING
    for meta in metaclass(frame, atom[1]):
        for each in frame.find(meta[1], name) if meta[0] == CLASS else ():
            if each[0] == FUNCTION:
                out = join(out, ((FUNCTION, each[1], atom, each[3]),))
            elif each[0] == "prop":
                out = join(out, (each,))
    return out


def of_metaclass(frame: Frame, atom: Atom, name: str, others: list[Value], pos: Pos) -> Value:
    """Return what a class gives that is asked as an object: its metaclass answers, if it can."""
    method = meta_method(frame, atom, name) if atom[0] == CLASS else NOTHING
    return call(frame, method, Arguments(list(others)), pos) if method else NOTHING


def truth_of(frame: Frame, value: Value, pos: Pos) -> None:
    """Ask whether a value is true, as a condition does."""
    _asked(frame, value, ("__bool__", "__len__"), [], pos)


def index_of(frame: Frame, value: Value, pos: Pos) -> None:
    """Use a value as a number, as an index and ``range`` do."""
    _asked(frame, value, ("__index__",), [], pos)


def read_through(frame: Frame, descriptor: Value, holder: Value, pos: Pos) -> Value:
    """Return what reading a class attribute gives: of a descriptor, what its ``__get__`` does."""
    out: Value = NOTHING
    for atom in descriptor:
        if frame.find(atom[1], "__get__"):
            out = join(out, call_method(frame, atom, "__get__", Arguments([holder, ANY]), pos))
        else:
            out = join(out, (atom,))
    return out


def set_through(frame: Frame, number: int, name: str, value: Value, pos: Pos) -> None:
    """Call what setting an attribute of an instance calls besides: a hook, or a descriptor."""
    receiver = (INSTANCE, number, False)
    hooked = "__setattr__" in frame.solver.program.methods
    own = frame.function.facts.name == "__setattr__"
    if hooked and not own and frame.find(number, "__setattr__"):
        call_method(frame, receiver, "__setattr__", Arguments([STR, value]), pos)
    _asked(frame, frame.find(number, name), ("__set__",), [(receiver,), value], pos)


def deleted(frame: Frame, value: Value, name: str, argument: Value, pos: Pos) -> None:
    """Call what ``del x[key]`` or ``del x.name`` calls."""
    _asked(frame, value, (name,), [argument], pos)


def awaited(frame: Frame, atom: tuple[object, ...], pos: Pos) -> Value:
    """Return what awaiting an object of the program gives."""
    if not isinstance(atom[1], int) or not frame.find(atom[1], "__await__"):
        return (atom,)
    call_method(frame, atom, "__await__", Arguments([]), pos)
    return ANY


def named(frame: Frame, atom: Atom) -> Atom:
    """Return the tuple that an object of a named tuple's class is, where its fields are known."""
    if atom[0] != INSTANCE or not frame.trait(atom[1], "namedtuple"):
        return atom
    items: dict[str, Value] = {}
    for at in reversed([each for each in frame.mro(atom[1]) if isinstance(each, int)]):
        for name, declared in frame.solver.program.classes[at].fields.items():
            items[name] = frame.solver.read(frame.node, ("field", at, name)) or declared
    return (TUPLE, tuple(items.values())) if items else atom


def iterator_of(frame: Frame, atom: tuple[object, ...], pos: Pos) -> Value:
    """Return what iterating over an object of the program starts with; () if it has no such."""
    for name in ("__iter__", "__aiter__"):
        if atom[0] == CLASS:
            found = of_metaclass(frame, atom, name, [], pos)
        else:
            found = call_method(frame, atom, name, Arguments([]), pos, silent=True)
        if found:
            return found
    return NOTHING


def next_of(frame: Frame, atom: tuple[object, ...], pos: Pos) -> Value:
    """Return what an iterator of the program gives next."""
    out: Value = NOTHING
    for name in ("__next__", "__anext__"):
        for each in call_method(frame, atom, name, Arguments([]), pos, silent=True):
            out = join(out, each[2] if each[:2] == (SEQUENCE, "coro") else (each,))
    return out


def class_made(frame: Frame, klass: Klass, words: dict[str, Value], pos: Pos) -> None:
    """Call what a class statement calls when its body has run."""
    made = (CLASS, klass.number)
    for meta in klass.metaclass:
        if meta[0] != CLASS:
            continue
        given = [STR, sequence(ANY, "tuple"), table(STR, ANY)]
        for name, receiver in (("__prepare__", meta), ("__new__", meta), ("__init__", made)):
            for stored in frame.find(meta[1], name):
                each = stored[1][0] if stored[0] == "classm" and stored[1] else stored
                if each[0] == FUNCTION:
                    function = (FUNCTION, each[1], receiver, each[3])
                    call(frame, (function,), Arguments(list(given)), pos)
    for each in frame.find(klass.number, "_generate_next_value_"):
        if each[0] == FUNCTION:
            call(frame, (each,), Arguments([STR, INT, INT, sequence(ANY)]), pos)
    for base in klass.bases:
        for atom in base:
            for each in frame.find(atom[1], "__init_subclass__") if atom[0] == CLASS else ():
                inner = each[1][0] if each[0] == "classm" and each[1] else each
                if inner[0] == FUNCTION:
                    function = (FUNCTION, inner[1], made, inner[3])
                    call(frame, (function,), Arguments([], dict(words)), pos)
    for name in list(klass.own):
        stored = frame.solver.read(frame.node, ("attr", klass.number, name))
        _asked(frame, stored, ("__set_name__",), [(made,), STR], pos)


def enter(frame: Frame, manager: Value, pos: Pos) -> Value:
    """Return what ``with manager as x`` gives x."""
    out: Value = NOTHING
    for atom in manager:
        if atom[0] == INSTANCE:
            for name in ("__enter__", "__aenter__"):
                given: Value = NOTHING
                if frame.find(atom[1], name):
                    given = call_method(frame, atom, name, Arguments([]), pos)
                for each in given:
                    out = join(out, each[2] if each[:2] == (SEQUENCE, "coro") else (each,))
            for name in ("__exit__", "__aexit__"):
                if frame.find(atom[1], name):
                    none: Value = ((PLAIN, "none"),)
                    call_method(frame, atom, name, Arguments([none, none, none]), pos)
            out = out or (atom,)
        elif atom[0] == SEQUENCE and atom[1] in {"gen", "coro"}:
            out = join(out, atom[2])
        elif atom[0] == OBJECT:
            text = frame.solver.rules.summaries.returns.get(f"{atom[1]}.__enter__")
            out = join(out, (atom,) if text is None else parse_type(text))
        else:
            out = join(out, ANY)
    return out


def swallows(frame: Frame, manager: Fact) -> bool:
    """Say whether a manager may go on after an exception: it says so, or catches it itself."""
    callee = manager[1] if manager[0] == ir.CALL else manager
    if callee[0] in {ir.NAME, ir.ATTR} and callee[-2] == "suppress":
        return True
    frame.quiet += 1
    kinds = join(evaluate(frame, manager), evaluate(frame, callee))
    frame.quiet -= 1
    found = [each for each in kinds if each[0] == FUNCTION]
    for each in kinds:
        if each[0] == INSTANCE:
            found.extend([one for one in frame.find(each[1], "__exit__") if one[0] == FUNCTION])
    return any(_catches(frame.solver.program.functions[each[1]]) for each in found)


def _catches(function: Function) -> bool:
    """Say whether a body returns something else than None or False, or has a handler."""
    for fact in ir.parts(function.facts.body):
        if fact[:1] == (ir.TRY,) and len(fact) == 5 and fact[2]:
            return True
        if fact[:1] == (ir.RETURN,) and len(fact) == 3 and fact[1] and fact[1][:2] not in _NOTHING:
            return True
    return False


_NOTHING: Final = ((ir.CONST, None), (ir.CONST, False))
