"""One evaluation of a node: its variables, and the way to everything outside of it.

- Local variables follow the flow; at joins they hold what either side gave.
- Globals, attributes and captured names are cells, which only grow.
- A site is a construct of the language that a rule may speak of; ``frame.site`` reports it.
"""

import builtins
from typing import Any, Final, TypeAlias

from qfs.scan.domain.depth import bounded
from qfs.scan.domain.values import (
    ANY,
    FUNCTION,
    INSTANCE,
    MODULE,
    NOTHING,
    OUTSIDE,
    SET,
    TABLE,
    Taint,
    Value,
    join,
    outliving,
)
from qfs.scan.facts.ir import Fact, Pos
from qfs.scan.rules.rule import Hit, Rule
from qfs.scan.solver.changes import changed_in
from qfs.scan.solver.nodes import CellKey, Effect, Node
from qfs.scan.solver.program import Function, Klass
from qfs.scan.solver.solve import Solver

Links: TypeAlias = dict[tuple[object, object], tuple[Fact, Fact, object, object]]
"""Two ways without their positions to the ways, and to that by which others are compared."""


class Frame:
    """The evaluation of one node."""

    def __init__(self, solver: Solver, node: Node) -> None:
        self.solver = solver
        self.node = node
        self.function: Function = node.function
        self.module = node.function.module
        self.env: dict[str, Value] = dict(node.arguments)
        self.klass: Klass | None = None
        """The class whose body is being read, if any."""
        self.returned: Value = NOTHING
        self.yielded: Value = NOTHING
        self.yield_taint: Taint | None = None
        self.orders: list[tuple[Taint, frozenset[str], frozenset[str]]] = []
        """Unordered loops around: taint, names that depend on the element, names made inside."""
        self.loop: Fact | None = None
        """The innermost unordered loop."""
        self.chosen = -1
        """Which of the orders does not matter here: an element is asked for by what it equals."""
        self.jumps: list[list[dict[str, Value]]] = []
        """Of each loop around: the variables as they are where it is left, or begun anew."""
        self.trail: dict[str, Value] | None = None
        """In a block that an exception may leave anywhere: what its variables held in between."""
        self.assigning: Fact | None = None
        """The right side of the assignment that is being read."""
        self.single: frozenset[object] = frozenset()
        """Facts, without positions, of collections known to hold one element at most here."""
        self.drained: frozenset[object] = frozenset()
        """Facts, without positions, of collections that the loop around empties."""
        self.counted: Pos | None = None
        """Where an ``enumerate(...)`` stands of which the numbers alone are used."""
        self.logging = 0
        """Above 0 while the arguments of a logging call are read: what they print is a log's."""
        self.texts: dict[object, None] = {}
        """Objects whose text was looked at where it is made: many ways lead to some."""
        self.unused = False
        """Whether nothing is done with the value of the call that is read next."""
        self.quiet = 0
        """Above 0 while something is evaluated whose effects belong to nobody."""
        self.links: Links = {}
        """Pairs of ways that lead to one container: ``qfs.scan.heap.aliases``."""
        self.mirrors: dict[str, tuple[CellKey, ...]] = {}
        """Of variables that an object was given: what that field's container was changed to."""
        self.putting: list[object] = []
        """The ways along which a changed container is being put back."""
        self.put: dict[tuple[object, Value], int] = {}
        """What was put where since the first of those ways, and after how many steps."""
        self.rebound: frozenset[str] = frozenset()
        """Variables that functions inside, or methods that were handed on, bind or change."""
        if node.function.facts.captured:
            self.rebound = _rebound_in(node.function)
            for name, value in node.arguments.items():
                self.solver.write(("local", node.number, name), value)
                self.solver.write(("locals", node.function.number, name), value)

    # Names -----------------------------------------------------------------------------------

    def lookup(self, name: str) -> Value:
        """Return the value of a name as Python would find it."""
        found = self.env.get(name)
        if found is not None:
            return self._rebound(name, found) if name in self.rebound else found
        if self.klass is not None and name in self.klass.own:
            return self.solver.read(self.node, ("attr", self.klass.number, name))
        function = self.function
        if function.outer is not None:
            if name in function.bound:
                return NOTHING
            captured = self.captured(name)
            if captured is not None:
                return captured
        return self.global_(name)

    def _rebound(self, name: str, value: Value) -> Value:
        """Return what a variable holds that a function inside may have given another value."""
        number = self.function.number
        for cell in self.mirrors.get(name, ()):
            kinds = {atom[0] for atom in value}
            found = self.solver.read(self.node, cell)
            value = join(value, tuple([atom for atom in found if atom[0] in kinds]))
        inside = self.solver.read(self.node, ("locals", number, name))
        return join(
            value, join(self.solver.read(self.node, ("local", self.node.number, name)), inside)
        )

    def captured(self, name: str) -> Value | None:
        """Return a name of an enclosing function, or None if no enclosing function binds it."""
        cell = self.captured_cell(name)
        return self.solver.read(self.node, cell) if cell is not None else None

    def captured_cell(self, name: str) -> CellKey | None:
        """Return the cell of a name of an enclosing function, or None if none binds it."""
        around = enclosing(self.node)
        at = self.function.outer
        while at is not None and at.outer is not None:
            if name in at.bound:
                if around >= 0 and self.solver.nodes[around].function is at:
                    return ("local", around, name)
                return ("locals", at.number, name)
            if around >= 0:
                around = enclosing(self.solver.nodes[around])
            at = at.outer
        return None

    def global_(self, name: str) -> Value:
        """Return a module-level name, or a built-in one."""
        if name in self.module.functions[0].bound or self.solver.cells.get(
            ("global", self.module.name, name)
        ):
            return self.solver.read(self.node, ("global", self.module.name, name))
        star = self.solver.read(self.node, ("star", self.module.name))
        for atom in star:
            value = self.starred(atom, name)
            if value:
                return value
        if not (hasattr(builtins, name) or name.startswith("__")):
            return self.solver.read(self.node, ("global", self.module.name, name))
        return _special(name) or ((OUTSIDE, f"builtins.{name}"),)

    def starred(self, atom: tuple[Any, ...], name: str) -> Value:
        """Return a name that came in through ``from atom import *``, or nothing."""
        if atom[0] == MODULE:
            return self.solver.read(self.node, ("global", atom[1], name))
        full = f"{atom[1]}.{name}"
        rules = self.solver.rules
        if full in rules.index.calls or full in rules.index.reads or rules.summaries.knows(full):
            return ((OUTSIDE, full),)
        return NOTHING

    def bind(self, name: str, value: Value, *, weak: bool = False) -> None:
        """Give a name a value, or let it hold the value besides its own."""
        if self.function.outer is None:
            value = outliving(value)
        if self.klass is not None and name not in self.function.shared:
            self.klass.own[name] = None
            self.solver.write(("attr", self.klass.number, name), value)
            self.env[name] = value
            return
        function = self.function
        if function.outer is None or name in function.shared:
            self.solver.write(self.shared_cell(name), value)
            if function.outer is not None:
                return
        if self.trail is not None:
            self.trail[name] = join(self.trail.get(name, NOTHING), value)
        self.env[name] = join(self.env.get(name, NOTHING), value) if weak else value
        if function.facts.captured and function.outer is not None:
            self.solver.write(("local", self.node.number, name), value)
            self.solver.write(("locals", function.number, name), value)

    def shared_cell(self, name: str) -> CellKey:
        """Return the cell of a name declared global or nonlocal, or of a module-level name."""
        at = self.function.outer if name in self.function.shared else None
        around = enclosing(self.node)
        while at is not None and at.outer is not None:
            if name in at.bound:
                if around >= 0 and self.solver.nodes[around].function is at:
                    return ("local", around, name)
                return ("locals", at.number, name)
            at = at.outer
        return ("global", self.module.name, name)

    # Reports ---------------------------------------------------------------------------------

    def report(
        self, rule: Rule, pos: Pos, text: str, verdict: str = "violation", path: str = ""
    ) -> None:
        """Record that a rule speaks of a place in this function, or in the file at a path."""
        if self.quiet or (rule.policies and self.solver.policy not in rule.policies):
            return
        if verdict == "violation" and rule.verdict != "violation":
            verdict = rule.verdict
        key = (rule.code, path or self.module.path, pos)
        before = self.node.effects.get(key)
        if before is None or (before.verdict != "violation" and verdict == "violation"):
            self.node.effects[key] = Effect(rule, key[1], pos, text, verdict)

    def site(
        self, name: str, pos: Pos, text: str, verdict: str = "violation", path: str = ""
    ) -> None:
        """Record a construct of the language, in this function or in the file at a path."""
        for rule in self.solver.rules.index.sites.get(name, ()):
            self.report(rule, pos, text, verdict, path)

    def hits(self, hits: list[Hit], pos: Pos, text: str, verdict: str = "violation") -> None:
        """Record every rule that a name leads to."""
        for hit in hits:
            self.report(hit.rule, pos, text, verdict)

    def rest(self, kind: str, name: str) -> None:
        """Record that the judgement of this function trusts something that nobody looked at."""
        if not self.quiet:
            self.node.rests[kind, name] = None

    def leak(
        self, taint: Taint, site: str, use: str, *, sure: bool = True, lost: bool = False
    ) -> None:
        """Report that an order reached a use that keeps it, where the order came from.

        lost says that nobody knows whether there is an order: the value may be anything besides.
        """
        if taint.grade in {"stable", "empty"}:
            return
        site = _SITES_OF.get(taint.grade, site)
        certain = taint.grade in {"salted", "identity", "listing", "arrival"}
        verdict = "unknown" if lost else "violation" if certain and sure else "possible"
        for rule in self.solver.rules.index.sites.get(site, ()):
            if self.quiet:
                return
            key = (rule.code, taint.path, taint.pos)
            before = self.node.effects.get(key)
            if before is None or (before.verdict == "unknown" and not lost):
                text = f"the order of {taint.what} {use}{self._elsewhere(taint, use)}"
                self.node.effects[key] = Effect(rule, taint.path, taint.pos, text, verdict)

    def _elsewhere(self, taint: Taint, use: str) -> str:
        """Name the function that uses an order which was born outside of it, if use does not."""
        first, _column, last, _end = self.function.facts.pos
        here = taint.path == self.module.path and first <= taint.pos[0] <= last
        name = self.function.facts.qualname
        return "" if here or name in use else f" in {name}"

    # Classes ---------------------------------------------------------------------------------

    def mro(self, number: int) -> list[int | str]:
        """Return a class and its bases: numbers in the program, names outside; depth first."""
        return self.solver.lookups.mro(number)

    def trait(self, number: int, name: str) -> bool:
        """Say whether a class or one of its bases has a trait."""
        classes = self.solver.program.classes
        for at in self.solver.lookups.mro(number):
            if isinstance(at, int) and name in classes[at].traits:
                return True
        return False

    def subclasses(self, number: int) -> list[int]:
        """Return the classes of the program known to derive from a class, itself excluded."""
        self.solver.read(self.node, ("subclasses", number))
        return sorted(self.solver.lookups.families.get(number, ()))

    def find(self, number: int, name: str) -> Value:
        """Return an attribute of a class or its bases as stored; () if there is none."""
        return self.solver.lookups.stored(self.node, number, name)

    def makes_a_class(self) -> bool:
        """Say whether the function runs while a class is made: registries are filled there."""
        name, owner = self.function.facts.name, self.function.owner
        if name in {"__init_subclass__", "__set_name__", "__class_getitem__"}:
            return True
        meta = owner is not None and "builtins.type" in self.mro(owner.number)
        return meta and name in {"__init__", "__new__", "__prepare__"}

    def closure(self, number: int) -> Value:
        """Return the value of a function that is defined here."""
        owner = self.node.number if self.function.outer is not None else -1
        return ((FUNCTION, number, None, owner),)

    def copy(self) -> dict[str, Value]:
        """Return the variables as they are, for a branch."""
        return dict(self.env)

    def merge(self, *branches: dict[str, Value] | None) -> None:
        """Let every variable hold what any branch gave it; None is a branch that left."""
        alive = [branch for branch in branches if branch is not None]
        if not alive:
            return
        merged = dict(alive[0])
        for branch in alive[1:]:
            if branch == merged:
                continue
            for name, value in branch.items():
                before = merged.get(name)
                if before is not value:
                    merged[name] = value if before is None else join(before, value)
        self.env = merged


def _rebound_in(function: Function) -> frozenset[str]:
    """Return the variables of a function that those inside of it bind or change."""
    known: frozenset[str] | None = function.notes.get("rebound")
    if known is None:
        names: set[str] = set()
        for each in function.module.functions:
            at = each.outer
            while at is not None and at is not function:
                at = at.outer
            if at is function:
                names |= each.shared & function.bound
                names |= changed_in(each, function.bound - each.bound)
        known = function.notes["rebound"] = frozenset(names)
    return known


def enclosing(node: Node) -> int:
    """Return the node that made a node's function, or -1 when several may have."""
    made_by = node.arguments.get("", NOTHING)
    if len(made_by) == 1 and made_by[0][0] == "env":
        number: int = made_by[0][1]
        return number
    return -1


_SITES_OF: Final = {"listing": "listing-order", "arrival": "arrival-order"}


def _special(name: str) -> Value:
    if name in {"__name__", "__doc__", "__qualname__", "__package__"}:
        return (("plain", "str"),)
    return ((OUTSIDE, "builtins"),) if name == "__builtins__" else NOTHING


def bare(fact: Any) -> object:
    """Return a name or attribute without its positions, to compare two of them."""
    if fact[0] == 2:
        return fact[:2]
    return (3, bare(fact[1]), fact[2]) if fact[0] == 3 else None


def position(fact: Fact) -> Pos:
    """Return the position of an expression; facts without one borrow their first part's."""
    last = fact[-1]
    if last.__class__ is tuple and len(last) == 4:
        line, column, end_line, end_column = last
        if (
            line.__class__ is int
            and column.__class__ is int
            and end_line.__class__ is int
            and end_column.__class__ is int
        ):
            return (line, column, end_line, end_column)
    for part in fact:
        if isinstance(part, tuple) and part and isinstance(part[0], int):
            return position(part)
        if isinstance(part, tuple) and part:
            return position(part[0])
    return (1, 1, 1, 1)


def mentions(fact: Fact | Any, names: frozenset[str]) -> bool:
    """Say whether a fact reads one of some names."""
    if fact.__class__ is not tuple or not fact:
        return False
    if fact[0] == 2 and len(fact) == 3 and isinstance(fact[1], str):
        return fact[1] in names
    for part in fact:  # noqa: SIM110 (a generator would cost a call a part)
        if part.__class__ is tuple and mentions(part, names):
            return True
    return False


def instance_of(number: int, *, exact: bool = False) -> Value:
    """Return an instance of a class of the program."""
    return ((INSTANCE, number, exact),)


def is_container(value: Value) -> bool:
    """Say whether a value is a set or a dict for certain."""
    return bool(value) and all(atom[0] in {SET, TABLE} for atom in value)


def anything(why: str = "") -> Value:
    """Return the value about which nothing is known."""
    return (("any", why),) if why else ANY


__all__ = [
    "Frame", "anything", "bare", "bounded", "instance_of", "is_container", "mentions", "position",
]  # fmt: skip
