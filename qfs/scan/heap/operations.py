"""Operators, comparisons and text: calls in disguise, and where floats are made.

- An operator on an object of the program calls its method, reflected ones included.
- ``/`` is a site only between numbers; Path, Fraction, Decimal and objects of the program are not.
- Text made from a set, or from an object that prints its address, is a site.
"""

import re
from typing import Any, Final

from qfs.scan.domain.values import (
    ADDRESS,
    ANY,
    ANYTHING,
    BOOL,
    CLASS,
    FUNCTION,
    GIVEN,
    INSTANCE,
    JSON,
    KNOWN,
    METHOD,
    MODULE,
    NOTHING,
    OBJECT,
    OUTSIDE,
    PARTIAL,
    PLAIN,
    SEQUENCE,
    SET,
    STR,
    TABLE,
    TUPLE,
    Atom,
    Value,
    join,
    type_name,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.objects.addresses import EQUAL, identity, outside_text, told
from qfs.scan.objects.compared import compared, equals, hashed, orders_of
from qfs.scan.objects.implicit import meta_method, of_metaclass, truth_of
from qfs.scan.objects.jsontext import counted
from qfs.scan.objects.overloads import NAMES, are_many, of_many, of_pair
from qfs.scan.objects.shared import is_module_level
from qfs.scan.order.iteration import blurred, elements
from qfs.scan.order.raised import given_to_exception
from qfs.scan.solver.dispatch import (
    Arguments,
    call,
    call_method,
    evaluate,
)
from qfs.scan.solver.frame import Frame, position

OPERATORS: Final = {f"__{name}__": operator for operator, name in NAMES.items()}
_COMPARED: Final = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_EXACT: Final = {"decimal.Decimal", "fractions.Fraction"}
_LOCALE_DATE: Final = re.compile("%[aAbBcxXp]")
_PERCENT_FLOAT: Final = re.compile(r"%[-+ #0-9.*]*(\([^)]*\))?[-+ #0-9.*]*[eEfFgG]")
_FLOAT_SPEC: Final = re.compile(
    r"(.?[<>=^])?[-+ ]?z?#?0?[0-9]*[,_]?(\.[0-9]*)?[eEfFgG%]", re.DOTALL
)
_FALSE: Final[Value] = ((KNOWN, "bool", False),)
_NUMBERS: Final = {"int", "bool", "float", "complex"}
_ALIKE: Final = {OUTSIDE, CLASS, MODULE}
_OLDEST: Final = (3, 11)
"""The oldest Python that runs any of this."""


def binary_value(
    frame: Frame, operator: str, left: Value, right: Value, pos: Pos, *, in_place: bool = False
) -> Value:
    """Return what an operator gives."""
    out: Value = NOTHING
    if any(atom[0] == ADDRESS for atom in left) or any(atom[0] == ADDRESS for atom in right):
        told(frame, join(left, right), "is counted with")
    if operator == "%":
        texts = [atom for atom in left if type_name(atom) in {"str", "bytes"}]
        for atom in texts:
            out = join(out, _percent(frame, atom, right, pos))
        left = tuple([atom for atom in left if atom not in texts]) if texts else left
    if are_many(left, right):
        out = join(out, of_many(frame, operator, left, right, pos, in_place=in_place))
        left = tuple([atom for atom in left if atom[0] not in {INSTANCE, CLASS}])
        right = tuple([atom for atom in right if atom[0] != INSTANCE])
    apart, others = _told_apart(left), _told_apart(right)
    for atom in left:
        with_all = atom[0] == INSTANCE
        for other in right if with_all else others:
            if with_all or other[0] == INSTANCE or atom in apart:
                out = join(out, _pair(frame, operator, atom, other, pos, in_place=in_place))
    return out


def _told_apart(value: Value) -> Value:
    """Return one alternative for all that no operator tells apart, unless it calls a method."""
    for kinds in (_ALIKE, {FUNCTION}):
        alike = [atom for atom in value if atom[0] in kinds]
        if len(alike) > 1:
            value = tuple([atom for atom in value if atom is alike[0] or atom[0] not in kinds])
    return value


def _pair(
    frame: Frame, operator: str, left: Atom, right: Atom, pos: Pos, *, in_place: bool
) -> Value:
    if left[0] in {INSTANCE, CLASS} or right[0] == INSTANCE:
        return of_pair(frame, operator, left, right, pos, in_place=in_place)
    if operator == "/":
        return _divide(frame, left, right, pos)
    if operator == "**":
        return _power(frame, left, right, pos)
    if in_place and operator == "+" and left[0] == SEQUENCE and right[0] != SEQUENCE:
        element, taint = elements(frame, (right,), pos)
        return ((SEQUENCE, left[1], join(left[2], element), left[3] or taint),)
    views = (left[:2], right[:2]).count((SEQUENCE, "view"))
    if left[0] == SET or right[0] == SET or (views and operator in {"|", "&", "-", "^"}):
        return _sets(operator, left, right)
    names = (type_name(left), type_name(right))
    if operator == "+" and left[0] in {SEQUENCE, TUPLE} and right[0] in {SEQUENCE, TUPLE}:
        return _concatenated(left, right)
    if operator == "*" and (left[0] in {SEQUENCE, TUPLE} or right[0] in {SEQUENCE, TUPLE}):
        return (left if left[0] in {SEQUENCE, TUPLE} else right,)
    if operator == "|" and left[0] == TABLE and right[0] == TABLE:
        taint = left[3] or right[3]
        return ((TABLE, join(left[1], right[1]), join(left[2], right[2]), taint),)
    floats = "float" in names or "complex" in names
    if floats and names[0] in _NUMBERS and names[1] in _NUMBERS:
        return ((PLAIN, "float"),)
    for name in names:
        if name in {"str", "bytes"}:
            return ((PLAIN, name),)
    if names[0] in {"int", "bool"} and names[1] in {"int", "bool"}:
        both_bool = names == ("bool", "bool") and operator in {"|", "&", "^"}
        return BOOL if both_bool else ((PLAIN, "int"),)
    if left[0] == OBJECT:
        return (left,)
    if (ANYTHING, JSON) in (left, right):
        counted(frame, operator, left, right, pos)
    return (right,) if right[0] == OBJECT else ANY


def _percent(frame: Frame, left: Atom, right: Value, pos: Pos) -> Value:
    """``"%s" % x``."""
    rest = tuple([atom for atom in right if atom[0] != TUPLE])
    for value in [rest, *[item for atom in right if atom[0] == TUPLE for item in atom[1]]]:
        text_of(frame, value, pos)
    if left[0] == KNOWN and _PERCENT_FLOAT.search(str(left[2])):
        frame.site("float-format", pos, "a format with %f")
    return ((PLAIN, type_name(left)),)


def _divide(frame: Frame, left: Atom, right: Atom, pos: Pos) -> Value:
    if left[:2] == right[:2] == (OBJECT, "datetime.timedelta"):
        frame.site("true-division", pos, "/ of two durations")
        return ((PLAIN, "float"),)
    for each in (left, right):
        if each[0] == OBJECT:
            exact = each[1] in _EXACT
            if each[1] == "decimal.Decimal":
                frame.site("ambient-rounding", pos, "/ of Decimals")
            return ((OBJECT, each[1], ""),) if exact or each[1].startswith("pathlib.") else ANY
    names = (type_name(left), type_name(right))
    if names[0] in {"str", "bytes"} or names[1] in {"str", "bytes"}:
        return ANY
    if left[0] == "any" and right[0] == "any":
        frame.site("true-division", pos, "/", "possible")
        return ANY
    certain = names[0] in _NUMBERS and names[1] in _NUMBERS
    if names[0] in _NUMBERS or names[1] in _NUMBERS:
        frame.site("true-division", pos, "/", "violation" if certain else "possible")
        return ((PLAIN, "float"),) if certain else ANY
    return ANY


def _power(frame: Frame, left: Atom, right: Atom, pos: Pos) -> Value:
    names = (type_name(left), type_name(right))
    for each in (left, right):
        if each[:2] == (OBJECT, "decimal.Decimal"):
            frame.site("ambient-rounding", pos, "** of a Decimal")
            return (each,)
    if "float" in names and names[0] in _NUMBERS:
        frame.site("float-power", pos, "**")
        return ((PLAIN, "float"),)
    if right[0] == KNOWN and right[1] == "int" and right[2] < 0 and names[0] in _NUMBERS:
        frame.site("float-power", pos, "** with a negative exponent")
        return ((PLAIN, "float"),)
    return ((PLAIN, "int"),) if names == ("int", "int") else ANY


def _sets(operator: str, left: Atom, right: Atom) -> Value:
    if operator not in {"|", "&", "-", "^"}:
        return ANY
    kind = str(left[1]) if left[0] == SET else "set"
    element: Value = NOTHING
    for atom in (left, right) if operator in {"|", "^"} else (left,):
        if atom[0] in {SET, SEQUENCE}:
            element = join(element, atom[2])
        elif atom[0] == TABLE:
            element = join(element, atom[1])
        else:
            element = join(element, ANY)
    return ((SET, kind, element, None),)


def _concatenated(left: Atom, right: Atom) -> Value:
    if left[0] == TUPLE and right[0] == TUPLE and len(left[1]) + len(right[1]) <= 12:
        return ((TUPLE, left[1] + right[1]),)
    element: Value = NOTHING
    taint = None
    for atom in (left, right):
        if atom[0] == SEQUENCE:
            element = join(element, atom[2])
            taint = taint or atom[3]
        else:
            for item in atom[1]:
                element = join(element, item)
    kind = left[1] if left[0] == SEQUENCE else "tuple"
    return ((SEQUENCE, kind, element, taint),)


def compare(frame: Frame, fact: Fact) -> Value:
    """Compare: call methods; an order matters only between ordered sequences."""
    frame.quiet += 1 if (old := _long_past(fact)) else 0
    value = _compared(frame, fact)
    frame.quiet -= old
    return value


def _long_past(fact: Fact) -> bool:
    """Say whether a version of Python is asked for which every one that can run this is, or not."""
    left = fact[1]
    first = left[0] == ir.INDEX and left[2][:2] == (ir.CONST, 0)
    left = left[1] if left[0] == ir.INDEX else left
    named = left[-2] if left[0] in {ir.NAME, ir.ATTR} else ""
    if left[0] == ir.ATTR and named == "major":
        first, named = True, left[1][-2]
    if len(fact[2]) != 1 or named not in {"version_info", "hexversion"}:
        return False
    operator, right = fact[2][0]
    if named == "hexversion" or first:
        least = _OLDEST[0] if first else _OLDEST[0] << 24 | _OLDEST[1] << 16
        return right[0] == ir.CONST and isinstance(right[1], int) and right[1] <= least
    parts = right[1] if right[0] == ir.TUPLE else ()
    if not parts or any(part[0] != ir.CONST for part in parts):
        return False
    asked = tuple([part[1] for part in parts])
    return operator in {"<", ">="} and all(isinstance(n, int) for n in asked) and asked <= _OLDEST


def _compared(frame: Frame, fact: Fact) -> Value:
    out: Value = NOTHING
    equal = all(operator in EQUAL for operator, _right in fact[2])
    left = evaluate(frame, fact[1])
    for operator, right_fact in fact[2]:
        right = evaluate(frame, right_fact)
        if not equal:
            told(frame, join(left, right), "is compared")
        name = _COMPARED.get(operator)
        if name is not None:
            for order in orders_of(left, right):
                frame.leak(order, "set-sequence", "decides a comparison")
            out = join(out, compared(frame, name, left, right, fact[3]))
        elif operator in {"is", "is not"}:
            identity(frame, (fact[1], left), (right_fact, right), fact[3])
        elif operator in {"in", "not in"}:
            for atom in right:
                if atom[0] == INSTANCE and frame.find(atom[1], "__contains__"):
                    asked = Arguments([left], unused=True)
                    call_method(frame, atom, "__contains__", asked, fact[3])
                elif atom[0] == CLASS:
                    of_metaclass(frame, atom, "__contains__", [left], fact[3])
                elif atom[0] == SEQUENCE:
                    equals(frame, atom[2], left, fact[3])
                elif atom[0] == TUPLE:
                    for part in atom[1]:
                        equals(frame, part, left, fact[3])
                elif atom[0] in {SET, TABLE}:
                    hashed(frame, left, fact[3])
        left = right
    return out or BOOL


def truth(frame: Frame, test: Fact) -> bool | None:
    """Evaluate a condition; return its value when it is a literal, or a switch that is off."""
    value = evaluate(frame, test)
    if test[0] == ir.CONST:
        return bool(test[1])
    if test[0] == ir.NAME and value == _FALSE and is_module_level(frame, test[1]):
        return False
    truth_of(frame, value, position(test))
    return None


_FLOATS: Final = {"float", "complex"}


def text_of(frame: Frame, value: Value, pos: Pos, how: str = "__str__", depth: int = 2) -> None:
    """Turn a value into text: report what two runs print differently.

    Where a value may also be something else, an address in its text is possible; where the engine
    has lost what it may be, so is whether there is an address. An order is possible there.
    """
    verdict = _among(value)
    sure = all(atom[0] in {SET, SEQUENCE, TABLE} for atom in value)
    told(frame, value, "becomes text")
    for atom in value:
        tag = atom[0]
        if tag == SET:
            _element, taint = elements(frame, (atom,), pos)
            if taint is not None:
                lost = blurred(value, atom)
                frame.leak(taint, "set-text", "becomes text", sure=sure, lost=lost)
        elif tag in {SEQUENCE, TABLE}:
            if atom[3] is not None:
                lost = blurred(value, atom)
                frame.leak(atom[3], "set-text", "becomes text", sure=sure, lost=lost)
            if tag == SEQUENCE and atom[1] in {"gen", "lazy", "coro"}:
                frame.site("default-repr", pos, "text of an iterator", verdict)
                continue
            if tag == SEQUENCE and atom[1] == "iter" and how != "format":
                continue
            if depth:
                text_of(frame, atom[2], pos, "__repr__", depth - 1)
                if tag == TABLE:
                    text_of(frame, atom[1], pos, "__repr__", depth - 1)
        elif tag == TUPLE and depth:
            for item in atom[1]:
                text_of(frame, item, pos, "__repr__", depth - 1)
        elif tag in {INSTANCE, CLASS}:
            _object_text(frame, atom, pos, how, depth, among=verdict)
        elif tag in {FUNCTION, PARTIAL, "adder"} or atom[:2] == (OBJECT, "builtins.object"):
            frame.site("default-repr", pos, "text of a function or plain object", verdict)
        elif tag in {METHOD, OBJECT, MODULE, OUTSIDE}:
            _other_text(frame, atom, pos, depth, verdict)
        elif tag == PLAIN and atom[1] in _FLOATS:
            floats = all(each[0] == PLAIN and each[1] in _FLOATS for each in value)
            which = "violation" if floats else "possible"
            frame.site("float-format", pos, "text of a float", which)


def _other_text(frame: Frame, atom: Atom, pos: Pos, depth: int, verdict: str) -> None:
    """Turn a method, a module or an object from outside into text."""
    if atom[0] == METHOD:
        if atom[2] in _OWN_METHODS.get(atom[1][0], _OF_FUNCTIONS):
            frame.site("default-repr", pos, f"text of the method {atom[2]}", verdict)
    elif atom[2:] == ("exception",):
        _given_text(frame, atom, pos, depth)
    else:
        outside_text(frame, atom, pos, verdict)


def _given_text(frame: Frame, atom: Atom, pos: Pos, depth: int) -> None:
    """Turn what an exception was given into text."""
    if depth > 0:
        text_of(frame, given_to_exception(frame, atom), pos, "__str__", depth - 1)


_OWN_METHODS: Final = {
    tag: frozenset([name for name in vars(kind) if not name.startswith("_")])
    for tag, kind in ((PLAIN, str), (KNOWN, str), (SEQUENCE, list), (SET, set), (TABLE, dict))
}
"""Methods of kinds of values which, as text, print an address."""
_OF_FUNCTIONS: Final = frozenset(("__code__",))
_ADDRESSED: Final = {FUNCTION, PARTIAL, METHOD, INSTANCE, OBJECT}
_LAZY: Final = {(SEQUENCE, "gen"), (SEQUENCE, "lazy"), (SEQUENCE, "coro")}


def _among(value: Value) -> str:
    """Return the verdict on one alternative's address, by what else the value may be."""
    holders = [atom[1] if atom[0] == METHOD else atom for atom in value]
    if any(holder[0] == ANYTHING and holder[1] not in GIVEN for holder in holders):
        return "unknown"
    sure = all(atom[0] in _ADDRESSED or atom[:2] in _LAZY for atom in value)
    return "violation" if sure else "possible"


def _class_text(frame: Frame, atom: Atom, pos: Pos, how: str) -> None:
    """Turn a class into text: its metaclass may say how."""
    for name in ("__repr__",) if how == "__repr__" else ("__str__", "__repr__"):
        method = meta_method(frame, atom, name)
        if method:
            call(frame, method, Arguments([], unused=True), pos)


def _object_text(frame: Frame, atom: Atom, pos: Pos, how: str, depth: int, *, among: str) -> None:
    if atom[0] == CLASS:
        _class_text(frame, atom, pos, how)
    if frame.logging or atom[0] == CLASS:
        return
    asked = (pos, atom, how, depth, among, not frame.quiet, not frame.orders)
    if asked in frame.texts:
        return
    frame.texts[asked] = None
    for name in ("__format__",) * (how == "format") + ("__str__",) * (how != "__repr__"):
        if frame.find(atom[1], name):
            given = [STR] if name == "__format__" else []
            call_method(frame, atom, name, Arguments(given, unused=True), pos)
            return
    if frame.find(atom[1], "__repr__"):
        call_method(frame, atom, "__repr__", Arguments([], unused=True), pos)
        return
    if frame.trait(atom[1], "exception"):
        _given_text(frame, atom, pos, depth)
    below = [] if atom[2] else frame.subclasses(atom[1])
    possible = [atom[1], *below]
    if is_abstract(frame, atom[1]) and not atom[2]:
        possible = [each for each in below if not is_abstract(frame, each)]
    plain = [each for each in possible if not _described(frame, each, how)]
    if depth and not plain:
        _fields_text(frame, atom[1], pos, depth)
    if plain:
        name = frame.solver.program.classes[plain[0]].facts.name
        verdict = "possible" if among == "violation" and len(possible) > 1 else among
        frame.site("default-repr", pos, f"text of {name}, which prints its address", verdict)


_DESCRIBED: Final = (
    "dataclass",
    "namedtuple",
    "enum",
    "exception",
    "outside",
    "typeddict",
    "protocol",
)


def _fields_text(frame: Frame, number: int, pos: Pos, depth: int) -> None:
    """Turn the fields of a dataclass or named tuple into text."""
    if frame.trait(number, "dataclass") or frame.trait(number, "namedtuple"):
        for at in frame.mro(number):
            fields = frame.solver.program.classes[at].fields if isinstance(at, int) else {}
            for name, declared in fields.items():
                value = frame.solver.read(frame.node, ("field", at, name)) or declared
                text_of(frame, value, pos, "__repr__", depth - 1)


def _described(frame: Frame, number: int, how: str) -> bool:
    """Say whether an object's text says what it holds, not where it lies."""
    own = frame.find(number, "__repr__") or (how != "__repr__" and frame.find(number, "__str__"))
    return bool(own) or any(frame.trait(number, trait) for trait in _DESCRIBED)


def is_abstract(frame: Frame, number: int) -> bool:
    """Say whether a class has abstract methods of its own: then no object is exactly of it."""
    klass = frame.solver.program.classes[number]
    return any(
        decorator[0] in {ir.NAME, ir.ATTR} and decorator[-2] == "abstractmethod"
        for function in klass.module.functions
        if function.owner is klass
        for decorator in function.facts.decorators
    )


def formatted(frame: Frame, parts: Any, evaluate: Any) -> Value:
    """Make an f-string."""
    for value_fact, conversion, spec, pos in parts:
        value = evaluate(frame, value_fact)
        how = "__repr__" if conversion in {114, 97} else "format"
        format_spec(frame, spec, pos)
        text_of(frame, value, pos, how)
    return STR


def format_spec(frame: Frame, spec: str, pos: Pos) -> None:
    """Look at what a format asks for."""
    number = spec.endswith("n") and spec[:-1].strip("<>=^+- #0123456789,_.") == ""
    if number or _LOCALE_DATE.search(spec):
        frame.site("locale-format", pos, f"the format {spec!r}")
    elif _FLOAT_SPEC.fullmatch(spec):
        frame.site("float-format", pos, f"the format {spec!r}")


__all__ = [
    "CLASS",
    "binary_value",
    "compare",
    "format_spec",
    "formatted",
    "text_of",
    "truth",
]
