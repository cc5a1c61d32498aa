"""Lock an article while its stock is changed and note who held the lock."""

import os


class Lock:
    def __init__(self):
        self.owner = None
        self.times = 0

    def acquire(self, sku):
        self.owner = f"{sku}/{os.getpid()}"
        self.times += 1
        return self.owner

    def release(self):
        self.owner = None


_locks = {}
_level = {}


def run(event):
    lock = _locks.setdefault(event["sku"], Lock())
    owner = lock.acquire(event["sku"])
    _level[event["sku"]] = _level.get(event["sku"], 0) + event["delta"]
    lock.release()
    return {"at": event["at"], "by": owner, "level": _level[event["sku"]], "times": lock.times}
