"""Labels in the order in which they were first seen, with totals."""

import json

_totals = {}


def run(event):
    for label in dict.fromkeys(event["labels"]):
        _totals[label] = _totals.get(label, 0) + event["delta"]
    first = next(iter(_totals))
    return {
        "at": event["at"],
        "first": first,
        "report": json.dumps(_totals),
        "largest": max(_totals.items(), key=lambda item: (item[1], item[0])),
    }
