"""The plan: every two levels meet, the same seed gives the same plan, and it stays small."""

from itertools import combinations

import pytest

from qfs.shell.perturbation import (
    Machine,
    Variable,
    changed,
    pairwise,
    usual,
    variables,
    with_only,
)

KNOWN = variables(Machine(("a", "b", "c"), "tr", addresses=True, folder=True), ("FOO",))


@pytest.mark.parametrize("seed", [0, 1, 77, -5, 2**70])
def test_every_two_levels_of_every_two_variables_meet(seed: int) -> None:
    plan = pairwise(KNOWN, seed)
    for a, b in combinations(KNOWN, 2):
        met = {(row[a.name], row[b.name]) for row in plan}
        assert met == {(x, y) for x in a.levels for y in b.levels}, (a.name, b.name)


def test_the_same_seed_gives_the_same_plan_and_another_another() -> None:
    assert pairwise(KNOWN, 5) == pairwise(KNOWN, 5)
    assert pairwise(KNOWN, 5) != pairwise(KNOWN, 6)


def test_the_plan_is_small_and_begins_as_usual() -> None:
    plan = pairwise(KNOWN, 0)
    assert plan[0] == usual(KNOWN)
    # The largest two variables have 4 and 3 levels, so 12 rows are the least; all are 10**8.
    assert 12 <= len(plan) <= 32


def test_a_plan_over_nothing_is_the_usual_environment() -> None:
    fixed = tuple(Variable(one.name, one.levels[:1], one.effect, one.what) for one in KNOWN)
    assert pairwise(fixed, 0) == (usual(fixed),)


def test_putting_back_all_but_one_variable_changes_that_one() -> None:
    base, row = usual(KNOWN), pairwise(KNOWN, 0)[3]
    for name in changed(row, base):
        assert changed(with_only([name], row, base), base) == (name,)


def test_what_a_machine_cannot_vary_is_no_variable() -> None:
    poor = {one.name for one in variables(Machine(("a",), "", addresses=False, folder=False))}
    rich = {one.name for one in KNOWN}
    assert rich - poor == {
        *("python", "addresses", "cwd", "source-path", "file-times", "$FOO"),
    }
