"""Stamp messages with their origin so that answers find the way back."""

import socket

_sent = 0


def _origin(worker):
    host = socket.gethostname()
    return f"{worker}@{host.split('.')[0]}"


def run(event):
    global _sent
    _sent += 1
    origin = _origin(event["worker"])
    channel = sum(origin.encode()) % 8
    return {"run": event["run"], "origin": origin, "channel": channel, "sent": _sent}
