"""Functions outside whose result or effect follows from the structure of their arguments.

- Types that are made by calls (named tuples, namespaces, ``type(...)``) are tuples of what their
  fields may hold: reading a field gives any of them.
- What changes its first argument (``heapq``, ``bisect``) puts it back where it came from.
- A format of ``struct`` or ``array`` says whether it makes floats, or asks for the machine's sizes.
- Source: Python library reference, the modules named.
"""

import re
from collections.abc import Callable
from string import Formatter
from typing import Final

from qfs.scan.domain.values import (
    ANY,
    CLASS,
    FLOATING,
    INSTANCE,
    INT,
    KNOWN,
    NONE,
    NOTHING,
    OUTSIDE,
    PARTIAL,
    SEQUENCE,
    STR,
    TABLE,
    TUPLE,
    Taint,
    Value,
    join,
    sequence,
    table,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Pos
from qfs.scan.heap.assignment import inner_order, store
from qfs.scan.heap.attributes import attribute, in_order
from qfs.scan.heap.operations import binary_value, format_spec, text_of
from qfs.scan.library.folding import fold
from qfs.scan.library.reflection import any_method
from qfs.scan.objects.compared import objects
from qfs.scan.objects.implicit import enter
from qfs.scan.objects.jsontext import loaded
from qfs.scan.order.iteration import elements
from qfs.scan.order.left import fields_of, keep
from qfs.scan.order.ties import ranked
from qfs.scan.solver.dispatch import Arguments, call, call_method
from qfs.scan.solver.frame import Frame

Special = Callable[[Frame, Arguments, Pos], Value | None]
_FLOATS: Final = frozenset("efdFD")
_NATIVE: Final = frozenset("lLqQnNPiIhH")


def _named_tuple(_frame: Frame, _arguments: Arguments, _pos: Pos) -> Value:
    return ((PARTIAL, ((OUTSIDE, "qfs.tuple"),), (), ()),)


def _tuple(frame: Frame, arguments: Arguments, _pos: Pos) -> Value:
    arguments.leaks(frame)
    items = arguments.all()
    return ((TUPLE, tuple(items)),) if 0 < len(items) <= 12 else sequence(ANY, "tuple")


_HOOKS: Final = ("__deepcopy__", "__copy__", "__reduce_ex__", "__reduce__", "__getstate__")


def _hooked(frame: Frame, arguments: Arguments, pos: Pos) -> Value | None:
    """Call what copying and pickling ask objects for, as deep as is seen."""
    for name in _HOOKS:
        if name in frame.solver.program.methods:
            for atom in objects(frame, arguments.first(), name):
                if atom[0] == INSTANCE:
                    call_method(frame, atom, name, Arguments([ANY]), pos)
    return None


def _copied(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    _hooked(frame, arguments, pos)
    return arguments.first()


def _namespace(_frame: Frame, arguments: Arguments, _pos: Pos) -> Value:
    items = tuple(arguments.keywords.values()) or (ANY,)
    return ((TUPLE, (*items, in_order(arguments.named)) if arguments.named else items),)


def made_type(arguments: Arguments) -> Value:
    """Return what ``type(name, bases, fields)`` makes: its fields, and what it derives from."""
    out: Value = NOTHING
    for atom in arguments.at(2, ""):
        out = join(out, ((TUPLE, (atom[2] if atom[0] == TABLE else ANY,)),))
    for atom in arguments.at(1, ""):
        for base in atom[1] if atom[0] == TUPLE else ():
            out = join(out, tuple([each for each in base if each[0] == CLASS]))
    return out or ANY


def _null_context(_frame: Frame, arguments: Arguments, _pos: Pos) -> Value:
    return sequence(arguments.at(0, "enter_result") or NONE, "gen")


def _entered(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    return enter(frame, arguments.first(), pos)


_ENTERS: Final = [
    f"contextlib.{name}"
    for name in ("ExitStack.enter_context", "AsyncExitStack.enter_context",
                 "AsyncExitStack.enter_async_context")
]  # fmt: skip


def _call(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    inner = Arguments(
        arguments.positional[1:], arguments.keywords, arguments.star, arguments.star_taint
    )
    return call(frame, arguments.first(), inner, pos)


def _power(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    return binary_value(frame, "**", arguments.first(), arguments.at(1, ""), pos)


def _partial_method(_frame: Frame, arguments: Arguments, _pos: Pos) -> Value:
    words = tuple(sorted(arguments.keywords.items()))
    return ((("pmeth"), arguments.first(), tuple(arguments.positional[1:]), words),)


def _pushed(added: int, *, heap: bool = True) -> Special:
    """Return what puts an argument into the list that is the first one, in the order of values.

    How a heap lies in its list depends on the order in which it was filled; what is popped, not.
    """

    def made(frame: Frame, arguments: Arguments, pos: Pos) -> Value | None:
        fact = arguments.facts[2][0] if arguments.facts is not None and arguments.facts[2] else None
        order = inner_order(frame, fact) if fact is not None and added else None
        lies = order if heap and fact is not None and fact[0] == ir.NAME else None
        key = arguments.keywords.get("key", NOTHING)
        out: Value = NOTHING
        for atom in arguments.first():
            if atom[0] != SEQUENCE:
                continue
            element = join(atom[2], arguments.at(added, "")) if added else atom[2]
            ranked(frame, key, (element, order or atom[3]), pos, "decides ties in a sorted list")
            out = join(out, element)
            if fact is not None and lies is not None:
                store(frame, fact, ((SEQUENCE, "heap", element, lies),), pos)
            elif fact is not None:
                store(frame, fact, ((SEQUENCE, atom[1], element, atom[3]),), pos)
        return out or None

    return made


def _heapified(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    """Let a list be a heap: its first item is the least, in whatever order it was filled."""
    fact = arguments.facts[2][0] if arguments.facts is not None and arguments.facts[2] else None
    for atom in arguments.first():
        if atom[0] == SEQUENCE:
            ranked(frame, NOTHING, (atom[2], atom[3]), pos, "decides ties in a heap")
            if fact is not None and fact[0] == ir.NAME and fact[1] in frame.env:
                frame.env[fact[1]] = ((SEQUENCE, "heap", atom[2], atom[3]),)
    return NONE


def _largest(use: str) -> Special:
    def made(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
        element, taint = elements(frame, arguments.at(1, "iterable"), pos)
        key = arguments.at(2, "key")
        ranked(frame, key, (element, taint), pos, use)
        return sequence(element)

    return made


def _members(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    """Return the names and attributes of an object, sorted by name."""
    return sequence(((TUPLE, (STR, any_method(frame, arguments.first(), pos))),))


def _shows(frame: Frame, arguments: Arguments, pos: Pos) -> None:
    """Turn every argument into text."""
    for value in arguments.all():
        text_of(frame, value, pos)


def fill_in(frame: Frame, text: str, arguments: Arguments, pos: Pos) -> bool:
    """Turn into text what ``"{a.b} {}".format(x, a=y)`` asks for; say whether that is known."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return False
    given = arguments.positional
    numbered = iter(given)
    for _before, named, spec, conversion in parts:
        if named is None:
            continue
        name, *steps = _STEP.split(named)
        value = next(numbered, None) if not name else arguments.keywords.get(name)
        if name.isdecimal():
            value = given[int(name)] if int(name) < len(given) else None
        if value is None or any("[" in step for step in steps):
            return False
        for step in steps:
            value = attribute(frame, value, step, pos)
        text_of(frame, value, pos, "__repr__" if conversion in {"r", "a"} else "format")
        format_spec(frame, spec or "", pos)
    return True


_STEP: Final = re.compile(r"\.|(?=\[)")


def _prints(frame: Frame, arguments: Arguments, pos: Pos) -> None:
    """Turn the first argument into text in which sets are sorted."""
    plain = tuple([atom for atom in arguments.first() if atom[0] != "set"])
    text_of(frame, plain, pos, "__repr__")


def _merged(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    found = [elements(frame, value, pos) for value in arguments.positional]
    element: Value = NOTHING
    for each, _taint in found:
        element = join(element, each)
    taint = next((taint for _element, taint in found if taint is not None), None)
    return sequence(element, "lazy", taint)


def _listed(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    element, taint = elements(frame, arguments.first(), pos)
    return sequence(element, "list", taint)


def _child(frame: Frame, arguments: Arguments, _pos: Pos) -> None:
    fact = arguments.facts[2][0] if arguments.facts is not None and arguments.facts[2] else None
    order: Taint | None = inner_order(frame, fact) if fact is not None else None
    if order is not None:
        frame.leak(order, "set-fold", "decides which child comes first")


def _attached(frame: Frame, arguments: Arguments, _pos: Pos) -> None:
    fact = arguments.facts[1] if arguments.facts is not None else None
    order = inner_order(frame, fact[1]) if fact is not None and fact[0] == ir.ATTR else None
    if order is not None:
        frame.leak(order, "set-fold", "decides what an element holds first")


def _format(frame: Frame, value: Value, pos: Pos, named: str) -> bool:
    """Look at a format of ``struct``; say whether it holds floats."""
    floats = False
    for atom in value:
        if atom[0] != KNOWN or atom[1] not in {"str", "bytes"} or not atom[2]:
            continue
        text = atom[2].decode("latin-1") if isinstance(atom[2], bytes) else str(atom[2])
        codes = frozenset(text)
        if text[0] not in "<>!=" and codes & _NATIVE:
            frame.site("native-layout", pos, f"the {named} {text!r}")
        if codes & _FLOATS:
            frame.site("float-result", pos, f"the {named} {text!r}")
            floats = True
    return floats


def _packed(frame: Frame, arguments: Arguments, pos: Pos) -> None:
    _format(frame, arguments.first(), pos, "format")


def _unpacked(frame: Frame, arguments: Arguments, pos: Pos) -> Value | None:
    floats = _format(frame, arguments.first(), pos, "format")
    return sequence(join(FLOATING, INT), "tuple") if floats else None


def _array(frame: Frame, arguments: Arguments, pos: Pos) -> Value | None:
    for atom in arguments.first():
        if atom[0] == KNOWN and atom[2] in {"l", "L", "u"}:
            frame.site("native-layout", pos, f"the type code {atom[2]!r}")
        elif atom[0] == KNOWN and atom[2] in {"d", "f"}:
            frame.site("float-result", pos, f"the type code {atom[2]!r}")
    return None


def _replaced(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    """Return a copy of an object in which some fields hold something else."""
    for atom in arguments.first():
        for name, value in arguments.keywords.items() if atom[0] == INSTANCE else ():
            keep(frame, atom[1], name, value, pos)
    return arguments.first()


def _as_table(frame: Frame, arguments: Arguments, _pos: Pos) -> Value | None:
    first = arguments.first()
    if not first or any(atom[0] != INSTANCE for atom in first):
        return None
    out: Value = NOTHING
    for atom in first:
        out = join(out, fields_of(frame, atom[1]))
    return table(STR, out)


def _as_tuple(frame: Frame, arguments: Arguments, pos: Pos) -> Value | None:
    made = _as_table(frame, arguments, pos)
    return sequence(made[0][2], "tuple") if made is not None else None


def _rounded(*guards: tuple[int, str]) -> Special:
    """Return what reports a Decimal's method that is not told how to round."""

    def made(frame: Frame, arguments: Arguments, pos: Pos) -> Value | None:
        told = any(arguments.gives(position, keyword) for position, keyword in guards)
        if not (told or arguments.star is not None or arguments.double):
            frame.site("ambient-rounding", pos, "a Decimal's method without a context")
        return None

    return made


def _hidden(looked: Callable[[Frame, Arguments, Pos], None]) -> Special:
    """Return what looks at the arguments, and leaves the result to rules and summaries."""

    def made(frame: Frame, arguments: Arguments, pos: Pos) -> Value | None:
        looked(frame, arguments, pos)
        return None

    return made


SPECIAL: Final[dict[str, Special]] = {
    "collections.namedtuple": _named_tuple, "qfs.tuple": _tuple,
    "types.SimpleNamespace": _namespace, "contextlib.nullcontext": _null_context,
    **dict.fromkeys(_ENTERS, _entered),
    "inspect.getmembers": _members,
    "copy.copy": _copied, "copy.deepcopy": _copied, "pickle.dumps": _hooked,
    "heapq.merge": _merged, "collections.UserList": _listed,
    "operator.call": _call, "operator.pow": _power, "functools.partialmethod": _partial_method,
    "functools.reduce": fold, "json.loads": loaded, "json.load": loaded,
    "heapq.heappush": _pushed(1), "heapq.heappushpop": _pushed(1), "heapq.heapreplace": _pushed(1),
    "heapq.heappop": _pushed(0), "heapq.heapify": _heapified,
    "bisect.insort": _pushed(1, heap=False),
    "bisect.insort_left": _pushed(1, heap=False), "bisect.insort_right": _pushed(1, heap=False),
    "heapq.nlargest": _largest("decides ties in nlargest()"),
    "heapq.nsmallest": _largest("decides ties in nsmallest()"),
    "string.Template.substitute": _hidden(_shows), "pprint.pformat": _hidden(_prints),
    "string.Template.safe_substitute": _hidden(_shows), "pprint.pprint": _hidden(_prints),
    "xml.etree.ElementTree.SubElement": _hidden(_child),
    **{
        f"xml.etree.ElementTree.Element.{name}": _hidden(_attached)
        for name in ("append", "insert", "set")
    },
    "dataclasses.replace": _replaced, "copy.replace": _replaced, "attr.evolve": _replaced,
    "attrs.evolve": _replaced, "dataclasses.asdict": _as_table, "attrs.asdict": _as_table,
    "attr.asdict": _as_table, "dataclasses.astuple": _as_tuple, "attrs.astuple": _as_tuple,
    "attr.astuple": _as_tuple,
    "struct.pack": _hidden(_packed), "struct.pack_into": _hidden(_packed),
    "struct.calcsize": _hidden(_packed), "struct.Struct": _hidden(_packed),
    "struct.unpack": _unpacked, "struct.unpack_from": _unpacked,
    "struct.iter_unpack": _hidden(_packed), "array.array": _array,
    **{
        f"decimal.Decimal.{name}": _rounded((0, "context"))
        for name in ("sqrt", "exp", "ln", "log10", "normalize")
    },
    **{
        f"decimal.Decimal.{name}": _rounded((0, "rounding"), (1, "context"))
        for name in ("to_integral_value", "to_integral_exact", "to_integral")
    },
    "decimal.Decimal.quantize": _rounded((1, "rounding"), (2, "context")),
}  # fmt: skip
