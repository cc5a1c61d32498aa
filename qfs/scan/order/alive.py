"""Which variables somebody still reads: what a loop gave one in its last round may be lost again.

- Read backwards over a function's statements, as a compiler's liveness: a plain assignment ends
  a variable's old value, a read keeps it, and what is not a plain block counts as a read.
- Functions inside may read any variable that they mention, at any time.
- Source: Aho, Lam, Sethi, Ullman, "Compilers", 9.2.5.
"""

from typing import Any

from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.solver.frame import Frame, mentions

_Block = tuple[Fact, ...]


def spent(frame: Frame, loop: Fact, name: str, *, element: bool = False) -> bool:
    """Say whether what a round of a loop gave a variable is read in that round alone.

    With element, the loop itself gives it anew in each round.
    """
    question = ("spent", loop[5], name, element)
    known: bool | None = frame.function.notes.get(question)
    if known is None:
        known = frame.function.notes[question] = _spent(frame, loop, name, element=element)
    return known


def _spent(frame: Frame, loop: Fact, name: str, *, element: bool) -> bool:
    function = frame.function
    if function.outer is None or name in function.facts.shared or frame.klass is not None:
        return False
    names = frozenset((name,))
    if function.facts.captured and _inside(frame, names):
        return False
    after = _after(function.facts.body, loop, names, out=False)
    return after is False and (element or not _alive(loop[3], names, out=False))


def carries(body: _Block, name: str) -> bool:
    """Say whether a loop's round reads what an earlier one gave a variable."""
    return _alive(body, frozenset((name,)), out=False)


def _inside(frame: Frame, names: frozenset[str]) -> bool:
    """Say whether a function or class inside a function mentions a name."""
    prefix = f"{frame.function.facts.qualname}.<locals>."
    for each in frame.module.functions:
        facts = each.facts
        if facts.qualname.startswith(prefix):
            given = [(parameter.annotation, parameter.default) for parameter in facts.parameters]
            if mentions((facts.body, facts.decorators, facts.returns, *given), names):
                return True
    return any(
        mentions((each.facts.body, each.facts.bases, each.facts.decorators), names)
        for each in frame.module.classes
        if each.facts.qualname.startswith(prefix)
    )


def _alive(block: _Block, names: frozenset[str], *, out: bool) -> bool:
    """Say whether a block, or what comes after it, reads a variable before it is bound again."""
    for fact in reversed(block):
        out = _before(fact, names, out=out)
    return out


def _before(fact: Fact, names: frozenset[str], *, out: bool) -> bool:
    """Say whether a variable is read from a statement on, where out says it of what follows."""
    tag = fact[0]
    if tag == ir.ASSIGN:
        bound = [_binds(target, names) for target in fact[1]]
        return mentions(fact[2], names) or None in bound or (out and True not in bound)
    if tag == ir.ANNOTATE:  # whose annotation says nothing of a value
        bound_here = fact[3] is not None and _binds(fact[1], names)
        return mentions(fact[3] or (), names) or (out and not bound_here)
    if tag == ir.IF:
        either = _alive(fact[2], names, out=out) or _alive(fact[3], names, out=out)
        return either or mentions(fact[1], names)
    if tag == ir.FOR:
        return mentions(fact[2], names) or _head(fact, names, out=out)
    if tag == ir.WHILE:
        return _head(fact, names, out=out)
    if tag == ir.WITH:
        return out or mentions(fact[1], names) or _alive(fact[2], names, out=False)
    return out or tag in {ir.DEF, ir.CLASS} or mentions(fact, names)


def _head(fact: Fact, names: frozenset[str], *, out: bool) -> bool:
    """Say whether a variable is read from where a loop's next round would begin."""
    if fact[0] == ir.WHILE:
        tested = mentions(fact[1], names) or _alive(fact[3], names, out=out)
        return tested or out or _alive(fact[2], names, out=out)
    bound = _binds(fact[1], names)
    if bound is None or out or _alive(fact[4], names, out=out):
        return True
    return not bound and _alive(fact[3], names, out=False)


def _binds(target: Fact, names: frozenset[str]) -> bool | None:
    """Say whether a target binds a name; None where it reads one."""
    if target[0] == ir.NAME:
        return target[1] in names
    if target[0] in {ir.TUPLE, ir.LIST}:
        parts = [_binds(part, names) for part in target[1]]
        return None if None in parts else True in parts
    if target[0] == ir.STAR:
        return _binds(target[1], names)
    return None if mentions(target, names) else False


def _after(block: _Block, loop: Fact, names: frozenset[str], *, out: bool) -> bool | None:
    """Say whether a variable is read after a loop; None where the loop is not in the block."""
    for at, fact in enumerate(block):
        rest = block[at + 1 :]
        if fact[0] == ir.FOR and fact[5] == loop[5]:
            following = _alive(rest, names, out=out)
            return following or _alive(fact[4], names, out=following)
        for part, ends in _blocks(fact, names, out=_alive(rest, names, out=out)):
            found = _after(part, loop, names, out=ends)
            if found is not None:
                return found
    return None


def _blocks(fact: Fact, names: frozenset[str], *, out: bool) -> list[tuple[_Block, bool]]:
    """Return the blocks of a statement, and whether a variable is read after each."""
    tag = fact[0]
    if tag == ir.IF:
        return [(fact[2], out), (fact[3], out)]
    if tag == ir.FOR:
        return [(fact[3], _head(fact, names, out=out)), (fact[4], out)]
    if tag == ir.WHILE:
        return [(fact[2], _head(fact, names, out=out)), (fact[3], out)]
    if tag == ir.WITH:
        return [(fact[2], out)]
    if tag == ir.TRY:
        _, body, handlers, otherwise, final = fact
        ends = out or mentions(final, names)
        caught: Any = tuple([handler[2] for handler in handlers])
        tried = ends or mentions((caught, otherwise), names)
        return [
            (body, tried), *[(block, ends) for block in caught], (otherwise, ends), (final, out)
        ]  # fmt: skip
    if tag == ir.MATCH:
        return [(case[3], out) for case in fact[2]]
    return []
