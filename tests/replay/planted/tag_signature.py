"""Group orders by the combination of their tags and number each combination."""

import hashlib

_seen = {}


def _key(tags):
    combination = frozenset(tags)
    text = str(combination)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def run(event):
    key = _key(event["tags"])
    entry = _seen.setdefault(key, {"count": 0, "qty": 0})
    entry["count"] += 1
    entry["qty"] += event["qty"]
    return {"seq": event["seq"], "group": key, "count": entry["count"], "qty": entry["qty"]}
