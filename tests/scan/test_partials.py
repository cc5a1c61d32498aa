"""``functools.partial``: what it fills, partials of partials, and partials without end."""

import pytest

from qfs.app.audit import rulebook
from qfs.scan.audit import analyse
from qfs.scan.domain.depth import bounded
from qfs.scan.domain.values import ANYTHING, INT, PARTIAL, Atom, Value, filled
from qfs.scan.facts.extract import extract

BOOK = rulebook()
HEAD = (
    "import time\nfrom functools import partial\n"
    "def clock(*_args):\n    return time.time()\n"
    "def still(*_args):\n    return 0\n"
)
AGAIN = (
    "def again(steps, n: int):\n    for step in steps:\n        step(n)\n"
    "    return again([partial(step, n) for step in steps] + [partial(again, steps)], n - 1)\n"
)
CASES = [
    ("one", "def entry():\n    return partial(clock, 1)()\n", {"violation"}),
    ("one of one", "def entry():\n    return partial(partial(clock, 1), 2)()\n", {"violation"}),
    ("one that nobody calls", "def entry():\n    partial(clock, 1)\n    return 0\n", set()),
    (
        "one of one without a clock",
        "def entry():\n    return partial(partial(still), 2)()\n",
        set(),
    ),
    ("ever more", AGAIN + "def entry():\n    return again([clock, still], 3)\n", {"possible"}),
    ("ever more of nothing", AGAIN + "def entry():\n    return again([still], 3)\n", set()),
]


@pytest.mark.parametrize(("title", "code", "found"), CASES, ids=[case[0] for case in CASES])
def test_what_a_partial_calls_is_reached(title: str, code: str, found: set[str]) -> None:
    facts = {"case": ("case.py", extract((HEAD + code).encode()))}
    judged = analyse(facts, BOOK, entries=("*:entry",), in_zone=lambda _path: True, policy="ban")
    assert {each.verdict for each in judged.found if each.rule.code == "QFS101"} == found, title


def test_a_partial_of_a_partial_is_one_that_fills_more() -> None:
    once = filled(((ANYTHING, ""),), [INT], {"a": INT})
    assert filled(once, [INT], {"b": INT}) == filled(
        ((ANYTHING, ""),), [INT, INT], {"a": INT, "b": INT}
    )


def depth(value: Value) -> int:
    """Return how many partials lie within each other at most."""

    def parts(atom: Atom) -> list[Value]:
        return [atom[1], *atom[2], *[item for _name, item in atom[3]]]

    below = [max(map(depth, parts(atom))) + 1 for atom in value if atom[0] == PARTIAL]
    return max(below, default=0)


def test_partials_that_are_filled_with_partials_end() -> None:
    callee: Value = ((ANYTHING, ""),)
    value = callee
    depths = []
    for _ in range(9):
        value = bounded(filled(callee, [value], {}))
        depths.append(depth(value))
    assert depths[0] == 1
    assert max(depths) <= 3
    assert max(depths[4:]) == depths[-1]
