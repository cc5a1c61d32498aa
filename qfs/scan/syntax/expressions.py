"""Expressions: one function a kind of fact, found by its number."""

from typing import Final

from qfs.scan.domain.values import (
    ANY,
    BOOL,
    FLOATING,
    FUNCTION,
    INSTANCE,
    INT,
    KNOWN,
    MODULE,
    NOTHING,
    OBJECT,
    OUTSIDE,
    PLAIN,
    SEQUENCE,
    SET,
    STR,
    TABLE,
    TUPLE,
    Atom,
    Taint,
    Value,
    a_set,
    found_in,
    join,
    known,
    sequence,
    table,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.heap.assignment import assign
from qfs.scan.heap.attributes import attribute, lacks
from qfs.scan.heap.operations import binary_value, compare, formatted
from qfs.scan.library.handles import taken
from qfs.scan.library.reflection import any_method
from qfs.scan.objects.classes import defaults
from qfs.scan.objects.compared import hashed
from qfs.scan.objects.implicit import awaited, index_of, named, of_metaclass, truth_of
from qfs.scan.objects.narrowing import impossible, narrow
from qfs.scan.order.collisions import collides
from qfs.scan.order.counted import counts
from qfs.scan.order.inside import STOPPED
from qfs.scan.order.inside import taken as taken_out
from qfs.scan.order.iteration import elements
from qfs.scan.order.single import is_single, tested
from qfs.scan.solver.dispatch import (
    EXPRESSIONS,
    Arguments,
    call,
    call_method,
    evaluate,
)
from qfs.scan.solver.frame import Frame, mentions, position
from qfs.scan.syntax.calls import bound, call_fact


def _const(_frame: Frame, fact: Fact) -> Value:
    return known(fact[1])


def _float(frame: Frame, fact: Fact) -> Value:
    frame.site("float-literal", fact[2], fact[1])
    return FLOATING


def _name(frame: Frame, fact: Fact) -> Value:
    value = frame.lookup(fact[1])
    if value and value[0][0] == OUTSIDE and not _given_before(frame, fact[1]):
        _read(frame, value[0][1], fact)
    elif fact[1] in {"__file__", "__path__", "__cached__"}:
        frame.site("path-literal", fact[2], fact[1])
    return value


def _given_before(frame: Frame, name: str) -> bool:
    """Say whether a name is a variable that was given what was read, and reported, elsewhere."""
    function = frame.function
    if function.outer is None or name not in function.bound:
        return False
    imported: frozenset[str] | None = function.notes.get("imported")
    if imported is None:
        imported = function.notes["imported"] = frozenset(
            [
                alias or one
                for fact in ir.parts(function.facts.body)
                if len(fact) == 5 and fact[0] == ir.FROM and isinstance(fact[3], tuple)
                for one, alias in [each[:2] for each in fact[3]]
            ]
        )
    return name not in imported


def _read(frame: Frame, name: str, fact: Fact) -> None:
    reads = frame.solver.rules.index.reads
    if name in reads:
        frame.hits(reads[name], fact[-1], name)
    if name in {"builtins.__file__", "builtins.__path__"}:
        frame.site("path-literal", fact[-1], name[9:])


def _attr(frame: Frame, fact: Fact) -> Value:
    if fact[2] == "co_filename":
        frame.site("path-literal", fact[3], fact[2])
    return taken(frame, attribute(frame, evaluate(frame, fact[1]), fact[2], fact[3]), fact)


def items_of(frame: Frame, facts: tuple[Fact, ...], pos: ir.Pos) -> tuple[Value, Taint | None]:
    """Return the joined elements of a display, and the taint that a starred part brings."""
    element: Value = NOTHING
    taint: Taint | None = None
    for fact in facts:
        if fact[0] == ir.STAR:
            inner, inner_taint = elements(frame, evaluate(frame, fact[1]), pos)
            element = join(element, inner)
            taint = taint or inner_taint
        else:
            element = join(element, evaluate(frame, fact))
    return element, taint


def _list(frame: Frame, fact: Fact) -> Value:
    element, taint = items_of(frame, fact[1], fact[2])
    return sequence(element, "list", taint)


def _tuple(frame: Frame, fact: Fact) -> Value:
    if len(fact[1]) > 12 or any(part[0] == ir.STAR for part in fact[1]):
        element, taint = items_of(frame, fact[1], fact[2])
        return sequence(element, "tuple", taint)
    return ((TUPLE, tuple([evaluate(frame, part) for part in fact[1]])),)


def _set(frame: Frame, fact: Fact) -> Value:
    element = items_of(frame, fact[1], fact[2])[0]
    hashed(frame, element, fact[2])
    return a_set(element)


def _dict(frame: Frame, fact: Fact) -> Value:
    key: Value = NOTHING
    value: Value = NOTHING
    taint: Taint | None = None
    for key_fact, value_fact in fact[1]:
        if key_fact is None:
            inner = evaluate(frame, value_fact)
            for atom in inner:
                if atom[0] == TABLE:
                    key, value = join(key, atom[1]), join(value, atom[2])
                    taint = taint or atom[3]
                else:
                    key, value = join(key, ANY), join(value, ANY)
        else:
            key = join(key, evaluate(frame, key_fact))
            value = join(value, evaluate(frame, value_fact))
    hashed(frame, key, fact[2])
    return table(key, value, taint)


def _binary(frame: Frame, fact: Fact) -> Value:
    left, right = evaluate(frame, fact[2]), evaluate(frame, fact[3])
    return binary_value(frame, fact[1], left, right, fact[4])


_UNARY: Final = {"neg": "__neg__", "pos": "__pos__", "~": "__invert__"}


def _unary(frame: Frame, fact: Fact) -> Value:
    operand = evaluate(frame, fact[2])
    if fact[1] == "not":
        truth_of(frame, operand, fact[3])
        return BOOL
    out: Value = NOTHING
    for atom in operand:
        if atom[0] == INSTANCE:
            out = join(out, call_method(frame, atom, _UNARY[fact[1]], Arguments([]), fact[3]))
        elif atom[0] == KNOWN and atom[1] == "int" and fact[1] == "neg":
            out = join(out, known(-atom[2]))
        elif atom[0] in {PLAIN, KNOWN}:
            out = join(out, ((PLAIN, "int" if atom[1] == "bool" else atom[1]),))
        else:
            out = join(out, (atom,))
    return out


def _bool(frame: Frame, fact: Fact) -> Value:
    out: Value = NOTHING
    saved = dict(frame.env)
    for part in fact[1]:
        value = evaluate(frame, part)
        if part is not fact[1][-1]:
            truth_of(frame, value, position(part))
        out = join(out, value)
        narrow(frame, part, positive=fact[2] == "and")
    _put_back(frame, saved, frame.env)
    return out


def _put_back(frame: Frame, saved: dict[str, Value], *ends: dict[str, Value]) -> None:
    """Let variables hold what they did before a part that may not be read, or what it gave them."""
    out = dict(saved)
    for end in ends:
        for name, value in end.items():
            before = out.get(name)
            if before is not value:
                out[name] = value if before is None else join(before, value)
    frame.env = out


_OWN_NAME: Final = (ir.NAME, "__name__")


def _index(frame: Frame, fact: Fact) -> Value:
    if fact[1][0] == ir.ATTR and fact[1][2] == "modules" and fact[2][:2] == _OWN_NAME:
        return ((MODULE, frame.module.name),)  # sys.modules[__name__]
    holder, key = evaluate(frame, fact[1]), evaluate(frame, fact[2])
    sliced = fact[2][0] == ir.SLICE
    index_of(frame, key, fact[3])
    out: Value = NOTHING
    for atom in holder:
        tag = atom[0]
        if tag == TABLE:
            hashed(frame, key, fact[3])
            out = join(out, atom[2])
        elif tag == SEQUENCE:
            least = atom[1] == "heap" and fact[2][:2] == (ir.CONST, 0)
            if atom[3] is not None and not least and not is_single(frame, fact[1]):
                frame.leak(atom[3], "set-pick", "decides which element an index picks")
            out = join(out, (atom,) if sliced else atom[2])
        elif tag == TUPLE:
            out = join(out, _tuple_item(atom, key, sliced=sliced))
        elif tag == INSTANCE and (pair := named(frame, atom)) is not atom:
            out = join(out, _tuple_item(pair, key, sliced=sliced))
        elif tag == INSTANCE:
            own = frame.find(atom[1], "__getitem__") or not frame.find(atom[1], "__missing__")
            name = "__getitem__" if own else "__missing__"
            if len(holder) == 1 or not lacks(frame, atom, name):
                out = join(out, call_method(frame, atom, name, Arguments([key]), fact[3]))
        elif tag in {PLAIN, KNOWN}:
            out = join(out, _text_item(atom, sliced=sliced))
        elif tag in {OUTSIDE, "cls", "prop"}:
            out = join(out, _outside_item(frame, atom, key, fact))
        elif tag == OBJECT:
            out = join(
                out, ((OBJECT, atom[1], ""),) if sliced else join(ANY, taken_out(frame, atom[1]))
            )
        elif tag == "classdict" and key and all(each[0] == KNOWN for each in key):
            out = join(out, tuple([("slot", atom[1], each[2]) for each in key]))
        elif tag == "classdict":
            out = join(out, any_method(frame, (("cls", atom[1]),), fact[3]))
        else:
            out = join(out, found_in(atom))
    return out


def _tuple_item(atom: Atom, key: Value, *, sliced: bool) -> Value:
    items = atom[1]
    exact = not sliced and len(key) == 1 and key[0][0] == KNOWN and isinstance(key[0][2], int)
    if exact and -len(items) <= key[0][2] < len(items):
        found: Value = items[key[0][2]]
        return found
    element: Value = NOTHING
    for item in items:
        element = join(element, item)
    return sequence(element, "tuple") if sliced else element


def _text_item(atom: Atom, *, sliced: bool) -> Value:
    if atom[1] in {"bytes", "bytearray"}:
        return ((PLAIN, atom[1]),) if sliced else INT
    return STR if atom[1] == "str" else NOTHING  # a TypeError


def _outside_item(frame: Frame, atom: Atom, key: Value, fact: Fact) -> Value:
    """``list[int]``, an enumeration's ``Kind[name]``, or an item of something outside."""
    if atom[0] == "cls":
        for each in frame.find(atom[1], "__class_getitem__"):
            if each[0] == FUNCTION:
                function = (FUNCTION, each[1], atom, each[3])
                return call(frame, (function,), Arguments([key]), fact[3])
        if given := of_metaclass(frame, atom, "__getitem__", [key], fact[3]):
            return given
        return ((INSTANCE, atom[1], True),) if frame.trait(atom[1], "enum") else (atom,)
    if atom[0] == OUTSIDE:
        holder = atom[1].removesuffix(".__dict__")
        if holder != atom[1] or holder == "builtins":
            return _of_module(frame, (OUTSIDE, holder), key, fact[3])
        returned = frame.solver.rules.summaries.value_of(f"{atom[1]}.__getitem__")
        if returned is not None:
            return returned
        if atom[1].startswith(("typing.", "builtins.", "collections.")):
            return (atom,)
    return ANY


def _of_module(frame: Frame, module: Atom, key: Value, pos: ir.Pos) -> Value:
    """``vars(time)["time"]``: an attribute, by another way."""
    out: Value = NOTHING
    for each in key:
        if each[:2] == (KNOWN, "str"):
            out = join(out, attribute(frame, (module,), each[2], pos))
        else:
            text = "an item of a module's __dict__ with a computed name"
            frame.site("dynamic-attribute", pos, text, "possible")
            out = join(out, ANY)
    return out or ANY


def _slice(frame: Frame, fact: Fact) -> Value:
    for part in fact[1]:
        bound(frame, part)
    return ANY


def _if_else(frame: Frame, fact: Fact) -> Value:
    truth_of(frame, evaluate(frame, fact[1]), position(fact[1]))
    saved, single = dict(frame.env), frame.single
    narrow(frame, fact[1], positive=True)
    frame.single |= tested(fact[1], positive=True)
    then = NOTHING if impossible(frame, saved) else evaluate(frame, fact[2])
    positive, frame.env = frame.env, dict(saved)
    narrow(frame, fact[1], positive=False)
    frame.single = single | tested(fact[1], positive=False)
    otherwise = NOTHING if impossible(frame, saved) else evaluate(frame, fact[3])
    frame.single = single
    _put_back(frame, saved, positive, frame.env)
    return join(then, otherwise)


def _lambda(frame: Frame, fact: Fact) -> Value:
    function = frame.module.functions[fact[1]]
    defaults(frame, function)
    return frame.closure(function.number)


def _comp(frame: Frame, fact: Fact) -> Value:
    _, kind, results, parts, _pos = fact
    saved = dict(frame.env)
    taint: Taint | None = None
    pushed = 0
    for target, iterable, conditions, _asynchronous in parts:
        frame.counted = counts(frame, target, iterable, (results, _beside(parts, target)), ())
        element, part_taint = elements(frame, evaluate(frame, iterable), position(iterable))
        taint = taint or part_taint
        if part_taint is not None:
            names = frozenset(ir.bound_names(target))
            frame.orders.append((part_taint, names, names))
            pushed += 1
        assign(frame, target, element, fact[4])
        for condition in conditions:
            truth_of(frame, evaluate(frame, condition), position(condition))
            narrow(frame, condition, positive=True)
    made = [evaluate(frame, result) for result in (*results[1:], results[0])]
    made.insert(0, made.pop())
    if taint is not None and kind == "dict":
        collides(frame, taint, results[0], results[1], _names(parts))
    for _each in range(pushed):
        frame.orders.pop()
    own = _names(parts)
    for name, value in frame.env.items():
        if name not in own:
            saved[name] = join(saved.get(name, NOTHING), value)
    frame.env = saved
    if taint is not None:
        _picks(frame, taint, fact, own)
    if kind in {"set", "dict"}:
        hashed(frame, made[0], fact[4])
    if kind == "dict":
        return table(made[0], made[1], taint)
    if kind == "set":
        return a_set(made[0])
    if taint is not None and not mentions(results[0], _names(parts)):
        taint = None
    return sequence(made[0], "list" if kind == "list" else "gen", taint)


def _beside(parts: tuple[Fact, ...], target: Fact) -> Fact:
    """Return what a comprehension reads besides its results, and binds besides a target."""
    return tuple([part[1:] if part[0] is target else part for part in parts])


def _picks(frame: Frame, taint: Taint, fact: Fact, own: frozenset[str]) -> None:
    """Report ``any((hit := x) for x in xs)`` where the last element that was read is used."""
    for part in ir.parts(fact):
        if len(part) == 3 and part[0] == ir.WALRUS and isinstance(part[1], str):
            inside = _named(fact, part[1])
            if mentions(part[2], own) and _named(frame.function.facts.body, part[1]) > inside:
                frame.leak(taint, "set-pick", f"decides which element {part[1]} keeps")


def _named(fact: Fact, name: str) -> int:
    return sum([part[:2] == (ir.NAME, name) and len(part) == 3 for part in ir.parts(fact)])


def _names(parts: tuple[Fact, ...]) -> frozenset[str]:
    return frozenset([name for part in parts for name in ir.bound_names(part[0])])


def _text(frame: Frame, fact: Fact) -> Value:
    return formatted(frame, fact[1], evaluate)


def _await(frame: Frame, fact: Fact) -> Value:
    out: Value = NOTHING
    for atom in evaluate(frame, fact[1]):
        if atom[0] == INSTANCE:
            out = join(out, awaited(frame, atom, position(fact[1])))
        else:
            out = join(out, atom[2] if atom[0] == SEQUENCE and atom[1] == "coro" else (atom,))
    return out


def _yield(frame: Frame, fact: Fact) -> Value:
    value = evaluate(frame, fact[1]) if fact[1] is not None else ((PLAIN, "none"),)
    frame.yielded = join(frame.yielded, value)
    if frame.orders:
        taint, names, _made = frame.orders[-1]
        if fact[1] is not None and mentions(fact[1], names):
            frame.yield_taint = frame.yield_taint or taint
    return join(frame.solver.read(frame.node, ("sent",)), ANY)


def _yield_from(frame: Frame, fact: Fact) -> Value:
    element, taint = elements(frame, evaluate(frame, fact[1]), fact[2])
    frame.yielded = join(frame.yielded, element)
    frame.yield_taint = frame.yield_taint or taint
    return join(ANY, taken_out(frame, STOPPED))


def _walrus(frame: Frame, fact: Fact) -> Value:
    value = evaluate(frame, fact[2])
    frame.bind(fact[1], value)
    return value


def _star(frame: Frame, fact: Fact) -> Value:
    return evaluate(frame, fact[1])


def _compare(frame: Frame, fact: Fact) -> Value:
    return compare(frame, fact)


EXPRESSIONS[:] = [
    _const, _float, _name, _attr, call_fact, _list, _tuple, _set, _dict, _binary, _unary, _bool,
    _compare, _index, _slice, _if_else, _lambda, _comp, _text, _await, _yield, _yield_from,
    _walrus, _star,
]  # fmt: skip

__all__ = ["FUNCTION", "MODULE", "SET", "evaluate", "items_of"]
