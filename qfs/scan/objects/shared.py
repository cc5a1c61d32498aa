"""What outlives a call: whether a change of it is a memo, a lazy value, or state that others see.

- A memo is a table whose key the same function looks up; what drops its entries again (``clear``,
  ``popitem``, ``del``) cannot be seen from outside, unless somebody uses what was dropped.
- A method that counts in ``self`` changes the module when its object is a module-level variable.
- An iterator that was made while a module was imported is advanced by whoever reads it.
"""

from typing import Any, Final

from qfs.scan.domain.values import (
    CLASS,
    FUNCTION,
    INSTANCE,
    MODULE,
    OBJECT,
    SEQUENCE,
    SHARED,
    Value,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.solver.frame import Frame, mentions
from qfs.scan.solver.program import Function, Klass, Program, is_assignment

DROPS: Final = {"clear", "popitem", "pop", "move_to_end", "popleft"}
_GENERATORS: Final = ("random.Random", "numpy.random.Generator", "numpy.random.RandomState")


def bare(fact: Fact) -> object:
    """Return a fact without its positions, to compare two of them."""
    if fact[0] == ir.NAME:
        return fact[:2]
    if fact[0] == ir.ATTR:
        return (ir.ATTR, bare(fact[1]), fact[2])
    return tuple([bare(part) if isinstance(part, tuple) and part else part for part in fact[:-1]])


def is_module_level(frame: Frame, name: str) -> bool:
    """Say whether a name, read in a function, is the module's (or a built-in's)."""
    if frame.function.outer is None or frame.klass is not None:
        return False
    if name in frame.env or name in frame.function.bound:
        return False
    at = frame.function.outer
    while at is not None and at.outer is not None:
        if name in at.bound:
            return False
        at = at.outer
    return True


def class_like(name: str) -> bool:
    """Say whether something outside is a class, a type or a sentinel, or is in one, by its name."""
    return any(part[:1].isupper() and not part.isupper() for part in name.split("."))


def root_of(fact: Fact) -> Fact:
    """Return the first part of ``a.b[c].d``."""
    while fact[0] in {ir.ATTR, ir.INDEX}:
        fact = fact[1]
    return fact


def lazy(frame: Frame, name: str) -> bool:
    """Say whether a function sets a global only when it is still None: a memo of one value."""
    for fact in frame.function.facts.body:
        if fact[0] == ir.IF and mentions(fact[1], frozenset((name,))):
            test = fact[1]
            if test[0] == ir.COMPARE and test[2][0][1][:2] == (ir.CONST, None):
                leaves = bool(fact[2]) and fact[2][-1][0] == ir.RETURN
                if test[2][0][0] == "is" or (test[2][0][0] == "is not" and leaves):
                    return True
    return False


def balanced(frame: Frame, call: Fact) -> bool:
    """Say whether ``xs.add(k)`` is undone by ``finally: xs.discard(k)``, and xs only asked for k.

    So a function notes what it is at, to see whether it calls itself again.
    """
    callee = call[1]
    if callee[2] not in _GUARDS or callee[1][0] != ir.NAME or len(call[2]) != 1:
        return False
    question = ("balanced", callee[1][1], bare(call[2][0]))
    known: bool | None = frame.function.notes.get(question)
    if known is None:
        known = frame.function.notes[question] = _balanced(frame.function, *question[1:])
    return known


_GUARDS: Final = {"add", "discard", "remove"}


def _balanced(function: Function, name: str, key: object) -> bool:
    named = fitting = 0
    undone = False
    for fact in ir.parts(function.facts.body):
        named += len(fact) == 3 and fact[0] == ir.NAME and fact[1] == name
        fitting += _guards(fact, name, key)
        if len(fact) == 5 and fact[0] == ir.TRY and isinstance(fact[4], tuple):
            undone = undone or any(
                last[:1] == (ir.EXPR,) and len(last) == 2 and _guards(last[1], name, key)
                for last in fact[4]
            )
    return undone and named == fitting and _given_once(function, key)


def _given_once(function: Function, key: object) -> bool:
    """Say whether the variables in a key are given a value once."""
    given = [parameter.name for parameter in function.facts.parameters]
    for fact in ir.parts(function.facts.body):
        augments = len(fact) == 5 and fact[0] == ir.AUGMENT and isinstance(fact[1], tuple)
        loops = len(fact) == 6 and fact[0] == ir.FOR
        for target in _targets(fact) or ((fact[1],) if augments or loops else ()):
            given.extend([part[1] for part in ir.parts(target) if part[:1] == (ir.NAME,)])
    names = [part[1] for part in ir.parts((key,)) if len(part) == 2 and part[0] == ir.NAME]
    return all(given.count(name) <= 1 for name in names)


def _guards(fact: Fact, name: str, key: object) -> bool:
    """Say whether a fact asks a set for a key, adds it or takes it out."""
    if len(fact) == 5 and fact[0] == ir.CALL and fact[1].__class__ is tuple and fact[1]:
        callee = fact[1]
        takes = callee[0] == ir.ATTR and callee[2] in _GUARDS and len(fact[2]) == 1
        return bool(takes and callee[1][:2] == (ir.NAME, name) and bare(fact[2][0]) == key)
    if len(fact) == 4 and fact[0] == ir.COMPARE and fact[2].__class__ is tuple:
        return any(
            len(part) == 2
            and part[0] in {"in", "not in"}
            and part[1][:2] == (ir.NAME, name)
            and bare(fact[1]) == key
            for part in fact[2]
        )
    return False


def restored(frame: Frame, name: str) -> bool:
    """Say whether a function gives a global back what it held: ``old = x; try ... finally``."""
    question = ("restored", name)
    known: bool | None = frame.function.notes.get(question)
    if known is None:
        kept = {
            target[1]
            for fact in frame.function.assignments
            if fact[2][:2] == (ir.NAME, name)
            for target in fact[1]
            if target[0] == ir.NAME
        }
        known = frame.function.notes[question] = bool(kept) and any(
            last[0] == ir.ASSIGN
            and last[2][0] == ir.NAME
            and last[2][1] in kept
            and any(target[:2] == (ir.NAME, name) for target in last[1])
            for fact in frame.function.facts.body
            if fact[0] == ir.TRY
            for last in fact[4]
        )
    return known


def memo(frame: Frame, holder: Fact, key: Fact | None) -> bool:
    """Say whether a table's key is looked up by the same function before it is set."""
    if key is None:
        return False
    own = (holder[1],) if holder[0] == ir.NAME else ()
    if frame.assigning is not None and mentions(frame.assigning, frozenset(own)):
        return False
    question = ("looked up", bare(holder), bare(key))
    known: bool | None = frame.function.notes.get(question)
    if known is None:
        known = _looked_up(frame.function.facts.body, question[1], question[2])
        frame.function.notes[question] = known
    return known


def forgets(frame: Frame, call: Fact) -> bool:
    """Say whether a method call drops entries of a memo, and nobody uses what it drops."""
    callee = call[1]
    if callee[0] != ir.ATTR or callee[2] not in DROPS:
        return False
    question = ("memo", bare(callee[1]))
    known: bool | None = frame.function.notes.get(question)
    if known is None:
        known = any(_fills(each, question[1]) for each in frame.module.functions)
        frame.function.notes[question] = known
    return known and call in _statements(frame.function)


def _fills(function: Function, holder: object) -> bool:
    """Say whether a function looks a key of a table up, and sets it when it is missing."""
    return any(
        _looked_up(function.facts.body, holder, key)
        for other, key in _items_set(function)
        if other == holder
    )


def _items_set(function: Function) -> dict[tuple[object, object], None]:
    """Return the tables and keys of the items that a function sets, without positions."""
    known: dict[tuple[object, object], None] | None = function.notes.get("items set")
    if known is None:
        known = function.notes["items set"] = {
            (bare(target[1]), bare(target[2])): None
            for fact in function.assignments
            for target in ir.leaves(fact[1])
            if target[0] == ir.INDEX
        }
    return known


def _targets(fact: Fact) -> tuple[Fact, ...]:
    """Return what an assignment sets; nothing of another fact."""
    targets: tuple[Fact, ...] = fact[1] if is_assignment(fact) else ()
    return targets


def _statements(function: Function) -> dict[Fact, None]:
    """Return the calls of methods that drop entries and are statements of their own."""
    known: dict[Fact, None] | None = function.notes.get("statements")
    if known is None:
        known = function.notes["statements"] = {
            fact[1]: None
            for fact in ir.parts(function.facts.body)
            if len(fact) == 2 and fact[0] == ir.EXPR and fact[1][0] == ir.CALL
            if fact[1][1][0] == ir.ATTR and fact[1][1][2] in DROPS
        }
    return known


def _asks(fact: Fact, holder: object, key: object) -> bool:
    """Say whether a fact itself looks a key up: ``h.get(k)``, ``k in h`` or ``h[k]``."""
    if fact[0] == ir.CALL and len(fact) == 5 and isinstance(fact[1], tuple):
        callee, arguments = fact[1], fact[2]
        gets = bool(callee) and callee[0] == ir.ATTR and callee[2] == "get" and bool(arguments)
        return gets and bare(callee[1]) == holder and bare(arguments[0]) == key
    if fact[0] == ir.COMPARE and len(fact) == 4 and isinstance(fact[2], tuple):
        return any(
            operator in {"in", "not in"} and bare(right) == holder and bare(fact[1]) == key
            for operator, right in fact[2]
        )
    if fact[0] == ir.INDEX and len(fact) == 4 and isinstance(fact[1], tuple):
        return bare(fact[1]) == holder and bare(fact[2]) == key
    return False


def _looked_up(fact: Fact, holder: object, key: object) -> bool:
    if not fact:
        return False
    if _asks(fact, holder, key):
        return True
    if fact[0] == ir.ASSIGN and isinstance(fact[1], tuple):
        return _looked_up(fact[2], holder, key)
    if fact[0] == ir.AUGMENT and len(fact) == 5:
        return _looked_up(fact[3], holder, key)
    for part in fact:  # noqa: SIM110 (a generator would cost a call a part)
        if part.__class__ is tuple and _looked_up(part, holder, key):
            return True
    return False


def fills(method: Function) -> frozenset[str]:
    """Return the fields of its object that a method sets."""
    known: frozenset[str] | None = method.notes.get("fills")
    if known is None:
        own = method.facts.parameters[0].name if method.facts.parameters else ""
        known = method.notes["fills"] = frozenset(
            [
                target[2]
                for fact in ir.parts(method.facts.body)
                for target in (_targets(fact) or _annotated(fact))
                if target[:1] == (ir.ATTR,) and target[1][:2] == (ir.NAME, own)
            ]
        )
    return known


def _annotated(fact: Fact) -> tuple[Fact, ...]:
    return (fact[1],) if len(fact) == 5 and fact[0] == ir.ANNOTATE else ()


def captured_by_module(frame: Frame, name: str) -> bool:
    """Say whether a name belongs to a closure that was made while a module was imported."""
    if name in frame.env or name in frame.function.bound:
        return False
    around = frame.node.arguments.get("", ())
    at = frame.function.outer
    if at is None or at.outer is None or name not in at.bound or len(around) != 1:
        return False
    nodes = frame.solver.nodes
    makers = [nodes[number].function for number in nodes[around[0][1]].readers]
    return bool(makers) and all(maker.outer is None for maker in makers)


def of_class(frame: Frame, klass: Klass, name: str) -> bool:
    """Say whether an attribute that is a container belongs to the class, not to its instances."""
    if any(trait in klass.traits for trait in ("dataclass", "enum", "namedtuple", "protocol")):
        return False
    question = ("of the class", klass.number, name)
    known: bool | None = frame.module.functions[0].notes.get(question)
    if known is None:
        known = name in _made_in(klass.facts.body) and name not in _assigned(frame.solver.program)
        frame.module.functions[0].notes[question] = known
    return known


def _made_in(body: tuple[Fact, ...]) -> set[str]:
    """Return the names that a class body gives a new container."""
    out: set[str] = set()
    for fact in body:
        if fact[0] == ir.ASSIGN and fact[2][0] in {ir.LIST, ir.DICT, ir.SET}:
            out.update([target[1] for target in fact[1] if target[0] == ir.NAME])
        elif fact[0] == ir.ANNOTATE and fact[3] is not None and fact[1][0] == ir.NAME:
            out.update([fact[1][1]] if fact[3][0] in {ir.LIST, ir.DICT, ir.SET} else [])
    return out


def _assigned(program: Program) -> frozenset[str]:
    """Return the names of attributes that any function of a program sets."""
    if program.assigned is None:
        found: set[str] = set()
        for function in program.functions:
            for fact in function.facts.body:
                _collect(fact, found)
        program.assigned = frozenset(found)
    return program.assigned


def _collect(fact: Fact, out: set[str]) -> None:
    if fact[0] == ir.ASSIGN and len(fact) == 4 and isinstance(fact[1], tuple):
        out.update([target[2] for target in ir.leaves(fact[1]) if target[0] == ir.ATTR])
        return
    if fact[0] == ir.ANNOTATE and len(fact) == 5 and fact[3] is not None:
        if fact[1][0] == ir.ATTR:
            out.add(fact[1][2])
        return
    for part in fact:
        if part.__class__ is tuple and part:
            _collect(part, out)


def advances(frame: Frame, value: Value, pos: Pos) -> None:
    """Report that an iterator is advanced which outlives the call."""
    if frame.function.outer is not None and any(
        atom[0] == SEQUENCE and atom[1] == SHARED for atom in value
    ):
        frame.site("shared-iterator", pos, "an iterator that outlives the call")


def called_on(frame: Frame, holder_fact: Fact, holder: Value, name: str, pos: Pos) -> None:
    """Report a method of a module-level object that counts in it, or draws from it."""
    root = root_of(holder_fact)
    if root[0] != ir.NAME or not is_module_level(frame, root[1]):
        return
    for atom in holder:
        if atom[0] == OBJECT and atom[1] in _GENERATORS and name != "seed":
            frame.site("shared-iterator", pos, f"the module-level generator {root[1]}")
        elif atom[0] == INSTANCE and holder_fact is root:
            for each in frame.find(atom[1], name):
                if each[0] == FUNCTION and _counts(frame.solver.program.functions[each[1]]):
                    frame.site("global-write", pos, f"the global {root[1]}")


def _counts(function: Function) -> bool:
    """Say whether a method adds to an attribute of ``self``."""
    known: bool | None = function.notes.get("counts")
    if known is None:
        parameters = function.facts.parameters
        own = parameters[0].name if parameters else ""
        known = function.notes["counts"] = _adds(function.facts.body, own)
    return known


def _adds(fact: Any, own: str) -> bool:
    if not isinstance(fact, tuple) or not fact:
        return False
    if fact[0] == ir.AUGMENT and len(fact) == 5 and isinstance(fact[1], tuple):
        target = fact[1]
        return bool(target[0] == ir.ATTR and target[1][:2] == (ir.NAME, own))
    return any(_adds(part, own) for part in fact)


def keeps(frame: Frame, target: Fact) -> bool:
    """Say whether an attribute is set on an object that a module-level variable holds."""
    root = root_of(target[1])
    if root[0] != ir.NAME or not is_module_level(frame, root[1]) or lazy(frame, root[1]):
        return False
    return not any(atom[0] in {MODULE, CLASS} for atom in frame.lookup(root[1]))
