"""Assignment: to names, attributes, items and patterns of them; and ``x += y``.

- A container in a variable is replaced by one that also holds the new item: weak, never exact.
- Changing a module-level variable from a function is a site, except for a memo: a table whose key
  the same function looks up first.
"""

from qfs.scan import ir
from qfs.scan.expressions import evaluate, evaluate_key
from qfs.scan.frame import Frame, mentions
from qfs.scan.implicit import set_through
from qfs.scan.ir import Fact, Pos
from qfs.scan.operations import binary_value
from qfs.scan.order import elements
from qfs.scan.values import (
    CLASS,
    FUNCTION,
    INSTANCE,
    MODULE,
    NOTHING,
    OUTSIDE,
    SEQUENCE,
    TABLE,
    TUPLE,
    Atom,
    Taint,
    Value,
    join,
)


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
        _attribute(frame, target, value, pos)
    elif tag == ir.INDEX:
        _item(frame, target, value, pos)
    elif tag == ir.STAR:
        assign(frame, target[1], value, pos)


def _global_write(frame: Frame, target: Fact, pos: Pos) -> None:
    cell = frame.shared_cell(target[1])
    if cell[0] == "global" and not _lazy(frame, target[1]):
        frame.site("global-write", pos, f"the global {target[1]}")
    elif cell[0] == "local":
        nodes = frame.solver.nodes
        makers = [nodes[number].function for number in nodes[cell[1]].readers]
        if makers and all(maker.outer is None for maker in makers):
            frame.site("global-write", pos, f"the module-level closure's {target[1]}")


def _lazy(frame: Frame, name: str) -> bool:
    """Say whether a function sets a global only when it is still None: a memo of one value."""
    for fact in frame.function.facts.body:
        if fact[0] == ir.IF and mentions(fact[1], frozenset((name,))):
            test = fact[1]
            if test[0] == ir.COMPARE and test[2][0][0] == "is" and test[2][0][1][:2] == (0, None):
                return True
    return False


def _unpack(frame: Frame, targets: tuple[Fact, ...], value: Value, pos: Pos) -> None:
    exact = [atom[1] for atom in value if atom[0] == TUPLE]
    starred = any(each[0] == ir.STAR for each in targets)
    if not starred and exact and all(len(each) == len(targets) for each in exact):
        rest = tuple([atom for atom in value if atom[0] != TUPLE])
        other = elements(frame, rest, pos)[0] if rest else NOTHING
        for at, target in enumerate(targets):
            item = other
            for each in exact:
                item = join(item, each[at])
            assign(frame, target, item, pos)
        return
    element, taint = elements(frame, value, pos)
    if taint is not None and len(targets) > 1:
        frame.leak(taint, "set-pick", "decides which variable gets which element")
    for target in targets:
        if target[0] == ir.STAR:
            assign(frame, target[1], ((SEQUENCE, "list", element, taint),), pos)
        else:
            assign(frame, target, element, pos)


def _attribute(frame: Frame, target: Fact, value: Value, pos: Pos) -> None:
    for atom in evaluate(frame, target[1]):
        if atom[0] == INSTANCE:
            set_through(frame, atom[1], target[2], value, pos)
            frame.solver.write(("field", atom[1], target[2]), value)
        elif atom[0] == CLASS:
            frame.solver.write(("attr", atom[1], target[2]), value)
            if frame.function.outer is not None and not (
                frame.makes_a_class() or frame.function.facts.name == "__new__"
            ):
                frame.site("class-state", pos, f"the class attribute {target[2]}")
        elif atom[0] == MODULE:
            frame.solver.write(("global", atom[1], target[2]), value)
            if frame.function.outer is not None:
                frame.site("global-write", pos, f"the global {target[2]}")
        elif atom[0] == OUTSIDE:
            frame.solver.write(("outside", f"{atom[1]}.{target[2]}"), value)
            frame.site("dynamic-attribute", pos, f"{atom[1]}.{target[2]}")
        elif atom[0] == FUNCTION and frame.function.outer is not None:
            frame.site("global-write", pos, f"the function attribute {target[2]}")


def _item(frame: Frame, target: Fact, value: Value, pos: Pos) -> None:
    holder = evaluate(frame, target[1])
    key = evaluate_key(frame, target[2])
    for atom in holder:
        if atom[0] == INSTANCE:
            from qfs.scan.calls import Arguments, call_method  # noqa: PLC0415

            call_method(frame, atom, "__setitem__", Arguments([key, value]), pos)
        elif atom[0] == TABLE:
            taint = atom[3] or inner_order(frame, target[1])
            new = (TABLE, join(atom[1], key), join(atom[2], value), taint)
            store(frame, target[1], (new,), pos, key=target[2])
        elif atom[0] == SEQUENCE:
            new = (SEQUENCE, atom[1], join(atom[2], value), atom[3])
            store(frame, target[1], (new,), pos, key=target[2])
        elif atom[0] == OUTSIDE and frame.function.outer is not None:
            frame.site("global-write", pos, atom[1])


def inner_order(frame: Frame, holder: Fact) -> Taint | None:
    """Return the unordered loop in which something is added to a holder made outside of it."""
    for taint, names, made in reversed(frame.orders):
        own = holder[0] == ir.INDEX and holder[2][0] == ir.NAME and holder[2][1] in names & made
        if own and len(names) == 1:
            continue  # each element has a container of its own
        if not (holder[0] == ir.NAME and holder[1] in made):
            return taint
    if holder[0] == ir.NAME and holder[1] in frame.env:
        return None
    return frame.node.order


def store(frame: Frame, holder: Fact, value: Value, pos: Pos, *, key: Fact | None = None) -> None:
    """Put a changed container back where it came from."""
    root = holder
    while root[0] in {ir.ATTR, ir.INDEX}:
        root = root[1]
    shared = root[0] == ir.NAME and is_module_level(frame, root[1])
    if shared and not frame.makes_a_class() and not _memo(frame, holder, key):
        for atom in frame.lookup(root[1]):
            if holder is root or atom[0] in {MODULE, INSTANCE}:
                frame.site("global-write", pos, f"the global {root[1]}")
            elif atom[0] == CLASS:
                frame.site("class-state", pos, "a class attribute")
    if holder[0] == ir.NAME:
        _mutable_default(frame, holder[1], pos)
        _put_back(frame, holder, *value)
    elif holder[0] == ir.INDEX:
        frame.quiet += 1
        outer = evaluate(frame, holder[1])
        frame.quiet -= 1
        for atom in outer:
            if atom[0] == TABLE:
                _put_back(frame, holder[1], (TABLE, atom[1], join(atom[2], value), atom[3]))
            elif atom[0] == SEQUENCE:
                _put_back(frame, holder[1], (SEQUENCE, atom[1], join(atom[2], value), atom[3]))
    elif holder[0] == ir.ATTR:
        _put_back(frame, holder, *value)


_FRESH = {"list", "dict", "set", "bytearray", "deque", "defaultdict"}


def _mutable_default(frame: Frame, name: str, pos: Pos) -> None:
    """Report a change of a parameter whose default is made once, at definition."""
    for parameter in frame.function.facts.parameters:
        default = parameter.default
        if parameter.name != name or default is None:
            continue
        made = default[0] in {ir.LIST, ir.DICT, ir.SET}
        named = default[0] == ir.CALL and default[1][0] == ir.NAME and default[1][1] in _FRESH
        if made or named:
            frame.site("mutable-default", pos, f"the default of {name}")


def _put_back(frame: Frame, holder: Fact, *value: Atom) -> None:
    """Let a variable, an attribute or a container's element hold a changed container."""
    if holder[0] in {ir.NAME, ir.INDEX}:
        if holder[0] == ir.NAME and not is_module_level(frame, holder[1]):
            frame.bind(holder[1], value, weak=True)
        elif holder[0] == ir.NAME:
            frame.solver.write(("global", frame.module.name, holder[1]), value)
        return
    if holder[0] == ir.ATTR:
        frame.quiet += 1
        objects = evaluate(frame, holder[1])
        frame.quiet -= 1
        for atom in objects:
            if atom[0] in {INSTANCE, CLASS}:
                kind = "field" if atom[0] == INSTANCE else "attr"
                frame.solver.write((kind, atom[1], holder[2]), value)
            elif atom[0] == MODULE:
                frame.solver.write(("global", atom[1], holder[2]), value)


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


def _memo(frame: Frame, holder: Fact, key: Fact | None) -> bool:
    """Say whether a table's key is looked up by the same function before it is set."""
    if key is None:
        return False
    if frame.assigning is not None and mentions(frame.assigning, frozenset(_bound(holder))):
        return False
    question = ("looked up", _bare(holder), _bare(key))
    known: bool | None = frame.function.notes.get(question)
    if known is None:
        known = _looked_up(frame.function.facts.body, question[1], question[2])
        frame.function.notes[question] = known
    return known


def _bound(holder: Fact) -> tuple[str, ...]:
    return (holder[1],) if holder[0] == ir.NAME else ()


def _bare(fact: Fact) -> object:
    """Return a fact without its positions, to compare two of them."""
    if fact[0] == ir.NAME:
        return fact[:2]
    if fact[0] == ir.ATTR:
        return (ir.ATTR, _bare(fact[1]), fact[2])
    return tuple([_bare(part) if isinstance(part, tuple) and part else part for part in fact[:-1]])


def _asks(fact: Fact, holder: object, key: object) -> bool:
    """Say whether a fact itself looks a key up: ``h.get(k)``, ``k in h`` or ``h[k]``."""
    if fact[0] == ir.CALL and len(fact) == 5 and isinstance(fact[1], tuple):
        callee, arguments = fact[1], fact[2]
        gets = bool(callee) and callee[0] == ir.ATTR and callee[2] == "get" and bool(arguments)
        return gets and _bare(callee[1]) == holder and _bare(arguments[0]) == key
    if fact[0] == ir.COMPARE and len(fact) == 4 and isinstance(fact[2], tuple):
        return any(
            operator in {"in", "not in"} and _bare(right) == holder and _bare(fact[1]) == key
            for operator, right in fact[2]
        )
    if fact[0] == ir.INDEX and len(fact) == 4 and isinstance(fact[1], tuple):
        return _bare(fact[1]) == holder and _bare(fact[2]) == key
    return False


def _looked_up(fact: object, holder: object, key: object) -> bool:
    if not isinstance(fact, tuple) or not fact:
        return False
    if _asks(fact, holder, key):
        return True
    if fact[0] == ir.ASSIGN and isinstance(fact[1], tuple):
        return _looked_up(fact[2], holder, key)
    if fact[0] == ir.AUGMENT and len(fact) == 5:
        return _looked_up(fact[3], holder, key)
    return any(_looked_up(part, holder, key) for part in fact)


def augment(frame: Frame, fact: Fact) -> None:
    """``target += value``."""
    _, target, operator, value, pos = fact
    before = evaluate(frame, target)
    right = evaluate(frame, value)
    after = binary_value(frame, operator, before, right, pos, in_place=True)
    order = inner_order(frame, target)
    if order is not None and target[0] in {ir.NAME, ir.ATTR} and operator in {"+", "*", "-"}:
        after = _folded(frame, order, after)
    if target[0] == ir.NAME:
        if target[1] in frame.function.shared:
            _global_write(frame, target, pos)
        frame.bind(target[1], after)
    else:
        assign(frame, target, after, pos, weak=True)


def _folded(frame: Frame, order: Taint, value: Value) -> Value:
    """Return a fold over an unordered loop: exact for integers, ordered for lists, else a leak."""
    out: Value = NOTHING
    for atom in value:
        kind = atom[1] if atom[0] in {"plain", "known"} else ""
        if kind in {"str", "bytes", "float", "complex"}:
            frame.leak(order, "set-fold", f"decides a sum of {kind}")
        if atom[0] == SEQUENCE:
            out = join(out, ((SEQUENCE, atom[1], atom[2], atom[3] or order),))
        else:
            out = join(out, (atom,))
    return out
