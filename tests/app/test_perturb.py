"""The search: one variable where one is enough, several where they act together, luck counted.

The programs here are functions of the environment itself, so that what is found is known exactly.
"""

from collections.abc import Callable

import pytest

from qfs.app.perturb import Perturbed, Search, perturb
from qfs.shell.perturbation import Environment, Machine
from qfs.shell.perturbed_run import Failed, Told, Wish

MACHINE = Machine(("python-a", "python-b"), "tr_TR.UTF-8", addresses=True, folder=True)


def searched(
    result: Callable[[Environment], str | Failed], *, threads: int = 0, **options: object
) -> Perturbed | Failed:
    """Search a program whose third result is a function of the environment."""

    def run(environment: Environment, wish: Wish) -> Told | Failed:
        found = result(environment)
        if isinstance(found, Failed):
            return found
        digests = [(0, 0, "same"), (0, 1, "same"), (0, 2, found)]
        for number in range(1, wish.passes):
            digests += [(number, 0, "same"), (number, 1, "same"), (number, 2, found)]
        detail = ((("result", found),),) if wish.detail == 2 else ()
        return Told(tuple(digests), {"steps": 3, "threads": threads}, detail)

    return perturb(Search(run, MACHINE, **options))  # type: ignore[arg-type]


def variable_of(found: Perturbed | Failed) -> str:
    """Return what the search named."""
    assert isinstance(found, Perturbed)
    assert found.divergence is not None
    return found.divergence.variable


NAMES = ("PYTHONHASHSEED", "TZ", "LC_ALL", "clock", "directory-order", "python", "USER", "gc")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_one_variable_is_named_whatever_the_seed(name: str, seed: int) -> None:
    found = searched(lambda environment: environment[name], seed=seed)
    assert variable_of(found) == name
    assert isinstance(found, Perturbed)
    assert found.divergence is not None
    assert (found.divergence.input, found.divergence.key) == (2, "result")
    assert found.divergence.expected != found.divergence.actual


def test_two_variables_that_only_act_together_are_both_named() -> None:
    found = searched(
        lambda at: str(at["gc"] != "usual" and at["umask"] != "022"),
    )
    assert variable_of(found) == "umask and gc"


def test_a_date_that_shows_through_the_time_zone_is_a_clock() -> None:
    found = searched(lambda at: at["TZ"] + at["clock"])
    assert variable_of(found) == "clock"


def test_what_depends_on_nothing_is_identical_after_the_whole_plan() -> None:
    found = searched(lambda environment: "same")
    assert isinstance(found, Perturbed)
    assert (found.identical, found.divergence) == (True, None)
    assert found.environments >= 12


def test_a_crash_elsewhere_is_a_divergence_and_a_hang_is_an_open_question() -> None:
    crash = Failed("crashed", "signal SIGSEGV")
    assert variable_of(searched(lambda at: crash if at["LC_ALL"] == "C" else "a")) == "LC_ALL"
    hang = Failed("hung", "did not end within 1 s")
    found = searched(lambda at: hang if at["gc"] == "eager" else "a")
    assert isinstance(found, Perturbed)
    assert (found.identical, found.divergence) == (False, None)
    assert "hung" in found.open_questions[0]


def test_a_program_that_fails_everywhere_is_no_result() -> None:
    assert searched(lambda at: Failed("crashed", "exit code 1")) == Failed("crashed", "exit code 1")


def test_a_python_that_cannot_import_the_program_is_not_exercised() -> None:
    absent = Failed("unloadable", "ModuleNotFoundError: No module named 'numpy'")
    found = searched(lambda at: absent if at["python"] == "python-b" else "a")
    assert isinstance(found, Perturbed)
    assert found.identical
    assert found.not_exercised == (("python python-b", absent.words),)


def test_luck_is_counted() -> None:
    count = iter(range(1000))

    def race(environment: Environment) -> str:
        return str(environment["threads"] != "usual" and next(count) % 4 == 0)

    found = searched(race, threads=2, repeats=100)
    assert isinstance(found, Perturbed)
    assert found.divergence is not None
    told = found.divergence
    assert (told.variable, told.differs, told.runs) == ("threads", 25, 100)


def test_what_is_never_the_same_twice_is_said_to_be_so() -> None:
    count = iter(range(1000))
    found = searched(lambda at: str(next(count)))
    assert variable_of(found) == "unrepeatable"
    assert isinstance(found, Perturbed)
    assert not found.identical


def test_what_changes_by_itself_while_the_plan_runs_is_not_put_down_to_a_variable() -> None:
    count = iter(range(1000))
    found = searched(lambda at: str(next(count) // 12))
    assert variable_of(found) == "unrepeatable"


def test_where_addresses_cannot_be_fixed_they_are_what_is_left() -> None:
    count = iter(range(1000))
    poor = Machine(("python-a",), "", addresses=False, folder=True)

    def run(environment: Environment, wish: Wish) -> Told:
        del environment
        return Told(((0, 0, str(next(count))),), {"steps": 1 + wish.passes})

    assert variable_of(perturb(Search(run, poor, hidden_state=False))) == "addresses"


def test_only_the_chosen_variables_are_varied() -> None:
    found = searched(lambda at: at["TZ"], only=("gc", "umask"))
    assert isinstance(found, Perturbed)
    assert found.identical
    assert found.variables == ("umask", "gc")
