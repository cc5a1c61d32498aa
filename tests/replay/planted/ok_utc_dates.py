"""Accounting days in UTC, with month names of our own."""

import time
from datetime import datetime, timedelta, timezone

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_days = {}


def run(event):
    when = datetime.fromtimestamp(event["issued"], tz=timezone.utc)
    due = when + timedelta(days=event["due_days"])
    whole = time.gmtime(event["issued"])
    day = f"{whole.tm_mday} {MONTHS[whole.tm_mon - 1]} {whole.tm_year}"
    _days[day] = _days.get(day, 0) + 1
    return {"number": event["number"], "day": day, "due": due.isoformat(), "nth": _days[day]}
