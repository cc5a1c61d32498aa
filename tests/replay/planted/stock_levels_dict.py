"""Stock levels per warehouse, with a row for every label that was ever seen."""

import json

_moves = []


def _labels():
    seen = set()
    for move in _moves:
        seen.update(move["labels"])
    return seen


def _report():
    totals = dict.fromkeys(_labels(), 0)
    for move in _moves:
        for label in move["labels"]:
            totals[label] += move["delta"]
    return totals


def run(event):
    _moves.append(event)
    totals = _report()
    ranked = max(totals, key=lambda label: abs(totals[label]) // 10)
    return {"at": event["at"], "report": json.dumps(totals), "largest": ranked}
