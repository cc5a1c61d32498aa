"""Split a large order into slices, one for each worker."""

import os
from decimal import ROUND_HALF_EVEN, Decimal

_remainder = Decimal(0)


def _slices(qty):
    workers = os.cpu_count() or 1
    each, rest = divmod(qty * 10, workers)
    return [each + (1 if number < rest else 0) for number in range(workers)]


def run(event):
    global _remainder
    price = Decimal(event["price"])
    costs = [
        (price * size / 10).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
        for size in _slices(event["qty"])
    ]
    exact = price * event["qty"]
    _remainder += exact - sum(costs)
    return {"seq": event["seq"], "cost": str(sum(costs)), "remainder": str(_remainder)}
