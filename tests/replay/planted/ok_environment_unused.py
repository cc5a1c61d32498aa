"""Book invoices; who runs the program goes to a debug record that nobody gets."""

import getpass
import logging
import os
from decimal import Decimal

_log = logging.getLogger("booking")
_log.addHandler(logging.NullHandler())
_log.propagate = False
_sum = Decimal(0)


def run(event):
    global _sum
    _log.debug("pid %s user %s home %s", os.getpid(), getpass.getuser(), os.environ.get("HOME"))
    total = sum((Decimal(line["unit"]) * line["qty"] for line in event["lines"]), Decimal(0))
    _sum += total
    return {"number": event["number"], "total": str(total), "sum": str(_sum)}
