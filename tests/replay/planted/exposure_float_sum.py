"""Gross exposure over the accounts that traded a symbol."""

_exposure = {}
_active = set()


def _book(order):
    sign = 1.0 if order["side"] == "buy" else -1.0
    amount = sign * order["qty"] * float(order["price"]) * 1.0007
    _exposure[order["account"]] = _exposure.get(order["account"], 0.0) + amount
    _active.add(order["account"])


def _gross():
    total = 0.0
    for account in _active:
        total += abs(_exposure[account]) / 7.0
    return total


def run(event):
    _book(event)
    return {"seq": event["seq"], "gross": _gross(), "accounts": len(_active)}
