"""Small programs of every category and idiom, beside look-alikes: written to find what is missed.

Each names a way in which two runs may differ (a protocol method, a container that a callee fills,
an iterator that outlives its call ...), or looks like one and is none.
"""

import re
from pathlib import Path

import pytest

from qfs.app.audit import rulebook
from qfs.scan.audit import analyse
from qfs.scan.facts.extract import extract

CORPUS = Path(__file__).parent.parent / "corpus" / "audit"
BOOK = rulebook()
ENTRIES = ("*:entry", "*.entry")


def cases(name: str) -> list[tuple[str, str]]:
    text = (CORPUS / name).read_text(encoding="utf-8")
    parts = re.split(r"^### (\S+)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def chunks(name: str) -> list[list[tuple[str, str]]]:
    """Return the cases by twenties: a test each would cost more than the cases."""
    every = cases(name)
    return [every[start : start + 20] for start in range(0, len(every), 20)]


def findings(code: str) -> list[str]:
    facts = {"case": ("case.py", extract(code.encode()))}
    judged = analyse(facts, BOOK, entries=ENTRIES, in_zone=bool, policy="ban")
    return [f"{each.rule.code} {each.text}" for each in judged.found if each.verdict != "unknown"]


def test_there_are_as_many_cases_as_it_says() -> None:
    assert len(cases("siblings_found.txt")) >= 2352
    assert len(cases("siblings_silent.txt")) >= 1089


@pytest.mark.parametrize("some", chunks("siblings_found.txt"), ids=lambda some: some[0][0])
def test_what_two_runs_may_disagree_on_is_found(some: list[tuple[str, str]]) -> None:
    assert [name for name, code in some if not findings(code)] == []


@pytest.mark.parametrize("some", chunks("siblings_silent.txt"), ids=lambda some: some[0][0])
def test_a_look_alike_stays_silent(some: list[tuple[str, str]]) -> None:
    assert {name: told for name, code in some if (told := findings(code))} == {}
