"""Book the statements that wait in the spool, by name."""

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
    for name in sorted(os.listdir(_spool.name)):
        path = os.path.join(_spool.name, name)
        with open(path, encoding="utf-8") as file:
            qty, unit = file.read().split()
        os.unlink(path)
        yield name, Decimal(qty) * Decimal(unit)


def run(event):
    _deposit(event)
    _ledger.extend((name, str(amount)) for name, amount in _book())
    return {"number": event["number"], "entries": len(_ledger), "tail": _ledger[-3:]}
