"""Gross exposure over the accounts that traded, correctly rounded."""

import math

_exposure = {}
_active = set()


def run(event):
    sign = 1.0 if event["side"] == "buy" else -1.0
    amount = sign * event["qty"] * float(event["price"])
    account = event["account"]
    _exposure[account] = _exposure.get(account, 0.0) + amount
    _active.add(account)
    gross = math.fsum(abs(_exposure[name]) for name in _active)
    return {"seq": event["seq"], "gross": gross, "accounts": len(_active)}
