"""Methods of built-in containers and texts, of objects outside, and of who knows what.

- ``changed`` puts a container that a method changed back into the variable it came from.
- A method of an object outside is a dotted name: rules and summaries speak of it.
- A method of something unknown is looked for among the program's methods: a may-edge each.
"""

from collections.abc import Sequence
from typing import Final

from qfs.scan.domain.values import (
    ANY,
    ANYTHING,
    BOOL,
    BYTES,
    CLASS,
    FUNCTION,
    INSTANCE,
    INT,
    JSON,
    KNOWN,
    METHOD,
    NONE,
    NOTHING,
    OBJECT,
    PARTIAL,
    PLAIN,
    SEQUENCE,
    SET,
    STR,
    TABLE,
    TUPLE,
    Atom,
    Value,
    a_set,
    join,
    sequence,
    table,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.heap.aliases import item, link, linked
from qfs.scan.heap.assignment import inner_order, store
from qfs.scan.heap.attributes import bind
from qfs.scan.heap.derived import BUILTIN_OBJECTS, EXTENDS, of_named, of_subclass
from qfs.scan.heap.operations import OPERATORS, binary_value, text_of
from qfs.scan.library.builtin_functions import BUILTINS
from qfs.scan.library.outside import call_outside, new_object
from qfs.scan.library.special import fill_in
from qfs.scan.library.times import of_datetime
from qfs.scan.objects.addresses import KEYED, told, told_if_kept
from qfs.scan.objects.compared import equals, hashed
from qfs.scan.objects.shared import advances, balanced, forgets
from qfs.scan.order.filling import put
from qfs.scan.order.inside import taken
from qfs.scan.order.iteration import elements, unordered
from qfs.scan.order.left import leave, sorted_again, unknown
from qfs.scan.order.raised import keep_given
from qfs.scan.solver.dispatch import Arguments, call, escape, evaluate
from qfs.scan.solver.frame import Frame, bare
from qfs.scan.solver.program import Function, Klass

CANDIDATES_MAX: Final = 12
ADDS: Final = {"append", "appendleft", "add", "insert"}
_CHANGES: Final = {"pop", "popleft", "popitem", "remove", "clear", "sort", "reverse", "discard",
            "setdefault", "rotate", "move_to_end"}  # fmt: skip
_GROWS: Final = {"append", "appendleft", "extend", "insert"}
_UNORDERED: Final = {"add", "update"}  # of a set: what is added in another order is the same
_BUILTIN_NAMES: Final[dict[str, str]] = {
    name: kind.__name__
    for kind in (dict, list, set, bytes, str, int)
    for name in dir(kind)
    if not name.startswith("__") or name in {"__getitem__", "__contains__", "__len__"}
}


def changed(frame: Frame, callee: Fact, holder: Value, arguments: Arguments, pos: Pos) -> None:
    """Update the variable whose container a method call changes."""
    name = callee[2]
    if name not in ADDS and name not in EXTENDS and name not in _CHANGES:
        return
    if arguments.facts is not None and forgets(frame, arguments.facts):
        return
    if arguments.facts is not None and balanced(frame, arguments.facts):
        return
    for atom in holder:
        if unknown(atom) and name not in _CHANGES:
            if name not in KEYED:
                for value in arguments.all():
                    told_if_kept(frame, value, "is put into something unknown")
            order = inner_order(frame, callee[1]) if name not in _UNORDERED else None
            given = unordered(tuple([each for value in arguments.all() for each in value]))
            for way in (callee[1], *linked(frame, callee[1])):
                leave(frame, way, given, order)
        if atom[0] == PLAIN and atom[1] in {"bytes", "bytearray"} and name in _GROWS:
            order = inner_order(frame, callee[1])  # of a bytearray: bytes do not grow
            if order is not None:
                frame.leak(order, "set-fold", f"decides what {name}() adds first")
        if atom[0] not in {SEQUENCE, SET, TABLE}:
            continue
        if atom[0] != SEQUENCE and name in {"add", "remove", "discard", "setdefault"}:
            hashed(frame, arguments.first(), pos)
        new = _new_container(frame, atom, callee, arguments, pos)
        if name == "sort":
            _sort(frame, callee, atom, arguments, pos)
            continue
        key = arguments.facts[2][0] if name == "setdefault" and arguments.facts else None
        store(frame, callee[1], (new,), pos, key=key)
        if name in ADDS and arguments.facts is not None and arguments.facts[2]:
            link(frame, item(callee[1]), arguments.facts[2][-1], arguments.positional[-1])


def handed(frame: Frame, arguments: Arguments, pos: Pos) -> None:
    """Let a list hold what a call may append that is handed its method: ``map(out.append, xs)``."""
    parts = [] if arguments.facts is None else arguments.facts[2]
    for part in parts:
        if part[0] != ir.ATTR or part[2] not in _GROWS:
            continue
        orders = [elements(frame, value, pos)[1] for value in arguments.all()]
        taint = next((each for each in orders if each is not None), None)
        taint = taint or inner_order(frame, part[1])
        frame.quiet += 1
        holder = evaluate(frame, part[1])
        frame.quiet -= 1
        for atom in holder if taint is not None else ():
            if atom[0] == SEQUENCE:
                grown = (SEQUENCE, atom[1], join(atom[2], ANY), atom[3] or taint)
                store(frame, part[1], (grown,), pos)
            elif unknown(atom):
                leave(frame, part[1], taint)


def _sort(frame: Frame, callee: Fact, atom: Atom, arguments: Arguments, pos: Pos) -> None:
    """``x.sort()`` forgets the order; with a key, ties keep it."""
    inner = Arguments([(atom,)], dict(arguments.keywords))
    BUILTINS["builtins.sorted"](frame, inner, pos)
    for way in (callee[1], *linked(frame, callee[1])):
        if way[0] == ir.NAME and way[1] in frame.env:
            frame.env[way[1]] = ((SEQUENCE, atom[1], atom[2], None),)
    if callee[1][0] == ir.NAME:
        return
    if callee[1][0] == ir.ATTR:
        sorted_again(frame, callee[1], evaluate(frame, callee[1][1]))


def _new_container(frame: Frame, atom: Atom, callee: Fact, arguments: Arguments, pos: Pos) -> Atom:
    name = callee[2]
    order = inner_order(frame, callee[1])
    if atom[0] == TABLE:
        if name == "setdefault":
            default = arguments.at(1, "") or NONE
            return (
                TABLE,
                join(atom[1], arguments.first()),
                join(atom[2], default),
                atom[3] or order,
            )
        if name == "update":
            other = BUILTINS["builtins.dict"](frame, arguments, pos)[0]
            taint = atom[3] or other[3] or order
            return (TABLE, join(atom[1], other[1]), join(atom[2], other[2]), taint)
        return atom
    added: Value = NOTHING
    taint = None
    if name in ADDS:
        added = arguments.at(1 if name == "insert" else 0, "")
        taint = order
    elif name in EXTENDS:
        for value in arguments.positional:
            inner, inner_taint = elements(frame, value, pos)
            added = join(added, inner)
            taint = taint or inner_taint
        taint = taint or order
    if atom[0] == SET:
        return (SET, atom[1], join(atom[2], added), atom[3])
    return (SEQUENCE, atom[1], join(atom[2], added), atom[3] or taint)


def call_builtin_method(
    frame: Frame, method: Atom, arguments: Arguments, pos: Pos, *, certain: bool = True
) -> Value:
    """Return what a method gives whose class is not the program's."""
    _, receiver, name = method
    tag = receiver[0]
    if tag in {SEQUENCE, SET, TABLE, TUPLE}:
        return _container(frame, receiver, name, arguments, pos)
    if tag in {PLAIN, KNOWN}:
        return _scalar(frame, receiver, name, arguments, pos)
    if tag == OBJECT:
        if name in {"_replace", "_asdict"} and isinstance(receiver[2], int):
            return of_named(frame, receiver[2], name, arguments, pos)
        if receiver[1].startswith("builtins."):
            return _of_builtin(frame, receiver, name, arguments, pos)
        if receiver[1] == "datetime.datetime":
            known = of_datetime(frame, receiver, name, arguments, pos)
            if known is not None:
                return known
        given = call_outside(frame, f"{receiver[1]}.{name}", arguments, pos, certain=certain)
        for value in arguments.all():
            put(frame, receiver[1], value, pos)
        return join(given, taken(frame, receiver[1])) if given == ANY else given
    if tag in {ANYTHING, INSTANCE}:
        return _unknown(frame, receiver, name, arguments, pos)
    if tag == "slot" and name in {"__get__", "__set__"}:
        key = ("field", receiver[1], receiver[2])
        if name == "__get__":
            return frame.solver.read(frame.node, key)
        frame.solver.write(key, arguments.at(1, ""))
        return NONE
    if tag == PARTIAL and name == "_make":
        inner = Arguments([], star=ANY, star_taint=elements(frame, arguments.first(), pos)[1])
        return call(frame, (receiver,), inner, pos)
    if tag == FUNCTION and name == "cache_info":
        frame.site("global-write", pos, "what a cache has counted")
    if tag == FUNCTION and name == "register":
        given = arguments.at(1, "func") or arguments.first()
        frame.solver.write(("dispatched", receiver[1]), given)
        return given
    escape(frame, arguments, pos)
    return ANY


def _of_builtin(frame: Frame, receiver: Atom, name: str, arguments: Arguments, pos: Pos) -> Value:
    """``super().__init__()`` of a class that derives from a built-in one, and the like."""
    known = BUILTIN_OBJECTS.get(receiver[1])
    if name == "__new__":
        return new_object(arguments) or ANY
    if known is not None:
        if isinstance(receiver[2], int) and known[0] in {TABLE, SEQUENCE}:
            known = of_subclass(frame, receiver, name, arguments, pos)
        return call_builtin_method(frame, (METHOD, known, name), arguments, pos)
    if receiver[1] == "builtins.object" and name in {"__repr__", "__str__", "__format__"}:
        frame.site("default-repr", pos, f"object.{name}")
        return STR
    if receiver[1] == "builtins.type" and name == "type":  # ``type(x)(xs)``: some kind of container
        element, taint = elements(frame, arguments.first(), pos)
        return join(sequence(element, "list", taint), ANY) if taint is not None else ANY
    if receiver[1] in {"builtins.object", "builtins.type"} or receiver[2:] == ("exception",):
        return NONE if name == "__init__" else ANY
    if receiver[1].endswith(("Error", "Exception", "Warning", "Exit", "Interrupt")):
        keep_given(frame, [receiver[1]], arguments)
        return NONE if name == "__init__" else ANY
    return call_outside(frame, f"{receiver[1]}.{name}", arguments, pos)


def _unknown(frame: Frame, receiver: Atom, name: str, arguments: Arguments, pos: Pos) -> Value:
    """Look for a method of a name among the program's classes."""
    if name in _BUILTIN_NAMES and receiver[0] == ANYTHING:
        for value in arguments.all():
            for atom in value:
                if atom[0] == FUNCTION:
                    call(frame, (atom,), Arguments([], star=ANY), pos, certain=False)
        if name == "join":
            _joined(frame, arguments, pos)
        return _of_json(name) if receiver[1] == JSON else _guess(name)
    answers = arguments.answers
    if answers is None:
        answers = arguments.answers = {}
    question = (name, receiver[1] if receiver[0] == INSTANCE else -1)
    if question not in answers:
        answers[question] = ANY  # for a class whose own attribute of that name is as unknown
        answers[question] = _of_candidates(frame, receiver, name, arguments, pos)
    return answers[question]


def _of_candidates(
    frame: Frame, receiver: Atom, name: str, arguments: Arguments, pos: Pos
) -> Value:
    candidates = _candidates(frame, receiver, name)
    if name not in KEYED:
        for value in arguments.all() if not candidates else ():
            told(frame, value, f"is handed to {name}")
    if not candidates or len(candidates) > CANDIDATES_MAX:
        frame.site("unresolved-call", pos, f"the method {name} of something unknown", "unknown")
        escape(frame, arguments, pos)
        return ANY
    methods: Value = NOTHING
    for function in candidates:
        if function.owner is None:
            continue
        owner = function.owner.number
        stored = frame.find(owner, name)
        method = bind(frame, stored, (INSTANCE, owner, False), ((CLASS, owner),), pos)
        methods = join(methods, method)
    return call(frame, methods, arguments, pos, certain=False) or ANY


def _candidates(frame: Frame, receiver: Atom, name: str) -> Sequence[Function]:
    """Return the methods that may be meant: of classes that exist, and have a protocol's methods.

    When there are too many, only some of them are returned, but too many still.
    """
    solver = frame.solver
    known = solver.existing.get(name, ())
    if receiver[0] != INSTANCE:
        if len(known) <= CANDIDATES_MAX:
            solver.read(frame.node, ("methods", name))
        return known
    solver.read(frame.node, ("methods", name))
    wanted = solver.program.classes[receiver[1]]
    asked = (len(known), len(wanted.own))
    found = solver.fitting.get((name, wanted.number))
    if found is None or found[0] != asked:
        found = solver.fitting[name, wanted.number] = (asked, _fitting(known, wanted))
    return found[1]


def _fitting(known: Sequence[Function], wanted: Klass) -> list[Function]:
    names = [each for each in wanted.own if not each.startswith("_")]
    out: list[Function] = []
    for each in known:
        owner = each.owner
        if owner is None or owner is wanted or not all(key in owner.own for key in names):
            continue
        out.append(each)
        if len(out) > CANDIDATES_MAX:
            break
    return out


def _of_json(name: str) -> Value:
    """Return what a method gives of what was read from a JSON text."""
    inner: Value = ((ANYTHING, JSON),)
    if name == "items":
        return sequence(((TUPLE, (STR, inner)),), "view")
    if name == "keys":
        return sequence(STR, "view")
    return inner if name in {"values", "get", "pop", "setdefault", "copy"} else _guess(name)


def _guess(name: str) -> Value:
    if name in {"keys", "values", "items", "split", "get", "pop", "copy", "setdefault"}:
        return ANY
    if name == "encode":
        return BYTES
    if name in {"hex", "decode", "join", "strip", "format", "lower", "upper", "replace"}:
        return STR
    if name in {"count", "find", "index", "bit_length", "to_bytes", "rfind"}:
        return BYTES if name == "to_bytes" else INT
    return BOOL if name.startswith("is") else ANY


def _joined(frame: Frame, arguments: Arguments, pos: Pos) -> None:
    _element, taint = elements(frame, arguments.first(), pos)
    if taint is not None:
        frame.leak(taint, "set-text", "is joined into text")


def _scalar(frame: Frame, receiver: Atom, name: str, arguments: Arguments, pos: Pos) -> Value:
    kind = receiver[1]
    if kind == "none":
        return NOTHING
    if kind in {"str", "bytes", "bytearray"}:
        same: Value = ((PLAIN, kind),)
        if name == "join":
            _joined(frame, arguments, pos)
            return same
        if name in {"format", "format_map"}:
            text = receiver[2] if receiver[0] == KNOWN and kind == "str" else None
            if text is None or not fill_in(frame, text, arguments, pos):
                for value in arguments.all():
                    text_of(frame, value, pos, "format")
            return STR
        if name in {"split", "rsplit", "splitlines", "partition", "rpartition"}:
            return sequence(same)
        if name == "encode":
            return BYTES
        if name in {"decode", "hex"}:
            return STR
        if name in {"find", "rfind", "index", "rindex", "count"}:
            return INT
        return BOOL if name.startswith(("is", "startswith", "endswith")) else same
    if name in OPERATORS:
        return binary_value(frame, OPERATORS[name], (receiver,), arguments.first(), pos)
    if name == "to_bytes":
        return BYTES
    if name in {"bit_length", "bit_count", "conjugate"}:
        return INT
    if name == "as_integer_ratio":
        return ((TUPLE, (INT, INT)),)
    return ANY


def _container(frame: Frame, receiver: Atom, name: str, arguments: Arguments, pos: Pos) -> Value:
    tag = receiver[0]
    if tag == TABLE:
        return _table(frame, receiver, name, arguments, pos)
    element, taint = elements(frame, (receiver,), pos)
    if tag == SET:
        return _set(frame, receiver, name, arguments, pos)
    if name in {"pop", "popleft"}:
        if taint is not None:
            frame.leak(taint, "set-pick", f"decides what {name}() takes")
        return element
    if name in {"copy", "__iter__"}:
        return (receiver,)
    if name in {"__next__", "send"}:
        advances(frame, (receiver,), pos)
    if name == "send":
        frame.solver.write(("sent",), arguments.first())
    if name in {"__next__", "send", "throw", "__getitem__"}:
        return element
    if name in {"index", "count", "remove"}:
        equals(frame, element, arguments.first(), pos)
    if name in {"index", "count"}:
        if taint is not None and name == "index":
            frame.leak(taint, "set-sequence", "decides an index")
        return INT
    if name == "add_done_callback":
        escape(frame, arguments, pos)
    return NONE if name in ADDS | EXTENDS | {"sort", "reverse", "clear", "remove"} else ANY


def _set(frame: Frame, receiver: Atom, name: str, arguments: Arguments, pos: Pos) -> Value:
    element, taint = elements(frame, (receiver,), pos)
    if name == "pop" and arguments.positional:
        return NOTHING  # a TypeError: it is no set that is meant
    if name == "pop":
        holder = arguments.facts[1][1] if arguments.facts is not None else None
        alone = holder is not None and bare(holder) in frame.single
        drained = holder is not None and bare(holder) in frame.drained
        if taint is not None and not alone and not drained:
            frame.leak(taint, "set-pick", "decides what pop() takes")
        return element
    if name in {"union", "difference", "intersection", "symmetric_difference", "copy"}:
        for value in arguments.positional if name != "difference" else ():
            element = join(element, elements(frame, value, pos)[0])
        return a_set(element, receiver[1])
    if name.startswith("is") or name == "__contains__":
        return BOOL
    if name == "__iter__":
        return sequence(element, "lazy", taint)
    return NONE


def _table(frame: Frame, receiver: Atom, name: str, arguments: Arguments, pos: Pos) -> Value:
    _, key, value, taint = receiver
    if name == "__getitem__":
        item: Value = value
        return item
    if name in {"get", "pop"}:
        default = arguments.at(1, "") or (NONE if name == "get" else NOTHING)
        return join(value, default)
    if name == "setdefault":
        return join(value, arguments.at(1, ""))
    if name == "items":
        return sequence(((TUPLE, (key, value)),), "view", taint)
    if name == "values":
        return sequence(value, "view", taint)
    if name == "keys":
        return (("seq", "view", key, taint),)
    if name == "copy":
        return (receiver,)
    if name == "popitem":
        if taint is not None:
            frame.leak(taint, "set-pick", "decides what popitem() takes")
        return ((TUPLE, (key, value)),)
    if name == "most_common":
        if taint is not None:
            frame.leak(taint, "set-tie", "decides ties in most_common()")
        return sequence(((TUPLE, (key, INT)),))
    if name == "fromkeys":
        element, new = elements(frame, arguments.first(), pos)
        return table(element, arguments.at(1, "") or NONE, new)
    if name == "elements":
        return sequence(key, "iter", taint)
    return NONE if name in {"update", "clear", "move_to_end"} else ANY
