"""A small task scheduler: release every task whose turn has come."""

from collections import deque


class Scheduler:
    def __init__(self):
        self.done = set()
        self.waiting = set()
        self.queue = deque(maxlen=8)

    def submit(self, tasks):
        self.waiting |= set(tasks)

    def release(self, count):
        ready = self.waiting - self.done
        started = list(ready)[:count]
        self.done |= set(started)
        self.queue.extend(started)
        if len(self.done) > 5:
            self.done.clear()
        return started


_scheduler = Scheduler()


def run(event):
    _scheduler.submit(event["after"])
    started = _scheduler.release(2)
    return {"step": event["step"], "started": started, "queue": list(_scheduler.queue)}
