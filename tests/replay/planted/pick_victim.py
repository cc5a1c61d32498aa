"""Margin call: when the open exposure is above the limit, cancel one account's orders."""

LIMIT = 120


class Exposure:
    def __init__(self):
        self.open_qty = {}
        self.cancelled = []

    def add(self, account, qty):
        self.open_qty[account] = self.open_qty.get(account, 0) + qty
        while sum(self.open_qty.values()) > LIMIT:
            candidates = {name for name, held in self.open_qty.items() if held > 5}
            victim = candidates.pop()
            self.cancelled.append(victim)
            del self.open_qty[victim]


_exposure = Exposure()


def run(event):
    _exposure.add(event["account"], event["qty"])
    return {
        "seq": event["seq"],
        "total": sum(_exposure.open_qty.values()),
        "cancelled": len(_exposure.cancelled),
        "last": _exposure.cancelled[-1] if _exposure.cancelled else None,
    }
