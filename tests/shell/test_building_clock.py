"""The clock of the second build: the calendar of the C library tells nothing twice."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.repro.environment import DAYS_MIN, FIRST, VARIATIONS, varied
from qfs.shell.building_clock import clock_shift


def read_off(moment: int, hours_ahead: int = 0) -> dict[str, int]:
    """Return what a build can read off a clock, by the C library's calendar."""
    local = time.gmtime(moment + hours_ahead * 3_600)
    days = (moment + hours_ahead * 3_600) // 86_400
    return {
        "year": local.tm_year,
        "month": local.tm_mon,
        "weekday": local.tm_wday,
        "hour": local.tm_hour,
        "minute": local.tm_min,
        "second": local.tm_sec,
        "odd month": local.tm_mon % 2,
        "odd day of the month": local.tm_mday % 2,
        "third day of the month": local.tm_mday % 3,
        "odd day of the year": local.tm_yday % 2,
        "third day of the year": local.tm_yday % 3,
        "odd day": days % 2,
        "third day": days % 3,
        "fifth day": days % 5,
    }


def same(now: int, shift: int) -> set[str]:
    """Return what is the same in both builds, by UTC or by either's own time zone."""
    first = read_off(now)
    return {
        name
        for hours_ahead in (0, 14)
        for name, value in read_off(now + shift, hours_ahead).items()
        if first[name] == value and (name, hours_ahead) not in (("minute", 14), ("second", 14))
    }


SECOND_ZONE = "LINT-14"
TIMES = ("hour", "minute", "second")
MIDNIGHTS = [
    1_704_067_200,  # 2024-01-01, a leap year
    1_709_164_800,  # 2024-02-29
    1_795_305_600,  # 2026-11-22
    1_798_675_200,  # 2026-12-31
]


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("midnight", MIDNIGHTS)
def test_the_moved_clock_differs_in_all_that_one_may_read_at_any_hour(
    midnight: int, hour: int
) -> None:
    assert varied(FIRST, VARIATIONS, "second").timezone == SECOND_ZONE
    for now in (midnight + hour * 3_600, midnight + hour * 3_600 + 3_599):
        shift = clock_shift(now)
        assert shift >= DAYS_MIN * 86_400
        assert not same(now, shift)
        assert same(now, DAYS_MIN * 86_400) >= {"hour", "odd day"}


@given(st.integers(0, 4_102_444_800))
def test_the_moved_clock_differs_in_all_that_one_may_read_until_2100(now: int) -> None:
    assert not same(now, clock_shift(now))


@given(st.integers(0, 4_102_444_800), st.integers(0, 3_600))
def test_an_hour_later_the_second_build_still_has_another_day(now: int, later: int) -> None:
    first, second = read_off(now), read_off(now + later + clock_shift(now), 14)
    assert all(first[name] != second[name] for name in first if name not in TIMES)
