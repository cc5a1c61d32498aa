"""Route each order to the desk of the first tag that a desk serves."""

from decimal import Decimal

DESKS = {
    "algo": "electronic",
    "dark": "block-desk",
    "ioc": "electronic",
    "iceberg": "block-desk",
    "manual": "voice",
    "hedge": "risk",
    "retail": "flow",
    "block": "block-desk",
}
_load: dict[str, Decimal] = {}


def _desk(tags):
    wanted = {tag.strip().lower() for tag in tags}
    for tag in wanted:
        if tag in DESKS:
            return DESKS[tag]
    return "voice"


def run(event):
    desk = _desk(event["tags"])
    notional = Decimal(event["price"]) * event["qty"]
    _load[desk] = _load.get(desk, Decimal(0)) + notional
    return {"seq": event["seq"], "desk": desk, "load": str(_load[desk])}
