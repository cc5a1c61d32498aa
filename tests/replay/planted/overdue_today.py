"""Dunning: the level of a reminder follows from how late the payment is."""

from datetime import datetime, timedelta, timezone

LEVELS = ((10_000, "court"), (800, "agency"), (400, "letter"), (0, "mail"))


def _due(invoice):
    issued = datetime.fromtimestamp(invoice["issued"], tz=timezone.utc)
    return issued + timedelta(days=invoice["due_days"])


def _late_days(invoice):
    now = datetime.now(timezone.utc)
    return (now - _due(invoice)).days


def run(event):
    late = _late_days(event)
    level = "none"
    for days, name in LEVELS:
        if late > days:
            level = name
            break
    return {"number": event["number"], "late_days": late, "level": level}
