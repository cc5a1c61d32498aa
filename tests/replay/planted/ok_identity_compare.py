"""Order book side: best price first, ties by arrival."""

import bisect


class Ticket:
    def __init__(self, number, account, price):
        self.number = number
        self.account = account
        self.price = price


_bids = []


def _distinct(tickets):
    seen = {id(ticket) for ticket in tickets}
    return len(seen) == len(tickets)


def run(event):
    ticket = Ticket(event["seq"], event["account"], int(float(event["price"])) // 5)
    bisect.insort(_bids, ticket, key=lambda one: (-one.price, one.number))
    if len(_bids) > 12:
        _bids.pop()
    return {"side": [[one.account, one.price] for one in _bids[:6]], "sound": _distinct(_bids)}
