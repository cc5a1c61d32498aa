"""Settle each order against the cash of its account, in cents."""

_cash = {}


def _cents(text):
    whole, part = text.split(".")
    return int(whole) * 100 + int(part)


def run(event):
    amount = _cents(event["price"]) * event["qty"]
    assert amount > 0, "an order has a price and a quantity"
    signed = -amount if event["side"] == "buy" else amount
    account = event["account"]
    _cash[account] = _cash.get(account, 1_000_000) + signed
    return {"seq": event["seq"], "cash": _cash[account]}
