"""Assign invoices to accounting days and close each day's total."""

import time
from decimal import Decimal

_days = {}


def _total(invoice):
    return sum((Decimal(line["unit"]) * line["qty"] for line in invoice["lines"]), Decimal(0))


def _day(stamp):
    when = time.localtime(stamp)
    return f"{when.tm_year}-{when.tm_mon:02}-{when.tm_mday:02}"


def run(event):
    day = _day(event["issued"])
    _days[day] = _days.get(day, Decimal(0)) + _total(event)
    return {"number": event["number"], "day": day, "sum": str(_days[day]), "days": len(_days)}
