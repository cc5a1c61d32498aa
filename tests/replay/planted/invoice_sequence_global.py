"""Number outgoing documents; the state of a customer's account is in `_state`."""

from decimal import Decimal

_state = {"balance": {}}
_printed = 0


def _total(invoice):
    return sum((Decimal(line["unit"]) * line["qty"] for line in invoice["lines"]), Decimal(0))


def _document(customer, amount):
    global _printed
    _printed += 1
    return f"DOC-{_printed:05}/{customer[:3].upper()}/{amount}"


def run(event):
    balance = _state["balance"]
    customer = event["customer"]
    total = _total(event)
    balance[customer] = str(Decimal(balance.get(customer, "0")) + total)
    return {"document": _document(customer, total), "balance": balance[customer]}
