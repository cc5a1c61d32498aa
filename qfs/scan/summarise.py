"""Summaries from source: what calling each function of a library does, as far as it can be known.

- Every function is judged for itself: PURE reaches nothing, EFFECTS reaches findings of some rules,
  UNKNOWN reaches a call that nobody can resolve.
- A name that another module of the library hands on is an alias of the name where it is defined.
- A class stands for its construction; its methods have names of their own.
- What runs when a module is imported is ``module.<import>``, where it reaches anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qfs.scan.domain.values import CLASS, FUNCTION, INSTANCE, PLAIN, Atom, Value
from qfs.scan.entries import start
from qfs.scan.facts.ir import ModuleFacts
from qfs.scan.objects.imports import IMPORT
from qfs.scan.rules.rulebook import Rulebook
from qfs.scan.solver.program import Function, Program, link
from qfs.scan.solver.solve import Solver
from qfs.scan.syntax.evaluate import evaluate_node

Reached = dict[tuple[str, str], None]
"""Codes of rules and verdicts."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of a library's functions, under their dotted names."""

    pure: tuple[str, ...]
    effects: Mapping[str, tuple[str, ...]]
    """Name to ``CODE verdict``, in the order of codes; it may be unknown besides."""
    unknown: tuple[str, ...]
    aliases: Mapping[str, str]
    returns: Mapping[str, str]
    """Name to the text of a type, where every path gives it."""


def summarise(files: Mapping[str, tuple[str, ModuleFacts]], rules: Rulebook) -> Summary:
    """Return what the functions of {module: (path, facts)} do when they are called."""
    program = link(files)
    solver = Solver(program, rules, evaluate_node)
    solver.policy = "ban"
    roots = start(solver, program.functions)
    solver.solve()
    reached = _reached(solver)
    found: dict[str, Reached] = {}
    returns: dict[str, str] = {}
    for root in roots:
        if root.function.outer is None:
            known = [each for each in reached[root.number] if each[1] != "unknown"]
            if known:
                found[f"{root.function.module.name}.{IMPORT}"] = dict.fromkeys(known)
        else:
            name = _name(root.function)
            found.setdefault(name, {}).update(reached[root.number])
            text = _type_text(program, root.result)
            if text:
                returns[name] = text
    _classes(program, found, returns)
    effects = {
        name: tuple([f"{code} {verdict}" for code, verdict in sorted(each) if verdict != "unknown"])
        for name, each in sorted(found.items())
    }
    return Summary(
        tuple(sorted([name for name, each in found.items() if not each])),
        {name: codes for name, codes in effects.items() if codes},
        tuple(sorted([name for name, each in found.items() if _is_unknown(each)])),
        _aliases(solver, found),
        {name: returns[name] for name in sorted(returns) if not found[name]},
    )


def _is_unknown(reached: Reached) -> bool:
    return any(verdict == "unknown" for _code, verdict in reached)


def _name(function: Function) -> str:
    return f"{function.module.name}.{function.facts.qualname}"


def _reached(solver: Solver) -> list[Reached]:
    """Return, for each node, every effect that it or what it calls has."""
    out: list[Reached] = []
    callers: list[list[tuple[int, bool]]] = [[] for _ in solver.nodes]
    for node in solver.nodes:
        out.append({(each.rule.code, each.verdict): None for each in node.effects.values()})
        for edge in node.edges.values():
            callers[edge.target].append((node.number, edge.certain))
    waiting = [node.number for node in solver.nodes if out[node.number]]
    while waiting:
        at = waiting.pop()
        for caller, certain in callers[at]:
            new = {
                (code, verdict if certain or verdict == "unknown" else "possible"): None
                for code, verdict in out[at]
            }
            if any(each not in out[caller] for each in new):
                out[caller].update(new)
                waiting.append(caller)
    return out


def _classes(program: Program, found: dict[str, Reached], returns: dict[str, str]) -> None:
    """Let a class's name stand for what its construction does."""
    for klass in program.classes:
        name = f"{klass.module.name}.{klass.facts.qualname}"
        if "<locals>" in name:
            continue
        made: Reached = {}
        for method in ("__new__", "__init__", "__post_init__"):
            made.update(found.get(f"{name}.{method}", {}))
        known = not klass.bases or all(atom[0] == CLASS for base in klass.bases for atom in base)
        if known or f"{name}.__init__" in found:
            found[name] = made
            returns[name] = name


def _aliases(solver: Solver, found: Mapping[str, Reached]) -> dict[str, str]:
    """Return the names under which modules hand on what another defines."""
    out: dict[str, str] = {}
    for module in solver.program.modules.values():
        for name in module.facts.functions[0].bound:
            value = solver.peek(("global", module.name, name))
            if len(value) == 1 and value[0][0] in {FUNCTION, CLASS}:
                target = _target(solver.program, value[0])
                if target != f"{module.name}.{name}" and target in found:
                    out[f"{module.name}.{name}"] = target
    return dict(sorted(out.items()))


def _target(program: Program, atom: Atom) -> str:
    if atom[0] == FUNCTION:
        return _name(program.functions[atom[1]])
    klass = program.classes[atom[1]]
    return f"{klass.module.name}.{klass.facts.qualname}"


def _type_text(program: Program, value: Value) -> str:
    """Return a result as summaries write types, or an empty text if it is not so simple."""
    names: Sequence[str] = [_atom_text(program, atom) for atom in value]
    return "|".join(sorted(names)) if names and all(names) else ""


def _atom_text(program: Program, atom: Atom) -> str:
    if atom[0] in {PLAIN, "known"}:
        return str(atom[1])
    if atom[0] == INSTANCE and "<locals>" not in program.classes[atom[1]].facts.qualname:
        return _target(program, (CLASS, atom[1]))
    return ""
