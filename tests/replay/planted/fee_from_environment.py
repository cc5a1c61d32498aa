"""Charge the trading fee that the desk has configured."""

import os
from decimal import Decimal

_charged = {}


def _fee(notional):
    points = Decimal(os.environ.get("FEE_BASIS_POINTS", "12"))
    return (notional * points / 10_000).quantize(Decimal("0.01"))


def run(event):
    notional = Decimal(event["price"]) * event["qty"]
    fee = _fee(notional)
    account = event["account"]
    _charged[account] = _charged.get(account, Decimal(0)) + fee
    return {"seq": event["seq"], "fee": str(fee), "charged": str(_charged[account])}
