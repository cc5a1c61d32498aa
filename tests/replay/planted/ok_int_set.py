"""Which places of the shelf are in use, as a bit mask."""

SHELF = 12
_used = set()


def _mask(places):
    mask = 0
    for place in places:
        mask |= 1 << place
    return mask


def run(event):
    place = event["at"] * 5 % SHELF
    if place in _used:
        _used.discard(place)
    else:
        _used.add(place)
    free = set(range(SHELF)) - _used
    return {"at": event["at"], "used": f"{_mask(_used):03x}", "free": min(free, default=-1)}
