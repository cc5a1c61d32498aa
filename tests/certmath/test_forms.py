"""checked_, wrapping_ and saturating_ forms, and the unsigned 128-bit profile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs import certmath
from qfs.certmath import (
    U128_MAX,
    ConversionSyntax,
    DivisionByZero,
    Fixed,
    Overflow,
    Rounding,
    from_u128,
    to_u128,
)
from qfs.shell.hypothesis_fixed import fixed_numbers

MAX = 2**255 - 1
LEAST, MOST = Fixed.from_raw(-MAX), Fixed.from_raw(MAX)
UNIT = Fixed.from_raw(1)
fixed = fixed_numbers()


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
@given(x=fixed, y=fixed)
def test_the_forms_agree_with_the_plain_one_wherever_that_has_a_result(
    name: str, x: Fixed, y: Fixed
) -> None:
    forms = [getattr(certmath, f"{form}_{name}") for form in ("checked", "wrapping", "saturating")]
    try:
        plain = getattr(certmath, name)(x, y)
    except Overflow:
        assert forms[0](x, y) is None
        assert forms[2](x, y) in (LEAST, MOST)
        assert -MAX <= forms[1](x, y).raw <= MAX
    except DivisionByZero:
        assert forms[0](x, y) is None
        for form in forms[1:]:
            with pytest.raises(DivisionByZero):
                form(x, y)
    else:
        assert [form(x, y) for form in forms] == [plain] * 3


def test_wrapping_goes_from_one_end_to_the_other() -> None:
    assert certmath.wrapping_add(MOST, UNIT) == LEAST
    assert certmath.wrapping_sub(LEAST, UNIT) == MOST
    assert certmath.wrapping_mul(MOST, 2) == -UNIT
    assert certmath.wrapping_div(MOST, Fixed("0.5")) == -UNIT


def test_saturating_stays_at_the_end() -> None:
    assert certmath.saturating_add(MOST, 1) == MOST
    assert certmath.saturating_sub(LEAST, 1) == LEAST
    assert certmath.saturating_mul(LEAST, 2) == LEAST
    assert certmath.saturating_div(MOST, Fixed("-0.5")) == LEAST


def test_the_forms_take_a_rounding() -> None:
    assert certmath.checked_div(1, 3, Rounding.ROUND_UP) == Fixed("0.333333333333333334")
    assert certmath.saturating_div(-1, -3, Rounding.ROUND_UP) == Fixed("0.333333333333333334")


@given(st.integers(0, U128_MAX))
def test_sixteen_bytes_come_back_and_sort_as_the_numbers(n: int) -> None:
    data = to_u128(Fixed.from_raw(n))
    assert len(data) == 16
    assert from_u128(data).raw == n
    assert (data < to_u128(Fixed.from_raw(n // 2 + 1))) == (n < n // 2 + 1)


@pytest.mark.parametrize("raw", [-1, U128_MAX + 1])
def test_a_number_outside_the_profile_is_refused(raw: int) -> None:
    with pytest.raises(Overflow, match="128-bit"):
        to_u128(Fixed.from_raw(raw))


@pytest.mark.parametrize("data", [b"", bytes(15), bytes(17), "0" * 16])
def test_other_bytes_are_no_number_of_the_profile(data: bytes) -> None:
    with pytest.raises(ConversionSyntax):
        from_u128(data)
