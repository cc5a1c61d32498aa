"""A cache of quotes with a budget in bytes."""

import sys
from collections import OrderedDict


class Cache:
    def __init__(self, budget):
        self.budget = budget
        self.items = OrderedDict()
        self.evicted = 0

    def put(self, key, value):
        self.items[key] = value
        self.items.move_to_end(key)
        while sum(map(self._size, self.items.values())) > self.budget:
            self.items.popitem(last=False)
            self.evicted += 1

    def _size(self, value):
        return sys.getsizeof(value) + sum(sys.getsizeof(part) for part in value)


_cache = Cache(2250)


def run(event):
    key = (event["account"], event["symbol"])
    _cache.put(key, [event["price"], event["side"], event["venue"]])
    return {"seq": event["seq"], "held": len(_cache.items), "evicted": _cache.evicted}
