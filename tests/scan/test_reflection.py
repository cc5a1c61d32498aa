"""A computed name begins as its text does only where nothing else can have given it."""

import pytest

from qfs.app.audit import rulebook
from qfs.scan.audit import analyse
from qfs.scan.facts.extract import extract

BOOK = rulebook()
PROGRAM = """
import time
class Handler:
    def on_x(self):
        return 1
    def off(self):
        return time.time()
    def run(self, name: str, flag: bool):
{body}
def entry(handler: Handler, name: str, flag: bool):
    return handler.run(name, flag)
"""
LOOP = """
        n = 'on_x'
        for n in name:
            getattr(self, n)()
"""
PATTERN = """
        n = 'on_x'
        match name:
            case str() as n:
                pass
        return getattr(self, n)()
"""


@pytest.mark.parametrize(
    ("title", "body", "verdict"),
    [
        ("given once", "        n = 'on_' + name\n        return getattr(self, n)()", ""),
        (
            "begins as the clock's",
            "        n = 'o' + name\n        return getattr(self, n)()",
            "possible",
        ),
        (
            "a parameter",
            "        name = 'on_' if flag else name\n        return getattr(self, name)()",
            "possible unknown",
        ),
        (
            "longer than itself",
            "        name = name + '_x'\n        return getattr(self, name)()",
            "possible unknown",
        ),
        ("a loop's too", LOOP, "possible unknown"),
        ("a pattern's too", PATTERN, "possible unknown"),
    ],
)
def test_a_computed_name_begins_as_the_one_text_that_it_is_given(
    title: str, body: str, verdict: str
) -> None:
    facts = {"case": ("case.py", extract(PROGRAM.format(body=body).encode()))}
    found = analyse(facts, BOOK, entries=("*:entry",), in_zone=bool, policy="ban")
    assert {each.verdict for each in found.found} == set(verdict.split()), title
