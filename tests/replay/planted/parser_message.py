"""Parse a step's hand-written settings and keep the reason when they are refused."""

import json

_refused = {}


def _settings(event):
    ending = "," if event["attempt"] > 2 else ""
    return f'{{"size": {event["size"]}, "worker": "{event["worker"]}"{ending}}}'


def _parse(text):
    try:
        return json.loads(text), ""
    except json.JSONDecodeError as error:
        return None, error.msg


def run(event):
    settings, reason = _parse(_settings(event))
    if settings is None:
        _refused[reason] = _refused.get(reason, 0) + 1
        return {"run": event["run"], "refused": reason, "times": _refused[reason]}
    return {"run": event["run"], "size": settings["size"], "refused": None}
