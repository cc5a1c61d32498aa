"""Same-day settlement: what arrives after the cut-off settles on the next business day."""

from datetime import datetime, timedelta

CUT_OFF = 16


def _settlement(stamp):
    arrived = datetime.fromtimestamp(stamp)
    day = arrived.date()
    if arrived.hour >= CUT_OFF:
        day += timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day


_per_day = {}


def run(event):
    day = _settlement(event["issued"]).isoformat()
    _per_day.setdefault(day, []).append(event["number"])
    return {"number": event["number"], "settles": day, "position": len(_per_day[day])}
