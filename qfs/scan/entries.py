"""Entry points: the functions from which everything reachable is judged.

- ``module:qualname`` patterns, globs allowed; or every function of the zone.
- An entry's parameters hold what their annotations promise, or anything.
- The body of each entry's module runs too: importing it is part of any run.
- What a framework runs elsewhere once (an activity, a step) is an entry where it is named alone.
"""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from qfs.scan.domain.values import (
    ANYTHING,
    CLASS,
    FUNCTION,
    INSTANCE,
    OUTSIDE,
    PARTIAL,
    STR,
    Value,
    join,
    join_all,
    sequence,
    table,
)
from qfs.scan.facts import ir
from qfs.scan.objects.annotations import annotated
from qfs.scan.objects.shared import fills
from qfs.scan.solver.frame import Frame
from qfs.scan.solver.nodes import Node
from qfs.scan.solver.program import Function
from qfs.scan.solver.solve import Solver
from qfs.scan.syntax.expressions import evaluate


def entry_functions(
    functions: Sequence[Function], patterns: Sequence[str], in_zone: Callable[[str], bool]
) -> list[Function]:
    """Return the entry points, in the order of their numbers."""
    out: list[Function] = []
    for function in functions:
        if patterns:
            if any(_matches(function, pattern) for pattern in patterns):
                out.append(function)
        elif in_zone(function.module.path):
            out.append(function)
    return out


def _matches(function: Function, pattern: str) -> bool:
    if ":" not in pattern:
        pattern = f"*:{pattern}"
    return fnmatchcase(function.label, pattern)


def start(solver: Solver, functions: Sequence[Function], named: Sequence[str] = ()) -> list[Node]:
    """Make the nodes of the entry points; their modules' bodies come first."""
    roots: list[Node] = []
    seen: dict[str, None] = {}
    for function in functions:
        if function.module.name not in seen:
            seen[function.module.name] = None
            roots.append(solver.node(function.module.functions[0], {}))
    solver.solve()
    for maker in _makers(solver, functions):
        solver.node(maker, _parameters(solver, maker))
    for function in functions:
        if function.outer is None:
            continue
        if function.outer.outer is not None:
            continue  # an inner function is reached from the one around it
        if function.label not in named and _runs_elsewhere(solver, function):
            continue
        roots.append(solver.node(function, _parameters(solver, function)))
        if function.facts.decorators:
            roots.extend(_decorations(solver, function))
    return roots


def _makers(solver: Solver, functions: Sequence[Function]) -> dict[Function, None]:
    """Return the methods that fill the fields of the classes whose methods are entry points.

    They ran before: what they do is not judged, but it is known what they made.
    """
    out: dict[Function, None] = {}
    judged = dict.fromkeys(functions)
    for number in dict.fromkeys([each.owner.number for each in functions if each.owner]):
        for base in solver.lookups.mro(number):
            if isinstance(base, int):
                methods = solver.program.classes[base].methods
                missing = [each for each in methods if each not in judged and fills(each)]
                out.update(dict.fromkeys(missing))
    return out


def _decorations(solver: Solver, function: Function) -> list[Node]:
    """Return the nodes of what decorators of the program put in a function's place."""
    kind, name = "global", function.module.name
    key: tuple[object, ...] = (kind, name, function.facts.name)
    if function.owner is not None:
        key = ("attr", function.owner.number, function.facts.name)
    out: list[Node] = []
    for atom in _wrappers(solver, function, solver.peek(key)):
        if atom[0] == FUNCTION and atom[1] != function.number:
            wrapper = solver.program.functions[atom[1]]
            bound: dict[str, Value] = {}
            for parameter in wrapper.facts.parameters:
                value: Value = ((ANYTHING, "parameter"),)
                if parameter.kind == 2:
                    value = sequence(value, "tuple")
                elif parameter.kind == 4:
                    value = table(STR, value)
                bound[parameter.name] = value
            if atom[2] is not None and wrapper.facts.parameters:
                bound[wrapper.facts.parameters[0].name] = (atom[2],)
            if atom[3] >= 0:
                bound[""] = (("env", atom[3]),)
            out.append(solver.node(wrapper, bound))
    return out


def _wrappers(solver: Solver, function: Function, value: Value) -> Value:
    """Return the functions that are called in place of a decorated one."""
    out: list[Value] = []
    frame = Frame(solver, solver.node(function.module.functions[0], {}))
    frame.quiet = 1
    for atom in value:
        if atom[0] == INSTANCE:
            called = [each for each in frame.find(atom[1], "__call__") if each[0] == FUNCTION]
            out.append(tuple([(FUNCTION, each[1], atom, each[3]) for each in called]))
        elif atom[0] == PARTIAL:
            out.append(_wrappers(solver, function, atom[1]))
        else:
            out.append((atom,))
    return join_all(out)


def _parameters(solver: Solver, function: Function) -> dict[str, Value]:
    module_node = solver.node(function.module.functions[0], {})
    frame = Frame(solver, module_node)
    frame.quiet = 1
    bound: dict[str, Value] = {}
    static = _decorated(frame, function, "staticmethod")
    for at, parameter in enumerate(function.facts.parameters):
        if at == 0 and function.owner is not None and not static:
            hook = function.facts.name in {"__new__", "__init_subclass__", "__class_getitem__"}
            if hook or _decorated(frame, function, "classmethod"):
                bound[parameter.name] = ((CLASS, function.owner.number),)
            else:
                bound[parameter.name] = ((INSTANCE, function.owner.number, False),)
            continue
        value: Value = ((ANYTHING, "parameter"),)
        if parameter.annotation is not None:
            value = _given(annotated(frame, parameter.annotation))
        elif parameter.default is not None:
            value = join(evaluate(frame, parameter.default), ((ANYTHING, "parameter"),))
        if parameter.kind == 2:
            value = sequence(value, "tuple")
        elif parameter.kind == 4:
            value = table(STR, value)
        bound[parameter.name] = value
    return bound


def _given(value: Value) -> Value:
    """Return a declared value in which what is not known is what the entry's caller gives."""
    return tuple([(ANYTHING, "parameter") if atom[0] == ANYTHING else atom for atom in value])


def _runs_elsewhere(solver: Solver, function: Function) -> bool:
    """Say whether a framework runs the function once, somewhere else, and keeps its result."""
    frame = Frame(solver, solver.node(function.module.functions[0], {}))
    frame.quiet = 1
    for decorator in function.facts.decorators:
        called = decorator[1] if decorator[0] == ir.CALL else decorator
        for atom in evaluate(frame, called):
            if atom[0] == OUTSIDE and atom[1] in solver.rules.summaries.elsewhere:
                return True
    return False


def _decorated(frame: Frame, function: Function, name: str) -> bool:
    for decorator in function.facts.decorators:
        for atom in evaluate(frame, decorator):
            if atom[-1] == f"builtins.{name}":
                return True
    return False
