"""What the facts of a module say of its size: how complex its functions are, what it imports.

- Cyclomatic complexity is McCabe's: one, and one more for each ``if``, loop, ``except``, case of a
  ``match``, ``else`` of a ``try`` and function inside. Source: McCabe, A Complexity Measure (1976);
  Ruff's rule C901 counts alike, but for a last ``case _``, which it counts as an ``else``.
- Blocks that are never run when a module is imported (``TYPE_CHECKING``) have no facts.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, ModuleFacts

_BRANCHES: Final = (ir.IF, ir.FOR, ir.WHILE)


def complexities(facts: ModuleFacts) -> dict[str, int]:
    """Return the complexity of each ``def`` of a module by its qualified name."""
    return {
        f"{each.qualname}:{each.pos[0]}": 1 + _decisions(facts, each.body)
        for each in facts.functions[1:]
        if each.name != "<lambda>"
    }


def imported(facts: ModuleFacts) -> tuple[str, ...]:
    """Return what a module imports by absolute names, in order: ``os``, ``os.path``, ``os.sep``."""
    names: dict[str, None] = {}
    bodies = [each.body for each in facts.functions] + [each.body for each in facts.classes]
    for body in bodies:
        for statement in _all(body):
            if statement[0] == ir.IMPORT:
                names.update(dict.fromkeys([name for name, _ in statement[1]]))
            elif statement[0] == ir.FROM and not statement[2]:
                names[statement[1]] = None
                names.update(dict.fromkeys([f"{statement[1]}.{name}" for name, _ in statement[3]]))
    return tuple(sorted(names))


def _decisions(facts: ModuleFacts, body: Sequence[Fact]) -> int:
    found = 0
    for each in _all(body):
        kind = each[0]
        if kind in _BRANCHES:
            found += 1
        elif kind == ir.TRY:
            found += len(each[2]) + bool(each[3])
        elif kind == ir.MATCH:
            found += len(each[2])
        elif kind == ir.DEF:
            found += 1 + _decisions(facts, facts.functions[each[1]].body)
        elif kind == ir.CLASS:
            found += _decisions(facts, facts.classes[each[1]].body)
    return found


def _all(body: Sequence[Fact]) -> Iterator[Fact]:
    """Yield the statements of a body and of the blocks in it, functions and classes left shut."""
    waiting = list(reversed(body))
    while waiting:
        statement = waiting.pop()
        yield statement
        for block in _blocks(statement):
            waiting.extend(reversed(block))


def _blocks(statement: Fact) -> list[Sequence[Fact]]:
    match statement[0]:
        case ir.IF | ir.WHILE:
            return [statement[2], statement[3]]
        case ir.FOR:
            return [statement[3], statement[4]]
        case ir.WITH:
            return [statement[2]]
        case ir.TRY:
            handlers = [body for _, _, body, _ in statement[2]]
            return [statement[1], *handlers, statement[3], statement[4]]
        case ir.MATCH:
            return [body for *_, body in statement[2]]
        case _:
            return []
