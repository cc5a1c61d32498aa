"""Render the sections of a report in parallel, in the order of the step's list."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor


def _render(task):
    digest = hashlib.sha256(task.encode())
    for _ in range(2000):
        digest.update(b".")
    return f"{task}:{digest.hexdigest()[:6]}"


def run(event):
    sections = [None] * len(event["after"])

    def fill(place, task):
        sections[place] = _render(task)

    threads = [
        threading.Thread(target=fill, args=(place, task))
        for place, task in enumerate(event["after"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ThreadPoolExecutor(max_workers=3) as pool:
        again = list(pool.map(_render, event["after"]))
    return {"run": event["run"], "sections": sections, "same": sections == again}
