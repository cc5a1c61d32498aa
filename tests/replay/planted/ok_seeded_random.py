"""Back-test with slippage from a generator that is seeded for each order."""

import random
from decimal import Decimal

_profit = Decimal(0)


def _ticks(order):
    generator = random.Random(f"slippage-{order['seq']}")
    return generator.randint(-3, 3)


def run(event):
    global _profit
    price = Decimal(event["price"]) + Decimal(_ticks(event)) / 100
    amount = price * event["qty"]
    _profit += amount if event["side"] == "sell" else -amount
    return {"seq": event["seq"], "price": str(price), "profit": str(_profit)}
