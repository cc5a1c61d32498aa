"""Trade identifiers derived from the order."""

import uuid

SPACE = uuid.UUID("8f1b6c1e-5d1f-4c57-9f5e-0a1b2c3d4e5f")
_trades = []


def _name(order):
    return f"{order['seq']}/{order['account']}/{order['symbol']}"


def run(event):
    name = _name(event)
    trade = str(uuid.uuid5(SPACE, name))
    _trades.append(trade)
    return {"seq": event["seq"], "trade": trade, "count": len(_trades)}
