"""Run a step; its duration is kept for the operators' screen alone."""

import time

_slowest_ns = 0
_total = {}


def _work(size):
    total = 0
    for number in range(size):
        total = (total * 31 + number) % 1_000_003
    return total


def run(event):
    global _slowest_ns
    began = time.monotonic_ns()
    checksum = _work(event["size"])
    _slowest_ns = max(_slowest_ns, time.monotonic_ns() - began)
    _total[event["run"]] = (_total.get(event["run"], 0) + checksum) % 1_000_003
    return {"run": event["run"], "checksum": checksum, "total": _total[event["run"]]}
