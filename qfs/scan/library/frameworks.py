"""Frameworks that run a program again from its own history, as Temporal and DBOS do.

- What such a framework replaces by its own (a timer for a sleep) is what it was recorded to be, in
  modules that import the framework.
- What acts on the world hands its function to somebody else, who runs it once: it is not called
  here. In which order it acts is history, so an unordered loop around it is reported.
"""

from typing import Final

from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact
from qfs.scan.solver.dispatch import Arguments
from qfs.scan.solver.frame import Frame, mentions
from qfs.scan.solver.program import Module

_IMPORTED: Final = "top-level names of what is imported"


def is_replaced(frame: Frame, name: str) -> bool:
    """Say whether a framework that the module imports replaces a name by a deterministic one."""
    frameworks = frame.solver.rules.summaries.replaced.get(name, ())
    return any(framework in _imported(frame.module) for framework in frameworks)


def act(frame: Frame, name: str, arguments: Arguments) -> None:
    """Report the unordered loop that decides in which order something acts on the world."""
    use = f"decides when {name.removesuffix('.__call__').rpartition('.')[2]} is called"
    for taint, names, _made in frame.orders:
        if arguments.facts is None or mentions(arguments.facts, names):
            frame.leak(taint, "set-sequence", use)
    if frame.node.order is not None:
        frame.leak(frame.node.order, "set-sequence", use)


def _imported(module: Module) -> frozenset[str]:
    body = module.functions[0]
    if _IMPORTED not in body.notes:
        body.notes[_IMPORTED] = frozenset(_tops(body.facts.body))
    names: frozenset[str] = body.notes[_IMPORTED]
    return names


def _tops(block: tuple[Fact, ...]) -> list[str]:
    """Return the top-level names of every import of a module's body."""
    found: list[str] = []
    for fact in block:
        if fact[0] == ir.IMPORT:
            found += [name.partition(".")[0] for name, _alias in fact[1]]
        elif fact[0] == ir.FROM and not fact[2]:
            found.append(fact[1].partition(".")[0])
        elif fact[0] == ir.IF:
            found += _tops(fact[2]) + _tops(fact[3])
        elif fact[0] == ir.TRY:
            found += _tops(fact[1])
        elif fact[0] == ir.WITH:
            found += _tops(fact[2])
    return found
