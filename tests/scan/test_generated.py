"""Programs put together by chance: the interpreter says whether runs differ, the audit must agree.

``make programs`` looks at many more.
"""

from collections.abc import Iterator

import pytest

from tests.scan.generated import (
    CARRIERS,
    MISSED,
    SOURCES,
    STEPS,
    Part,
    Processes,
    findings,
    fits,
    outcome,
    program_of,
    shortened,
    source_of,
)

PROGRAMS = 1_200
A_TEST = 300
SETS = [each for each in SOURCES if each.gives == "set"]
SOURCE = {each.name: each for each in SOURCES}
STEP = {each.name: each for each in STEPS}
ORDERS = "QFS4"
NOT_TOLD_APART = ("match", "simple_queue")
"""A name within a pattern, or what leaves a queue, may be the whole tuple or list."""


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes() as running:
        yield running


def test_there_are_as_many_parts_as_it_says() -> None:
    assert (len(SOURCES), len(STEPS), len(CARRIERS)) == (20, 144, 236)
    assert sum([each.same for each in STEPS]) == 23


def test_whatever_carries_a_set_its_order_is_found(processes: Processes) -> None:
    programs = {each.name: [SOURCE["set"], each, STEP["list_display"]] for each in CARRIERS}
    outcomes = {name: outcome(program, processes) for name, program in programs.items()}
    assert {name: each for name, each in outcomes.items() if each != "differs, found"} == {
        "getattribute": "differs, unknown"
    }


@pytest.mark.parametrize("source", SETS, ids=lambda source: source.name)
def test_whatever_carries_a_set_a_use_without_order_is_silent(source: Part) -> None:
    told = {
        (carrier.name, step.name)
        for carrier in CARRIERS
        if carrier.name not in NOT_TOLD_APART
        for step in STEPS[:: 1 if source.name == "set" else 5]
        if step.same
        for each in findings(source_of([source, carrier, step]))
        if each.rule.code.startswith(ORDERS) and each.verdict != "unknown"
    }
    assert told == set()


@pytest.mark.parametrize("first", range(0, PROGRAMS, A_TEST))
def test_what_differs_between_processes_is_never_proved(first: int, processes: Processes) -> None:
    missed = {
        number: [each.name for each in shortened(program_of(number), processes, MISSED)]
        for number in range(first, first + A_TEST)
        if outcome(program_of(number), processes) == MISSED
    }
    assert missed == {}


def test_a_program_that_differs_and_one_that_does_not_are_told_apart(processes: Processes) -> None:
    carrier = CARRIERS[0]
    differs = [SOURCE["set"], carrier, STEP["list_display"]]
    same = [SOURCE["set"], carrier, STEP["list_sorted"]]
    assert outcome(differs, processes) == "differs, found"
    assert outcome(same, processes) == "same, proved"
    assert fits(differs)
    assert not fits([SOURCE["set"], carrier])
    longer = [SOURCE["set"], *CARRIERS[:3], STEP["list_display"]]
    assert shortened(longer, processes, "differs, found") == [SOURCE["set"], STEP["list_display"]]
