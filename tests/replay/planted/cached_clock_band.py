"""Retry policy: how long to wait depends on the load band of the hour."""

import functools
import time

_retries = {}


@functools.cache
def _band(worker):
    second = time.time_ns() // 1000 % 97
    return (second + len(worker)) % 10


def run(event):
    band = _band(event["worker"])
    wait = event["attempt"] * (1 + band)
    _retries[event["run"]] = _retries.get(event["run"], 0) + wait
    return {"run": event["run"], "wait": wait, "total": _retries[event["run"]]}
