"""Say where the confirmation of an order would be filed."""

import os

_filed = {}


def _target(order):
    name = os.path.join("confirmations", order["account"], f"{order['seq']:04}.txt")
    return os.path.abspath(name)


def run(event):
    target = _target(event)
    folder = os.path.dirname(target)
    _filed[folder] = _filed.get(folder, 0) + 1
    return {"seq": event["seq"], "target": target, "in_folder": _filed[folder]}
