"""The fixed point ends, and only where nothing is left to be looked at again."""

import pytest

from qfs.app.audit import rulebook
from qfs.scan.audit import analyse
from qfs.scan.domain.values import ANY, CALLED_MAX, INT, PARTIAL, Value, fewer_called, join, same
from qfs.scan.entries import entry_functions, start
from qfs.scan.facts.extract import extract
from qfs.scan.found import Judged
from qfs.scan.solver import solve
from qfs.scan.solver.program import link
from qfs.scan.solver.solve import CALLED_MIN, Solver
from qfs.scan.syntax.evaluate import evaluate_node
from qfs.scan.verdict import judge

BOOK = rulebook()
BASES = """
import time
class Still:
    def tick(self):
        return 1
class Clock:
    def tick(self):
        return time.time()
"""
FACTORY = """
def make(base):
    class Made(base):
        pass
    return Made().tick()
"""
ABOVE = """
def make(base):
    class Made(base):
        def tick(self):
            return super().tick()
    return Made().tick()
"""
PRINTED = """
class A:
    pass
def entry(other: A):
    class B(A):
        pass
    return f"{other}"
"""
HANDED_ON = """
import time
def still():
    return 0
def clock():
    return time.time()
class Turns:
    def __init__(self):
        self.first = self.second = self.third = self.last = still
    def entry(self):
        out = self.last()
        self.last, self.third, self.second = self.third, self.second, self.first
        self.first = FIRST
        return out
"""
BOTH = "def entry():\n    return make(Still), make(Clock)\n"


def judged(code: str) -> Judged:
    facts = {"case": ("case.py", extract(code.encode()))}
    return analyse(facts, BOOK, entries=("*entry",), in_zone=bool, policy="ban")


@pytest.mark.parametrize(
    ("title", "code", "verdicts"),
    [
        ("a class made of one of two classes", BASES + FACTORY + BOTH, ["possible"]),
        ("its method calls the one above", BASES + ABOVE + BOTH, ["possible"]),
        ("made of one", BASES + FACTORY + "def entry():\n    return make(Still)\n", []),
        ("made of the other", BASES + FACTORY + "def entry():\n    make(Clock)\n", ["violation"]),
        ("text of a class from which one is derived beside it", PRINTED, ["possible"]),
        (
            "a function that comes to a field after four calls",
            HANDED_ON.replace("FIRST", "clock"),
            ["possible"],
        ),
        ("one that no run can tell", HANDED_ON.replace("FIRST", "still"), []),
    ],
)
def test_what_a_function_changes_for_itself_is_looked_at_until_nothing_changes(
    title: str, code: str, verdicts: list[str]
) -> None:
    found = judged(code)
    assert [each.verdict for each in found.found] == verdicts, title
    assert (found.proved == found.functions) is not bool(verdicts), title


KEPT = """
import time
class Box:
    def __init__(self):
        self.kept = still
def still():
    return 0
def clock():
    return time.time()
def keep(box: Box, what):
    box.kept = what
def entry_of_keeping(box: Box):
    keep(box, 1)
    keep(box, "a")
    keep(box, still)
    keep(box, [1])
    keep(box, clock)
def entry_of_reading(box: Box):
    return box.kept()
"""


@pytest.mark.parametrize("again", [0, 1, 2, solve.AGAIN_MAX])
def test_what_a_function_that_is_evaluated_too_often_still_writes_reaches_who_reads_it(
    again: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solve, "CONTEXTS_MAX", 1)
    monkeypatch.setattr(solve, "AGAIN_MAX", again)
    solver, _judged = solved(KEPT)
    reading = {
        effect.verdict
        for node in solver.nodes
        if node.function.facts.name in {"entry_of_reading", "clock"}
        for effect in node.effects.values()
    }
    called = {
        solver.nodes[edge.target].function.facts.name
        for node in solver.nodes
        if node.function.facts.name == "entry_of_reading"
        for edge in node.edges.values()
    }
    assert "clock" in called or "unknown" in reading, (called, reading)


def ring(size: int) -> str:
    """Return functions each of which returns itself, or what the next one returns."""
    lines = ["def entry(n: int):", "    return f0(n)(n)"]
    for at in range(size):
        lines += [f"def f{at}(n: int):", f"    return f{at} if n else f{(at + 1) % size}(n - 1)"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("size", "verdicts"), [(3, set()), (80, set()), (300, {"unknown"})])
def test_values_that_grow_for_longer_than_they_are_followed_are_unknown(
    size: int, verdicts: set[str]
) -> None:
    found = judged(ring(size))
    assert {each.verdict for each in found.found} == verdicts
    assert (found.proved == found.functions) is not bool(verdicts)


MANY: Value = tuple([("fn", number, None, -1) for number in range(40)])
FILLED: Value = ((PARTIAL, MANY[:1], (), ()),)


@pytest.mark.parametrize(
    ("title", "value", "most", "kept"),
    [
        ("as many as may be", (*MANY, *INT), 40, (*MANY, *INT)),
        ("one too many", (*MANY, *INT), 39, (*MANY[:39], *INT, ("any", "many"))),
        ("what is unknown is unknown once", (*ANY, *MANY), 3, (*MANY[:3], ("any", "many"))),
        ("a partial is called too", (*MANY[:2], *FILLED), 2, (*MANY[:2], ("any", "many"))),
    ],
)
def test_of_what_a_value_can_call_so_many_are_told_apart_and_the_rest_is_unknown(
    title: str, value: Value, most: int, kept: Value
) -> None:
    fewer = fewer_called(value, most)
    assert fewer == kept, title
    assert same(fewer_called(join(fewer, value), most), fewer), title


@pytest.mark.parametrize(("fields", "verdicts"), [(3, set()), (20, {"unknown"})])
def test_a_list_that_a_callee_puts_into_more_fields_than_are_followed_is_unknown(
    fields: int, verdicts: set[str]
) -> None:
    names = [f"field_{number}" for number in range(fields)]
    made = "".join([f"        self.{name} = []\n" for name in names])
    put = "".join([f"    holder.{name} = rows\n" for name in names])
    found = judged(
        f"class Holder:\n    def __init__(self):\n{made}\n"
        f"def put(holder: Holder, rows: list[int]):\n{put}\n"
        "def entry() -> int:\n    rows: list[int] = []\n    put(Holder(), rows)\n"
        "    rows.append(1)\n    return len(rows)\n"
    )
    assert {each.verdict for each in found.found} == verdicts


def table(size: int, body: str, entry: str) -> str:
    """Return so many functions in a table, the last with another body, and who calls them."""
    lines = ["import time", "def keep(rows: list[int]) -> int:", "    return 0"]
    for at in range(size):
        lines += [
            f"def f{at}(rows: list[int]) -> int:",
            f"    {body if at + 1 == size else 'pass'}",
        ]
        lines += [f"    return {at}"]
    names = ", ".join([f"'{at}': f{at}" for at in range(size)])
    return "\n".join([*lines, f"TABLE = {{{names}}}", entry]) + "\n"


CALLED = """
def entry(name: str) -> list[int]:
    rows: list[int] = []
    TABLE[name](rows)
    return rows
"""
HANDED = """
def entry(names: list[str]) -> list[int]:
    return list(map(len, names)) + [len([f for f in TABLE.values() if unknown(f)])]
def unknown(f):
    import nobody
    return nobody.knows(f)
"""
ADDED = """
class Kind:
    def __or__(self, other):
        return other([])
def entry(kind: Kind, name: str):
    return kind | TABLE[name]
"""


@pytest.mark.parametrize("size", [5, 40])
@pytest.mark.parametrize(
    ("title", "body", "entry", "verdicts"),
    [
        ("one of them asks the clock", "time.time()", CALLED, {"possible"}),
        ("none of them does", "pass", CALLED, set()),
        ("one fills what it is handed from a set", "rows.extend({'a', 'b'})", CALLED, {"possible"}),
        ("one fills it from a list", "rows.extend([1, 2])", CALLED, set()),
        ("handed to nobody knows whom", "time.time()", HANDED, {"possible", "unknown"}),
        ("the other side of an operator", "time.time()", ADDED, {"possible"}),
        ("an operator and no clock", "pass", ADDED, set()),
    ],
)
def test_a_call_of_many_functions_finds_what_a_call_of_few_does(
    size: int, title: str, body: str, entry: str, verdicts: set[str]
) -> None:
    found = judged(table(size, body, entry))
    surely = {"violation": "possible"}  # of few, each may be called in a context of its own
    assert {surely.get(each.verdict, each.verdict) for each in found.found} == verdicts, title


def solved(code: str, calls: int = 1_000) -> tuple[Solver, Judged]:
    program = link({"case": ("case.py", extract(code.encode()))})
    solver = Solver(program, BOOK, evaluate_node)
    solver.calls_left = calls
    roots = start(solver, entry_functions(program.functions, ["*entry*"], bool), ["*entry*"])
    solver.solve()
    return solver, judge(solver, roots)


def test_each_of_many_functions_is_called_once_for_all_contexts_of_who_calls() -> None:
    contexts = ["'a'", "1", "b'b'", "None"]
    calls = [f"def entry{at}():\n    return ask({each})\n" for at, each in enumerate(contexts)]
    asks = "def ask(what):\n    return what, TABLE['1']([])\n"
    solver, _judged = solved(table(40, "pass", asks) + "\n".join(calls))
    edges = [len(node.edges) for node in solver.nodes if node.function.facts.name == "ask"]
    assert sorted(edges) == [1, 1, 1, 1, 40]


@pytest.mark.parametrize(("calls", "unknown"), [(1_000, False), (3, True)])
def test_what_is_not_told_apart_after_so_many_calls_is_unknown(
    calls: int,
    unknown: bool,
) -> None:
    body = "TABLE[str(len(rows))](rows)"
    solver, found = solved(table(40, body, CALLED + CALLED.replace("entry", "entry_2")), calls)
    assert ("unknown" in {each.verdict for each in found.found}) is unknown
    assert (found.proved == found.functions) is not unknown
    assert solver.called_max == (CALLED_MIN if unknown else CALLED_MAX)


MADE = [
    "date(1, 1, 1)", "time(1)", "timedelta(1)", "Fraction(1)", "PurePosixPath('a')", "UUID(int=1)",
]  # fmt: skip
IMPORTS = """
from datetime import date, time, timedelta
from fractions import Fraction
from pathlib import PurePosixPath
from uuid import UUID
"""
A_FIELD = (
    f"{IMPORTS}class Box:\n    def __init__(self):\n        self.row = 0\n"
    + "".join([f"def put{at}(box: Box):\n    box.row = {one}\n" for at, one in enumerate(MADE)])
    + "def entry() -> bool:\n    box = Box()\n"
    + "".join([f"    put{at}(box)\n" for at, _one in enumerate(MADE)])
    + "    return box.row is None\n"
)
WORDS = (
    f"{IMPORTS}def named(**words: object) -> None:\n"
    + "".join([f"    words['a'] = {one}\n" for one in MADE])
    + "def entry() -> None:\n    named(a=1)\n"
)


@pytest.mark.parametrize(("most", "verdicts"), [(solve.CELL_GROWTH_MAX, set()), (2, {"unknown"})])
@pytest.mark.parametrize("code", [A_FIELD, WORDS])
def test_what_grew_more_often_than_it_is_followed_is_unknown_to_whoever_reads_it(
    code: str, most: int, verdicts: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solve, "CELL_GROWTH_MAX", most)
    assert {each.verdict for each in judged(code).found} == verdicts


CHAINED = """
class Plain:
    def filter(self, test: str):
        return Filtered(self, (test,), (place(),))
def place():
    return None
class Filtered(Plain):
    def __init__(self, inner, tests, places=None):
        if places is None:
            places = (None,) * len(tests)
        if isinstance(inner, Filtered):
            self.tests = inner.tests + tests
            self.places = inner.places + places
            self.inner = inner.inner
        else:
            self.tests = tests
            self.places = places
            self.inner = inner
    def filter(self, test: str):
        return Filtered(self, (test,), (place(), "x"))
def entry(plain: Plain, test: str):
    return plain.filter(test).filter(test)
"""


def test_tuples_that_are_put_together_again_and_again_come_to_an_end() -> None:
    found = judged(CHAINED)
    assert ([each.verdict for each in found.found], found.proved) == ([], found.functions)


WIDE: Value = (("tup", (INT, (*INT, *ANY))), *INT)


@pytest.mark.parametrize(
    ("title", "value", "added", "adds"),
    [
        ("a case of a tuple that is there", WIDE, (("tup", (INT, INT)),), False),
        ("the items the other way round", WIDE, (("tup", (ANY, INT)),), True),
        ("a longer one", WIDE, (("tup", (INT, INT, INT)),), True),
        ("an empty one beside it", WIDE, (("tup", ()),), True),
        ("of one of any length", (("seq", "tuple", INT, None),), (("tup", (INT, INT)),), False),
        ("of another", (("seq", "tuple", INT, None),), (("tup", (ANY,)),), True),
        ("a list is no tuple", (("seq", "list", INT, None),), (("tup", (INT,)),), True),
    ],
)
def test_a_tuple_adds_nothing_to_one_of_which_it_is_a_case(
    title: str, value: Value, added: Value, adds: bool
) -> None:
    assert (join(value, added) is not value) is adds, title
