"""Choose invoices for the manual check: two of every five."""

import random

_generator = random.Random()
_pending = []
_chosen = []


def _choose():
    _generator.shuffle(_pending)
    chosen, _pending[:] = sorted(_pending[:2]), []
    return chosen


def run(event):
    _pending.append(event["number"])
    if len(_pending) < 5:
        return {"number": event["number"], "waiting": len(_pending)}
    chosen = _choose()
    _chosen.extend(chosen)
    return {"number": event["number"], "check": chosen, "total": len(_chosen)}
