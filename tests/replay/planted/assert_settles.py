"""Settle each order against the cash of its account."""

from decimal import Decimal

_cash = {}


def _settle(order):
    account = order["account"]
    amount = Decimal(order["price"]) * order["qty"]
    signed = -amount if order["side"] == "buy" else amount
    _cash[account] = _cash.get(account, Decimal(10_000)) + signed
    return _cash[account] > Decimal(-50_000)


def run(event):
    assert _settle(event), "account is overdrawn"
    account = event["account"]
    held = _cash.get(account, Decimal(10_000))
    return {"seq": event["seq"], "account": account, "cash": str(held), "known": len(_cash)}
