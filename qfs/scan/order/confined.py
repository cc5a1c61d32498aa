"""Objects that one function keeps to itself: made there, and only asked and fed there.

- Such a queue is a list, and no other thread can come in between: it is silent. Handed on,
  returned, stored, or known to a function inside, it is one between threads again; so is one whose
  ``get`` is told how long to wait.
- A context variable that is made and used in one function alone carries nothing past arguments.
- A file or database in memory is none outside; a weak reference to what a variable holds is alive.
"""

from typing import Any, Final

from qfs.scan.domain.values import NOTHING, OBJECT, Atom, known, type_name
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.solver.dispatch import Arguments
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.program import Function

_ASKED: Final = {
    "put", "get", "put_nowait", "get_nowait", "empty", "full", "qsize", "set", "reset",
}  # fmt: skip
_CONTEXT: Final = "contextvars.ContextVar."
_BUFFERS: Final = ("io.StringIO", "io.BytesIO")


def confined(frame: Frame, name: str, arguments: Arguments, pos: Pos) -> bool:
    """Say whether a queue that is made or asked here is known to this function alone.

    A lock that is waited for as long as it takes is silent too.
    """
    if name == "threading.Lock.acquire":
        given = [arguments.at(0, "blocking"), arguments.at(1, "timeout")]
        return all(value in (NOTHING, known(True), known(-1)) for value in given)
    if name == "zipfile.ZipFile":
        return not any(_is_path(atom) for atom in arguments.at(0, "file"))
    if name in {"configparser.ConfigParser.write", "configparser.RawConfigParser.write"}:
        buffer = arguments.at(0, "fp")
        return bool(buffer) and all(atom[0] == OBJECT and atom[1] in _BUFFERS for atom in buffer)
    if name == "sqlite3.connect":
        return arguments.at(0, "database") == known(":memory:")
    function = frame.function
    if name == "weakref.ref":
        return function.outer is not None and _alive(function, arguments, pos)
    asks = name.startswith(("queue.", _CONTEXT))
    if not asks or function.outer is None or function.facts.captured:
        return False
    if function.facts.generator or function.facts.asynchronous:
        return False
    own = _local(frame, name, arguments, pos)
    if not own or own in function.shared:
        return False
    question = ("confined", own)
    kept: bool | None = function.notes.get(question)
    if kept is None:
        parameters = {parameter.name for parameter in function.facts.parameters}
        kept = own not in parameters and _kept(function.facts.body, own)
        kept = kept and (not name.startswith(_CONTEXT) or _made_as(function, own, "ContextVar"))
        function.notes[question] = kept
    return kept


def _is_path(atom: Atom) -> bool:
    return type_name(atom) == "str" or (atom[0] == OBJECT and atom[1].startswith("pathlib."))


def _local(frame: Frame, name: str, arguments: Arguments, pos: Pos) -> str:
    """Return the variable of a queue that is made or asked at a place, or an empty text."""
    if name.count(".") == 1:
        for fact in frame.function.assignments:
            if fact[2][0] == ir.CALL and fact[2][4] == pos:
                target: Fact = fact[1][0]
                return str(target[1]) if len(fact[1]) == 1 and target[0] == ir.NAME else ""
        return ""
    callee: Fact = arguments.facts[1] if arguments.facts is not None else ()
    if callee[:1] != (ir.ATTR,) or callee[1][0] != ir.NAME:
        return ""
    waits = callee[2] == "get" and (arguments.positional or arguments.keywords)
    waits = waits and not name.startswith(_CONTEXT)
    return "" if waits else str(callee[1][1])


def _made_as(function: Function, own: str, maker: str) -> bool:
    """Say whether a variable is given nothing but what a call of such a name makes."""
    given = [
        fact[2]
        for fact in function.assignments
        if any(target[:2] == (ir.NAME, own) for target in ir.leaves(fact[1]))
    ]
    return bool(given) and all(
        each[0] == ir.CALL and each[1][0] in {ir.NAME, ir.ATTR} and each[1][-2] == maker
        for each in given
    )


def _alive(function: Function, arguments: Arguments, pos: Pos) -> bool:
    """Say whether ``r = weakref.ref(x)`` is asked only here, where x is a variable all the time."""
    given: Fact = arguments.facts[2] if arguments.facts is not None else ()
    if len(given) != 1 or given[0][0] != ir.NAME or function.facts.generator:
        return False
    held = given[0][1]
    if held not in function.bound or held in function.shared or function.facts.captured:
        return False
    references = [fact for fact in function.assignments if fact[2][0] == ir.CALL]
    here = [fact[1][0] for fact in references if fact[2][4] == pos and len(fact[1]) == 1]
    if not here or here[0][0] != ir.NAME:
        return False
    parameter = any(each.name == held for each in function.facts.parameters)
    return _bound(function.facts.body, held) + parameter == 1 and _called(
        function.facts.body, here[0][1]
    )


def _bound(fact: Any, name: str) -> int:
    """Count the places at which a variable is given something, or is deleted."""
    if not isinstance(fact, tuple) or not fact:
        return 0
    if fact[0] == ir.ASSIGN and len(fact) == 4 and isinstance(fact[1], tuple):
        mine = sum([part[:2] == (ir.NAME, name) for each in fact[1] for part in ir.parts(each)])
        return mine + _bound(fact[2], name)
    binds = fact[0] in {ir.FOR, ir.AUGMENT, ir.DELETE, ir.WITH} and len(fact) > 1
    if binds and isinstance(fact[1], tuple):
        mine = sum([part[:2] == (ir.NAME, name) for part in ir.parts(fact[1])])
        return mine + sum([_bound(part, name) for part in fact[2:]])
    return sum([_bound(part, name) for part in fact])


def _called(fact: Any, name: str) -> bool:
    """Say whether a variable stands only where it is given something, or is called."""
    if not isinstance(fact, tuple) or not fact:
        return True
    match fact:
        case (ir.CALL, (ir.NAME, str(called), _), (), (), _) if called == name:
            return True
        case (ir.ASSIGN, ((ir.NAME, str(given), _),), value, (int(), *_)) if given == name:
            return _called(value, name)
        case (ir.NAME, str(read), _):
            return read != name
    return all(_called(part, name) for part in fact)


def _kept(fact: Any, own: str) -> bool:
    """Say whether a variable stands only where it is given a new queue, or is asked."""
    if not isinstance(fact, tuple) or not fact:
        return True
    match fact:
        case (
            ir.CALL,
            (ir.ATTR, (ir.NAME, str(name), _), str(method), _),
            positional,
            words,
            _,
        ) if name == own:
            return method in _ASKED and _kept((positional, words), own)
        case (ir.ASSIGN, ((ir.NAME, str(name), _),), (ir.CALL, *_), (int(), *_)) if name == own:
            return _kept(fact[2], own)
        case (ir.NAME, str(name), _):
            return name != own
    return all(_kept(part, own) for part in fact)
