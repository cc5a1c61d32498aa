"""Raw arithmetic: exact ratios rounded once, laws of allocate, and the ends of the range."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.certmath import (
    DivisionByZero,
    DomainError,
    Fixed,
    Inexact,
    InvalidOperation,
    Overflow,
    Rounding,
    raw,
)
from qfs.certmath import allocate as allocate_fixed
from qfs.shell.hypothesis_fixed import raw_numbers
from tools.certmath_oracle import of_fraction

SCALE = 10**18
modes = st.sampled_from(list(Rounding))
numbers = raw_numbers()


@given(numbers, numbers, numbers, modes)
def test_products_and_quotients_are_one_rounding_of_an_exact_ratio(
    a: int, b: int, c: int, mode: Rounding
) -> None:
    cases = [(raw.mul, (a, b), Fraction(a * b, SCALE))]
    if b:
        cases.append((raw.div, (a, b), Fraction(a * SCALE, b)))
    if c:
        cases.append((raw.muldiv, (a, b, c), Fraction(a * b, c)))
    for call, arguments, exact in cases:
        wanted = of_fraction(exact).of(mode)
        if abs(wanted) <= raw.MAX_RAW:
            assert call(*arguments, mode) == wanted
        else:
            with pytest.raises(Overflow):
                call(*arguments, mode)


@given(numbers, numbers.filter(bool), modes)
def test_a_quotient_and_its_rest_make_the_number_again(a: int, b: int, mode: Rounding) -> None:
    try:
        quotient, rest = raw.divmod(a, b, mode)
    except Overflow:
        assert abs(b) > raw.MAX_RAW // 2
        return
    assert quotient * b + rest == a
    assert quotient == of_fraction(Fraction(a, b)).of(mode)
    assert raw.mod(a, b, mode) == rest
    assert raw.divmod(a, b) == divmod(a, b)


@given(
    numbers,
    st.lists(st.integers(0, 10**20), min_size=1, max_size=9).filter(any),
    modes,
)
def test_an_allocation_loses_nothing_and_is_fair_to_a_unit(
    amount: int, weights: list[int], mode: Rounding
) -> None:
    parts = raw.allocate(amount, weights, mode)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 2
        assert weight or part == 0


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-33, -33, -34]),
        (1, [1, 1, 0, 1], [1, 0, 0, 0]),
        (5, [0, 1], [0, 5]),
        (10, [3, 3, 4], [3, 3, 4]),
    ],
)
def test_single_units_go_to_the_earlier_of_equals(
    amount: int, weights: list[int], parts: list[int]
) -> None:
    assert raw.allocate(amount, weights) == parts


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
def test_weights_that_divide_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(DomainError):
        raw.allocate(1, weights)


def test_the_parts_of_a_fixed_amount_are_fixed() -> None:
    assert allocate_fixed(Fixed(100), [1, 2, 3]) == [
        Fixed("16.666666666666666667"),
        Fixed("33.333333333333333333"),
        Fixed(50),
    ]


@pytest.mark.parametrize(
    ("call", "arguments", "error"),
    [
        (raw.div, (1, 0), DivisionByZero),
        (raw.muldiv, (1, 1, 0), DivisionByZero),
        (raw.divmod, (1, 0), DivisionByZero),
        (raw.div_exact, (1, 0), DivisionByZero),
        (raw.div_exact, (1, 3 * SCALE), Inexact),
        (raw.mul_exact, (1, 1), Inexact),
        (raw.quantize, (1, -1), InvalidOperation),
        (raw.dot, ([1], [1, 2]), InvalidOperation),
        (raw.add, (raw.MAX_RAW, 1), Overflow),
        (raw.sub, (raw.MIN_RAW, 1), Overflow),
        (raw.sum, ([raw.MAX_RAW, 1],), Overflow),
    ],
)
def test_what_has_no_result_raises(call: object, arguments: tuple, error: type[Exception]) -> None:  # type: ignore[type-arg]
    with pytest.raises(error):
        call(*arguments)  # type: ignore[operator]


def test_only_the_total_of_a_sum_must_be_in_range() -> None:
    assert raw.sum([raw.MAX_RAW, raw.MAX_RAW, raw.MIN_RAW]) == raw.MAX_RAW
    assert raw.mul_exact(SCALE, 5) == 5
    assert raw.div_exact(5, SCALE) == 5
