"""Assignment: to names, attributes, items and patterns of them; and ``x += y``.

- A container in a variable is replaced by one that also holds the new item: weak, never exact.
- Changing a module-level variable from a function is a site, except for a memo: a table whose key
  the same function looks up first.
"""

from typing import Final

from qfs.scan.domain.values import (
    ANY,
    CLASS,
    FUNCTION,
    INSTANCE,
    MODULE,
    NOTHING,
    OBJECT,
    OUTSIDE,
    SEQUENCE,
    SET,
    TABLE,
    TUPLE,
    Atom,
    Taint,
    Value,
    join,
    table,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.heap.aliases import linked, put_back
from qfs.scan.heap.operations import binary_value
from qfs.scan.objects.addresses import told_if_kept
from qfs.scan.objects.compared import hashed
from qfs.scan.objects.implicit import named, set_through
from qfs.scan.objects.shared import (
    captured_by_module,
    class_like,
    is_module_level,
    keeps,
    lazy,
    memo,
    of_class,
    restored,
    root_of,
)
from qfs.scan.order.filling import may_hold, put
from qfs.scan.order.iteration import blurred, elements, unordered
from qfs.scan.order.left import keep, leave, unknown
from qfs.scan.order.loops import grown
from qfs.scan.solver.changes import grows
from qfs.scan.solver.dispatch import Arguments, call_method, evaluate
from qfs.scan.solver.frame import Frame, mentions


def assign(frame: Frame, target: Fact, value: Value, pos: Pos, *, weak: bool = False) -> None:
    """Give a target a value."""
    tag = target[0]
    if tag == ir.NAME:
        if target[1] in frame.function.shared:
            _global_write(frame, target, pos)
        frame.bind(target[1], value, weak=weak)
    elif tag in {ir.TUPLE, ir.LIST}:
        _unpack(frame, target[1], value, pos)
    elif tag == ir.ATTR:
        _attribute(frame, target, value, pos, again=weak)
    elif tag == ir.INDEX:
        _item(frame, target, value, pos, again=weak)
    elif tag == ir.STAR:
        assign(frame, target[1], value, pos)


def _global_write(frame: Frame, target: Fact, pos: Pos) -> None:
    cell = frame.shared_cell(target[1])
    if cell[0] == "global" and not (lazy(frame, target[1]) or restored(frame, target[1])):
        frame.site("global-write", pos, f"the global {target[1]}")
    elif cell[0] == "local":
        nodes = frame.solver.nodes
        makers = [nodes[number].function for number in nodes[cell[1]].readers]
        if makers and all(maker.outer is None for maker in makers):
            frame.site("global-write", pos, f"the module-level closure's {target[1]}")


def _unpack(frame: Frame, targets: tuple[Fact, ...], value: Value, pos: Pos) -> None:
    value = tuple([named(frame, atom) for atom in value])
    exact = [atom[1] for atom in value if atom[0] == TUPLE]
    starred = any(each[0] == ir.STAR for each in targets)
    if not starred and exact and all(len(each) == len(targets) for each in exact):
        rest = tuple([atom for atom in value if atom[0] != TUPLE])
        other, taint = elements(frame, rest, pos) if rest else (NOTHING, None)
        _picks(frame, targets, value, taint)
        for at, target in enumerate(targets):
            item = other
            for each in exact:
                item = join(item, each[at])
            assign(frame, target, item, pos)
        return
    element, taint = elements(frame, value, pos)
    _picks(frame, targets, value, taint)
    for target in targets:
        if target[0] == ir.STAR:
            assign(frame, target[1], ((SEQUENCE, "list", element, taint),), pos)
        else:
            assign(frame, target, element, pos)


def _picks(frame: Frame, targets: tuple[Fact, ...], value: Value, taint: Taint | None) -> None:
    """Report an order that decides which of several variables gets which element."""
    if taint is None or len(targets) <= 1:
        return
    sure = all(atom[0] in {SEQUENCE, SET, TABLE} for atom in value)
    of = [atom for atom in value if atom[0] == SET or (atom[0] in _LISTS and atom[3])]
    lost = bool(of) and all(blurred(value, atom) for atom in of)
    use = "decides which variable gets which element"
    frame.leak(taint, "set-pick", use, sure=sure, lost=lost)


_LISTS: Final = {SEQUENCE, TABLE}


def _counts(frame: Frame, target: Fact) -> bool:
    """Say whether an attribute is given what is made of itself: ``cls.count = cls.count + 1``."""
    value = frame.assigning
    return value is not None and any(
        len(part) == 4 and part[0] == ir.ATTR and part[2] == target[2] for part in ir.parts(value)
    )


def _made_here(frame: Frame, number: int) -> bool:
    """Say whether a class is made anew in each call of the function, which may name it."""
    klass = frame.solver.program.classes[number]
    return any(
        klass.module is frame.module and fact == (ir.CLASS, frame.module.classes.index(klass))
        for fact in ir.parts(frame.function.facts.body)
        if fact[:1] == (ir.CLASS,) and len(fact) == 2
    )


def _attribute(frame: Frame, target: Fact, value: Value, pos: Pos, *, again: bool = False) -> None:
    holder = evaluate(frame, target[1])
    for atom in holder:
        if atom[0] == INSTANCE:
            set_through(frame, atom[1], target[2], value, pos)
            if keeps(frame, target):
                frame.site("global-write", pos, f"the global {root_of(target)[1]}")
            keep(frame, atom[1], target[2], value, pos)
        elif atom[0] == CLASS:
            told_if_kept(frame, value, f"is kept in the class attribute {target[2]}")
            frame.solver.write(("attr", atom[1], target[2]), value)
            if frame.function.outer is not None and not (
                len(atom) > 2  # a decorator's: it is being made
                or frame.makes_a_class()
                or _made_here(frame, atom[1])
                or (
                    frame.function.facts.name == "__new__" and not (again or _counts(frame, target))
                )
            ):
                verdict = "violation" if all(each[0] == CLASS for each in holder) else "possible"
                frame.site("class-state", pos, f"the class attribute {target[2]}", verdict)
        elif atom[0] == MODULE:
            frame.solver.write(("global", atom[1], target[2]), value)
            if frame.function.outer is not None:
                frame.site("global-write", pos, f"the global {target[2]}")
        elif atom[0] == OUTSIDE:
            frame.solver.write(("outside", f"{atom[1]}.{target[2]}"), value)
            frame.site("dynamic-attribute", pos, f"{atom[1]}.{target[2]}")
        elif atom[0] == TUPLE:
            _field(frame, target, atom, value, pos)
        elif atom[0] == FUNCTION:
            frame.solver.write(("of function", atom[1], target[2]), value)
            if atom[2] is None and _outlives(frame, atom, target):
                verdict = "violation" if len(holder) == 1 else "possible"
                frame.site("global-write", pos, f"the function attribute {target[2]}", verdict)
        elif atom[0] == OBJECT:
            put(frame, f"{atom[1]}.{target[2]}", value, pos)
        elif unknown(atom):
            told_if_kept(frame, value, f"is kept in {target[2]} of something unknown")
            leave(frame, target, unordered(value))
            if any(each[0] == SET for each in may_hold(frame, value, pos)):
                text = f"a set in the attribute {target[2]} of something unknown"
                frame.site("unresolved-call", pos, text, "unknown")


def _field(frame: Frame, target: Fact, atom: Atom, value: Value, pos: Pos) -> None:
    """Let an object of a type that a call made hold a value, in any of its fields."""
    if keeps(frame, target):
        frame.site("global-write", pos, f"the global {root_of(target)[1]}")
    if value:
        items = tuple([join(item, value) for item in atom[1]])
        put_back(frame, target[1], pos, ((TUPLE, items),))


_DESCRIPTIONS: Final = {
    "__name__", "__qualname__", "__doc__", "__module__", "__wrapped__", "__signature__",
    "__annotations__", "__text_signature__",
}  # fmt: skip


def _outlives(frame: Frame, atom: Atom, target: Fact) -> bool:
    """Say whether a function's attribute is state that stays: of no closure that is made here.

    A closure that came from elsewhere is one object among many, unless the program names it, or it
    changes itself.
    """
    if frame.function.outer is None or target[2] in _DESCRIPTIONS:
        return False
    function = frame.solver.program.functions[atom[1]]
    around = function.outer
    if around is None or around.outer is None:
        return True
    root = root_of(target)
    named = root is not None and root[0] == ir.NAME and is_module_level(frame, root[1])
    return around is not frame.function and (named or frame.function is function)


def _item(frame: Frame, target: Fact, value: Value, pos: Pos, *, again: bool = False) -> None:
    holder_fact = target[1]
    if holder_fact[0] == ir.CALL and holder_fact[1][:2] == (ir.NAME, "vars") and holder_fact[2]:
        target = (ir.INDEX, (ir.ATTR, holder_fact[2][0], "__dict__", target[3]), *target[2:])
    of_object = target[1][0] == ir.ATTR and target[1][2] == "__dict__"
    if of_object and target[2][0] == ir.CONST and isinstance(target[2][1], str):
        _attribute(frame, (ir.ATTR, target[1][1], target[2][1], target[3]), value, pos)
        return
    kept = None if again else target[2]
    holder = evaluate(frame, target[1])
    key = evaluate(frame, target[2])
    for atom in holder:
        if atom[0] == INSTANCE:
            call_method(frame, atom, "__setitem__", Arguments([key, value]), pos)
        elif atom[0] == TABLE:
            taint = atom[3] or inner_order(frame, target[1])
            hashed(frame, key, pos)
            new: Atom = (TABLE, join(atom[1], key), join(atom[2], value), taint)
            store(frame, target[1], (new,), pos, key=kept)
        elif atom[0] == SEQUENCE:
            added, taint = (value, None)
            if target[2][0] == ir.SLICE:
                added, taint = elements(frame, value, pos)
                taint = taint or inner_order(frame, target[1])
            new = (SEQUENCE, atom[1], join(atom[2], added), atom[3] or taint)
            store(frame, target[1], (new,), pos, key=kept)
        elif atom[0] == OUTSIDE and frame.function.outer is not None:
            if len(holder) == 1 or not class_like(atom[1]):
                frame.site("global-write", pos, atom[1])
        elif unknown(atom):
            told_if_kept(frame, value, "is put into something unknown")
            leave(frame, target[1], unordered(value), inner_order(frame, target[1]))
            held = may_hold(frame, value, pos)
            if held and target[1][0] == ir.NAME:
                put_back(frame, target[1], pos, table(ANY, held))
        elif atom[0] == OBJECT and atom[1].startswith("configparser."):
            order = inner_order(frame, target[1])
            if order is not None:
                frame.leak(order, "set-fold", "decides which section comes first")


def inner_order(frame: Frame, holder: Fact) -> Taint | None:
    """Return the unordered loop in which something is added to a holder made outside of it."""
    for taint, names, made in reversed(frame.orders):
        own = holder[0] == ir.INDEX and holder[2][0] == ir.NAME and holder[2][1] in names & made
        if own and len(names) == 1:
            continue  # each element has a container of its own
        if not (holder[0] == ir.NAME and holder[1] in made):
            return taint
        for way in linked(frame, holder):
            root = root_of(way)
            outer = root[0] == ir.NAME and root[1] not in made
            if outer and not (way[0] == ir.INDEX and mentions(way[2], names & made)):
                return taint
    if holder[0] == ir.NAME and holder[1] in frame.env and holder[1] not in grows(frame.function):
        return None
    return frame.node.order


def store(frame: Frame, holder: Fact, value: Value, pos: Pos, *, key: Fact | None = None) -> None:
    """Put a changed container back where it came from."""
    root = root_of(holder)
    shared = root[0] == ir.NAME and is_module_level(frame, root[1])
    if shared and not frame.makes_a_class() and not memo(frame, holder, key):
        for atom in frame.lookup(root[1]):
            if holder is root or atom[0] in {MODULE, INSTANCE}:
                frame.site("global-write", pos, f"the global {root[1]}")
            elif atom[0] == CLASS:
                frame.site("class-state", pos, "a class attribute")
    elif not shared:
        _hidden_state(frame, holder, root, key, pos)
    if holder[0] == ir.CALL and frame.function.outer is not None and _cached(frame, holder):
        frame.site("global-write", pos, "what a cache keeps")
    if holder[0] == ir.NAME:
        _mutable_default(frame, holder[1], pos)
    put_back(frame, holder, pos, value)


def _cached(frame: Frame, call: Fact) -> bool:
    """Say whether a call is one of a function whose results are cached."""
    named = [
        decorator[1] if decorator[0] == ir.CALL else decorator
        for atom in (evaluate(frame, call[1]) if call[1][0] in {ir.NAME, ir.ATTR} else ())
        if atom[0] == FUNCTION
        for decorator in frame.solver.program.functions[atom[1]].facts.decorators
    ]
    return any(each[0] in {ir.NAME, ir.ATTR} and each[-2] in _CACHES for each in named)


_CACHES: Final = {"cache", "lru_cache"}


_HELD: Final = {SEQUENCE, SET, TABLE}


def _hidden_state(frame: Frame, holder: Fact, root: Fact, key: Fact | None, pos: Pos) -> None:
    """Report a container that a module's closure or a class keeps, though it looks local."""
    if root[0] == ir.NAME and captured_by_module(frame, root[1]):
        if memo(frame, holder, key):
            return
        frame.site("global-write", pos, f"the module-level closure's {root[1]}")
    elif holder[0] == ir.ATTR and root[0] == ir.NAME and not frame.makes_a_class():
        for atom in frame.lookup(root[1]) if holder[1] is root else ():
            own = atom[0] == CLASS and len(atom) == 2 and not _made_here(frame, atom[1])
            held = frame.find(atom[1], holder[2]) if own else NOTHING
            if any(each[0] in _HELD for each in held) and not memo(frame, holder, key):
                frame.site("class-state", pos, f"the class attribute {holder[2]}")
            if atom[0] == INSTANCE:
                classes = frame.solver.program.classes
                bases = [classes[at] for at in frame.mro(atom[1]) if isinstance(at, int)]
                if any(of_class(frame, base, holder[2]) for base in bases):
                    frame.site("class-state", pos, f"the class attribute {holder[2]}")


_FRESH: Final = {"list", "dict", "set", "bytearray", "deque", "defaultdict"}


def _mutable_default(frame: Frame, name: str, pos: Pos) -> None:
    """Report a change of a parameter whose default is made once, at definition."""
    for parameter in frame.function.facts.parameters:
        default = parameter.default
        if parameter.name != name or default is None or _replaced(frame, name, pos):
            continue
        made = default[0] in {ir.LIST, ir.DICT, ir.SET}
        named = default[0] == ir.CALL and default[1][0] == ir.NAME and default[1][1] in _FRESH
        if made or named:
            frame.site("mutable-default", pos, f"the default of {name}")


def _replaced(frame: Frame, name: str, pos: Pos) -> bool:
    """Say whether a parameter was given a new value before a place, in any case."""
    return any(
        fact[0] == ir.ASSIGN
        and fact[3][:2] < pos[:2]
        and any(target[:2] == (ir.NAME, name) for target in fact[1])
        for fact in frame.function.facts.body
    )


_FOLDS: Final = {"+", "*", "-", "|"}


def augment(frame: Frame, fact: Fact) -> None:
    """``target += value``."""
    _, target, operator, value, pos = fact
    before = evaluate(frame, target)
    right = evaluate(frame, value)
    after = binary_value(frame, operator, before, right, pos, in_place=True)
    order = inner_order(frame, target)
    if order is not None and target[0] in {ir.NAME, ir.ATTR} and operator in _FOLDS:
        after = grown(frame, order, after)
    if target[0] == ir.NAME:
        if target[1] in frame.function.shared:
            _global_write(frame, target, pos)
        frame.bind(target[1], after)
        for way in list(linked(frame, target)):  # of a list it is the same list
            put_back(frame, way, pos, tuple([atom for atom in after if atom[0] == SEQUENCE]))
    else:
        assign(frame, target, after, pos, weak=True)
