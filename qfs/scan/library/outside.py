"""Calls that leave the program: rules, summaries, and the built-in functions.

- A guard that holds (a seed, ``tz=``, ``sort_keys=True``) makes the call clean.
- Callbacks handed to code outside are called by it: certain where a summary says so, else a may.
- A sequence whose order is tainted may not be handed out, unless its order does not matter there.
"""

from typing import Final

from qfs.scan.domain.values import (
    ADDRESS,
    ANY,
    ANYTHING,
    CLASS,
    FUNCTION,
    INSTANCE,
    INT,
    KNOWN,
    MESSAGE,
    METHOD,
    NOTHING,
    OBJECT,
    OUTSIDE,
    PARTIAL,
    SEQUENCE,
    SET,
    STR,
    TABLE,
    TUPLE,
    Atom,
    Taint,
    Value,
    a_set,
    filled,
    join,
    sequence,
    table,
)
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Pos
from qfs.scan.library import times
from qfs.scan.library.builtin_functions import BUILTINS
from qfs.scan.library.frameworks import act, is_replaced
from qfs.scan.library.special import SPECIAL
from qfs.scan.objects.addresses import told
from qfs.scan.objects.annotations import of_class
from qfs.scan.order.confined import confined
from qfs.scan.order.filling import may_hold, put
from qfs.scan.order.inside import with_order
from qfs.scan.order.iteration import elements, order_of, unordered
from qfs.scan.order.iterators import of_itertools
from qfs.scan.rules.rule import Guard, Hit, lookup
from qfs.scan.rules.summaries import parse_type
from qfs.scan.solver.dispatch import Arguments, call, escape, hand_over, hand_over_many
from qfs.scan.solver.frame import Frame

_KEEPS_ORDER: Final = {
    "json.dumps", "json.dump", "pickle.dumps", "pickle.dump", "marshal.dumps", "statistics.mode",
    "itertools.chain", "itertools.accumulate", "itertools.islice", "itertools.cycle",
    "itertools.zip_longest", "itertools.product", "itertools.permutations", "itertools.groupby",
    "itertools.combinations", "itertools.takewhile", "itertools.dropwhile",
    "copyreg.dumps", "cbor2.dumps", "msgspec.json.encode", "shelve.open", "statistics.multimode",
    "csv.DictWriter", "csv.writer.writerow", "csv.writer.writerows", "csv.DictWriter.writerows",
    "graphlib.TopologicalSorter", "graphlib.TopologicalSorter.add",
}  # fmt: skip
_ORDER_FREE: Final = {
    "collections.Counter", "copy.copy", "copy.deepcopy", "math.fsum", "math.gcd", "math.lcm",
    "math.prod", "types.MappingProxyType", "statistics.median", "random.seed",
}  # fmt: skip
_SAME: Final = {
    "typing.cast": 1, "types.MappingProxyType": 0,
    "asyncio.ensure_future": 0, "asyncio.create_task": 0, "asyncio.shield": 0,
    "typing.assert_type": 0, "typing.final": 0, "contextlib.closing": 0, "inspect.unwrap": 0,
}  # fmt: skip
_CALLS_ITSELF: Final = {
    "functools.partial", "functools.wraps", "functools.update_wrapper", "functools.reduce",
}  # fmt: skip
"""Functions whose callbacks are called where their meaning is, or not at all."""
_TELLS_NOTHING: Final = {
    f"builtins.{name}"
    for name in (
        "list", "tuple", "set", "frozenset", "dict", "len", "iter", "enumerate", "zip", "map",
        "filter", "reversed", "sorted", "min", "max", "next", "any", "all", "isinstance", "super",
        "type", "bool", "callable", "id", "hasattr", "getattr", "issubclass", "__import__",
    )
}  # fmt: skip
"""Built-in functions that hand addresses on, refuse them, or compare them and say so."""
_QUIET: Final = (
    "logging.", "collections.", "copy.", "itertools.", "typing.", "functools.", "weakref.",
)  # fmt: skip
_ALIKE: Final = {
    "collections.OrderedDict.fromkeys": "builtins.dict.fromkeys",
    "collections.Counter.fromkeys": "builtins.dict.fromkeys",
}
_FIELDS: Final = {
    "dataclasses.field", "attr.ib", "attr.attrib", "attr.field", "attrs.field", "pydantic.Field",
    "msgspec.field",
}  # fmt: skip


def call_outside(
    frame: Frame, name: str, arguments: Arguments, pos: Pos, *, certain: bool = True
) -> Value:
    """Return what a call of something outside gives."""
    name = _ALIKE.get(name, name)
    if name == "builtins.id":
        return _address(frame, pos)
    _addresses(frame, name, arguments)
    if name in BUILTINS:
        ruled(frame, name, arguments, pos, certain=certain)
        return BUILTINS[name](frame, arguments, pos)
    if name.startswith("builtins.") and name.count(".") == 2:
        return _unbound(frame, name, arguments, pos)
    summaries = frame.solver.rules.summaries
    replaced = is_replaced(frame, name)
    reported = not replaced and ruled(frame, name, arguments, pos, certain=certain)
    if name in summaries.acts:
        act(frame, name, arguments)
    _callbacks(frame, name, arguments, pos, known=reported or summaries.is_pure(name))
    if name in SPECIAL:
        special = SPECIAL[name](frame, arguments, pos)
    else:
        special = _special(frame, name, arguments, pos)
    text = summaries.returns.get(name)
    pure = summaries.is_pure(name) or name in summaries.acts or replaced
    understood = special is not None or text is not None or pure
    if not reported and (understood or _ruled(frame, name)):
        frame.rest(summaries.trust(name), name)
    elif not reported:
        frame.site("unknown-summary", pos, name, "unknown")
    if special is None:
        _hand_out(frame, name, arguments, pos)
    if special is not None:
        return special
    return _given(frame, name, text, arguments, pos)


def _given(frame: Frame, name: str, text: str | None, arguments: Arguments, pos: Pos) -> Value:
    """Return what a summary says of a call of a name; an object outside holds what it is handed."""
    if text in {"arg0", "self"}:
        return arguments.first()
    if text == "elem0":
        return elements(frame, arguments.first(), pos)[0]
    if text is not None and text.startswith("listing"):
        taint = Taint(frame.module.path, pos, "a directory listing", "listing")
        return tuple([("seq", "list", atom[2], taint) for atom in parse_type(text)])
    time = times.made(name, arguments)
    if time is not None:
        return time
    if text is not None:
        made = parse_type(text)
    else:
        made = ((OBJECT, name, ""),) if name.rpartition(".")[2][:1].isupper() else ANY
    for value in arguments.all():
        if with_order(value):
            for atom in made if made != ANY else ():
                if atom[0] == OBJECT:
                    put(frame, atom[1], value, pos)
            if made == ANY and name not in _KEEPS_ORDER:
                held = [each for each in may_hold(frame, value, pos) if each[0] == SET]
                made = join(made, tuple(held))
    return made


def _address(frame: Frame, pos: Pos) -> Value:
    """Return an address; what ``__hash__`` gives is a hash, which has rules of its own."""
    if frame.function.facts.name == "__hash__":
        return INT
    return ((ADDRESS, frame.module.path, pos),)


def _addresses(frame: Frame, name: str, arguments: Arguments) -> None:
    """Report the addresses that are handed to what may use their number."""
    if not (name in _TELLS_NOTHING or name.startswith(_QUIET)):
        for value in arguments.all():
            told(frame, value, f"goes to {name.removeprefix('builtins.')}")


def _unbound(frame: Frame, name: str, arguments: Arguments, pos: Pos) -> Value:
    """``dict.fromkeys(x)``, ``int.from_bytes(b)``, ``str.join(sep, x)``."""
    if ruled(frame, name, arguments, pos):
        return ANY
    _, kind, method = name.split(".")
    if name in {"builtins.object.__repr__", "builtins.object.__str__"}:
        frame.site("default-repr", pos, name.removeprefix("builtins."))
        return STR
    if name == "builtins.object.__setattr__":
        return BUILTINS["builtins.setattr"](frame, arguments, pos)
    if method == "fromkeys":
        receiver: Atom = ("dict", NOTHING, NOTHING, None)
        return call(frame, ((METHOD, receiver, method),), arguments, pos)
    made = new_object(arguments) if method == "__new__" else NOTHING
    if made:
        return made
    if method in {"from_bytes", "fromhex", "maketrans", "__new__"}:
        return ((("plain"), kind),) if kind in {"int", "bytes", "str"} else ANY
    out: Value = NOTHING
    rest = Arguments(arguments.positional[1:], arguments.keywords, arguments.star)
    if arguments.facts is not None and arguments.facts[2]:
        from qfs.scan.library.methods import changed  # noqa: PLC0415 (it calls what is outside)

        changed(frame, (ir.ATTR, arguments.facts[2][0], method, pos), arguments.first(), rest, pos)
    for atom in arguments.first():
        out = join(out, call(frame, ((METHOD, atom, method),), rest, pos))
    return out or ANY


def new_object(arguments: Arguments) -> Value:
    """Return what ``object.__new__(cls)`` makes: an object of the class that it is handed."""
    return tuple([(INSTANCE, atom[1], True) for atom in arguments.first() if atom[0] == CLASS])


def _ruled(frame: Frame, name: str) -> bool:
    """Say whether a rule knows the name: it was read, or a guard or the policy silences it here."""
    index = frame.solver.rules.index
    return name in index.reads or bool(lookup(index.calls, name)[1])


def ruled(frame: Frame, name: str, arguments: Arguments, pos: Pos, *, certain: bool = True) -> bool:
    """Report what the rules say of a call of a name; return whether they said anything."""
    matched, hits = lookup(frame.solver.rules.index.calls, name)
    if len(frame.solver.rules.summaries.pattern(name)) > len(matched):
        return False
    reported = False
    if hits and _written_here(arguments):
        hits = [hit for hit in hits if not any(each.keyword == "sort_keys" for each in hit.guards)]
    if times.in_digits(name, arguments):
        hits = [hit for hit in hits if hit.rule.effect != "locale"]
    if _dated(name, arguments) or _copies(frame, name, arguments):
        hits = []
    if hits and confined(frame, name, arguments, pos):
        hits = []
    for hit in hits:
        held = held_guard(hit, arguments)
        if held == "yes":
            continue
        verdict = "violation" if certain and held == "no" else "possible"
        text = name.removeprefix("builtins.")
        frame.report(hit.rule, pos, text, verdict)
        reported = True
    return reported


def _dated(name: str, arguments: Arguments) -> bool:
    """Say whether an archive's member is written with a ZipInfo: it brings its own date."""
    first = arguments.first()
    named = name == "zipfile.ZipFile.writestr" and bool(first)
    return named and all(atom[:2] == (OBJECT, "zipfile.ZipInfo") for atom in first)


def _copies(frame: Frame, name: str, arguments: Arguments) -> bool:
    """Say whether what is unpickled was pickled in the same breath: a copy, and no bytes."""
    fact = arguments.facts[2][0] if arguments.facts is not None and arguments.facts[2] else None
    inner = fact[1] if fact is not None and fact[0] == ir.CALL else None
    if name != "pickle.loads" or fact is None or inner is None or inner[-2] != "dumps":
        return False
    for key, effect in list(frame.node.effects.items()):
        if key[2] == fact[4] and effect.rule.effect == "serialization":
            del frame.node.effects[key]
    return True


def _written_here(arguments: Arguments) -> bool:
    """Say whether what is written has one order: no dict, or one that stands in the call."""
    fact = arguments.facts[2][0] if arguments.facts is not None and arguments.facts[2] else None
    if fact is not None and fact[0] == ir.DICT:
        return all(key is not None and value[0] != ir.DICT for key, value in fact[1])
    return _no_table(arguments.first())


def _no_table(value: Value) -> bool:
    """Say whether a value holds no dict for certain."""
    for atom in value:
        inner = atom[1] if atom[0] == "tup" else (atom[2],) if atom[0] in {"seq", "dict"} else ()
        if atom[0] == "dict":  # one that the program fills: its order is followed, like a list's
            if atom[3] is not None or not _no_table(atom[1]):
                return False
        elif atom[0] not in {"plain", KNOWN, "tup", "seq"}:
            return False
        if not all(_no_table(each) for each in inner):
            return False
    return bool(value)


def held_guard(hit: Hit, arguments: Arguments) -> str:
    """Say whether a guard of a hit holds: yes, no or maybe."""
    answer = "no"
    for guard in hit.guards:
        given = arguments.gives(guard.position, guard.keyword)
        value = arguments.at(guard.position, guard.keyword) if given else NOTHING
        if given and _satisfied(guard, value):
            seeds = hit.rule.effect == "random"
            if not seeds or not any(atom[:2] == ("plain", "none") for atom in value):
                return "yes"
            answer = "maybe"  # None is no seed
        if arguments.double or (arguments.star is not None and guard.position >= 0):
            answer = "maybe"
    return answer


def _satisfied(guard: Guard, value: Value) -> bool:
    """Say whether a given argument is one that makes the call deterministic."""
    if not guard.value:
        return not (len(value) == 1 and value[0][:2] == ("plain", "none"))
    return any(atom[0] == KNOWN and str(atom[2]) == guard.value for atom in value) or any(
        atom[0] == ANYTHING for atom in value
    )


def _callbacks(frame: Frame, name: str, arguments: Arguments, pos: Pos, *, known: bool) -> None:
    """Call the callbacks that a function outside is handed, unless somebody else runs them."""
    if name in frame.solver.rules.summaries.acts:
        return
    if name in _CALLS_ITSELF:
        return
    for value in arguments.all():
        for atom in hand_over_many(frame, value, arguments, pos):
            if atom[0] in {FUNCTION, PARTIAL} or (known and _is_method(atom)):
                hand_over(frame, atom, arguments, pos, certain=known)
            elif atom[0] == OUTSIDE and known and name in frame.solver.rules.summaries.calls:
                call(frame, (atom,), Arguments([ANY]), pos, certain=True)


def _is_method(atom: Atom) -> bool:
    """Say whether an alternative is a method for certain, not an attribute nobody knows of."""
    if atom[0] != METHOD or atom[1][:2] == (OBJECT, MESSAGE):
        return False
    return atom[1][0] not in {ANYTHING, INSTANCE, METHOD}


def _hand_out(frame: Frame, name: str, arguments: Arguments, pos: Pos) -> None:
    """Report an order that leaves the program, where it is kept."""
    if name in _ORDER_FREE:
        return
    sorts = arguments.keywords.get("sort_keys")
    if arguments.star_taint is not None:
        frame.leak(arguments.star_taint, "set-argument", f"is kept by {name}")
    for value in arguments.all():
        if name in _KEEPS_ORDER and not name.startswith("itertools."):
            by_key = sorts is not None and all(atom[0] == "dict" for atom in value)
            taint = None if by_key else order_of(frame, value, pos)
            whole: Value = sequence(value) if arguments.at(-1, "default") else value
            taint = taint or _nested(frame, whole, arguments, pos, by_key=sorts is not None)
            if taint is not None:
                frame.leak(taint, "set-argument", f"is kept by {name}")
            continue
        taint = unordered(value)
        if taint is not None:
            frame.leak(
                taint._replace(grade=_weaker(taint.grade)), "set-argument", f"goes to {name}"
            )


def _nested(
    frame: Frame, value: Value, arguments: Arguments, pos: Pos, *, by_key: bool
) -> Taint | None:
    """Return the order of a set within what is written; ``default=`` says how it is written."""
    default = arguments.at(-1, "default")
    for atom in value:
        if atom[0] not in {SEQUENCE, TABLE, TUPLE}:
            continue
        for parts in atom[1] if atom[0] == TUPLE else (atom[2],):
            shown: Value = NOTHING
            for each in parts if default else ():
                if each[0] == INSTANCE:
                    shown = join(shown, call(frame, default, Arguments([(each,)]), pos))
            found = unordered(tuple([each for each in shown if not (by_key and each[0] == TABLE)]))
            found = found or _inside(shown)
            if found is not None:
                return found
            inner = tuple([each for each in parts if each[0] == SET])
            written = call(frame, default, Arguments([inner]), pos) if inner and default else inner
            kept = tuple([each for each in parts if not (by_key and each[0] == TABLE)])
            taint = order_of(frame, written, pos) or unordered(kept)
            taint = taint or _nested(frame, parts, arguments, pos, by_key=by_key)
            if taint is not None:
                return taint
    return None


def _inside(value: Value) -> Taint | None:
    """Return the order within tables: that of their own keys is sorted."""
    for atom in value:
        taint = unordered(atom[2]) if atom[0] == TABLE else None
        if taint is not None:
            return taint
    return None


def _weaker(grade: str) -> str:
    return "unknown" if grade == "salted" else grade


def _special(frame: Frame, name: str, arguments: Arguments, pos: Pos) -> Value | None:
    """Return the value of the few functions whose result depends on their arguments' structure."""
    if name in _SAME:
        return arguments.at(_SAME[name], "") or ANY
    if name == "functools.partial":
        from qfs.scan.library.handles import filled_by  # noqa: PLC0415 (it calls what is outside)

        callee = filled_by(frame, arguments.first(), arguments)
        return filled(callee, arguments.positional[1:], arguments.keywords)
    if name in {"operator.methodcaller", "operator.attrgetter", "operator.itemgetter"}:
        return ((name, tuple(arguments.positional), tuple(sorted(arguments.keywords.items()))),)
    if name in {"functools.lru_cache", "functools.cache", "functools.singledispatch"}:
        first = arguments.first()
        callable_ = any(atom[0] in {FUNCTION, PARTIAL, "cls"} for atom in first)
        return first if callable_ else ((OUTSIDE, "qfs.identity"),)
    if name in {"functools.wraps", "dataclasses.dataclass", "enum.unique", "abc.abstractmethod"}:
        return ((OUTSIDE, "qfs.identity"),)
    if name in {"qfs.identity", "contextlib.contextmanager", "contextlib.asynccontextmanager"}:
        return arguments.first()
    if name == "typing.NewType":
        return ((("newtype"), of_class(frame, arguments.at(1, "tp"))),)
    if name in {"typing.TypeVar", "typing.ParamSpec", "typing.TypeVarTuple"}:
        return ((("any"), "type variable"),)
    if name.startswith("itertools."):
        return of_itertools(frame, name, arguments, pos)
    if name in {"asyncio.run", "asyncio.gather", "asyncio.wait_for", "asyncio.wait"}:
        return _asyncio(name, arguments)
    if name in {"collections.Counter", "collections.OrderedDict", "collections.defaultdict"}:
        return _tables(frame, name, arguments, pos)
    if name == "collections.deque":
        element, taint = elements(frame, arguments.first(), pos)
        return sequence(element, "deque", taint)
    if name in {"weakref.WeakSet", "weakref.WeakKeyDictionary"}:
        return _weak(frame, name, arguments, pos)
    if name in _FIELDS:
        return _field(frame, arguments, pos)
    return None


def _weak(frame: Frame, name: str, arguments: Arguments, pos: Pos) -> Value:
    """Return a container whose order the collector decides; a key that is asked for is alive."""
    if name == "weakref.WeakSet":
        return a_set(elements(frame, arguments.first(), pos)[0], "weakset")
    gone = Taint(frame.module.path, pos, "a WeakKeyDictionary", "unknown")
    return table(NOTHING, NOTHING, gone)


def _asyncio(name: str, arguments: Arguments) -> Value:
    out: Value = NOTHING
    values = arguments.all() if name == "asyncio.gather" else [arguments.first()]
    for value in values:
        for atom in value:
            out = join(out, atom[2] if atom[:2] == ("seq", "coro") else ANY)
    if name == "asyncio.gather":
        return sequence(sequence(out or ANY), "coro")
    if name == "asyncio.wait":
        tasks = a_set(ANY, "arrival")
        return sequence((("tup", (tasks, tasks)),), "coro")
    return out if name == "asyncio.run" else sequence(out or ANY, "coro")


def _tables(frame: Frame, name: str, arguments: Arguments, pos: Pos) -> Value:
    if name == "collections.Counter":
        element, taint = elements(frame, arguments.first(), pos)
        return table(element, (("plain", "int"),), taint)
    if name == "collections.defaultdict":
        made = call(frame, arguments.first(), Arguments([]), pos) if arguments.first() else NOTHING
        return table(NOTHING, made)
    return BUILTINS["builtins.dict"](frame, arguments, pos)


def _field(frame: Frame, arguments: Arguments, pos: Pos) -> Value:
    factory = arguments.at(-1, "default_factory") or arguments.at(-1, "factory")
    if factory:
        _shared_factory(frame, factory, pos)
        return call(frame, factory, Arguments([]), pos)
    return arguments.at(-1, "default") or ANY


def _shared_factory(frame: Frame, factory: Value, pos: Pos) -> None:
    """Report a factory that advances an iterator made with the class."""
    for atom in factory:
        inner = atom[2][0] if atom[0] == PARTIAL and atom[2] else ()
        held = (atom[1],) if atom[0] == METHOD and atom[2] == "__next__" else inner
        if any(each[0] == "seq" and each[1] in {"lazy", "gen"} for each in held):
            frame.site("shared-iterator", pos, "an iterator that outlives the call")


__all__ = ["call_outside", "escape", "held_guard"]
