"""Describe where a stock move was booked; the first setting that is known gives the site."""

import os

SITES = {"HOME": "home", "PATH": "path", "PWD": "office", "LANG": "language", "TZ": "zone"}
_booked = []


def _site(**settings):
    for name in settings:
        if name in SITES:
            return SITES[name]
    return "nowhere"


def run(event):
    site = _site(**os.environ)
    _booked.append(f"{event['sku']}@{site}")
    return {"at": event["at"], "booked": _booked[-1], "count": len(_booked)}
