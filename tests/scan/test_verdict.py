"""A violation needs certain edges alone: each kind of edge that may be taken makes a may of it."""

import pytest

from qfs.app.audit import rulebook
from qfs.scan.audit import analyse
from qfs.scan.facts.extract import extract

BOOK = rulebook()
CLOCK = "import time\ndef clock():\n    return time.time()\n"
ORDER = "def names():\n    return list({'a', 'b'})\n"
CLASSES = "import time\nclass A:\n    def tick(self):\n        return time.time()\n"
ITEMS = "class A:\n    def items_of(self):\n        return list({'a', 'b'})\nKNOWN = A()\n"
OBJECT = "class A:\n    pass\n"
GIVEN_BACK = "import somebody\ndef other():\n    return 0\ndef entry(x: int):\n"
SOMEBODY = "import somebody\n"
RESULT = "class Result:\n    def __init__(self, rows):\n        self.rows = rows\n"
GZIP = "import gzip\ndef entry(**k):\n    return gzip.compress(b'', "

CASES = [
    ("a call of one function", CLOCK + "def entry():\n    return clock()\n", "violation"),
    (
        "a call of one of two functions",
        CLOCK + "def other():\n    return 0\n"
        "def entry(x):\n    f = clock if x else other\n    return f()\n",
        "possible",
    ),
    (
        "an item of a table of functions",
        CLOCK + "def other():\n    return 0\n"
        "def entry(x):\n    return {'a': clock, 'b': other}[x]()\n",
        "possible",
    ),
    (
        "an item of a table of one",
        CLOCK + "def entry():\n    return {'a': clock}['a']()\n",
        "violation",
    ),
    ("text of a float", "def entry(x: float) -> str:\n    return str(x)\n", "violation"),
    ("text of a float or int", "def entry(x: int | float):\n    return str(x)\n", "possible"),
    ("a method of a known object", CLASSES + "def entry():\n    return A().tick()\n", "violation"),
    (
        "a method of something unknown",
        CLASSES + "KNOWN = A()\ndef entry(x):\n    return x.tick()\n",
        "possible",
    ),
    (
        "a method that a subclass may bring",
        CLASSES + "class B:\n    def tick(self):\n        return 0\nclass C(B):\n"
        "    def tick(self):\n        return time.time()\n"
        "def entry(b: B):\n    return b.tick()\n",
        "possible",
    ),
    (
        "a callback that is called for certain",
        CLOCK + "def entry():\n    return sorted([1, 2], key=lambda x: clock())\n",
        "violation",
    ),
    (
        "a callback handed to code that nobody knows",
        "import somebody\n" + CLOCK + "def entry():\n    return somebody.run(clock)\n",
        "possible",
    ),
    (
        "a function that a type selects",
        "import functools\n" + CLOCK + "@functools.singledispatch\ndef f(x):\n    return 0\n"
        "f.register(int, lambda x: clock())\ndef entry():\n    return f('a')\n",
        "possible",
    ),
    ("an order that is returned", ORDER + "def entry():\n    return names()\n", "violation"),
    (
        "an order that a call of one of two functions may return",
        ORDER + "def sorted_names():\n    return ['a', 'b']\n"
        "def entry(x):\n    f = names if x else sorted_names\n    return f()\n",
        "possible",
    ),
    (
        "an order that a method of something unknown may return, joined here",
        ITEMS + "def entry(x):\n    return ','.join(x.items_of())\n",
        "possible",
    ),
    ("the text of an object", OBJECT + "def entry():\n    return str(A())\n", "violation"),
    (
        "the text of an object, or of a number",
        OBJECT + "def entry(x: int):\n    one = A() if x else 5\n    return str(one)\n",
        "possible",
    ),
    (
        "the text of a function, or of what code that nobody knows gives",
        GIVEN_BACK + "    one = other if x else somebody.one()\n    return str(one)\n",
        "",
    ),
    (
        "an attribute of a function of the module",
        "def other():\n    return 0\ndef entry():\n    other.calls = 1\n    return other()\n",
        "violation",
    ),
    ("a sum of floats", "def entry(x: list[float]):\n    return sum(x)\n", "violation"),
    (
        "a sum of floats, or of what nobody knows",
        SOMEBODY + "def entry(x: list[float]):\n    return sum([x[0] if x else somebody.one()])\n",
        "possible",
    ),
    (
        "an order that each filler of a field puts there",
        RESULT + "def entry(n: set[str]):\n    return Result(list(n))\n",
        "violation",
    ),
    (
        "an order that one of two fillers of a field puts there",
        RESULT + "def other(n: list[str]):\n    return Result(['a'])\n"
        "def entry(n: set[str]):\n    other(['b'])\n    return Result(list(n))\n",
        "possible",
    ),
    (
        "an order that a table's keys have in a field",
        RESULT + "def entry(n: set[str]):\n    return Result({x: 1 for x in n})\n",
        "possible",
    ),
    ("a guard that may hold", GZIP + "**k)\n", "possible"),
    ("a guard that holds", GZIP + "mtime=0)\n", ""),
]  # fmt: skip


@pytest.mark.parametrize(("title", "code", "verdict"), CASES, ids=[case[0] for case in CASES])
def test_a_verdict_is_as_certain_as_its_least_certain_edge(
    title: str, code: str, verdict: str
) -> None:
    facts = {"case": ("case.py", extract(code.encode()))}
    judged = analyse(facts, BOOK, entries=("*:entry",), in_zone=lambda _path: True, policy="ban")
    found = {each.verdict for each in judged.found if each.verdict != "unknown"}
    assert found == ({verdict} if verdict else set()), title


def test_state_that_only_imports_change_is_set_up_once_and_is_no_finding() -> None:
    registry = "ALL = []\ndef keep(f):\n    ALL.append(f)\n    return f\n"
    setup = registry + "@keep\ndef one():\n    return 1\n"
    for entry, found in (("return len(ALL)", []), ("return keep(one)", ["QFS901"])):
        code = f"{setup}def entry():\n    {entry}\n"
        facts = {"case": ("case.py", extract(code.encode()))}
        judged = analyse(facts, BOOK, entries=("*:entry",), in_zone=bool, policy="ban")
        assert [each.rule.code for each in judged.found] == found


SCRATCH = """
table = None

def build(names):
    global table
    table = {}
    for name in names:
        add(name)
    return table

def add(name):
    table[name] = len(name)
"""


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("return build(names)", []),
        ("add('a')\n    return build(names)", ["QFS901"]),
        ("build(names)\n    add('a')", ["QFS901"]),
    ],
)
def test_a_variable_that_each_run_sets_anew_holds_nothing_of_an_earlier_one(
    entry: str, found: list[str]
) -> None:
    code = f"{SCRATCH}def entry(names):\n    {entry}\n"
    facts = {"case": ("case.py", extract(code.encode()))}
    judged = analyse(facts, BOOK, entries=("*:entry",), in_zone=bool, policy="ban")
    assert sorted({each.rule.code for each in judged.found}) == found
