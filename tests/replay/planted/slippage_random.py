"""Back-test with a little slippage on every fill."""

import random
from decimal import Decimal

_profit = Decimal(0)


def _fill_price(order):
    ticks = random.randint(-3, 3)
    return Decimal(order["price"]) + Decimal(ticks) / 100


def run(event):
    global _profit
    price = _fill_price(event)
    amount = price * event["qty"]
    _profit += amount if event["side"] == "sell" else -amount
    return {"seq": event["seq"], "price": str(price), "profit": str(_profit)}
