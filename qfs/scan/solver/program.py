"""The program: facts of many files under their module names.

- Files enter in the order of their module names, so that every number is the same in each run.
- A module outside the program is only a name; rules and summaries speak of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qfs.scan.domain.values import Value
from qfs.scan.facts import ir
from qfs.scan.facts.ir import ClassFacts, Fact, FunctionFacts, ModuleFacts


@dataclass(slots=True, eq=False)
class Module:
    """One file of the program."""

    name: str
    path: str
    package: bool
    """Whether it is an ``__init__.py``."""
    facts: ModuleFacts
    functions: list["Function"] = field(default_factory=list)
    classes: list["Klass"] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Function:
    """One function of the program; a module's body is its function 0."""

    number: int
    module: Module
    facts: FunctionFacts
    owner: "Klass | None" = None
    outer: "Function | None" = None
    bound: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    notes: dict[Any, Any] = field(default_factory=dict)
    """What was found out about its facts alone, and need not be looked for again."""

    @property
    def label(self) -> str:
        """``module:qualname``."""
        return f"{self.module.name}:{self.facts.qualname}"

    @property
    def assignments(self) -> list[Fact]:
        """Every ``targets = value`` in its body, in no order that means anything."""
        known: list[Fact] | None = self.notes.get("assignments")
        if known is None:
            known = self.notes["assignments"] = [
                fact for fact in ir.parts(self.facts.body) if is_assignment(fact)
            ]
        return known


def is_assignment(fact: Fact) -> bool:
    """Say whether a fact is ``targets = value``."""
    return len(fact) == 4 and fact[0] == ir.ASSIGN and isinstance(fact[1], tuple)


@dataclass(slots=True, eq=False)
class Klass:
    """One class of the program; bases are filled when its statement is read."""

    number: int
    module: Module
    facts: ClassFacts
    bases: list[Value] = field(default_factory=list)
    traits: dict[str, str] = field(default_factory=dict)
    """What decorators and bases make of it: dataclass, frozen, enum, exception, protocol ..."""
    fields: dict[str, Value] = field(default_factory=dict)
    """Annotated fields in order: a dataclass's parameters."""
    defaults: dict[str, Value] = field(default_factory=dict)
    """Fields that have a default."""
    metaclass: Value = ()
    own: dict[str, None] = field(default_factory=dict)
    """Names that its body binds."""
    methods: list["Function"] = field(default_factory=list)


@dataclass(slots=True)
class Program:
    """Every module, function and class, numbered in the order of module names."""

    modules: dict[str, Module] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)
    classes: list[Klass] = field(default_factory=list)
    methods: dict[str, list[Function]] = field(default_factory=dict)
    """Every method of a name."""
    packages: dict[str, None] = field(default_factory=dict)
    """Every prefix of a module name."""
    assigned: frozenset[str] | None = None
    """Names of attributes that some function sets; None until somebody asks."""


def link(files: Mapping[str, tuple[str, ModuleFacts]]) -> Program:
    """Return the program of {module name: (path, facts)}."""
    program = Program()
    for name in sorted(files):
        path, facts = files[name]
        module = Module(name, path, path.endswith("__init__.py"), facts)
        program.modules[name] = module
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            program.packages[".".join(parts[:end])] = None
        for class_facts in facts.classes:
            klass = Klass(len(program.classes), module, class_facts)
            program.classes.append(klass)
            module.classes.append(klass)
        for function_facts in facts.functions:
            function = Function(
                len(program.functions),
                module,
                function_facts,
                bound=frozenset(function_facts.bound),
                shared=frozenset(function_facts.shared),
            )
            program.functions.append(function)
            module.functions.append(function)
        for function in module.functions:
            _place(program, module, function)
    return program


def dissolve(program: Program) -> None:
    """Let the parts of a program that is done with forget one another.

    Then it is freed at once, though the collector is off: many programs need the memory of one.
    """
    for module in program.modules.values():
        module.functions.clear()
        module.classes.clear()
    for klass in program.classes:
        klass.methods.clear()


def _place(program: Program, module: Module, function: Function) -> None:
    facts = function.facts
    if function is not module.functions[0]:
        function.outer = module.functions[facts.outer]
    if facts.owner >= 0:
        function.owner = module.classes[facts.owner]
        function.owner.methods.append(function)
        program.methods.setdefault(facts.name, []).append(function)
