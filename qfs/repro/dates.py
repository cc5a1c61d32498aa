"""Dates and times as programs write them, and whether one can stem from a build.

- Each pattern has a reader that gives the first and last second that the text can mean, counted
  from 1970 as if it were in UTC, or None.
- A day of tolerance on both sides covers every time zone.
- Source: ISO 8601, RFC 5322 §3.3, C11 §6.10.8.1 (``__DATE__``), asctime.
"""

import re
from collections.abc import Callable
from itertools import pairwise

from qfs.repro.difference import Side

Span = tuple[int, int]
_DAY = 86_400  # 24 * 60 * 60
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EVER = (315_532_800, 4_102_444_800)  # 1980-01-01 .. 2100-01-01
Reader = Callable[[str], Span | None]


def is_of_build(span: Span, side: Side) -> bool:
    """Say whether the text can mean the time of the build; an unknown clock allows any time."""
    return _overlap(span, side.clock if side.clock != (0, 0) else _EVER)


def is_of_source(span: Span, side: Side) -> bool:
    """Say whether the text can mean the modification time of a source file."""
    return side.source_times != (0, 0) and _overlap(span, side.source_times)


def is_clock_of_build(text: str, side: Side) -> bool:
    """Say whether ``01:02:03`` can be the time of the build in some time zone.

    Time zones lie a whole number of quarters of an hour apart, so the rest must fit.
    """
    if side.clock == (0, 0):
        return True
    hour, minute, second = (int(part) for part in text.split(":"))
    since = (hour * 3600 + minute * 60 + second - side.clock[0]) % 900
    return since <= side.clock[1] - side.clock[0] + 1


def is_same_moment_elsewhere(first: Span, second: Span) -> bool:
    """Say whether two different texts can be one moment in two time zones."""
    return first != second and abs(first[0] - second[0]) <= 26 * 3600


def _overlap(span: Span, window: Span) -> bool:
    return span[0] <= window[1] + _DAY and window[0] - _DAY <= span[1]


def written(seconds: int) -> str:
    """Return Unix time as ``2026-11-22 01:02:03``, in UTC."""
    days, rest = divmod(seconds, _DAY)
    # Eras of 400 years, each year beginning in March, so that the leap day ends it.
    days += 719_468  # days from 0000-03-01 to 1970-01-01
    era, day = divmod(days, 146_097)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    shifted = (5 * day + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    year += 400 * era + (1 if month <= 2 else 0)
    day += 1 - (153 * shifted + 2) // 5
    return f"{year:04}-{month:02}-{day:02} {rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def seconds_of(numbers: list[int]) -> int | None:
    """Return the Unix time of year, month ... second, or None for a date that there is not."""
    year, month, day, hour, minute, second = numbers
    if not (1 <= month <= 12 and hour < 24 and minute < 60 and second < 61):
        return None
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not 1 <= day <= lengths[month - 1]:
        return None
    before = year - 1
    days = 365 * before + before // 4 - before // 100 + before // 400 - 719_162
    days += sum(lengths[: month - 1]) + day - 1
    return days * _DAY + hour * 3600 + minute * 60 + second


def _civil(numbers: list[int]) -> Span | None:
    """Return the span of year, month, day and, where given, hour, minute, second."""
    if len(numbers) < 3:
        return None
    start = seconds_of([*numbers, 0, 0, 0][:6])
    if start is None:
        return None
    return start, start + (_DAY - 1 if len(numbers) == 3 else 59 if len(numbers) == 5 else 0)


def _separated(text: str) -> Span | None:
    """Read ``2026-11-22T01:02:03``: numbers between separators."""
    return _civil([int(part) for part in re.findall(r"\d+", text)[:6]])


def _joined(text: str) -> Span | None:
    """Read ``20261122`` and ``20261122T010203``: digits without separators."""
    digits = re.sub(r"\D", "", text)
    cuts = (0, 4, 6, 8, 10, 12, 14)
    return _civil([int(digits[a:b]) for a, b in pairwise(cuts) if len(digits) >= b])


def _worded(text: str) -> Span | None:
    """Read a date with an English month: ``Sun Nov 22 01:02:03 2026``, ``22 Nov 2026 01:02``."""
    clock = re.search(r"(\d\d):(\d\d)(?::(\d\d))?", text)
    bare = text.replace(clock.group(), " ") if clock else text
    month = re.search("|".join(_MONTHS), bare)
    year, day = re.search(r"\b\d{4}\b", bare), re.search(r"\b\d{1,2}\b", bare)
    if month is None or year is None or day is None:
        return None
    hours = [int(part) for part in clock.groups() if part] if clock else []
    return _civil([int(year.group()), _MONTHS.index(month.group()) + 1, int(day.group()), *hours])


def _epoch(text: str) -> Span | None:
    """Read seconds, milliseconds, microseconds or nanoseconds since 1970."""
    whole = text.partition(".")[0]
    scale = {9: 0, 10: 0, 12: 3, 13: 3, 15: 6, 16: 6, 18: 9, 19: 9}.get(len(whole))
    if scale is None:
        return None
    second = int(whole[: len(whole) - scale])
    return (second, second) if _overlap((second, second), _EVER) else None


def _year(text: str) -> Span | None:
    first = _civil([int(text), 1, 1])
    return None if first is None else (first[0], first[0] + 366 * _DAY - 1)


_MONTH = "(?:" + "|".join(_MONTHS) + ")[a-z]*"
_DAYS = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_CLOCK = r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d)?"
DATES: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (re.compile(rf"\b(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T _]{_CLOCK}{_ZONE})?"), _separated),
    (re.compile(rf"\b(?:19|20)\d\d([/._])[01]?\d\1[0-3]?\d(?:[T _]{_CLOCK})?"), _separated),
    (
        re.compile(r"(?<!\d)(?:19|20)\d\d[01]\d[0-3]\d(?:[T_-]?[0-2]\d[0-5]\d(?:[0-5]\d)?)?Z?\b"),
        _joined,
    ),
    (
        re.compile(
            rf"\b(?:{_DAYS},? +)?{_MONTH} +\d{{1,2}}(?:,? +{_CLOCK})?(?: [A-Z]{{3,5}})?,? +\d{{4}}"
        ),
        _worded,
    ),
    (re.compile(rf"\b(?:{_DAYS},? +)?\d{{1,2}}[- ]{_MONTH}[- ]\d{{4}}(?: {_CLOCK})?"), _worded),
    (re.compile(r"\b[1-9]\d{8,9}(?:\.\d+)?\b|\b[1-9](?:\d{11,12}|\d{14,15}|\d{17,18})\b"), _epoch),
    (re.compile(r"\b(?:19|20)\d\d\b"), _year),
)
"""Patterns, the most specific first; what matters is the whole match."""
