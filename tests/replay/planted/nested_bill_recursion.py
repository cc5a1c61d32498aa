"""Explode a bill of materials that is nested as deep as the step is large."""

_exploded = {}


def _explode(level):
    if level == 0:
        return 1
    return (_explode(level - 1) * 3 + level) % 10_007


def _cost(size):
    try:
        return _explode(size)
    except RecursionError:
        return size * 10


def run(event):
    cost = _cost(event["size"])
    _exploded[event["run"]] = _exploded.get(event["run"], 0) + cost
    return {"run": event["run"], "cost": cost, "sum": _exploded[event["run"]]}
