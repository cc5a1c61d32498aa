"""Run a step's dependencies as coroutines and log them."""

import asyncio

_log = []


async def _call(task, attempt):
    for _ in range(attempt):
        await asyncio.sleep(0)
    return f"{task}#{attempt}"


async def _gather(event):
    tasks = [
        asyncio.create_task(_call(name, number))
        for number, name in enumerate([*event["after"], event["step"], event["worker"]])
    ]
    done, _ = await asyncio.wait(tasks)
    return [task.result() for task in done]


def run(event):
    results = asyncio.run(_gather(event))
    _log.extend(results)
    return {"run": event["run"], "results": results, "log": len(_log)}
