"""Digest the top of the book from its printed form."""

import hashlib
from collections import OrderedDict

_book = OrderedDict()


def _digest():
    text = repr(_book)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def run(event):
    symbol = event["symbol"]
    _book[symbol] = (event["side"], event["price"], event["qty"])
    _book.move_to_end(symbol, last=event["side"] == "sell")
    return {"seq": event["seq"], "top": next(iter(_book)), "digest": _digest()}
