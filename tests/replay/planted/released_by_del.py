"""Reserve stock for picking; a reservation gives its pieces back when it is dropped."""

_free = {}


class Reservation:
    def __init__(self, sku, pieces):
        self.sku = sku
        self.pieces = pieces
        self.listeners = [self.released]
        self.history = [[sku, number] for number in range(pieces)]
        _free[sku] = _free.get(sku, 100) - pieces

    def released(self):
        return self.pieces

    def __del__(self):
        _free[self.sku] += self.pieces


def run(event):
    for _ in range(4):
        Reservation(event["sku"], abs(event["delta"]))
    short = [sku for sku, pieces in sorted(_free.items()) if pieces < 50]
    return {"at": event["at"], "free": _free[event["sku"]], "short": short}
