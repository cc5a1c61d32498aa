"""The built-in functions whose meaning matters: what they return, call and do with an order.

- sorted without key, len, any, all, set, frozenset, min and max without key forget an order.
- list, tuple, iter, map, enumerate ... carry it on; next, str, join keep it, which is a leak.
- Source: Python library reference, "Built-in Functions".
"""

import builtins
from collections.abc import Callable
from typing import Final

from qfs.scan.domain.values import (
    ADDRESS,
    ANY,
    ANYTHING,
    BOOL,
    BYTES,
    CLASS,
    FLOATING,
    INSTANCE,
    INT,
    JSON,
    KNOWN,
    NONE,
    NOTHING,
    OBJECT,
    OUTSIDE,
    PLAIN,
    SEQUENCE,
    SET,
    STR,
    TABLE,
    TUPLE,
    Taint,
    Value,
    a_set,
    grade,
    join,
    sequence,
    table,
    type_name,
)
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.heap.attributes import built_in_class
from qfs.scan.heap.operations import binary_value, format_spec, text_of
from qfs.scan.library.reflection import directory, get_attribute, set_attribute, variables
from qfs.scan.library.times import TIMESTAMP
from qfs.scan.objects.addresses import kept_hash
from qfs.scan.objects.compared import hashed
from qfs.scan.objects.implicit import index_of, of_metaclass, truth_of
from qfs.scan.objects.imports import module_value, run_body
from qfs.scan.objects.shared import is_module_level
from qfs.scan.order.iteration import elements, instance_grade
from qfs.scan.order.raised import keep_given
from qfs.scan.order.ties import ranked
from qfs.scan.solver.dispatch import Arguments, call, call_each, call_method
from qfs.scan.solver.frame import Frame, bare, mentions

Builtin = Callable[[Frame, Arguments, Pos], Value]
_NUMBERS: Final = {"int", "bool", "float", "complex"}


def _copy_as(kind: str) -> Builtin:
    def made(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
        if not arguments.first():
            return sequence(NOTHING, kind)
        if kind == "tuple" and all(atom[0] == TUPLE for atom in arguments.first()):
            return arguments.first()
        element, taint = elements(frame, arguments.first(), pos)
        return sequence(element, kind, taint)

    return made


def _set_of(kind: str) -> Builtin:
    def made(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
        element = elements(frame, arguments.first(), pos)[0] if arguments.first() else NOTHING
        hashed(frame, element, pos)
        return a_set(element, kind)

    return made


def _dict(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    key: Value = NOTHING
    value: Value = NOTHING
    taint: Taint | None = None
    for atom in arguments.first():
        if atom[0] == TABLE:
            key, value, taint = join(key, atom[1]), join(value, atom[2]), taint or atom[3]
            continue
        pair, pair_taint = elements(frame, (atom,), pos)
        taint = taint or pair_taint
        for each in pair:
            if each[0] == TUPLE and len(each[1]) == 2:
                key, value = join(key, each[1][0]), join(value, each[1][1])
            elif each[0] == ADDRESS:  # of a Counter
                key, value = join(key, (each,)), join(value, INT)
            else:
                key, value = join(key, ANY), join(value, ANY)
    for each_value in arguments.keywords.values():
        key, value = join(key, STR), join(value, each_value)
    return table(key, value, taint or arguments.named)


def _sorted(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    element, taint = elements(frame, arguments.first(), pos)
    key = arguments.keywords.get("key", NOTHING)
    ranked(frame, key, (element, taint), pos, "decides ties in sorted()")
    return sequence(element)  # a tie that matters was reported where it happens


def _extreme(use: str) -> Builtin:
    def made(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
        if len(arguments.positional) > 1:
            element: Value = NOTHING
            taint: Taint | None = None
            for value in arguments.positional:
                element = join(element, value)
        else:
            element, taint = elements(frame, arguments.first(), pos)
        ranked(frame, arguments.keywords.get("key", NOTHING), (element, taint), pos, use)
        return join(element, arguments.keywords.get("default", NOTHING))

    return made


def _sum(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    element, taint = elements(frame, arguments.first(), pos)
    out: Value = NOTHING
    start = arguments.at(1, "start")
    for atom in join(element, start):
        if atom[0] == SEQUENCE:
            out = join(out, ((SEQUENCE, atom[1], atom[2], atom[3] or taint),))
        elif atom[0] in {PLAIN, KNOWN} and atom[1] in {"float", "complex"}:
            sure = all(type_name(each) in _NUMBERS for each in element)
            frame.site("float-sum", pos, "sum of floats", "violation" if sure else "possible")
            if taint is not None:
                frame.leak(taint, "set-fold", "decides a sum of floats", sure=sure)
            out = join(out, FLOATING)
        elif atom[0] in {PLAIN, KNOWN}:
            out = join(out, INT if atom[1] in {"int", "bool"} else ((PLAIN, atom[1]),))
        elif atom[0] == INSTANCE:
            for name in ("__radd__", "__add__"):
                given = call_method(frame, atom, name, Arguments([(atom,)]), pos, silent=True)
                out = join(out, given)
        elif atom == (ANYTHING, JSON) and not start:
            frame.site("json-number", pos, "sum() of numbers of a JSON text", "possible")
            out = join(out, ANY)
        else:
            out = join(out, (atom,))
    return out or INT


def _carry(kind: str, shape: str) -> Builtin:
    """enumerate, zip, filter, reversed, iter: the order goes on."""

    def made(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
        values = arguments.positional
        callback: Value = NOTHING
        if shape == "filter":
            callback, values = arguments.first(), values[1:]
        found = [elements(frame, value, pos) for value in values] or [(ANY, None)]
        if shape == "enumerate" and frame.counted == pos:
            found = [(each[0], None) for each in found]
        taint = next((each[1] for each in found if each[1] is not None), None)
        element = found[0][0]
        if callback:
            call_each(frame, callback, Arguments([element]), pos, taint)
        if shape == "filter":
            truth_of(frame, element, pos)
        if shape in {"enumerate", "zip"}:
            _paired(frame, [each[1] for each in found], shape)
        if shape == "iter" and len(values) > 1:
            element = call(frame, arguments.first(), Arguments([]), pos)
        if shape == "enumerate":
            element = ((TUPLE, (INT, element)),)
        elif shape == "zip":
            star = [arguments.star] if arguments.star else []
            element = ((TUPLE, tuple([each[0] for each in found] + star)),)
        if star_any(arguments) and shape == "zip":
            inside = elements(frame, arguments.star or NOTHING, pos)[0]
            element = sequence(join(inside, ANY), "tuple")
        return sequence(element, kind, taint)

    return made


def _paired(frame: Frame, orders: list[Taint | None], shape: str) -> None:
    """Report that elements of a set are paired with numbers, or with what has another order."""
    first = next((each for each in orders if each is not None), None)
    if first is not None and (shape == "enumerate" or any(each != first for each in orders)):
        frame.leak(first, "set-pick", f"decides what {shape}() pairs with what")


def _reversed(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    for atom in arguments.first():
        if atom[0] == INSTANCE and frame.find(atom[1], "__reversed__"):
            return call_method(frame, atom, "__reversed__", Arguments([]), pos)
    return _carry("lazy", "iter")(frame, arguments, pos)


def _range(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    for value in arguments.positional:
        index_of(frame, value, pos)
    return sequence(INT)


def _all(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    truth_of(frame, elements(frame, arguments.first(), pos)[0], pos)
    return BOOL


def star_any(arguments: Arguments) -> bool:
    """Say whether positional arguments are hidden behind a star."""
    return arguments.star is not None


def _map(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    found = [elements(frame, value, pos) for value in arguments.positional[1:]]
    taint = next((each[1] for each in found if each[1] is not None), None)
    inner = Arguments([each[0] for each in found])
    result = call_each(frame, arguments.first(), inner, pos, taint)
    return sequence(result, "lazy", taint)


def _next(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    fact = arguments.facts
    named = fact is not None and fact[2] and fact[2][0][0] == 2
    if fact is not None and named and is_module_level(frame, fact[2][0][1]):
        frame.site("shared-iterator", pos, f"the module-level iterator {fact[2][0][1]}")
    out: Value = arguments.at(1, "")
    for atom in arguments.first():
        if atom[0] == INSTANCE:
            out = join(out, call_method(frame, atom, "__next__", Arguments([]), pos))
            continue
        element, taint = elements(frame, (atom,), pos)
        if taint is not None and not _alone(frame, fact):
            frame.leak(taint, "set-pick", "decides what next() takes")
        out = join(out, element)
    return out


def _alone(frame: Frame, fact: Fact | None) -> bool:
    """Say whether ``next(iter(x))`` takes the one element that x is known to have."""
    inner = fact[2][0] if fact is not None and fact[2] else None
    if inner is None or inner[0] != 4 or not inner[2]:
        return False
    return bare(inner[2][0]) in frame.single


def _text(how: str) -> Builtin:
    def made(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
        for value in arguments.positional[:1]:
            text_of(frame, value, pos, how)
        return STR

    return made


def _format(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    text_of(frame, arguments.first(), pos, "format")
    for atom in arguments.at(1, ""):
        if atom[0] == KNOWN and atom[1] == "str":
            format_spec(frame, atom[2], pos)
    return STR


def _print(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    frame.site("print", pos, "print")
    if arguments.star_taint is not None:
        frame.leak(arguments.star_taint, "set-text", "is printed")
    for taint, names, _made in frame.orders:
        if arguments.facts is not None and mentions(arguments.facts[2], names):
            frame.leak(taint, "set-text", "is printed")
    for value in arguments.positional:
        text_of(frame, value, pos)
    return NONE


def _hash(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    if frame.function.facts.name == "__hash__":
        return INT
    if arguments.facts is not None and kept_hash(frame, arguments.facts):
        return INT
    for atom in arguments.first():
        how = grade((atom,))
        if how == "instance":
            how = instance_grade(frame, atom)
        if how in {"salted", "identity"}:
            frame.site("salted-hash", pos, "hash()")
        elif how == "unknown":
            frame.site("salted-hash", pos, "hash()", "possible")
    return INT


def _int(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    given: Fact = arguments.facts[2] if arguments.facts is not None else ()
    inner: Fact = given[0] if given else ()
    for place, effect in list(frame.node.effects.items()) if inner[:1] == (4,) else ():
        if place[2] == inner[4] and effect.text == TIMESTAMP:
            del frame.node.effects[place]
    for atom in arguments.first():
        if atom[0] == INSTANCE:
            for name in ("__int__", "__index__"):
                if frame.find(atom[1], name):
                    call_method(frame, atom, name, Arguments([]), pos)
    return INT


def _float(frame: Frame, _arguments: Arguments, pos: Pos) -> Value:
    frame.site("float-result", pos, "float()")
    return FLOATING


def _round(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    for atom in arguments.first():
        if atom[0] in {PLAIN, KNOWN} and atom[1] == "float":
            frame.site("float-result", pos, "round() of a float")
        elif atom == (ANYTHING, JSON) and len(arguments.positional) > 1:
            frame.site("json-number", pos, "round() of a number of a JSON text", "possible")
    return arguments.first() if len(arguments.positional) > 1 else INT


def _pow(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    if len(arguments.positional) == 3:
        return INT
    return binary_value(frame, "**", arguments.first(), arguments.at(1, "exp"), pos)


def _divmod(_frame: Frame, arguments: Arguments, _pos: Pos) -> Value:
    both = join(arguments.first(), arguments.at(1, ""))
    return ((TUPLE, (both, both)),)


def _import(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    out: Value = NOTHING
    for atom in arguments.first():
        if atom[0] == KNOWN and atom[1] == "str":
            run_body(frame, atom[2], pos)
            out = join(out, module_value(frame, atom[2]))
        elif _own_name(arguments.facts):
            out = join(out, ANY)  # the module in which something was defined runs already
        else:
            frame.site("dynamic-import", pos, "an import by a computed name")
            out = join(out, ANY)
    return out


def _own_name(call_: Fact | None) -> bool:
    """Say whether the argument is ``x.__module__`` or ``__name__``."""
    if call_ is None or not call_[2]:
        return False
    first: Fact = call_[2][0]
    return first[:2] == (2, "__name__") or (first[0] == 3 and first[2] == "__module__")


def _type(_frame: Frame, arguments: Arguments, _pos: Pos) -> Value:
    if len(arguments.positional) == 3:
        from qfs.scan.library.special import made_type  # noqa: PLC0415 (it calls built-in functions)

        return made_type(arguments)
    out: Value = NOTHING
    for atom in arguments.first():
        if atom[0] == INSTANCE:
            out = join(out, ((CLASS, atom[1]),))
        elif atom[0] == OBJECT:
            out = join(out, ((OUTSIDE, atom[1]),))
        else:
            out = join(out, built_in_class(atom))
    return out or ANY


def _super(_frame: Frame, arguments: Arguments, _pos: Pos) -> Value:
    for atom in arguments.first():
        for receiver in arguments.at(1, ""):
            if atom[0] == CLASS and receiver[0] in {INSTANCE, CLASS}:
                return (("super", atom[1], receiver),)
    return ANY


def _calls_method(name: str, result: Value) -> Builtin:
    def made(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
        for atom in arguments.first():
            if atom[0] == INSTANCE and frame.find(atom[1], name):
                call_method(frame, atom, name, Arguments([]), pos)
            elif atom[0] == CLASS:
                of_metaclass(frame, atom, name, [], pos)
        return result

    return made


def _gives(result: Value) -> Builtin:
    def made(_frame: Frame, _arguments: Arguments, _pos: Pos) -> Value:
        return result

    return made


def _abs(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    for atom in arguments.first():
        if atom[0] == INSTANCE:
            return call_method(frame, atom, "__abs__", Arguments([]), pos)
    return arguments.first()


def _bytes(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    for atom in arguments.first():
        if atom[0] in {SEQUENCE, SET}:
            _element, taint = elements(frame, (atom,), pos)
            if taint is not None:
                frame.leak(taint, "set-text", "becomes bytes")
    return BYTES


def _exception(name: str) -> Builtin:
    def made(frame: Frame, arguments: Arguments, _pos: Pos) -> Value:
        keep_given(frame, [name], arguments)
        return ((OBJECT, name, "exception"),)

    return made


BUILTINS: Final[dict[str, Builtin]] = {
    f"builtins.{name}": function
    for name, function in {
        "list": _copy_as("list"), "tuple": _copy_as("tuple"), "set": _set_of("set"),
        "frozenset": _set_of("frozenset"), "dict": _dict, "sorted": _sorted, "sum": _sum,
        "min": _extreme("decides ties in min()"), "max": _extreme("decides ties in max()"),
        "len": _calls_method("__len__", INT), "any": _all, "all": _all,
        "iter": _carry("lazy", "iter"), "enumerate": _carry("lazy", "enumerate"),
        "zip": _carry("lazy", "zip"), "filter": _carry("lazy", "filter"),
        "reversed": _reversed, "map": _map, "next": _next, "anext": _next,
        "str": _text("__str__"), "repr": _text("__repr__"), "ascii": _text("__repr__"),
        "format": _format, "print": _print, "hash": _hash, "int": _int, "float": _float,
        "complex": _float, "round": _round, "pow": _pow, "divmod": _divmod, "abs": _abs,
        "bool": _calls_method("__bool__", BOOL), "bytes": _bytes, "bytearray": _bytes,
        "memoryview": _gives(BYTES), "getattr": get_attribute, "setattr": set_attribute,
        "delattr": set_attribute, "hasattr": _gives(BOOL), "isinstance": _gives(BOOL),
        "issubclass": _gives(BOOL), "callable": _gives(BOOL), "range": _range,
        "ord": _gives(INT), "chr": _gives(STR), "bin": _gives(STR), "hex": _gives(STR),
        "oct": _gives(STR), "slice": _gives(ANY), "type": _type, "super": _super,
        "vars": variables, "dir": directory,
        "__import__": _import, "object": _gives(((OBJECT, "builtins.object", ""),)),
        "property": lambda _f, a, _p: (("prop", a.first()),),
        "staticmethod": lambda _f, a, _p: (("static", a.first()),),
        "classmethod": lambda _f, a, _p: (("classm", a.first()),),
        "aiter": _carry("lazy", "iter"),
    }.items()
}  # fmt: skip
BUILTINS["importlib.import_module"] = _import
BUILTINS.update(
    {
        f"builtins.{name}": _exception(f"builtins.{name}")
        for name in dir(builtins)
        if name.endswith(("Error", "Exception", "Exit", "Interrupt", "Iteration", "Warning"))
    }
)
