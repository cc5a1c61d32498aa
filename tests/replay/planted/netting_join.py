"""Net the day's trades by symbol and print who took part."""


class Netting:
    def __init__(self):
        self.position = {}
        self.parties = {}

    def trade(self, account, symbol, side, qty):
        signed = qty if side == "buy" else -qty
        self.position[symbol] = self.position.get(symbol, 0) + signed
        self.parties.setdefault(symbol, set()).add(account)

    def memo(self, symbol):
        who = ", ".join(self.parties[symbol])
        return f"{symbol} {self.position[symbol]:+d} ({who})"


_book = Netting()


def run(event):
    _book.trade(event["account"], event["symbol"], event["side"], event["qty"])
    return {"seq": event["seq"], "memo": _book.memo(event["symbol"])}
