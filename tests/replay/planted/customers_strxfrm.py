"""Customer list in the order a reader expects."""

import locale
from bisect import insort

locale.setlocale(locale.LC_ALL, "")

_customers = []


def _key(name):
    return locale.strxfrm(name)


def run(event):
    name = event["customer"]
    if name not in _customers:
        insort(_customers, name, key=_key)
    return {
        "number": event["number"],
        "place": _customers.index(name),
        "first": _customers[0],
        "last": _customers[-1],
        "size": len(_customers),
    }
