"""The scanner's front door: facts and rules in, judged effects out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from qfs.scan.entries import entry_functions, start
from qfs.scan.facts.ir import ModuleFacts
from qfs.scan.found import Judged
from qfs.scan.rules.rulebook import Rulebook
from qfs.scan.solver.program import dissolve, link
from qfs.scan.solver.solve import Solver
from qfs.scan.syntax.evaluate import evaluate_node
from qfs.scan.verdict import judge

_QUICK_VISITS: Final = 3


def analyse(
    files: Mapping[str, tuple[str, ModuleFacts]],
    rules: Rulebook,
    *,
    entries: Sequence[str],
    in_zone: Callable[[str], bool],
    policy: str,
    library: frozenset[str] = frozenset(),
    quick: bool = False,
) -> Judged:
    """Return every effect that the entry points reach.

    files maps module names to (path, facts); entries are ``module:qualname`` patterns, and when
    there are none, every function in a path of which in_zone is true is an entry. policy is ban,
    ieee-basic or allow. Functions in the paths of library are judged where the program calls them,
    and are never entries. With quick, a function has one context and is read at most three times:
    nothing is proved then, and what only a third round would show is missed; what it took in
    memory is free when it returns.
    """
    program = link(files)
    solver = Solver(program, rules, evaluate_node)
    solver.policy = policy
    if quick:
        solver.contexts_max, solver.visits_max = 1, _QUICK_VISITS
    own = [each for each in program.functions if each.module.path not in library]
    functions = entry_functions(own, entries, in_zone)
    roots = start(solver, functions, entries)
    solver.solve()
    judged = judge(solver, roots)
    if quick:
        dissolve(program)
    return judged
