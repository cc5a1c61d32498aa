"""From the solved program to findings: which effects an entry point reaches, and by which way.

- VIOLATION: every edge of the way is certain. POSSIBLE: some edge is a may. UNKNOWN: the engine
  cannot know; it never counts as found, and never as proved.
- The way shown is the one with fewest uncertain edges, then the shortest, then first in order.
- A function is proved when nothing it can reach has a finding of any verdict.
"""

import heapq
from collections.abc import Sequence
from typing import Final

from qfs.scan.facts.ir import Pos
from qfs.scan.found import Found, Judged, Rest, Step
from qfs.scan.order.left import report
from qfs.scan.solver.nodes import Effect, Node
from qfs.scan.solver.program import Function, Module
from qfs.scan.solver.settle import settle
from qfs.scan.solver.solve import Solver


def judge(solver: Solver, roots: Sequence[Node]) -> Judged:
    """Walk from the entry points to every effect."""
    settle(solver, roots)
    report(solver, roots)
    best: dict[int, tuple[int, int, int]] = {}
    came: dict[int, tuple[int, Pos]] = {}
    heap: list[tuple[int, int, int]] = []
    for root in roots:
        if root.number not in best:
            best[root.number] = (0, 0, root.number)
            heap.append((0, 0, root.number))
    heapq.heapify(heap)
    done: dict[int, None] = {}
    while heap:
        doubt, depth, number = heapq.heappop(heap)
        if number in done:
            continue
        done[number] = None
        for edge in solver.nodes[number].edges.values():
            key = (doubt + (not edge.certain), depth + 1, edge.target)
            if edge.target not in done and key < best.get(edge.target, (1 << 60, 0, 0)):
                best[edge.target] = key
                came[edge.target] = (number, edge.pos)
                heapq.heappush(heap, key)
    found: dict[tuple[str, str, Pos], Found] = {}
    modules = {module.path: module for module in solver.program.modules.values()}
    doubts: dict[Function, int] = {}
    for number in done:
        function = solver.nodes[number].function
        doubts[function] = min(best[number][0], doubts.get(function, best[number][0]))
    for number in done:
        node = solver.nodes[number]
        for place, effect in node.effects.items():
            doubt = best[number][0]
            if not doubt and effect.verdict == "violation":
                holder = _holder(modules.get(effect.path), effect)
                if holder is not None and node.function is not holder:
                    doubt = doubts.get(holder, 0)
            made = _found(solver, number, effect, came, doubt=doubt)
            if place not in found or _rank(made) < _rank(found[place]):
                found[place] = made
    ordered = sorted(
        _one_each(found).values(), key=lambda each: (each.path, each.pos, each.rule.code)
    )
    functions, proved = _proofs(solver, done)
    return Judged(tuple(ordered), functions, proved, _rests(solver, done))


def _rests(solver: Solver, done: dict[int, None]) -> tuple[Rest, ...]:
    """Return what the nodes reached trust."""
    names: dict[tuple[str, str], None] = {}
    for number in done:
        names.update(solver.nodes[number].rests)
    summaries = solver.rules.summaries
    return tuple([Rest(kind, name, summaries.how(kind, name)) for kind, name in sorted(names)])


def _one_each(
    found: dict[tuple[str, str, Pos], Found],
) -> dict[tuple[str, str, Pos], Found]:
    """Keep one finding for each place at which an order comes into being: the most certain."""
    best: dict[tuple[str, Pos], Found] = {}
    for (_code, path, pos), each in found.items():
        if not any(target.startswith("set-") for target in each.rule.targets):
            continue
        before = best.get((path, pos))
        if before is None or (_rank(each), each.rule.code) < (_rank(before), before.rule.code):
            best[path, pos] = each
    return {
        key: each
        for key, each in found.items()
        if best.get((key[1], key[2]), each) is each
        or not any(target.startswith("set-") for target in each.rule.targets)
    }


_VERDICTS: Final = ("violation", "possible", "unknown")


def _rank(found: Found) -> tuple[int, int, tuple[tuple[str, int, str], ...]]:
    steps = tuple([(step.path, step.line, step.name) for step in found.chain])
    return (_VERDICTS.index(found.verdict), len(found.chain), steps)


def _holder(module: Module | None, effect: Effect) -> Function | None:
    """Return the innermost function in which a place lies.

    An order is reported where it begins; the function that keeps it may be another one, to which
    a call that may not happen handed it: it is as doubtful as the way to where it begins.
    """
    if module is None:
        return None
    inside = [
        each
        for each in module.functions[1:]
        if each.facts.pos[:2] <= effect.pos[:2] <= each.facts.pos[2:]
    ]
    return max(inside, key=lambda each: each.facts.pos[:2], default=module.functions[0])


def _found(
    solver: Solver,
    number: int,
    effect: Effect,
    came: dict[int, tuple[int, Pos]],
    *,
    doubt: int,
) -> Found:
    steps: list[Step] = [Step(effect.path, effect.pos[0], effect.text)]
    at = number
    line = effect.pos[0]
    holder = solver.nodes[number].function
    first, last = holder.facts.pos[0], holder.facts.pos[2]
    here = holder.module.path == effect.path and (holder.outer is None or first <= line <= last)
    if not here:
        line = first  # the order began elsewhere, and comes out of this function
    while True:
        function = solver.nodes[at].function
        if solver.nodes[at].crowd is None:
            steps.append(Step(function.module.path, line, function.label))
        if at not in came:
            break
        at, pos = came[at]
        line = pos[0]
    verdict = effect.verdict
    if verdict == "violation" and doubt:
        verdict = "possible"
    return Found(
        effect.rule, verdict, effect.path, effect.pos, effect.text,
        tuple(reversed(steps)), holder.label,
    )  # fmt: skip


def _proofs(solver: Solver, done: dict[int, None]) -> tuple[int, int]:
    """Count the functions reached, and those from which no effect can be reached."""
    callers: dict[int, list[int]] = {}
    tainted: dict[int, None] = {}
    stack: list[int] = []
    for number in done:
        node = solver.nodes[number]
        for edge in node.edges.values():
            callers.setdefault(edge.target, []).append(number)
        if node.effects:
            tainted[number] = None
            stack.append(number)
    while stack:
        for caller in callers.get(stack.pop(), ()):
            if caller not in tainted:
                tainted[caller] = None
                stack.append(caller)
    reached: dict[int, bool] = {}
    for number in done:
        function = solver.nodes[number].function.number
        reached[function] = reached.get(function, True) and number not in tainted
    return len(reached), sum(1 for clean in reached.values() if clean)
