"""The fixed point: what each function, called with such arguments, returns, does and calls.

- A node is a function in a context: the shape of its arguments. Contexts a function are bounded;
  beyond the bound all further calls share one context whose arguments are joined.
- A cell is a variable that more than one node can see: a global, an attribute, a captured name.
- When a result or a cell grows, whoever read it is evaluated again, unless by then it read the new
  one; all in one fixed order, what is called before what calls it.
- Evaluations a node are bounded too: then its result is widened to "anything". A node that was
  evaluated too often waits until all else is done, then goes on; if its arguments grow still, they
  are anything from then on, and it is unknown.
- That ends: results, cells and such arguments grow but so often, and nodes and classes are finite.
  Each time that the queue is empty, a node that waits goes on for good, or nothing is left.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import Any, Final, TypeAlias

from qfs.scan.domain.depth import bounded
from qfs.scan.domain.values import (
    ANY,
    ANYTHING,
    CALLED_MAX,
    CLASS,
    FUNCTION,
    INSTANCE,
    KNOWN,
    NARROW,
    NOTHING,
    PLAIN,
    Atom,
    Taint,
    Value,
    fewer_called,
    growth,
    join,
    same,
)
from qfs.scan.facts.ir import Pos
from qfs.scan.rules.rulebook import Rulebook
from qfs.scan.solver.lookup import Lookups
from qfs.scan.solver.nodes import CellKey, Crowd, Edge, Effect, Form, Node
from qfs.scan.solver.program import Function, Klass, Program

CONTEXTS_MAX: Final = 4
CLOSURES: Final = 8
"""How many times more contexts has a function that makes closures: a decorator wraps many."""
APART_MAX: Final = 1_000
"""Contexts of a function that decorates: what it returns for one must not be another's."""
CONTEXTS_TOTAL: Final = 16_000
"""Of all functions together: in a larger program each has fewer of them."""
CALLED_TOTAL: Final = 500_000
"""Functions and classes among a value's alternatives, times functions: a larger program tells
fewer of them apart, or calling what many callers share would cost its square."""
CALLED_MIN: Final = 16
CALLS_MAX: Final = 32
CALLS_LEAST: Final = 300_000
"""Calls that are looked at, a function of the program, before less is told apart: of values that
may be many functions no more than in the largest program, and cells may grow but little."""
CROWD: Final = 12
CROWD_LEAST: Final = 3
"""Functions and classes beyond which a call is a crowd's; the least once so many were looked at."""
RUNS_MAX: Final = 8
"""Evaluations after which a node's result is anything besides."""
AGAIN_MAX: Final = 32
"""Evaluations after which a node is not woken by results and arguments; if they grow, it is cut."""
PATIENCE: Final = 4
"""How many times as often a call of many functions is evaluated: it waits for all of them."""
GROWING: Final = "code whose values keep growing"
EAGER_DEPTH: Final = 24
CELL_GROWTH_MAX: Final = 48
"""How much a cell may grow, in the steps of ``values.growth``, before it is anything."""
CELL_GROWTH_MIN: Final = 36
CELL_GROWTH_LEAST: Final = 12
"""The same once so many calls were looked at that no program needs them: ``CALLS_MAX``."""
CELL_GROWTH_TOTAL: Final = 300_000
"""The same of all functions together: a larger program waits less long for each."""
WIDENED_AFTER: Final = 11
"""The same before constants in it are only known by their type."""

Shape: TypeAlias = tuple[Value, frozenset[Any]]


_LOOKED_UP: Final = {"attr", "field"}
_UNKNOWN: Final = {(ANYTHING, ""), (ANYTHING, "many")}


class Solver:
    """Nodes, cells and the queue of what must be looked at again."""

    def __init__(
        self, program: Program, rules: Rulebook, evaluate: Callable[["Solver", Node], Value]
    ) -> None:
        self.program = program
        self.rules = rules
        self.policy = "ban"
        self.evaluate = evaluate
        few = CONTEXTS_TOTAL // max(len(program.functions), 1)
        self.contexts_max = max(1, min(CONTEXTS_MAX, few))
        many = CALLED_TOTAL // max(len(program.functions), 1)
        self.called_max = max(CALLED_MIN, min(CALLED_MAX, many))
        long = CELL_GROWTH_TOTAL // max(len(program.functions), 1)
        self.growth_max = min(CELL_GROWTH_MAX, max(CELL_GROWTH_MIN, long))
        self.crowd_max = CROWD
        self.calls_left = max(CALLS_LEAST, CALLS_MAX * len(program.functions))
        self.visits_max = 0
        """Evaluations a node, or 0 until nothing changes: a proof needs 0."""
        self.nodes: list[Node] = []
        self.contexts: list[dict[Any, int]] = [{} for _ in program.functions]
        self.cells: dict[CellKey, Value] = {}
        self.growth: dict[CellKey, int] = {}
        self.cut: dict[CellKey, None] = {}
        """Cells that grew for longer than they are followed: they are anything now."""
        self.cell_readers: dict[CellKey, dict[int, None]] = {}
        self.queue: list[tuple[int, int]] = []
        self.crowds: dict[Any, int] = {}
        self.shapes: dict[Value, Shape] = {}
        """Arguments as contexts know them: widened, and without an order of alternatives."""
        self.wide_shapes: dict[int, tuple[Value, Shape]] = {}
        """Those of wide values by where a value is, which stays there while it is held here."""
        self.depth = 0
        self.ended = 0
        self.lookups = Lookups(program, self.cells)
        self.kept: dict[tuple[int, str], dict[tuple[int, Pos], tuple[Taint | None, bool]]] = {}
        """By whom each field of a class's objects was filled, and with which order."""
        self.defined: dict[int, None] = {}
        """Classes whose statement was run."""
        self.existing: dict[str, list[Function]] = {}
        """Methods of a name of those classes, in the order of their numbers."""
        self.fitting: dict[tuple[str, int], tuple[tuple[int, int], list[Function]]] = {}
        """Those that may stand behind a protocol, and how much was known then."""

    def read(self, node: Node, key: CellKey) -> Value:
        """Return a cell; the node is evaluated again whenever it grows."""
        value = self.cells.get(key, NOTHING)
        if key not in node.seen:
            node.seen[key] = value
            readers = self.cell_readers.get(key)
            if readers is None:
                readers = self.cell_readers[key] = {}
            readers[node.number] = None
        return value

    def peek(self, key: CellKey) -> Value:
        """Return a cell without depending on it."""
        return self.cells.get(key, NOTHING)

    def write(self, key: CellKey, value: Value) -> None:
        """Let a cell hold a value besides what it holds."""
        if key in self.cut:
            return
        known = self.cells.get(key)
        before = known or NOTHING
        after = self.bounded(join(before, self.bounded(value)))
        if known is not None and same(before, after):
            return
        steps = self.growth.get(key, 0) + growth(before, after)
        self.growth[key] = steps
        if steps > WIDENED_AFTER:
            after = self.bounded(_widen(after))
            if same(before, after):
                return
        if steps > self.growth_max:
            self.cut[key] = None
            after = ANY
        self.cells[key] = after
        self._wake(self.cell_readers.get(key, ()))
        if key[0] in _LOOKED_UP:
            self._wake(self.lookups.grown(key, new=known is None))

    def bounded(self, value: Value) -> Value:
        """Return a value as wide and as deep as cells, arguments and results may be."""
        return bounded(
            value if len(value) <= self.called_max else fewer_called(value, self.called_max)
        )

    def define(self, klass: Klass) -> None:
        """Note that a class exists: its methods may be those of something unknown."""
        if klass.number in self.defined:
            return
        self.defined[klass.number] = None
        for function in klass.methods:
            name = function.facts.name
            insort(self.existing.setdefault(name, []), function, key=_number)
            self._wake(self.cell_readers.get(("methods", name), ()), stale=True)

    def derive(self, base: int, number: int) -> None:
        """Note that a class derives from another."""
        if number in self.lookups.families.get(base, ()):
            return
        self._wake(self.lookups.derive(base, number))
        self._wake(self.cell_readers.get(("subclasses", base), ()), stale=True)

    def rebase(self, number: int) -> None:
        """Note that a class has new bases."""
        self._wake(self.lookups.rebased(number), stale=True)

    def _wake(self, numbers: Iterable[int], *, stale: bool = False) -> None:
        for number in numbers:
            node = self.nodes[number]
            node.stale = node.stale or stale
            self.push(node)

    def push(self, node: Node) -> None:
        """Ask for a node to be evaluated (again)."""
        if not node.queued and not 0 < self.visits_max <= node.runs:
            node.queued = True
            heappush(self.queue, (node.rank, node.number))

    def node(
        self,
        function: Function,
        arguments: dict[str, Value],
        order: Taint | None = None,
        *,
        apart: bool = False,
    ) -> Node:
        """Return the node of a function called with such arguments; apart keeps it to itself."""
        shapes = [self._shape(value) for value in arguments.values()]
        key = (order is None, *[shape[1] for shape in shapes])
        contexts = self.contexts[function.number]
        number = contexts.get(key)
        if number is not None:
            return self.nodes[number]
        plain = {name: shape[0] for name, shape in zip(arguments, shapes, strict=True)}
        most = self.contexts_max
        if apart and not self.visits_max:
            most = APART_MAX
        elif function.facts.captured and not self.visits_max:
            most *= CLOSURES
        if len(contexts) >= most:
            return self._general(function, key, plain, order)
        return self._made(function, key, plain, order)

    def _shape(self, value: Value) -> Shape:
        """Return an argument as contexts know it."""
        if len(value) > NARROW:
            _value, shape = self.wide_shapes.get(id(value), (value, None))
            if shape is None:
                shape = self._shaped(value)
                self.wide_shapes[id(value)] = (value, shape)
            return shape
        shape = self.shapes.get(value)
        if shape is None:
            shape = self.shapes[value] = self._shaped(value)
        return shape

    def _shaped(self, value: Value) -> Shape:
        widened = self.bounded(_widen(value))
        return widened, frozenset(widened)

    def _made(
        self, function: Function, key: Any, arguments: dict[str, Value], order: Taint | None
    ) -> Node:
        node = Node(len(self.nodes), function, arguments, order)
        self.nodes.append(node)
        self.contexts[function.number][key] = node.number
        self.push(node)
        return node

    def _general(
        self, function: Function, key: Any, arguments: dict[str, Value], order: Taint | None
    ) -> Node:
        """Return the one node that all calls beyond the bound share."""
        general = ("general", arguments.get("", NOTHING))  # a closure keeps who made it
        number = self.contexts[function.number].get(general)
        if number is None:
            return self._made(function, general, dict(arguments), order)
        node = self.nodes[number]
        self.contexts[function.number][key] = number
        grown = False
        for name, value in arguments.items():
            before = node.arguments.get(name, NOTHING)
            after = self.bounded(join(before, self.bounded(value)))
            if node.resumed and not same(before, after):
                after = self._loosened(node, before, value)
            if not same(before, after):
                node.arguments[name] = after
                grown = True
        node.stale = node.stale or grown
        if grown:
            self._again(node, AGAIN_MAX)
        return node

    def _loosened(self, node: Node, before: Value, value: Value) -> Value:
        """Return an argument that is anything: of what is added, only what cannot grow is known."""
        node.loose = True
        flat = tuple([atom for atom in value if _is_flat(atom) and atom not in before])
        anything = before if _UNKNOWN & set(before) else join(before, ANY)
        return self.bounded(join(anything, flat))

    def _again(self, node: Node, most: int) -> None:
        """Ask for a node to be evaluated again, unless it was so often: then it waits."""
        if node.resumed or node.runs <= most:
            self.push(node)
        node.cut = node.cut or not node.queued

    def crowd(self, function: Function, key: Any, form: Form, order: Taint | None) -> Node:
        """Return the node of a call of many functions in a place, in such a form."""
        pos, _ordered, maker, _form = key
        number = self.crowds.get((function.number, key))
        if number is not None:
            return self.nodes[number]
        crowd = Crowd(pos, form, [NOTHING] * (form[0] + len(form[2]) + 2))
        node = Node(len(self.nodes), function, {"": maker} if maker else {}, order, crowd=crowd)
        self.nodes.append(node)
        self.crowds[function.number, key] = node.number
        return node

    def gather(self, node: Node, callee: Value, given: Sequence[Value]) -> None:
        """Let a crowd call such functions with such arguments besides."""
        crowd = node.crowd
        if crowd is None:
            return
        after = self.bounded(join(crowd.callee, callee))
        if node.resumed and not same(crowd.callee, after):
            after = self._loosened(node, crowd.callee, callee)
        grown = not same(crowd.callee, after)
        if grown:
            crowd.callee = after
        for at, value in enumerate(given):
            after = self.bounded(join(crowd.given[at], self.bounded(value)))
            if node.resumed and not same(crowd.given[at], after):
                after = self._loosened(node, crowd.given[at], value)
            if not same(crowd.given[at], after):
                crowd.given[at] = after
                grown = True
        if grown:
            node.stale = True
            self._again(node, PATIENCE * AGAIN_MAX)

    def put(self, key: CellKey, value: Value) -> None:
        """Let a cell hold a value that is no alternatives of anything, and wake who read it."""
        if self.cells.get(key, NOTHING) != value:
            self.cells[key] = value
            self._wake(self.cell_readers.get(key, ()))

    def call(
        self, caller: Node, callee: Node, pos: Pos, *, certain: bool, used: bool = True
    ) -> Value:
        """Record a call and return what the callee returns, as far as is known yet."""
        self.calls_left -= 1
        if not self.calls_left:
            self.called_max = min(self.called_max, CALLED_MIN)
            self.growth_max = CELL_GROWTH_LEAST
            self.crowd_max = CROWD_LEAST
        key = (callee.number, pos)
        before = caller.edges.get(key)
        if before is None or (certain and not before.certain):
            caller.edges[key] = Edge(callee.number, pos, certain)
        if used or caller.number not in callee.readers:
            callee.readers[caller.number] = used
        if callee.runs == 0 and not callee.active and self.depth < EAGER_DEPTH:
            self.run(callee)
        if used:
            caller.called.setdefault(callee.number, callee.result)
        return callee.result

    def run(self, node: Node) -> None:
        """Evaluate one node and wake whoever reads its result."""
        node.queued = False
        if node.active:
            self.push(node)
            return
        node.active = True
        node.stale = node.cut = False
        node.runs += 1
        node.seen = {}
        node.looked = {}
        node.called = {}
        self.depth += 1
        node.effects = {}
        node.edges = {}
        node.rests = {}
        try:
            result = self.evaluate(self, node)
        except RecursionError:
            result = self.unknown(node, "code nested too deeply")
        self.depth -= 1
        node.active = False
        if not node.rank:
            self.ended += 1
            node.rank = self.ended
        if node.runs > RUNS_MAX * _patience(node):
            result = join(node.result, ANY)
        after = self.bounded(join(node.result, result))
        if node.runs > 2:
            after = self.bounded(_widen(after))
        if not same(node.result, after):
            node.result = after
            for number, used in node.readers.items():
                reader = self.nodes[number]
                if used:
                    self._again(reader, AGAIN_MAX * _patience(reader))

    def unknown(self, node: Node, why: str) -> Value:
        """Say that a function cannot be judged."""
        pos = node.function.facts.pos
        for rule in self.rules.index.sites.get("unresolved-call", ()):
            key = (rule.code, node.function.module.path, pos)
            node.effects[key] = Effect(rule, key[1], pos, why, "unknown")
        return ANY

    def solve(self) -> None:
        """Evaluate until nothing changes."""
        while self.queue:
            node = self.nodes[heappop(self.queue)[1]]
            asked, node.queued = node.queued, False
            if asked and self._has_changed(node):
                self.run(node)
            if not self.queue and not self.visits_max:
                self._resume()
        for node in self.nodes:
            if node.loose:
                self.unknown(node, GROWING)
        for key in self.cut:
            looked = self.lookups.grown(key, new=False) if key[0] in _LOOKED_UP else []
            for number in (*self.cell_readers.get(key, ()), *looked):
                self.unknown(self.nodes[number], GROWING)

    def _resume(self) -> None:
        """Let the nodes go on that were evaluated too often and would find something new."""
        for node in self.nodes:
            if node.cut and self._has_changed(node):
                node.resumed = True
                self.push(node)

    def _has_changed(self, node: Node) -> bool:
        """Say whether an evaluation would find anything else than the last one."""
        if node.stale:
            return True
        cells, nodes = self.cells, self.nodes
        for key, value in node.seen.items():
            if cells.get(key, NOTHING) is not value:
                return True
        for number, value in node.called.items():
            if nodes[number].result is not value:
                return True
        return any(self.lookups.changed(node, each) for each in list(node.looked))


def _patience(node: Node) -> int:
    return 1 if node.crowd is None else PATIENCE


def _is_flat(atom: Atom) -> bool:
    """Say whether this is one of only so many: it holds no other value."""
    if atom[0] == FUNCTION:
        return atom[2] is None or atom[2][0] == INSTANCE
    return atom[0] in {CLASS, INSTANCE}


def _number(function: Function) -> int:
    return function.number


def _widen(value: Value) -> Value:
    """Forget which constant it is: contexts differ by shape, not by value."""
    if any(atom[0] == KNOWN for atom in value):
        out: Value = ()
        for atom in value:
            out = join(out, ((PLAIN, atom[1]),) if atom[0] == KNOWN else (atom,))
        return out
    return value
