"""Rounding against ``decimal``, which QFS did not write."""

import decimal
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.certmath import InvalidOperation, Rounding
from qfs.certmath.checker.certify import ends
from qfs.certmath.rounding import (
    mirrored,
    round_beside,
    round_between,
    round_enclosure,
    round_ratio,
    rounding_of,
)

modes = st.sampled_from(list(Rounding))


def test_the_modes_are_decimals_constants() -> None:
    names = sorted([name for name in dir(decimal) if name.startswith("ROUND_")])
    assert sorted(Rounding) == [getattr(decimal, name) for name in names]
    assert rounding_of(decimal.ROUND_FLOOR) is Rounding.ROUND_FLOOR
    assert rounding_of(Rounding.ROUND_UP) is Rounding.ROUND_UP


def test_an_unknown_mode_is_refused_everywhere() -> None:
    with pytest.raises(InvalidOperation, match="no rounding"):
        rounding_of("ROUND_ODD")
    with pytest.raises(InvalidOperation, match="pass a member of Rounding"):
        round_ratio(1, 3, "ROUND_FLOOR")  # type: ignore[arg-type]


def quantized(numerator: int, halves: int, mode: str) -> int:
    """Return what decimal makes of numerator/2**halves."""
    with decimal.localcontext() as context:
        context.prec = 400
        value = Decimal(numerator) / Decimal(2**halves)
        return int(value.quantize(Decimal(1), rounding=mode))


@given(st.integers(-(2**70), 2**70), st.integers(0, 66), modes)
def test_an_exact_ratio_is_rounded_as_decimal_does(n: int, halves: int, mode: Rounding) -> None:
    assert round_ratio(n, 2**halves, mode) == quantized(n, halves, mode)


@pytest.mark.parametrize("mode", list(Rounding))
@pytest.mark.parametrize("twice", range(-25, 26))
def test_ties_and_last_digits_are_rounded_as_decimal_does(twice: int, mode: Rounding) -> None:
    assert round_ratio(twice, 2, mode) == quantized(twice, 1, mode)
    for numerator in (4 * twice - 1, 4 * twice + 1):  # just beside each half unit
        assert round_ratio(numerator, 8, mode) == quantized(numerator, 3, mode)


@given(st.integers(-(2**80), 2**80), st.integers(0, 40), st.integers(2, 70), modes)
def test_an_enclosure_answers_only_what_all_its_points_give(
    low: int, width: int, shift: int, mode: Rounding
) -> None:
    found = round_enclosure(low, low + width, shift, mode)
    if found is not None:
        # Points inside, away from breakpoints.
        for n in (2 * low + 1, 2 * (low + width) - 1) if width else ():
            assert found == round_ratio(n, 2 << shift, mode)


@given(st.integers(-(2**70), 2**70), st.sampled_from([1, -1]), modes)
def test_a_value_beside_an_integer_is_rounded_as_one_that_is_written_out(
    base: int, side: int, mode: Rounding
) -> None:
    assert round_beside(base, side, mode) == round_ratio((base << 80) + side, 1 << 80, mode)


@given(st.integers(-(2**70), 2**70), modes)
def test_the_mirrored_mode_rounds_the_negative(n: int, mode: Rounding) -> None:
    assert round_ratio(-n, 1024, mode) == -round_ratio(n, 1024, mirrored(mode))


@given(st.integers(-(10**9), 10**9), modes)
def test_the_checkers_ends_of_a_rounding_are_what_decimal_rounds_there(
    y: int, mode: Rounding
) -> None:
    low, with_low, high, with_high = ends(y, mode)
    eighth = Fraction(1, 8)
    cases = [
        (Fraction(low, 2), with_low),
        (Fraction(high, 2), with_high),
        (Fraction(low, 2) - eighth, False),
        (Fraction(high, 2) + eighth, False),
    ]
    if low != high:
        cases += [(Fraction(low, 2) + eighth, True), (Fraction(high, 2) - eighth, True)]
    for value, inside in cases:
        assert (quantized(int(value * 8), 3, mode) == y) == inside


def test_between_two_integers_a_half_mode_has_no_answer() -> None:
    with pytest.raises(InvalidOperation):
        round_between(1, Rounding.ROUND_HALF_EVEN)
