"""Queues that one function keeps to itself: made there, and only asked and fed there.

- Such a queue is a list, and no other thread can come in between: it is silent.
- Handed on, returned, stored, or known to a function inside, it is one between threads again; so is
  one whose ``get`` is told how long to wait.
"""

from typing import Any, Final

from qfs.scan import ir
from qfs.scan.dispatch import Arguments
from qfs.scan.frame import Frame
from qfs.scan.ir import Fact, Pos
from qfs.scan.values import NOTHING, OBJECT, Atom, known, type_name

_ASKED: Final = {"put", "get", "put_nowait", "get_nowait", "empty", "full", "qsize"}


def confined(frame: Frame, name: str, arguments: Arguments, pos: Pos) -> bool:
    """Say whether a queue that is made or asked here is known to this function alone.

    A lock that is waited for as long as it takes is silent too.
    """
    if name == "threading.Lock.acquire":
        given = [arguments.at(0, "blocking"), arguments.at(1, "timeout")]
        return all(value in (NOTHING, known(True), known(-1)) for value in given)
    if name == "zipfile.ZipFile":
        return not any(_is_path(atom) for atom in arguments.at(0, "file"))
    function = frame.function
    if not name.startswith("queue.") or function.outer is None or function.facts.captured:
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
    return "" if waits else str(callee[1][1])


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
