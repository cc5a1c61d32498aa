"""Book the statements that wait in the spool; the running balance decides on overdraft fees."""

import os
import tempfile
from decimal import Decimal

_spool = tempfile.TemporaryDirectory()
_ledger = []


def _deposit(invoice):
    for number, line in enumerate(invoice["lines"]):
        name = f"{line['sku']}-{invoice['number']}-{number}.txt"
        with open(os.path.join(_spool.name, name), "w", encoding="utf-8") as out:
            out.write(f"{line['qty']} {line['unit']}")


def _book():
    booked = []
    for name in os.listdir(_spool.name):
        path = os.path.join(_spool.name, name)
        with open(path, encoding="utf-8") as file:
            qty, unit = file.read().split()
        os.unlink(path)
        booked.append((name, Decimal(qty) * Decimal(unit)))
    return booked


def run(event):
    _deposit(event)
    for name, amount in _book():
        _ledger.append((name, str(amount)))
    return {"number": event["number"], "entries": len(_ledger), "tail": _ledger[-3:]}
