"""Hand the next task to idle workers in turn."""


class Worker:
    def __init__(self, name):
        self.name = name
        self.tasks = []

    def take(self, task):
        self.tasks.append(task)
        return f"{self.name}:{len(self.tasks)}"


_idle = {Worker(f"worker-{number}") for number in range(9)}
_busy = []


def run(event):
    assigned = {}
    for task in event["after"]:
        if not _idle:
            _idle.update(_busy)
            _busy.clear()
        for worker in _idle:
            break
        _idle.discard(worker)
        _busy.append(worker)
        assigned[task] = worker.take(task)
    return {"run": event["run"], "assigned": assigned}
