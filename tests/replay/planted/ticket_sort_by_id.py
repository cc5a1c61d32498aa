"""Order book side: best price first, ties broken by 'age' of the object."""

import bisect


class Ticket:
    __slots__ = ("account", "price", "qty", "note")

    def __init__(self, account, price, qty, tags):
        self.account = account
        self.price = price
        self.qty = qty
        self.note = "x" * (len(tags) * 97)


_bids = []


def _rank(ticket):
    return (-ticket.price, id(ticket))


def run(event):
    ticket = Ticket(event["account"], int(float(event["price"])) // 5, event["qty"], event["tags"])
    bisect.insort(_bids, ticket, key=_rank)
    if len(_bids) > 12:
        _bids.pop(3)
    return [[ticket.account, ticket.price, ticket.qty] for ticket in _bids[:6]]
