"""Statements drawn by chance: what differs between processes is never proved."""

from collections.abc import Iterator

import pytest

from tests.scan.generated import MISSED, Processes
from tests.scan.woven import CONDITIONS, EFFECTS, VALUES, outcome, shortened, woven

PROGRAMS = 1_200
A_TEST = 300
DIFFER_LEAST = 20
"""Of three hundred programs so many differ at least: else a run of them shows nothing."""


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes() as running:
        yield running


def test_there_are_as_many_lines_as_it_says() -> None:
    assert (len(VALUES), len(EFFECTS), len(CONDITIONS)) == (84, 47, 13)


@pytest.mark.parametrize("first", range(0, PROGRAMS, A_TEST))
def test_what_differs_between_processes_is_never_proved(first: int, processes: Processes) -> None:
    said = {number: outcome(woven(number), processes) for number in range(first, first + A_TEST)}
    assert sum([each.startswith("differs") for each in said.values()]) >= DIFFER_LEAST
    missed = [number for number, each in said.items() if each == MISSED]
    assert {each: shortened(woven(each), processes, MISSED) for each in missed} == {}


def test_a_program_is_shortened_as_long_as_it_still_does_the_same(processes: Processes) -> None:
    lines = [
        "def entry(names: list[str]):",
        "    number = 1",
        "    last = ''",
        "    if number:",
        "        for each in set(names):",
        "            number += 1",
        "            last = each",
        "    return last",
    ]
    assert outcome(lines, processes) == "differs, found"
    assert shortened(lines, processes, "differs, found") == [
        "def entry(names: list[str]):",
        "    for each in set(names):",
        "        last = each",
        "    return last",
    ]
