"""How far the second build's clock is moved, so that nothing that one may read off it is the same.

- A build that looks at the parity of the day, at the weekday or at every third day of the year must
  differ between the two builds, at whatever hour they are begun: no constant does that.
- Some number of days always does, within six years: all days of 400 years were tried.
"""

from datetime import UTC, date, datetime
from itertools import count
from math import gcd, isqrt

from qfs.repro.environment import DAYS_MIN

_DAY = 86_400
_ZONE = 14
"""Hours that the second environment's time zone is ahead of UTC."""
_HOURS = (2, 5)
"""UTC hours at which the moved clock may stand: so early that it is the same day in any time zone
of the second environment, and for hours after the build has begun."""


def clock_shift(now: int) -> int:
    """Return how many seconds to move a clock on that shows now (Unix time).

    Everything that a build may read off it differs: year, month, weekday, hour, minute, second, and
    what is left of the day's number by 2 and by 3, in its month and in its year; of its number
    since 1970 by any other. So it is in UTC and in the second environment's time zone, unless the
    first build goes on over midnight.
    """
    clock = datetime.fromtimestamp(now, UTC)
    hour = next(hour for hour in _HOURS if clock.hour not in (hour, hour + _ZONE))
    time = hour * 3_600 + (clock.minute + 7) % 60 * 60 + (clock.second + 13) % 60
    midnight, today = now - now % _DAY, clock.toordinal()
    days = next(days for days in count(DAYS_MIN + 1) if _all_differs(today, today + days))
    return midnight + days * _DAY + time - now


def _all_differs(first: int, second: int) -> bool:
    """Say whether nothing that one may read off two days (as `date.toordinal`) is the same."""
    one, other, apart = date.fromordinal(first), date.fromordinal(second), second - first
    counts = (
        other.month - one.month,
        other.day - one.day,
        other.timetuple().tm_yday - one.timetuple().tm_yday,
    )
    is_prime = all(apart % number for number in range(2, isqrt(apart) + 1))
    return is_prime and other.year != one.year and all(gcd(each, 6) == 1 for each in counts)
