"""What is over: a variable that closures filled and no longer can, an attribute that was replaced.

- A function inside that only ever is called by its name cannot run after the last line that names
  it: what a variable is given, or how it is sorted, after that line is what it holds.
- A class's attribute that every object replaces first of all in ``__init__`` is no object's.
- Only the form of the functions is looked at; where it does not say so, nothing is over.
"""

from collections.abc import Iterator

from qfs.scan.domain.values import FUNCTION, SEQUENCE, SET, TABLE, Value
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.solver.changes import changed_in
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.program import Function


def settle(frame: Frame, fact: Fact) -> None:
    """Let a variable be what it holds: from this statement on no function inside changes it."""
    inside = _sorted_inside(frame, fact)
    given = inside or _gives(fact)
    if given is None or given[1] not in frame.rebound or frame.function.outer is None:
        return
    name = given[1]
    question = ("settled", given)
    last: bool | None = frame.function.notes.get(question)
    if last is None:
        own = frame.function.notes.get("rebound", ())
        last = name in own and any(fact is each for each in frame.function.facts.body)
        last = last and _is_last(frame.function, name, given[0])
        frame.function.notes[question] = last
    if last and name not in frame.mirrors:
        if inside is not None:
            held = frame.lookup(name)
            kept = [(*each[:3], None) if each[0] == SEQUENCE else each for each in held]
            frame.env[name] = tuple(kept)
        frame.rebound -= {name}


def _sorted_inside(frame: Frame, fact: Fact) -> tuple[Pos, str] | None:
    """Return the variable that a call of a function inside leaves sorted, and where it is."""
    if fact[0] != ir.EXPR or fact[1][0] != ir.CALL or fact[1][1][0] != ir.NAME:
        return None
    name = fact[1][1][1]
    named = [
        each
        for each in frame.module.functions
        if each.outer is frame.function and each.facts.name == name and each.owner is None
    ]
    if len(named) != 1 or any(_sets(each, name) for each in frame.function.assignments):
        return None
    inside = named[0]
    plain = not (inside.facts.generator or inside.facts.asynchronous or inside.facts.decorators)
    given = _gives(inside.facts.body[-1]) if plain and inside.facts.body else None
    if given is None or inside.facts.body[-1][0] != ir.EXPR or given[1] in inside.bound:
        return None
    leaves = any(each[:1] == (ir.RETURN,) for each in ir.parts(inside.facts.body[:-1]))
    return None if leaves else (fact[1][4], given[1])


def _sets(assignment: Fact, name: str) -> bool:
    return any(part[:2] == (ir.NAME, name) for each in assignment[1] for part in ir.parts(each))


def _gives(fact: Fact) -> tuple[Pos, str] | None:
    """Return the variable that a statement sorts in place or gives another value, and where."""
    if fact[0] == ir.ASSIGN and len(fact[1]) == 1 and fact[1][0][0] == ir.NAME:
        return fact[3], fact[1][0][1]
    if fact[0] != ir.EXPR or fact[1][0] != ir.CALL or fact[1][1][0] != ir.ATTR:
        return None
    callee = fact[1][1]
    sorts = callee[2] == "sort" and callee[1][0] == ir.NAME
    return (fact[1][4], callee[1][1]) if sorts else None


def _is_last(function: Function, name: str, pos: Pos) -> bool:
    """Say whether no function inside can change a variable after a statement."""
    if name in function.shared or any(each.name == name for each in function.facts.parameters):
        return False
    inside = [each for each in function.module.functions if _within(each, function)]
    changers: dict[str, None] = {}
    waiting = {name: None}
    while waiting:
        wanted = frozenset(waiting)
        waiting = {}
        for each in inside:
            changes = each.shared & wanted or changed_in(each, wanted - each.bound)
            if not (changes or _names(each, wanted & {*changers})):
                continue
            if each.facts.generator or each.facts.asynchronous:
                return False  # it goes on whenever somebody asks it to
            top = _outermost(each, function)
            short = top.facts.name
            if top.owner is not None or top.facts.decorators or short not in function.bound:
                return False  # a method, a lambda: who knows who calls it
            if short not in changers:
                changers[short] = waiting[short] = None
    everywhere = [function, *inside]
    if any(_escapes(each, name) for each in everywhere):
        return False
    for each in everywhere:
        for changer in changers:
            if not _only_called(each, changer):
                return False
    after = [fact for fact in _mentions(function, frozenset(changers)) if fact[2][:2] > pos[:2]]
    return not after


def _within(function: Function, around: Function) -> bool:
    at = function.outer
    while at is not None and at is not around:
        at = at.outer
    return at is around


def _outermost(function: Function, around: Function) -> Function:
    """Return the function directly inside of one in which another stands, or itself."""
    while function.outer is not None and function.outer is not around:
        function = function.outer
    return function


def _mentions(function: Function, names: frozenset[str]) -> Iterator[Fact]:
    for fact in ir.parts(function.facts.body):
        if len(fact) == 3 and fact[0] == ir.NAME and fact[1] in names:
            yield fact


def _names(function: Function, names: frozenset[str]) -> bool:
    return any(True for _fact in _mentions(function, names))


def _calls(function: Function) -> Iterator[Fact]:
    for fact in ir.parts(function.facts.body):
        if len(fact) == 5 and fact[0] == ir.CALL and isinstance(fact[1], tuple) and fact[1]:
            yield fact


def _only_called(function: Function, name: str) -> bool:
    """Say whether a function's body names another one only to call it."""
    said = sum([1 for _fact in _mentions(function, frozenset((name,)))])
    called = sum([1 for call in _calls(function) if call[1][:2] == (ir.NAME, name)])
    return said == called


def _escapes(function: Function, name: str) -> bool:
    """Say whether a body takes a method of a variable without calling it: ``add = out.append``."""
    methods = [
        fact
        for fact in ir.parts(function.facts.body)
        if len(fact) == 4 and fact[0] == ir.ATTR and isinstance(fact[1], tuple)
        if fact[1][:2] == (ir.NAME, name)
    ]
    called = [
        call
        for call in _calls(function)
        if call[1][0] == ir.ATTR and call[1][1][:2] == (ir.NAME, name)
    ]
    return len(methods) > len(called)


# Attributes that every object replaces --------------------------------------------------------


def of_class_alone(frame: Frame, number: int, name: str, stored: Value, *, exact: bool) -> bool:
    """Say whether no object holds what its class stores: it has an order, and all replace it."""
    if not any(atom[0] == SET or (atom[0] in {SEQUENCE, TABLE} and atom[3]) for atom in stored):
        return False
    kinds = [number] if exact else [number, *frame.subclasses(number)]
    return all(_replaces(frame, each, name) for each in kinds)


def _replaces(frame: Frame, number: int, name: str) -> bool:
    init = frame.find(number, "__init__")
    if len(init) != 1 or init[0][0] != FUNCTION or frame.find(number, "__new__"):
        return False
    alone = sum([isinstance(at, int) for at in frame.mro(number)]) == 1
    return name in _sets_first(frame.solver.program.functions[init[0][1]], alone=alone)


def _sets_first(init: Function, *, alone: bool) -> frozenset[str]:
    """Return the attributes that a constructor sets before anybody can see its object.

    alone says whether no base of the program has a constructor that may look at it.
    """
    known: frozenset[str] | None = init.notes.get(("sets first", alone))
    if known is not None:
        return known
    names: list[str] = []
    own = init.facts.parameters[0].name if init.facts.parameters else ""
    for fact in init.facts.body:
        targets = fact[1] if fact[0] == ir.ASSIGN else (fact[1],)
        value = fact[2] if fact[0] == ir.ASSIGN else fact[3] if fact[0] == ir.ANNOTATE else fact
        if fact[0] in {ir.ASSIGN, ir.ANNOTATE}:
            if value is None or _says(value, own):
                break
            mine = [each for each in targets if each[0] == ir.ATTR]
            if any(each[1][:2] != (ir.NAME, own) for each in mine):
                break
            names.extend([each[2] for each in mine])
        elif not (_raises(fact, own) or (alone and _is_super(fact, own))):
            break
    known = init.notes["sets first", alone] = frozenset(names)
    return known


def _says(fact: Fact, own: str) -> bool:
    """Say whether a fact names a constructor's object, or its base's."""
    return any(
        len(part) == 3 and part[0] == ir.NAME and part[1] in {own, "super"}
        for part in ir.parts(fact)
    )


def _raises(fact: Fact, own: str) -> bool:
    """Say whether a statement only checks what was given."""
    checks = fact[0] == ir.IF and not fact[3] and len(fact[2]) == 1 and fact[2][0][0] == ir.RAISE
    return (checks or fact[0] in {ir.EXPR, ir.ASSERT}) and not _says(fact, own)


def _is_super(fact: Fact, own: str) -> bool:
    """Say whether a statement is ``super().__init__(...)``, which is not handed the object."""
    if fact[0] != ir.EXPR or fact[1][0] != ir.CALL or fact[1][1][0] != ir.ATTR:
        return False
    call = fact[1]
    named = bool(call[1][2] == "__init__" and call[1][1][0] == ir.CALL)
    return named and not any(_says(part, own) for part in (*call[2], *[w[1] for w in call[3]]))
