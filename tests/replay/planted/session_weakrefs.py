"""Count the sessions that are still open; a session ends when nobody holds it."""

import weakref

_open = weakref.WeakValueDictionary()
_opened = 0


class Session:
    def __init__(self, number, worker):
        self.number = number
        self.worker = worker
        self.steps = [Step(self, position) for position in range(6)]


class Step:
    def __init__(self, session, position):
        self.session = session
        self.position = position


def run(event):
    global _opened
    for _ in range(event["attempt"] * 3):
        _opened += 1
        _open[_opened] = Session(_opened, event["worker"])
    alive = len(_open)
    return {"run": event["run"], "opened": _opened, "alive": alive}
