"""Run a workflow step and record how long it took."""

import time


def _work(size):
    total = 0
    for number in range(size):
        total = (total * 31 + number) % 1_000_003
    return total


class Step:
    def __init__(self, name):
        self.name = name
        self.history = []

    def execute(self, size):
        began = time.perf_counter()
        checksum = _work(size)
        took = time.perf_counter() - began
        self.history.append((checksum, took))
        return checksum, took


_steps = {}


def run(event):
    step = _steps.setdefault(event["step"], Step(event["step"]))
    checksum, took = step.execute(event["size"])
    slowest = max(took for _, took in step.history)
    return {"step": step.name, "checksum": checksum, "ms": took * 1000, "slowest": slowest * 1000}
