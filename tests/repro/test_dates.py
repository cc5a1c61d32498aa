"""Dates in texts, against Python's own calendar."""

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.repro.dates import DATES, written

SECONDS = st.integers(0, 4_000_000_000)


@given(SECONDS)
def test_a_moment_is_written_as_pythons_calendar_writes_it(seconds: int) -> None:
    assert written(seconds) == time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


FORMS = [
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%SZ",
    "%Y/%m/%d %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%Y%m%dT%H%M%S",
    "%a %b %d %H:%M:%S %Y",
    "%d %b %Y %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S",
    "%B %d %H:%M:%S %Y",
]


@given(st.integers(400_000_000, 4_000_000_000), st.sampled_from(FORMS))
def test_a_date_is_read_as_the_second_that_was_written(seconds: int, form: str) -> None:
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    text = f"x {moment.strftime(form)} y"
    for pattern, read in DATES:
        match = pattern.search(text)
        if match:
            assert read(match.group()) == (seconds, seconds)
            return
    raise AssertionError(text)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-13-01 x", "20261399", "version 3.11.7", "1.2.3", "0x12345678"]
)
def test_what_is_no_date_gives_no_moment(text: str) -> None:
    for pattern, read in DATES[:-1]:
        match = pattern.search(text)
        assert match is None or read(match.group()) is None
