"""Grant a workflow step the permissions it asks for and note the one that decided."""

from enum import Enum


class Permission(Enum):
    READ = "read"
    WRITE = "write"
    SEND = "send"
    PAY = "pay"
    PURGE = "purge"


NEEDS = {
    "fetch": {Permission.READ, Permission.WRITE},
    "parse": {Permission.READ},
    "price": {Permission.READ, Permission.PAY, Permission.WRITE},
    "post": {Permission.SEND, Permission.PAY, Permission.WRITE, Permission.READ},
    "mail": {Permission.SEND, Permission.READ, Permission.PURGE},
}
_log = []


def run(event):
    asked = NEEDS[event["step"]]
    granted = [permission.value for permission in asked]
    _log.append(granted[0])
    return {"run": event["run"], "step": event["step"], "decided": granted[0], "entries": len(_log)}
