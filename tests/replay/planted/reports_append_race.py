"""Render the sections of a report in parallel and put them together."""

import hashlib
import threading

_reports = []


def _render(task, size, sections):
    digest = hashlib.sha256(task.encode())
    for _ in range(size * 40):
        digest.update(b".")
    sections.append(f"{task}:{digest.hexdigest()[:6]}")


def run(event):
    sections = []
    sizes = [event["size"] + 60 * number for number in range(len(event["after"]))]
    threads = [
        threading.Thread(target=_render, args=(task, size, sections))
        for task, size in zip(event["after"], reversed(sizes))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _reports.append(sections[0])
    return {"run": event["run"], "sections": sections, "reports": len(_reports)}
