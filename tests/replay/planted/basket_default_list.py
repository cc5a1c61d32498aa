"""Collect stock moves into deliveries of at most ten pieces a supplier."""

_deliveries = {}


def _collect(move, pending=[]):
    pending.append(f"{move['sku']}x{abs(move['delta'])}")
    if len(pending) > 4:
        full = list(pending)
        pending.clear()
        return full
    return None


def run(event):
    full = _collect(event)
    if full is not None:
        count = _deliveries.get(event["supplier"], 0) + 1
        _deliveries[event["supplier"]] = count
        return {"at": event["at"], "deliver": full, "number": count}
    return {"at": event["at"], "deliver": None}
