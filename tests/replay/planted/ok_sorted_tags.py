"""Route each order to the desk of its first tag in the alphabet."""

DESKS = {"algo": "electronic", "dark": "block", "hedge": "risk", "retail": "flow"}
_seen = set()


def _clean(tags):
    return {tag.strip().lower() for tag in tags}


def run(event):
    tags = _clean(event["tags"])
    desk = next((DESKS[tag] for tag in sorted(tags) if tag in DESKS), "voice")
    _seen.update(tags)
    new = len(_seen)
    report = ",".join(sorted(_seen))
    return {"seq": event["seq"], "desk": desk, "kinds": new, "report": report}
