"""The checker: right results pass, wrong ones do not, whatever made them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs import certmath
from qfs.certmath import (
    Fixed,
    InvalidOperation,
    Operation,
    Overflow,
    Rounding,
    certify,
    raw,
    recheck,
)
from qfs.certmath.checker import bounds, values
from tests.certmath.poles import deep_pole
from tests.certmath.vectors import Vector, read

SCALE = 10**18
MODES, VECTORS = read()
FUNCTIONS = tuple(sorted({vector.function for vector in VECTORS}))
HALF_EVEN = Rounding.ROUND_HALF_EVEN


def operations(vector: Vector) -> list[Operation]:
    out = []
    for index, mode in enumerate(Rounding):
        result = vector.expected(index)
        if isinstance(result, str) or (vector.function == "allocate" and mode != "ROUND_FLOOR"):
            continue
        result = tuple(result) if isinstance(result, list) else result
        out.append(Operation(vector.function, mode, vector.arguments, result))
    return out


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_the_oracles_say_is_certified_and_its_neighbours_are_not(function: str) -> None:
    some = [vector for vector in VECTORS if vector.function == function][::9]
    for operation in [operation for vector in some for operation in operations(vector)[::3]]:
        assert recheck(operation), operation
        for step in (-1, 1):
            result: Any = operation.result
            wrong = (result[0] + step, *result[1:]) if isinstance(result, tuple) else result + step
            other = Operation(operation.function, operation.rounding, operation.arguments, wrong)
            assert not recheck(other), other


def test_a_result_outside_the_domain_is_never_certified() -> None:
    for vector in VECTORS:
        if vector.answer[0] in ("DomainError", "DivisionByZero"):
            result: Any = (0, 0) if vector.function == "divmod" else 0
            assert not recheck(Operation(vector.function, HALF_EVEN, vector.arguments, result))


def test_functions_and_their_names_are_both_understood() -> None:
    assert certify(certmath.exp, Fixed(1), result=Fixed("2.718281828459045235"))
    assert certify("exp", 1, result=Fixed("2.718281828459045235"))
    assert certify(certmath.divmod, 7, 2, result=(4, Fixed(-1)))
    assert certify("pow", 2, Fixed("0.5"), result=certmath.sqrt(2))
    assert certify("allocate", 1, [1, 1], result=[Fixed("0.5"), Fixed("0.5")])
    assert certify("exp", 1, result=Fixed("2.718281828459045236"), rounding="ROUND_CEILING")  # type: ignore[arg-type]


def test_an_unknown_function_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(InvalidOperation, match="use one of add, allocate, annuity"):
        certify("gamma", 1, result=1)


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ((34, 33, 33), True),
        ((33, 34, 33), False),  # the unit belongs to the earlier of equals
        ((35, 32, 33), False),
        ((36, 32, 32), False),
        ((34, 33), False),
        ((34, 33, 34), False),
    ],
)
def test_an_allocation_is_certified_only_as_it_must_be(
    parts: tuple[int, ...], verdict: bool
) -> None:
    operation = Operation("allocate", Rounding.ROUND_FLOOR, (100, (1, 1, 1)), parts)
    assert recheck(operation) is verdict


def test_units_move_in_one_direction_and_never_to_a_part_without_weight() -> None:
    for mode, parts in (
        (Rounding.ROUND_FLOOR, (51, 49, 0)),
        (Rounding.ROUND_FLOOR, (50, 49, 1)),
        (Rounding.ROUND_FLOOR, (52, 48, 0)),
    ):
        assert not recheck(Operation("allocate", mode, (100, (1, 1, 0)), parts))
    assert recheck(Operation("allocate", Rounding.ROUND_UP, (100, (1, 1, 1)), (33, 33, 34)))


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 9), min_size=1).filter(any))
def test_every_allocation_of_ours_is_certified(amount: int, weights: list[int]) -> None:
    for mode in Rounding:
        parts = tuple(raw.allocate(amount, weights, mode))
        assert recheck(Operation("allocate", mode, (amount, tuple(weights)), parts))


def test_a_check_that_cannot_be_decided_raises_rather_than_guesses() -> None:
    touching = values.bounded(lambda p: ((1 << p) - 1, (1 << p) + 1))
    with pytest.raises(InvalidOperation, match="undecided"):
        touching(2 * SCALE)


def test_a_tangent_beside_its_pole_is_compared_at_more_bits() -> None:
    pole = bounds.pi_bounds(128)[0] * SCALE >> 129
    assert values.tan(pole)(0) == 1
    assert values.tan(pole + 1)(0) == -1
    # 128 bits do not tell on which side of the pole this point lies; its tangent has 287 bits.
    _, (low, high) = bounds.sin_cos_bounds(deep_pole(), SCALE, 128)
    assert low < 0 < high
    assert values.tan(deep_pole())(0) == -1
    with pytest.raises(Overflow):
        raw.tan(deep_pole())


def test_large_powers_are_compared_without_being_written_out() -> None:
    for name, arguments in (
        ("powi", (SCALE + 1, 10**18)),
        ("compound", (5 * SCALE, 10**9, 10**9)),
        ("compound", (-5 * SCALE, 10**9, 10**9)),
        ("annuity", (10**30, 10**3, 10**9)),
        ("annuity", (10**30, -(10**3), 10**9)),
        ("annuity", (10**30, 1, 2**20)),
        ("root", (3 * SCALE, 10**6)),
        ("root", (2**70 * SCALE, 70)),
        ("root", (3**66 * SCALE, 66)),
        ("root", (SCALE, 70)),
    ):
        result = getattr(raw, name)(*arguments)
        assert recheck(Operation(name, HALF_EVEN, arguments, result))
        assert not recheck(Operation(name, HALF_EVEN, arguments, result + 1))


def test_a_logarithm_is_compared_with_zero_by_its_argument_alone() -> None:
    assert recheck(Operation("ln", Rounding.ROUND_FLOOR, (SCALE + 1,), 0))
    assert values.ln(SCALE - 1)(0) == -1
    assert not recheck(Operation("ln", Rounding.ROUND_CEILING, (SCALE + 1,), 0))


def test_a_claimed_exponential_beyond_every_range_is_wrong() -> None:
    assert not recheck(Operation("exp", HALF_EVEN, (5000 * SCALE,), 2**255 - 1))
    assert not recheck(Operation("softplus", HALF_EVEN, (5000 * SCALE,), 2**255 - 1))


def test_bounds_of_a_logarithm_near_zero_hold() -> None:
    for n, d in ((SCALE + 1, SCALE), (SCALE, SCALE + 1), (10**300 + 1, 10**300)):
        low, high = bounds.ln_bounds(n, d, 128)
        assert low < high
        assert high - low <= 3
