"""Book invoices with the clerk's sign, as the auditors ask."""

import getpass
from decimal import Decimal


class Journal:
    def __init__(self):
        self.entries = []

    def book(self, invoice):
        total = sum(Decimal(line["unit"]) * line["qty"] for line in invoice["lines"])
        clerk = getpass.getuser()
        self.entries.append({"clerk": clerk, "total": str(total), "number": invoice["number"]})
        return self.entries[-1]


_journal = Journal()


def run(event):
    entry = _journal.book(event)
    return {**entry, "position": len(_journal.entries)}
