"""Throttle: each account has a bucket of tokens that refills with time."""

import time
from decimal import Decimal

RATE = 1000
SIZE = 3


class Bucket:
    def __init__(self):
        self.tokens = Decimal(SIZE)
        self.filled = time.monotonic_ns()

    def take(self):
        now = time.monotonic_ns()
        refill = Decimal(now - self.filled) * RATE / 1_000_000_000
        self.tokens = min(Decimal(SIZE), self.tokens + refill)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


_buckets = {}


def run(event):
    bucket = _buckets.setdefault(event["account"], Bucket())
    passed = bucket.take()
    return {"seq": event["seq"], "passed": passed, "left": str(bucket.tokens)}
