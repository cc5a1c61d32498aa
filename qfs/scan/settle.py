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
from typing import Any

from qfs.scan import ir
from qfs.scan.ir import Fact, Pos
from qfs.scan.program import Function, Module, Program
from qfs.scan.solve import Effect, Node, Solver

_STATE = {"global-write", "class-state"}


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
    asked = [
        (module, name)
        for module, name in written
        if any(_reset(each, name) for each in solver.program.modules[module].functions[1:])
    ]
    elsewhere = _mentioned(solver.program, {name for _module, name in asked}) if asked else {}
    for module, name in asked:
        if elsewhere.get(name, set()) - {module}:
            continue
        if _is_scratch(solver, roots, solver.program.modules[module], name):
            for node, key in written[module, name]:
                node.effects.pop(key, None)


def _is_scratch(solver: Solver, roots: Sequence[Node], module: Module, name: str) -> bool:
    users = [each for each in module.functions[1:] if _uses(each, name)]
    numbers = {each.number for each in users}
    mine = [node.number for node in solver.nodes if node.function.number in numbers]
    starts = [root.number for root in roots if root.function.outer is not None]
    for function in users:
        at = _reset(function, name)
        if at is None:
            continue
        own = [node for node in solver.nodes if node.function is function]
        around = _reached(solver, starts, [node.number for node in own])
        before = [
            edge.target
            for node in own
            for edge in node.edges.values()
            if edge.pos[:2] < at[:2] and solver.nodes[edge.target].function.outer is not None
        ]
        early = _reached(solver, before, ())
        if not any(number in around or number in early for number in mine):
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
        for function in module.functions:
            if function.facts.body:
                _collect(function.facts.body, names, found)
        for name in found:
            out.setdefault(name, set()).add(module.name)
    return out


def _collect(fact: Any, names: set[str], out: set[str]) -> None:
    if fact[0] == ir.ATTR and len(fact) == 4 and fact[2] in names:
        out.add(fact[2])
    elif fact[0] == ir.FROM and len(fact) == 5 and isinstance(fact[3], tuple):
        taken = {each[0] for each in fact[3] if isinstance(each, tuple)}
        out |= names if "*" in taken else names & taken
    for part in fact:
        if part.__class__ is tuple and part:
            _collect(part, names, out)
