"""Which changes of module-level state no run can tell from none: dropped before judging.

- What is changed only while modules are imported is set up once, in the order of the imports: a
  registry that decorators fill.
- A scratch variable is set anew by the one function through which every entry point reaches those
  who read or change it: nothing of an earlier call is left in it.
- Only effects of the rules about shared state are dropped, and only where the whole graph of calls
  says so; a name that another module may reach is never a scratch variable.
- A Decimal is rounded as the context says that ``with localcontext(...)`` set, where every way from
  an entry point to it leads through one.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from qfs.scan.facts import ir
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.solver.nodes import Effect, Node
from qfs.scan.solver.program import Function, Module, Program
from qfs.scan.solver.reach import leads
from qfs.scan.solver.solve import Solver

_STATE: Final = {"global-write", "class-state"}


def settle(solver: Solver, roots: Sequence[Node]) -> None:
    """Drop the effects that no run can tell from none."""
    starts = [root.number for root in roots if root.function.outer is not None]
    running = _reached(solver, starts, ())
    for node in solver.nodes:
        for key, effect in list(node.effects.items()):
            imported = node.function.outer is not None and node.number not in running
            if imported and _is_state(effect):
                del node.effects[key]
    _scratch(solver, roots, running)
    _pinned(solver, roots)


def _pinned(solver: Solver, roots: Sequence[Node]) -> None:
    """Drop what the context of Decimals decides where every way there has pinned one."""
    found = [
        (node, key)
        for node in solver.nodes
        for key, effect in node.effects.items()
        if "ambient-rounding" in effect.rule.targets
    ]
    if not found:
        return
    free: dict[int, None] = {}
    stack = [root.number for root in roots]
    while stack:
        node = solver.nodes[stack.pop()]
        if node.number not in free:
            free[node.number] = None
            stack.extend([e.target for e in node.edges.values() if not _within(node, e.pos)])
    for node, key in found:
        if node.number not in free or _within(node, key[2]):
            del node.effects[key]


def _within(node: Node, pos: Pos) -> bool:
    """Say whether a place is in a ``with localcontext(...)`` that is told which context."""
    lines: list[tuple[int, int]] | None = node.function.notes.get("pinned")
    if lines is None:
        lines = node.function.notes["pinned"] = [
            (fact[3][0], ir.last_line(fact))
            for fact in ir.parts(node.function.facts.body)
            if len(fact) == 4 and fact[0] == ir.WITH and isinstance(fact[1], tuple)
            if any(_pins(manager[0]) for manager in fact[1])
        ]
    return any(first <= pos[0] <= last for first, last in lines)


def _pins(manager: Fact) -> bool:
    called = manager[0] == ir.CALL and manager[1][0] in {ir.NAME, ir.ATTR}
    return called and manager[1][-2] == "localcontext" and bool(manager[2] or manager[3])


def _is_state(effect: Effect) -> bool:
    return any(target in _STATE for target in effect.rule.targets)


def _reached(solver: Solver, starts: Iterable[int], without: Iterable[int]) -> dict[int, None]:
    """Return the nodes reached without running a module's body or one of some nodes."""
    closed = dict.fromkeys(without)
    seen: dict[int, None] = {}
    stack = [number for number in starts if number not in closed]
    while stack:
        number = stack.pop()
        if number in seen:
            continue
        seen[number] = None
        for edge in solver.nodes[number].edges.values():
            target = solver.nodes[edge.target]
            if target.function.outer is not None and edge.target not in closed:
                stack.append(edge.target)
    return seen


def _scratch(solver: Solver, roots: Sequence[Node], running: dict[int, None]) -> None:
    written: dict[tuple[str, str], list[tuple[Node, tuple[str, str, Pos]]]] = {}
    for number in running:
        node = solver.nodes[number]
        for key, effect in node.effects.items():
            if _is_state(effect) and effect.text.startswith("the global "):
                place = (node.function.module.name, effect.text.removeprefix("the global "))
                written.setdefault(place, []).append((node, key))
    if not written:
        return
    calls = _Calls(solver, roots)
    asked = [
        (module, name)
        for module, name in written
        if _is_scratch(calls, solver.program.modules[module], name)
    ]
    elsewhere = _mentioned(solver.program, {name for _module, name in asked}) if asked else {}
    for module, name in asked:
        if not elsewhere.get(name, set()) - {module}:
            for node, key in written[module, name]:
                node.effects.pop(key, None)


class _Calls:
    """Who calls whom, but for modules' bodies, which run when they are imported."""

    def __init__(self, solver: Solver, roots: Sequence[Node]) -> None:
        self.nodes = solver.nodes
        self.starts = dict.fromkeys([r.number for r in roots if r.function.outer is not None])
        self.before: dict[int, list[int]] = {}
        self.of: dict[int, list[int]] = {}
        """The nodes of a function."""
        for node in solver.nodes:
            self.of.setdefault(node.function.number, []).append(node.number)
            if node.function.outer is not None:
                for edge in node.edges.values():
                    self.before.setdefault(edge.target, []).append(node.number)


def _is_scratch(calls: _Calls, module: Module, name: str) -> bool:
    setting = [
        (each, at) for each in module.functions[1:] if (at := _reset(each, name)) is not None
    ]
    if not setting:
        return False
    users = [each.number for each in module.functions[1:] if _uses(each, name)]
    mine = [number for each in users for number in calls.of.get(each, ())]
    for function, at in setting:
        own = dict.fromkeys(calls.of.get(function.number, ()))
        early = {
            edge.target: None
            for number in own
            for edge in calls.nodes[number].edges.values()
            if edge.pos[:2] < at[:2] and calls.nodes[edge.target].function.outer is not None
        }
        before = calls.before
        if not (leads(mine, before, calls.starts, own) or leads(mine, before, early)):
            return True
    return False


def _uses(function: Function, name: str) -> bool:
    return name in function.shared or (name not in function.bound and name in _named(function))


def _named(function: Function) -> dict[str, None]:
    """Return every name that a function reads or sets."""
    known: dict[str, None] | None = function.notes.get("named")
    if known is None:
        known = function.notes["named"] = _names(function.facts.body)
    return known


def _names(fact: Fact) -> dict[str, None]:
    return {one[1]: None for one in ir.parts(fact) if len(one) == 3 and one[0] == ir.NAME}


def _mentions(fact: Fact, name: str) -> bool:
    return name in _names(fact)


def _reset(function: Function, name: str) -> Pos | None:
    """Return where a function gives a variable a new value, whatever happened before."""
    if name not in function.shared:
        return None
    for fact in function.facts.body:
        if fact[0] == ir.ASSIGN and any(target[:2] == (ir.NAME, name) for target in fact[1]):
            pos: Pos = fact[3]
            return None if _mentions(fact[2], name) else pos
        if fact[0] != ir.GLOBAL and _mentions(fact, name):
            return None
        if fact[0] in {ir.RETURN, ir.RAISE}:
            return None
    return None


def _mentioned(program: Program, names: set[str]) -> dict[str, set[str]]:
    """Return the modules that read attributes, or import something, of some names."""
    out: dict[str, set[str]] = {}
    for module in program.modules.values():
        found: set[str] = set()
        waiting: list[Fact] = [each.facts.body for each in module.functions if each.facts.body]
        while waiting:
            fact = waiting.pop()
            if fact[0] == ir.ATTR and len(fact) == 4 and fact[2] in names:
                found.add(fact[2])
            elif fact[0] == ir.FROM and len(fact) == 5 and isinstance(fact[3], tuple):
                taken = {each[0] for each in fact[3] if isinstance(each, tuple)}
                found |= names if "*" in taken else names & taken
            waiting.extend([part for part in fact if part.__class__ is tuple and part])
        for name in found:
            out.setdefault(name, set()).add(module.name)
    return out
