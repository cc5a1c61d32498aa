"""Calls: from what is called and with what, to the nodes and rules that answer.

- Arguments are bound to parameters as Python binds them; what a star hides is anything.
- A method of something unknown is looked for among the program's methods of that name: may-edges.
- A call outside the program asks rules first, then summaries; what neither knows is unknown.
"""

from collections.abc import Callable
from typing import Final

from qfs.scan.domain.values import (
    ADDRESS,
    ANY,
    ANYTHING,
    CLASS,
    FUNCTION,
    GIVEN,
    INSTANCE,
    KNOWN,
    METHOD,
    NOTHING,
    OBJECT,
    OUTSIDE,
    PARTIAL,
    PLAIN,
    SEQUENCE,
    SET,
    STR,
    SUPER,
    TABLE,
    TUPLE,
    Atom,
    Value,
    join,
    sequence,
    table,
    type_name,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.heap.assignment import inner_order
from qfs.scan.heap.attributes import attribute, special_method
from qfs.scan.heap.fields import dumped
from qfs.scan.heap.grown import hand_back
from qfs.scan.library.getters import got, items
from qfs.scan.library.methods import call_builtin_method, changed, handed
from qfs.scan.library.outside import call_outside
from qfs.scan.library.queries import EXECUTES, executed
from qfs.scan.library.reflection import methods_of
from qfs.scan.objects.addresses import told
from qfs.scan.objects.annotations import annotated, without_callables
from qfs.scan.objects.shared import called_on
from qfs.scan.order.filling import may_hold
from qfs.scan.order.iteration import elements, unordered
from qfs.scan.solver.changes import changes_parts
from qfs.scan.solver.dispatch import (
    CALLED,
    Arguments,
    call,
    escape,
    evaluate,
)
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.program import Function
from qfs.scan.syntax.instances import instantiate


def call_fact(frame: Frame, fact: Fact) -> Value:
    """Return the value of a call expression."""
    _, callee_fact, positional, words, pos = fact
    unused, frame.unused = frame.unused, False
    if callee_fact[0] == ir.NAME and callee_fact[1] == "super" and not positional:
        return _own_super(frame)
    if callee_fact[0] == ir.ATTR:
        holder = evaluate(frame, callee_fact[1])
        logs = callee_fact[2] in _LOGS and _is_logger(callee_fact[1], holder)
        frame.logging += logs
        arguments = _arguments(frame, positional, words, pos)
        frame.logging -= logs
        arguments.facts = fact
        changed(frame, callee_fact, holder, arguments, pos)
        called_on(frame, callee_fact[1], holder, callee_fact[2], pos)
        _by_name(frame, callee_fact[2], holder, arguments, pos)
        callee = attribute(frame, holder, callee_fact[2], callee_fact[3])
    else:
        callee = evaluate(frame, callee_fact)
        counts = callee_fact[0] == ir.NAME and callee_fact[1] in {"range", "islice"}
        read = bound if counts else evaluate
        arguments = _arguments(frame, positional, words, pos, read)
        arguments.facts = fact
    arguments.unused = unused
    if any(part[0] == ir.ATTR for part in positional):
        handed(frame, arguments, pos)
    return call(frame, callee, arguments, pos)


_EXACT_MAX: Final = 8  # arguments behind a star that are told apart
_LOGS: Final = {"debug", "info", "warning", "error", "critical", "exception", "log", "debug2"}


def _is_logger(fact: Fact, holder: Value) -> bool:
    """Say whether a value is a logger: by its class, or by name where its class is not known."""
    if any(atom[0] in {OBJECT, OUTSIDE} and atom[1].startswith("logging") for atom in holder):
        return True
    named = fact[1] if fact[0] == ir.NAME else fact[2] if fact[0] == ir.ATTR else ""
    known_class = any(atom[0] in {INSTANCE, CLASS} for atom in holder)
    return named in {"logger", "log", "_logger", "_log", "LOGGER"} and not known_class


_FEEDS: Final = {
    "update",
    "write",
    "writelines",
    "send",
    "put",
    "feed",
    "writestr",
    "writerow",
    "emit",
    "add_section",
}
_OF_TREES: Final = {"setAttribute", "setAttributeNS", "appendChild"}
"""What only nodes of the DOM have: attributes and children keep the order in which they came."""
_DUMPS: Final = {"model_dump_json", "json"}
_RANKED: Final = {"queue.PriorityQueue", "asyncio.PriorityQueue"}


def _by_name(frame: Frame, name: str, holder: Value, arguments: Arguments, pos: Pos) -> None:
    """Look at calls that their name alone makes worth a look."""
    fact = arguments.facts[1] if arguments.facts is not None else None
    if name in EXECUTES:
        executed(frame, fact, arguments, pos)
    elif name in _DUMPS:
        dumped(frame, holder, name, pos)
    elif name in _OF_TREES or (
        name in _FEEDS and any(atom[0] == OBJECT and atom[1] not in _RANKED for atom in holder)
    ):
        order = inner_order(frame, fact[1]) if fact is not None else None
        if order is None and name in {"writelines", "writerows"}:
            order = elements(frame, arguments.first(), pos)[1]
        if order is not None:
            frame.leak(order, "set-fold", f"decides what {name}() is fed first")
    elif name == "__sizeof__":
        call(frame, ((OUTSIDE, "sys.getsizeof"),), Arguments([holder]), pos)
    elif name == "__hash__" and not any(atom[0] == SUPER for atom in holder):
        call(frame, ((OUTSIDE, "builtins.hash"),), Arguments([holder]), pos)


def bound(frame: Frame, fact: Fact) -> Value:
    """Return what bounds an index: ``sys.maxsize`` is more than any container holds, anywhere."""
    largest = fact[0] in {ir.NAME, ir.ATTR} and fact[-2] == "maxsize"
    frame.quiet += largest
    value = evaluate(frame, fact)
    frame.quiet -= largest
    return value


def _arguments(
    frame: Frame,
    positional: tuple[Fact, ...],
    words: tuple[tuple[str | None, Fact], ...],
    pos: Pos,
    read: Callable[[Frame, Fact], Value] = evaluate,
) -> Arguments:
    out = Arguments([])
    for part in positional:
        value = read(frame, part)
        if part[0] != ir.STAR:
            if out.star is None:
                out.positional.append(value)
            else:
                out.star = join(out.star, value)
            continue
        if value and out.star is None and all(atom[0] == TUPLE for atom in value):
            _spread(out, [atom[1] for atom in value])
        else:
            element, taint = elements(frame, value, pos)
            out.star = join(out.star or NOTHING, element) or ANY
            out.star_taint = out.star_taint or taint
    for name, part in words:
        value = evaluate(frame, part)
        if name is None:
            out.double = True
            for atom in value:
                items = atom[2] if atom[0] == TABLE else NOTHING
                out.named = out.named or (atom[3] if atom[0] == TABLE else None)
                kept = [e for e in items if e[0] in _HANDED or unordered((e,)) is not None]
                out.more = join(out.more, tuple(kept))
                if all(each[0] in _KNOWN_KINDS for each in items):
                    out.more = join(out.more, may_hold(frame, items, pos))
                elif any(each[0] == SET for each in may_hold(frame, items, pos)):
                    text = "a set among words of which nothing is known"
                    frame.site("unresolved-call", pos, text, "unknown")
        else:
            out.keywords[name] = value
    return out


_KNOWN_KINDS: Final = {PLAIN, KNOWN, SEQUENCE, SET, TABLE, TUPLE}
_HANDED: Final = {ADDRESS, FUNCTION, PARTIAL, OUTSIDE}
"""What of ``**words`` is followed to every parameter: it may be called there, or is an address."""


def _spread(out: Arguments, tuples: list[tuple[Value, ...]]) -> None:
    """Pass the items of tuples place by place; what only some of them have may be missing."""
    fewest = len(out.positional) + min([len(each) for each in tuples])
    for place in range(max([len(each) for each in tuples])):
        item: Value = NOTHING
        for each in tuples:
            item = join(item, each[place]) if place < len(each) else item
        out.positional.append(item)
    if fewest < len(out.positional):
        out.fewest = fewest if out.fewest is None else min(fewest, out.fewest)


def _own_super(frame: Frame) -> Value:
    """``super()`` inside a method."""
    function: Function | None = frame.function
    while function is not None and function.owner is None:
        function = function.outer
    if function is None or function.owner is None or not function.facts.parameters:
        return ANY
    receiver = frame.lookup(function.facts.parameters[0].name)
    out: Value = NOTHING
    for atom in receiver:
        if atom[0] in {INSTANCE, CLASS}:
            out = join(out, ((SUPER, function.owner.number, atom),))
    return out or ((SUPER, function.owner.number, (INSTANCE, function.owner.number, False)),)


def _call_outside(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> Value:
    return call_outside(frame, atom[1], arguments, pos, certain=certain)


def _call_instance(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> Value:
    answers = arguments.answers
    if answers is None:
        answers = arguments.answers = {}
    if atom not in answers:
        answers[atom] = NOTHING  # for an object whose ``__call__`` is such an object again
        method = special_method(frame, atom, "__call__", pos)
        answers[atom] = call(frame, method, arguments, pos, certain=certain)
    return answers[atom]


def _call_partial(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> Value:
    inner = Arguments(
        [*atom[2], *arguments.positional],
        {**dict(atom[3]), **arguments.keywords},
        arguments.star,
        arguments.star_taint,
        arguments.double,
        apart=arguments.apart,
    )
    return call(frame, atom[1], inner, pos, certain=certain)


def _call_anything(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> Value:
    del certain
    if atom[1] in GIVEN:
        frame.rest("callback", frame.function.label)
    else:
        frame.site("unresolved-call", pos, "a call of something unknown", "unknown")
    for value in arguments.all():
        told(frame, value, "is handed out")
    escape(frame, arguments, pos)
    if isinstance(atom[1], tuple):  # an attribute of a computed name
        call(frame, methods_of(frame, atom[1], pos), arguments, pos, certain=False)
    return ANY


def _call_wrapped(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> Value:
    return call(frame, atom[1], arguments, pos, certain=certain)


def _call_new_type(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> Value:
    del frame, arguments, pos, certain
    made: Value = atom[1]
    return made


def _call_made_type(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> Value:
    """Return an object of a type that a call made: it has its fields."""
    del frame, arguments, pos, certain
    return (atom,)


def _call_object(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool
) -> Value:
    """Return what an object from outside gives when it is called; a class makes an instance."""
    if atom[1] == "builtins.type":
        frame.rest("callback", frame.function.label)
        escape(frame, arguments, pos)
        return ANY
    return call_outside(frame, f"{atom[1]}.__call__", arguments, pos, certain=certain)


def call_function(
    frame: Frame, atom: Atom, arguments: Arguments, pos: Pos, *, certain: bool = True
) -> Value:
    """Return what a function of the program gives."""
    answers = arguments.answers
    if answers is None:
        answers = arguments.answers = {}
    elif atom in answers:
        return answers[atom]
    _, number, receiver, closure = atom
    function = frame.solver.program.functions[number]
    ensure_module(frame, function)
    bound = bind_arguments(frame, function, receiver, arguments)
    if closure >= 0:
        bound[""] = (("env", closure),)
    order = frame.orders[-1][0] if frame.orders else frame.node.order
    node = frame.solver.node(function, bound, order, apart=arguments.apart)
    if frame.quiet:
        if not arguments.unused:
            node.readers[frame.node.number] = True
            frame.node.called.setdefault(node.number, node.result)
        answers[atom] = node.result
    else:
        used = not arguments.unused
        answers[atom] = frame.solver.call(frame.node, node, pos, certain=certain, used=used)
        if arguments.facts is not None:
            hand_back(frame, node, arguments.facts, receiver is not None, pos)
        elif frame.node.crowd is not None and changes_parts(function):
            frame.node.crowd.changing["node", node.number, receiver is not None] = None
    for other in frame.solver.peek(("dispatched", number)):
        if other[0] == FUNCTION and other[1] != number:
            given = call_function(frame, other, arguments, pos, certain=False)
            answers[atom] = join(answers[atom], given)
    return answers[atom]


def ensure_module(frame: Frame, function: Function) -> None:
    """Make sure that the names of a function's module are known."""
    body = function.module.functions[0]
    if function.module is not frame.module and not frame.solver.contexts[body.number]:
        frame.solver.node(body, {})


def bind_arguments(
    frame: Frame, function: Function, receiver: Atom | None, arguments: Arguments
) -> dict[str, Value]:
    """Return the parameters' values as a call binds them."""
    positional = arguments.positional
    if receiver is not None:
        positional = [(receiver,), *positional]
    bound: dict[str, Value] = {}
    keywords = dict(arguments.keywords) if arguments.keywords else {}
    at = 0
    for parameter in function.facts.parameters:
        name, kind = parameter.name, parameter.kind
        if kind <= 1 and at < len(positional):
            value = positional[at]
            at += 1
            if arguments.fewest is not None and at > arguments.fewest + (receiver is not None):
                value = join(value, _missing(frame, function, parameter, arguments))
        elif kind == 2:
            rest: Value = arguments.star or NOTHING
            for each in positional[at:]:
                rest = join(rest, each)
            given = tuple(positional[at:])
            exact = arguments.star is None and 0 < len(given) <= _EXACT_MAX
            bound[name] = (
                ((TUPLE, given),) if exact else sequence(rest, "tuple", arguments.star_taint)
            )
            at = len(positional)
            continue
        elif kind == 4:
            rest = join(ANY, arguments.more) if arguments.double else NOTHING
            for each in keywords.values():
                rest = join(rest, each)
            bound[name] = table(STR, rest, arguments.named)
            continue
        elif name in keywords and kind != 0:
            value = keywords.pop(name)
        else:
            value = _missing(frame, function, parameter, arguments)
        if parameter.annotation is not None:
            value = _declared(frame, function, parameter.annotation, value)
        bound[name] = value
    return bound


_PLAIN_NOTES: Final = {
    "int": ("int", "bool"),
    "bool": ("bool", "int"),
    "str": ("str", "none"),
    "bytes": ("bytes", "bytearray", "none"),
}


def _missing(
    frame: Frame, function: Function, parameter: ir.Parameter, arguments: Arguments
) -> Value:
    value: Value = NOTHING
    if parameter.default is not None:
        value = frame.solver.read(frame.node, ("default", function.number, parameter.name))
    if parameter.kind <= 1 and arguments.star is not None:
        value = join(value, arguments.star)
        arguments.leaks(frame)
    elif arguments.double or (parameter.default is None):
        value = join(join(value, ANY), arguments.more)
    return value


def _declared(frame: Frame, function: Function, note: Fact, value: Value) -> Value:
    """Return the argument, or what the annotation promises where the argument says nothing.

    A plain annotation (``int``, ``str``, ``bytes``, ``bool``) also drops what contradicts it.
    """
    if note[0] == ir.NAME and note[1] in _PLAIN_NOTES:
        names = _PLAIN_NOTES[note[1]]
        kept = tuple([atom for atom in value if type_name(atom) in names or atom[0] == ADDRESS])
        return value if kept and len(kept) == len(value) else join(kept, ((PLAIN, note[1]),))
    value = without_callables(note, value)
    if not any(atom[0] == ANYTHING for atom in value):
        return value
    if function.module is not frame.module or frame.node.crowd is not None:
        declared = declared_in(frame, function, note)
    else:
        declared = annotated(frame, note)
    rest = tuple([atom for atom in value if atom[0] != ANYTHING])
    if any(atom == (ANYTHING, "parameter") for atom in value):
        given: Atom = (ANYTHING, "parameter")
        declared = tuple([given if atom[0] == ANYTHING else atom for atom in declared])
    return join(rest, declared)


def declared_in(frame: Frame, function: Function, annotation: Fact) -> Value:
    """Return the value of an annotation as seen from its own module."""
    other = Frame(frame.solver, frame.solver.node(function.module.functions[0], {}))
    other.quiet = 1
    other.node = frame.node  # whoever asks must know when the answer changes
    return annotated(other, annotation)


CALLED.update(
    {
        FUNCTION: call_function, OUTSIDE: _call_outside, CLASS: instantiate,
        METHOD: call_builtin_method, INSTANCE: _call_instance, PARTIAL: _call_partial,
        ANYTHING: _call_anything, OBJECT: _call_object, "static": _call_wrapped,
        "classm": _call_wrapped, "newtype": _call_new_type, TUPLE: _call_made_type,
        "operator.methodcaller": got, "operator.attrgetter": got,
        "operator.itemgetter": items,
    }
)  # fmt: skip
