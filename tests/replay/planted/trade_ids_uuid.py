"""Create a trade for every order that crosses and give it an identifier."""

import uuid


class Book:
    def __init__(self):
        self.resting = {}
        self.trades = []

    def cross(self, order):
        other = self.resting.pop(order["symbol"], None)
        if other is None or other["side"] == order["side"]:
            self.resting[order["symbol"]] = order
            return None
        trade = {
            "id": str(uuid.uuid4()),
            "buyer": order["account"] if order["side"] == "buy" else other["account"],
            "qty": min(order["qty"], other["qty"]),
        }
        self.trades.append(trade)
        return trade


_book = Book()


def run(event):
    trade = _book.cross(event)
    return {"seq": event["seq"], "trade": trade, "count": len(_book.trades)}
