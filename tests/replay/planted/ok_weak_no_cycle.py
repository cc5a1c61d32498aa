"""Count a run's sessions; what was not kept is closed at once."""

import weakref

_kept = {}


class Session:
    def __init__(self, size):
        self.size = size


def _open(event, sessions):
    for number in range(event["attempt"]):
        session = Session(event["size"] + number)
        sessions[number] = session
    return session.size


def run(event):
    sessions = weakref.WeakValueDictionary()
    size = _open(event, sessions)
    _kept[event["run"]] = _kept.get(event["run"], 0) + size
    return {"run": event["run"], "still_open": len(sessions), "kept": _kept[event["run"]]}
