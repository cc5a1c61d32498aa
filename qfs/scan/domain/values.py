"""What the engine knows of a value: a tuple of alternatives, each a small tuple.

- A value is the alternatives it may be, in the order of discovery; () is "not known yet".
- The number of alternatives is bounded: beyond it a value is ANY; ``depth`` bounds what lies below.
- ``Taint`` says that an order of elements came from somewhere that two runs may disagree on.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

Atom: TypeAlias = tuple[Any, ...]
Value: TypeAlias = tuple[Atom, ...]

# Kinds of alternatives; each is the first item of its tuple.
ANYTHING: Final = "any"  # why
PLAIN: Final = "plain"  # type name
KNOWN: Final = "known"  # type name, value
SEQUENCE: Final = "seq"  # kind, element, taint
TUPLE: Final = "tup"  # elements
TABLE: Final = "dict"  # key, value, taint
SET: Final = "set"  # kind, element, taint: where it was made
MODULE: Final = "mod"  # name
OUTSIDE: Final = "x"  # dotted name of something that is not in the program
OBJECT: Final = "xi"  # dotted class, flag
FUNCTION: Final = "fn"  # function number, bound alternative or None
CLASS: Final = "cls"  # class number
INSTANCE: Final = "inst"  # class number, whether exactly it
PARTIAL: Final = "part"  # callee, positional, keywords
METHOD: Final = "bm"  # receiver, name
SUPER: Final = "super"  # class number, receiver
ADDRESS: Final = "address"  # path and place at which it was taken

JSON: Final = "json"
"""Why nothing is known of a value: it was read from a JSON text."""
MESSAGE: Final = "google.protobuf.message.Message"
GIVEN: Final = ("parameter", "callable")
"""Why nothing is known of a value: an entry point's caller gave it, or it was declared callable."""
_LIVE: Final = {"gen", "lazy"}
SHARED: Final = "shared"
"""The kind of an iterator that a module keeps."""
ALTERNATIVES_MAX: Final = 10
_LENGTHS_MAX: Final = 5
_FILLED_MAX: Final = 4
"""Arguments that partials of partials fill together."""
CALLED_MAX: Final = 256
"""Functions and classes among the alternatives: a table of functions holds many."""


class Taint(NamedTuple):
    """Where an order came from that two runs may disagree on."""

    path: str
    pos: tuple[int, int, int, int]
    what: str
    """``a set of str``: for the message."""
    grade: str
    """salted | identity | listing | arrival | unknown | stable."""


NOTHING: Final[Value] = ()
ANY: Final[Value] = ((ANYTHING, ""),)
NONE: Final[Value] = ((PLAIN, "none"),)
INT: Final[Value] = ((PLAIN, "int"),)
BOOL: Final[Value] = ((PLAIN, "bool"),)
STR: Final[Value] = ((PLAIN, "str"),)
BYTES: Final[Value] = ((PLAIN, "bytes"),)
FLOATING: Final[Value] = ((PLAIN, "float"),)

_TYPE_NAMES: Final = {int: "int", bool: "bool", str: "str", bytes: "bytes", type(None): "none"}
_KNOWN_MAX: Final = 4


def known(value: object) -> Value:
    """Return the value of a literal."""
    name = _TYPE_NAMES[type(value)]
    return ((PLAIN, "none"),) if value is None else ((KNOWN, name, value),)


def found_in(atom: Atom) -> Value:
    """Return an item of something of which nothing is known but where it came from.

    What is in a JSON text came out of that text; what is in a field of a message is such a field.
    """
    told = atom == (ANYTHING, JSON) or (atom[0] == METHOD and atom[1][:2] == (OBJECT, MESSAGE))
    return (atom,) if told else ANY


def type_name(atom: Atom) -> str:
    """Return the built-in type of an alternative, or an empty text."""
    tag = atom[0]
    if tag in {PLAIN, KNOWN, SEQUENCE}:
        return str(atom[1])
    if tag == TABLE:
        return "dict"
    if tag == SET:
        return str(atom[1])
    return "tuple" if tag == TUPLE else ""


def join(left: Value, right: Value) -> Value:
    """Return what is either; the result is left itself when right adds nothing."""
    if left is right or not right:
        return left
    if not left:
        return right
    if len(right) == 1 and right[0] in left:
        return left
    if len(left) + len(right) <= NARROW:
        key = (left, right)
        known = _JOINED.get(key)
        if known is None:
            known = remember(_JOINED, key, _joined(left, right))
        return known
    places = (id(left), id(right))
    found = _JOINED_WIDE.get(places)
    if found is None:
        found = (left, right, _joined(left, right))
        remember(_JOINED_WIDE, places, found)
    return found[2]


def join_all(values: Sequence[Value]) -> Value:
    """Return what is any of many values, for what one join costs."""
    if len(values) <= 2:
        return join(*values) if len(values) == 2 else values[0] if values else NOTHING
    atoms = dict.fromkeys([atom for value in values for atom in value])
    return _merge(list(atoms))


def _joined(left: Value, right: Value) -> Value:
    held = left if len(left) <= NARROW else frozenset(left)
    new = [
        atom
        for atom in right
        if atom not in held and not _any_closure(atom, held) and not _any_tuple(atom, left)
    ]
    if not new:
        return left
    merged = _merge([*left, *new])
    return left if same(left, merged) else merged


def _any_closure(atom: Atom, value: Container[Atom]) -> bool:
    """Say whether a closure is among the alternatives whoever made it."""
    return atom[0] == FUNCTION and (*atom[:3], -1) in value


def _any_tuple(atom: Atom, value: Value) -> bool:
    """Say whether one of the alternatives is a tuple of which this one is a case."""
    return atom[0] == TUPLE and any(_is_case(atom, other) for other in value)


def _is_case(atom: Atom, other: Atom) -> bool:
    if other[0] == TUPLE and len(other[1]) == len(atom[1]):
        return all(join(one, two) is one for one, two in zip(other[1], atom[1], strict=True))
    if other[:2] == (SEQUENCE, "tuple"):
        return all(join(other[2], item) is other[2] for item in atom[1])
    return False


NARROW: Final = 6
"""Alternatives of which a hash takes less time than joining them."""
_JOINED: Final[dict[tuple[Value, Value], Value]] = {}
_JOINED_WIDE: Final[dict[tuple[int, int], tuple[Value, Value, Value]]] = {}
"""By where two values are, which stay there as long as they are remembered with what they give."""
_MEMO_MAX: Final = 100_000  # a memo of pure functions: forgetting it changes nothing but the time


def remember(memo: dict[Any, Any], key: Any, value: Value) -> Value:
    """Keep a value in a memo that forgets all when it is full; return the value."""
    if len(memo) >= _MEMO_MAX:
        memo.clear()
    memo[key] = value
    return value


def same(left: Value, right: Value) -> bool:
    """Say whether two values have the same alternatives."""
    if left is right:
        return True
    if len(left) != len(right):
        return False
    if len(left) == 1:
        return left == right
    if left == right:
        return True
    held = right if len(right) <= NARROW else frozenset(right)
    return all(atom in held for atom in left)


def _merge(atoms: list[Atom]) -> Value:
    """Fold containers of a kind together and keep the number of alternatives bounded."""
    out: list[Atom] = []
    held: set[Atom] = set()
    slots: dict[tuple[str, str], int] = {}
    constants: dict[str, int] = {}
    tuples = 0
    unknown = covering = False
    for atom in atoms:
        tag = atom[0]
        if tag in _FOLDED:
            key = (tag, "" if tag == TABLE else atom[1])
            if key in slots:
                out[slots[key]] = _fold(out[slots[key]], atom)
                continue
            slots[key] = len(out)
        elif tag == KNOWN:
            constants[atom[1]] = constants.get(atom[1], 0) + 1
        elif tag == ANYTHING:
            if unknown:
                out = _less_known(out, atom)
                continue
            unknown = True
        elif tag == INSTANCE:
            covering = covering or not atom[2]
        elif tag == METHOD:
            covering = covering or atom[1] == ANY[0]
        if atom not in held:
            held.add(atom)
            out.append(atom)
            tuples += tag == TUPLE
    if covering and len(out) > 1:
        out = _covering(out)
    for name, times in constants.items():
        if times > _KNOWN_MAX or (PLAIN, name) in held:
            out = [each for each in out if not (each[0] == KNOWN and each[1] == name)]
            if (PLAIN, name) not in held:
                out.append((PLAIN, name))
    if tuples > 2:
        out = _tuples(out)
    return tuple(out) if len(out) <= ALTERNATIVES_MAX else _fewer(out)


def _less_known(atoms: list[Atom], other: Atom) -> list[Atom]:
    """Return alternatives, one of which is unknown, beside another: the less is known, it counts.

    What was read out of a JSON text is known better than what nobody knows.
    """
    return [_either_unknown(each, other) if each[0] == ANYTHING else each for each in atoms]


def _either_unknown(one: Atom, other: Atom) -> Atom:
    least, more = sorted([_unknown_rank(one), _unknown_rank(other)])
    if least == more:
        return one if one == other or not least else ANY[0]
    return one if _unknown_rank(one) == more else other


def _unknown_rank(atom: Atom) -> int:
    """Return how little is known: of what was given, of a JSON text, of a computed attribute."""
    if atom[1] in GIVEN:
        return 0
    return 1 if atom[1] == JSON else 2 if isinstance(atom[1], tuple) else 3


def _tuples(atoms: list[Atom]) -> list[Atom]:
    """Return alternatives with one tuple a length, or one of any length for too many of them."""
    tuples = [each for each in atoms if each[0] == TUPLE]
    rest = [each for each in atoms if each[0] != TUPLE]
    lengths = sorted({len(each[1]) for each in tuples})
    if len(lengths) <= _LENGTHS_MAX:
        groups = [[each for each in tuples if len(each[1]) == size] for size in lengths]
        return [*rest, *[_item_by_item(each) for each in groups]]
    element: Value = ()
    for each in tuples:
        for item in each[1]:
            element = join(element, item)
    return list(_merge([*rest, (SEQUENCE, "tuple", element, None)]))


def _covering(atoms: list[Atom]) -> list[Atom]:
    """Drop an exact instance beside any instance of its class, and a method told apart by why."""
    wide = {
        (atom[0], atom[1]) if atom[0] == INSTANCE else (METHOD, atom[2])
        for atom in atoms
        if (atom[0] == INSTANCE and not atom[2]) or (atom[0] == METHOD and atom[1] == ANY[0])
    }
    if not wide:
        return atoms
    out: list[Atom] = []
    for atom in atoms:
        if atom[0] == INSTANCE and atom[2] and (INSTANCE, atom[1]) in wide:
            continue
        told = atom[0] == METHOD and atom[1][0] == ANYTHING and atom[1] != ANY[0]
        if told and (METHOD, atom[2]) in wide:
            continue
        out.append(atom)
    return out


def _item_by_item(tuples: list[Atom]) -> Atom:
    """Return one tuple for several of one length."""
    items: list[Value] = list(tuples[0][1])
    for each in tuples[1:]:
        items = [join(one, other) for one, other in zip(items, each[1], strict=True)]
    return (TUPLE, tuple(items))


def growth(before: Value, after: Value) -> int:
    """Return by how much a value has grown: not at all by what can be called, which is bounded.

    1 for names of types, of which there are only so many, and for tuples and lists of them; else 4.
    What is new in an item of a container counts as much as it does by itself.
    """
    return max([_grown(before, atom) for atom in after if atom not in before], default=0)


def _grown(before: Value, atom: Atom) -> int:
    if atom[0] in _CALLED:
        return 0
    for other in before if atom[0] in _FOLDED else ():
        if atom[0] == other[0] == TABLE:
            return max(1, growth(other[1], atom[1]), growth(other[2], atom[2]))
        if other[:2] == atom[:2]:
            return max(1, growth(other[2], atom[2]))
    same_length = [each for each in before if each[0] == atom[0] == TUPLE]
    for other in same_length:
        if len(other[1]) == len(atom[1]):
            return max(1, *[growth(o, n) for o, n in zip(other[1], atom[1], strict=True)])
    return 1 if _is_named(atom) else 4


def _is_named(atom: Atom) -> bool:
    if atom[0] == TUPLE:
        return all(_is_named(part) for item in atom[1] for part in item)
    if atom[0] in {SEQUENCE, SET}:
        return all(_is_named(part) for part in atom[2])
    return atom[0] in _FEW


_FOLDED: Final = {SEQUENCE, SET, TABLE}
_CALLED: Final = {FUNCTION, CLASS, SUPER}
_FEW: Final = {*_CALLED, INSTANCE, PLAIN, ANYTHING}
_NAMED: Final = {INSTANCE, OUTSIDE}


def _fewer(atoms: list[Atom]) -> Value:
    """Return so many alternatives as fewer ones: first without saying who made a closure."""
    called: dict[Atom, None] = {}
    partials: dict[Any, Atom] = {}
    rest: list[Atom] = []
    for atom in atoms:
        if atom[0] == PARTIAL:
            key = (atom[1], len(atom[2]), tuple([name for name, _value in atom[3]]))
            partials[key] = _partials(partials[key], atom) if key in partials else atom
        elif atom[0] in _CALLED:
            told = atom[0] == FUNCTION and atom[3] != -1
            called[(*atom[:3], -1) if told else atom] = None
        else:
            rest.append(atom)
    if len(rest) > ALTERNATIVES_MAX or len(called) + len(partials) > CALLED_MAX:
        kept = [atom for atom in rest if atom[0] in _NAMED]
        out = [*list(called)[:CALLED_MAX], *partials.values(), *kept[:ALTERNATIVES_MAX]]
        return (*out, (ANYTHING, "many"))
    return (*called, *partials.values(), *rest)


def fewer_called(value: Value, most: int) -> Value:
    """Return a value with the first so many of what it can call; the others are unknown."""
    called = [atom for atom in value if atom[0] in _CALLED or atom[0] == PARTIAL]
    if len(called) <= most:
        return value
    rest = [atom for atom in value if atom[0] not in {*_CALLED, PARTIAL, ANYTHING}]
    return (*called[:most], *rest, (ANYTHING, "many"))


def _partials(left: Atom, right: Atom) -> Atom:
    """Return one partial for two of the same function that fill the same parameters."""
    positional = [join(one, other) for one, other in zip(left[2], right[2], strict=True)]
    words = [
        (name, join(one, other))
        for (name, one), (_name, other) in zip(left[3], right[3], strict=True)
    ]
    return (PARTIAL, left[1], tuple(positional), tuple(words))


def _fold(left: Atom, right: Atom) -> Atom:
    tag = left[0]
    if tag == TABLE:
        taint = left[3] or right[3]
        return (TABLE, join(left[1], right[1]), join(left[2], right[2]), taint)
    return (tag, left[1], join(left[2], right[2]), left[3] or right[3])


def filled(callee: Value, positional: Sequence[Value], words: Mapping[str, Value]) -> Value:
    """Return ``functools.partial``: a partial of a partial is one that fills more, as there."""
    out: Value = NOTHING
    for atom in callee:
        if atom[0] == PARTIAL and len(atom[2]) + len(positional) > _FILLED_MAX:
            made: Atom = (ANYTHING, "deep")
        elif atom[0] == PARTIAL:
            more = tuple(sorted({**dict(atom[3]), **words}.items()))
            made = (PARTIAL, atom[1], (*atom[2], *positional), more)
        elif atom[0] in {PLAIN, KNOWN}:
            continue
        else:
            made = (PARTIAL, (atom,), tuple(positional), tuple(sorted(words.items())))
        out = join(out, (made,))
    return out


def sequence(element: Value, kind: str = "list", taint: Taint | None = None) -> Value:
    """Return a sequence of elements of one kind."""
    return ((SEQUENCE, kind, element, taint),)


def table(key: Value, value: Value, taint: Taint | None = None) -> Value:
    """Return a dict."""
    return ((TABLE, key, value, taint),)


def a_set(element: Value, kind: str = "set", taint: Taint | None = None) -> Value:
    """Return a set."""
    return ((SET, kind, element, taint),)


def grade(element: Value) -> str:
    """Say what fixes the order of a set of such elements: nothing, a seed, or the elements.

    ``stable`` when two runs agree (int, bool, float), ``salted`` when PYTHONHASHSEED decides (str,
    bytes), ``identity`` when addresses decide, ``unknown`` otherwise.
    """
    if not element:
        return "empty"
    worst = "stable"
    for atom in element:
        tag = atom[0]
        mine = "unknown"
        if tag in {PLAIN, KNOWN}:
            mine = "stable" if atom[1] in {"int", "bool", "float", "complex"} else "salted"
        elif tag == TUPLE:
            mine = max([grade(item) for item in atom[1]], key=_RANKS.index, default="stable")
            mine = "stable" if mine == "empty" else mine
        elif tag in {SEQUENCE, SET}:
            mine = grade(atom[2])
            mine = "stable" if mine == "empty" else mine
        elif tag in {CLASS, FUNCTION, METHOD, ADDRESS}:
            mine = "identity"
        elif tag in {INSTANCE, OBJECT}:
            mine = "instance"
        worst = max(worst, mine, key=_RANKS.index)
    return worst


_RANKS: Final = ("empty", "stable", "unknown", "instance", "salted", "identity")


def outliving(value: Value) -> Value:
    """Return a value that a module keeps: its iterators are advanced by all who read them."""
    if not any(atom[0] in {SEQUENCE, METHOD, PARTIAL} for atom in value):
        return value
    return tuple([_outliving(atom) for atom in value])


def _outliving(atom: Atom) -> Atom:
    if atom[0] == SEQUENCE and atom[1] in _LIVE:
        return (SEQUENCE, SHARED, atom[2], atom[3])
    if atom[0] == METHOD and isinstance(atom[1], tuple):
        return (METHOD, _outliving(atom[1]), atom[2])
    if atom[0] == PARTIAL:
        return (PARTIAL, atom[1], tuple([outliving(each) for each in atom[2]]), atom[3])
    return atom
