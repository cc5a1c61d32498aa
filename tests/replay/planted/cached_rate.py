"""Commission: the rate of a venue falls as its volume grows."""

from decimal import Decimal
from functools import lru_cache

_volume = {}


@lru_cache(maxsize=16)
def _rate(venue, symbol):
    traded = _volume.get((venue, symbol), 0)
    if traded > 60:
        return Decimal("0.0005")
    if traded > 20:
        return Decimal("0.0010")
    return Decimal("0.0020")


def run(event):
    key = (event["venue"], event["symbol"])
    rate = _rate(*key)
    _volume[key] = _volume.get(key, 0) + event["qty"]
    commission = Decimal(event["price"]) * event["qty"] * rate
    return {"seq": event["seq"], "commission": f"{commission:.4f}", "volume": _volume[key]}
