"""Compute the due stamp of an invoice at midnight of its due day."""

import calendar
import time


def _midnight(stamp):
    whole = time.gmtime(stamp)
    return (whole.tm_year, whole.tm_mon, whole.tm_mday, 0, 0, 0, 0, 0, 0)


class Terms:
    def __init__(self):
        self.open = {}

    def due(self, invoice):
        later = invoice["issued"] + invoice["due_days"] * 86400
        stamp = int(time.mktime(_midnight(later)))
        self.open[invoice["number"]] = stamp
        return stamp


_terms = Terms()


def run(event):
    stamp = _terms.due(event)
    month = time.gmtime(stamp).tm_mon
    return {
        "number": event["number"],
        "due": stamp,
        "month": calendar.month_abbr[month] if month == 0 else month,
        "earliest": min(_terms.open.values()),
    }
