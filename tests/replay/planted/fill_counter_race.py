"""Match an order's lots in parallel and count the fills."""

import threading


class Fills:
    def __init__(self):
        self.count = 0
        self.volume = 0

    def _slice(self, lot):
        return (lot * 7919) % 13

    def work(self, lots):
        for lot in range(lots):
            seen = self.count
            self.volume = max(self.volume, self._slice(lot))
            self.count = seen + 1


_fills = Fills()


def run(event):
    before = _fills.count
    threads = [
        threading.Thread(target=_fills.work, args=(event["qty"] * 900,)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seq": event["seq"], "fills": _fills.count - before, "total": _fills.count}
