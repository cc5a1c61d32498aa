"""Look for the best split of an order over two venues within a time budget."""

import time

BUDGET_NS = 150_000


def _cost(part, rest, price):
    return part * part * 3 + rest * rest * 2 + price * (part ^ rest)


def _search(qty, price):
    deadline = time.perf_counter_ns() + BUDGET_NS
    best, tried = None, 0
    for part in range(qty * 100_000):
        if time.perf_counter_ns() > deadline:
            break
        tried += 1
        cost = _cost(part % (qty + 1), qty - part % (qty + 1), price)
        if best is None or cost < best:
            best = cost
    return best, tried


def run(event):
    best, tried = _search(event["qty"], int(float(event["price"])))
    return {"seq": event["seq"], "best": best, "tried": tried}
