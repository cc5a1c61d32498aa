"""Stop orders from blocked accounts and count the distinct ones."""

BLOCKED = {"dede", "gus", "nobody"}
_accounts = set()
_blocked = set()


def _is_blocked(order):
    return order["account"] in BLOCKED or any(tag in {"manual", "dark"} for tag in order["tags"])


def run(event):
    _accounts.add(event["account"])
    if _is_blocked(event):
        _blocked.add(event["account"])
    clean = _accounts - _blocked
    return {
        "seq": event["seq"],
        "passed": event["account"] in clean,
        "clean": len(clean),
        "last": max(_accounts),
        "shortest": min(len(name) for name in _accounts),
        "quantities": sum(len(name) for name in _accounts),
    }
