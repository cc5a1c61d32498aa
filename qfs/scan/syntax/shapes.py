"""Shapes of a function's body that its types do not show: money, checks, effects, roles.

- Each looks at one function alone, in source order, and asks for several signs at once: few, quiet.
- Money is what is called so (``amount``, ``balance``, ``fee_minor``) and is a number here; objects
  that have operators of their own, as ``Fixed`` has, are not spoken of.
- A state is an attribute of ``self``, or what ``state`` holds; a handler's input is its parameter
  ``command``, ``order``, ``packet`` or the like.
- Source: Checks-Effects-Interactions (Solidity documentation, "Security Considerations"); CWE-20,
  CWE-682, CWE-862.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qfs.scan.domain.values import type_name
from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.solver.frame import Frame
from qfs.scan.syntax.expressions import evaluate

_MONEY: Final = frozenset((
    "amount", "balance", "price", "fee", "fees", "reward", "rewards", "interest", "tax", "payout",
    "dividend", "deposit", "refund", "salary", "wage", "premium", "money", "cents", "minor", "wei",
    "satoshi", "stake", "debit", "credit",
))  # fmt: skip
_NOT_MONEY: Final = frozenset((
    "count", "index", "number", "size", "id", "ids", "text", "name", "digits", "bytes", "length",
    "ratio", "rate", "bits", "places",
))  # fmt: skip
_INPUTS: Final = frozenset((
    "command", "order", "packet", "message", "request", "tx", "transaction", "payload", "event",
    "msg", "body",
))  # fmt: skip
_SENDS: Final = frozenset((
    "send", "notify", "publish", "emit", "post", "dispatch", "callback", "invoke", "pay", "request",
))  # fmt: skip
_CHECKS: Final = re.compile(
    r"(?i)check|valid|verif|ensure|require|assert|guard|authori[sz]|permi|allow"
)
_PRIVILEGED: Final = frozenset((
    "mint", "burn", "pause", "unpause", "upgrade", "grant", "revoke", "freeze", "unfreeze", "seize",
    "slash", "enrol", "unlock",
))  # fmt: skip
_ASKERS: Final = frozenset(("actor", "sender", "caller", "signer", "principal", "requester"))
_ROLES: Final = re.compile(
    r"(?i)role|owner|admin|authorit|actor|sender|caller|signer|principal|requester"
)
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_BLOCKS: Final = (ir.IF, ir.WHILE, ir.FOR, ir.TRY, ir.WITH, ir.MATCH)
_LEAVES: Final = (ir.RETURN, ir.RAISE, ir.BREAK)


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that a body does: read or write a path, call, compare."""

    kind: str
    fact: Fact
    pos: Pos


def look(frame: Frame) -> None:
    """Report the shapes that the rules ask for in the function that a frame has read."""
    sites = frame.solver.rules.index.sites
    wanted = [shape for name, shape in _SHAPES.items() if name in sites]
    if not wanted or frame.function.outer is None:
        return
    events = list(_events(frame.function.facts.body))
    for shape in wanted:
        shape(frame, events)


def words(name: str) -> list[str]:
    """Return the words of an identifier, in small letters."""
    return [each.lower() for each in _WORD.findall(name)]


def _money_name(name: str) -> bool:
    parts = words(name)
    return bool(parts) and not _NOT_MONEY & {*parts} and bool(_MONEY & {*parts})


def _called(fact: Fact) -> str:
    """Return the last name of what a fact names or calls; empty for anything else."""
    match fact:
        case (ir.NAME, str(name), _):
            return name
        case (ir.ATTR, _, str(name), _):
            return name
        case (ir.CALL, callee, _, _, _):
            return _called(callee)
        case (ir.INDEX, _, (ir.CONST, str(name), _), _):
            return name
        case (ir.INDEX, thing, _, _):
            return _called(thing)
    return ""


def _is_money(fact: Fact) -> bool:
    match fact:
        case (ir.BINARY, "+" | "-" | "*", left, right, _):
            return _is_money(left) or _is_money(right)
        case (ir.UNARY, _, operand, _):
            return _is_money(operand)
    return _money_name(_called(fact))


def _money(frame: Frame, events: list[_Event]) -> None:
    """Report // and >> on money that is a number, and round() of it."""
    for event in events:
        match event.fact:
            case (ir.BINARY, "//" | ">>", left, _, _) if _is_money(left):
                shown, value = f"{event.fact[1]} on {_shown(left)}", left
            case (ir.AUGMENT, target, "//" | ">>", _, _) if _is_money(target):
                shown, value = f"{event.fact[2]}= on {_shown(target)}", target
            case (ir.CALL, (ir.NAME, "round", _), (value, *_), _, _) if _is_money(value):
                shown = f"round() of {_shown(value)}"
            case _:
                continue
        verdict = _number(frame, value)
        if verdict:
            frame.site("money-rounding", event.pos, shown, verdict)


def _shown(fact: Fact) -> str:
    match fact:
        case (ir.BINARY, _, left, right, _):
            return _shown(left if _is_money(left) else right)
        case (ir.UNARY, _, operand, _):
            return _shown(operand)
    return _called(fact)


def _number(frame: Frame, fact: Fact) -> str:
    """Return how certain it is that a fact is a plain number; empty if it is an object."""
    frame.quiet += 1
    names = {type_name(atom) for atom in evaluate(frame, fact)}
    frame.quiet -= 1
    if names and names <= {"int", "bool", "float"}:
        return "violation"
    return "possible" if names & {"int", "float"} else ""


def _path(fact: Fact) -> str:
    """Return the state that a fact is or lies in: ``self.balances``; empty for anything else."""
    match fact:
        case (ir.ATTR, (ir.NAME, "self" | "state", _), str(name), _):
            return f"{fact[1][1]}.{name}"
        case (ir.ATTR | ir.INDEX, thing, _, _):
            return _path(thing)
    return ""


def _interactions(frame: Frame, events: list[_Event]) -> None:
    """Report a call to the outside between the first read of a state and a later write of it."""
    parameters = {each.name for each in frame.function.facts.parameters}
    read: dict[str, None] = {}
    called: dict[str, tuple[Pos, str]] = {}
    reported: dict[str, None] = {}
    for event in events:
        path = _path(event.fact)
        if event.kind == "read" and path:
            read[path] = None
        elif event.kind == "call" and (name := _sends(event.fact, parameters)):
            for each in read:
                called.setdefault(each, (event.pos, name))
        elif event.kind == "write" and path in called and path not in reported:
            reported[path] = None
            pos, name = called[path]
            text = f"{name} between reading and writing {path}"
            frame.site("effect-before-write", pos, text)


def _sends(fact: Fact, parameters: set[str]) -> str:
    """Return how a call to the outside is written; empty for a call that stays inside."""
    match fact:
        case (ir.CALL, (ir.NAME, str(name), _), _, _, _) if name in parameters:
            return f"{name}()"
        case (ir.CALL, (ir.ATTR, (ir.NAME, "self", _), _, _), _, _, _):
            return ""
        case (ir.CALL, (ir.ATTR, _, str(name), _), _, _, _) if _SENDS & {*words(name)[:1]}:
            return f".{name}()"
        case (ir.AWAIT, _):
            return "await"
    return ""


def _unchecked(frame: Frame, events: list[_Event]) -> None:
    """Report money of an input that is added to or taken from a state, and compared nowhere."""
    inputs = {
        each.name for each in frame.function.facts.parameters if _INPUTS & {*words(each.name)}
    }
    if not inputs or any(_checks(event, inputs) for event in events):
        return
    tested = {_called(part) for event in events if event.kind == "test" for part in _parts(event)}
    for event in events:
        if event.kind != "change" or not _path(event.fact[1]):
            continue
        for part in _walk(event.fact[2]):
            match part:
                case (ir.ATTR, (ir.NAME, str(owner), _), str(name), pos) if (
                    owner in inputs and _money_name(name) and name not in tested
                ):
                    text = f"{owner}.{name} changes {_path(event.fact[1])}"
                    frame.site("unchecked-input", pos, text)
                case (ir.INDEX, (ir.NAME, str(owner), _), (ir.CONST, str(name), _), pos) if (
                    owner in inputs and _money_name(name) and name not in tested
                ):
                    text = f"{owner}[{name!r}] changes {_path(event.fact[1])}"
                    frame.site("unchecked-input", pos, text)


def _checks(event: _Event, inputs: set[str]) -> bool:
    """Say whether an event hands an input, whole, to something that is called a check."""
    match event.fact:
        case (ir.CALL, callee, positional, keywords, _) if _CHECKS.search(_called(callee)):
            given = [*positional, *[value for _name, value in keywords]]
            return any(part[1] in inputs for value in given for part in _walk(value) if _bare(part))
        case (ir.CALL, (ir.ATTR, (ir.NAME, str(owner), _), str(name), _), _, _, _):
            return owner in inputs and bool(_CHECKS.search(name))
    return False


def _bare(fact: Fact) -> bool:
    return fact[0] == ir.NAME and len(fact) == 3


def _parts(event: _Event) -> list[Fact]:
    return list(_walk(event.fact))


def _roles(frame: Frame, events: list[_Event]) -> None:
    """Report a privileged change whose asker is a parameter that nothing looks at."""
    facts = frame.function.facts
    name = words(facts.name)
    askers = [each.name for each in facts.parameters if _ASKERS & {*words(each.name)}]
    if not name or name[0] not in _PRIVILEGED or not askers:
        return
    if not any(event.kind == "write" and _path(event.fact) for event in events):
        return
    if any(
        _ROLES.search(_called(part)) or _CHECKS.search(_called(part))
        for decorator in facts.decorators
        for part in _walk(decorator)
    ):
        return  # fmt: skip
    for event in events:
        if event.kind in {"test", "call"}:
            for part in _walk(event.fact):
                if _bare(part) and part[1] in askers:
                    return
                if _ROLES.search(_called(part)):
                    return
    pos = facts.pos
    frame.site("missing-role", pos, f"{facts.name} does not look at {askers[0]}")


_SHAPES: Final[Mapping[str, Callable[[Frame, list[_Event]], None]]] = {
    "money-rounding": _money,
    "effect-before-write": _interactions,
    "unchecked-input": _unchecked,
    "missing-role": _roles,
}


# The body as events, in source order ---------------------------------------------------------


def _events(body: tuple[Fact, ...]) -> Iterator[_Event]:
    for statement in body:
        yield from _statement(statement)


def _statement(fact: Fact) -> Iterator[_Event]:
    match fact:
        case (ir.ASSIGN, targets, value, pos):
            yield from _reads(value)
            for target in targets:
                yield _Event("change", (ir.ASSIGN, target, value), pos)
                yield _Event("write", target, pos)
        case (ir.AUGMENT, target, _operator, value, pos):
            yield from _reads(value)
            yield _Event("other", fact, pos)
            yield _Event("change", (ir.ASSIGN, target, value), pos)
            yield _Event("write", target, pos)
        case (ir.ANNOTATE, target, _annotation, value, pos):
            yield from _reads(value)
            yield _Event("write", target, pos)
        case (ir.DELETE, targets):
            for target in targets:
                yield _Event("write", target, _pos(target))
        case (ir.ASSERT, test, _message, pos):
            yield _Event("test", test, pos)
        case _ if fact[0] in _BLOCKS:
            yield from _block(fact)
        case _:
            yield from _reads(fact[1:])


def _block(fact: Fact) -> Iterator[_Event]:
    match fact:
        case (ir.IF | ir.WHILE, test, inside, otherwise):
            yield _Event("test", test, (0, 0, 0, 0))
            yield from _reads(test)
            yield from _branch(inside)
            yield from _branch(otherwise)
        case (ir.FOR, _target, iterable, inside, otherwise, _):
            yield from _reads(iterable)
            yield from _branch(inside)
            yield from _branch(otherwise)
        case (ir.TRY, inside, handlers, otherwise, final):
            yield from _events(inside)
            for _types, _name, handler, _at in handlers:
                yield from _branch(handler)
            yield from _events(otherwise)
            yield from _events(final)
        case (ir.WITH, managers, inside, _):
            for manager, _target in managers:
                yield from _reads(manager)
            yield from _events(inside)
        case (ir.MATCH, subject, cases):
            yield _Event("test", subject, (0, 0, 0, 0))
            for _names, compared, guard, inside in cases:
                for part in (compared, guard):
                    if part:
                        yield _Event("test", part, (0, 0, 0, 0))
                yield from _branch(inside)


def _branch(body: tuple[Fact, ...]) -> Iterator[_Event]:
    """Return a branch's events; of one that leaves, what comes after does not come after it."""
    leaves = bool(body) and body[-1][0] in _LEAVES
    for event in _events(body):
        if not leaves or event.kind in {"test", "other"}:
            yield event


def _reads(fact: Any) -> Iterator[_Event]:
    for part in _walk(fact):
        match part:
            case (ir.CALL, _, _, _, pos):
                yield _Event("call", part, pos)
            case (ir.AWAIT, inner):
                yield _Event("call", part, _pos(inner))
            case (ir.IF_ELSE, test, _, _):
                yield _Event("test", test, (0, 0, 0, 0))
            case (ir.COMPARE, _, _, pos):
                yield _Event("test", part, pos)
            case (ir.BINARY, _, _, _, pos):
                yield _Event("other", part, pos)
            case (ir.ATTR, _, str(), pos):
                yield _Event("read", part, pos)


def _walk(fact: Any) -> Iterator[Fact]:
    """Return an expression and those in it; inner ones first, as they are evaluated."""
    if not isinstance(fact, tuple) or not fact:
        return
    for part in fact:
        if isinstance(part, tuple):
            yield from _walk(part)
    if isinstance(fact[0], int) and not (len(fact) == 4 and all(isinstance(x, int) for x in fact)):
        yield fact


def _pos(fact: Fact) -> Pos:
    last = fact[-1]
    if isinstance(last, tuple) and len(last) == 4 and all(isinstance(each, int) for each in last):
        return (last[0], last[1], last[2], last[3])
    return (1, 1, 1, 1)
