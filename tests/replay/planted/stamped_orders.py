"""Accept orders and stamp them for the audit trail."""

import time
from decimal import Decimal


class Acceptor:
    def __init__(self, fee):
        self.fee = Decimal(fee)
        self.trail = []

    def accept(self, order):
        notional = Decimal(order["price"]) * order["qty"]
        entry = {
            "seq": order["seq"],
            "fee": str((notional * self.fee).quantize(Decimal("0.01"))),
            "accepted": time.time(),
        }
        self.trail.append(entry)
        return entry


_acceptor = Acceptor("0.0015")


def run(event):
    return _acceptor.accept(event)
