"""Value the stock: every warehouse is valued by its own thread into one total."""

import threading

_moves = {"north": [], "south": [], "harbour": []}


class Valuation:
    def __init__(self):
        self.lock = threading.Lock()
        self.total = 0.0

    def add(self, moves):
        for move in moves:
            worth = move["cost"] * move["delta"]
            for _ in range(40):
                worth = worth * 1.0000001 + 0.1
                with self.lock:
                    self.total += worth


def run(event):
    _moves[event["warehouse"]].append(event)
    valuation = Valuation()
    threads = [
        threading.Thread(target=valuation.add, args=(moves * 20,)) for moves in _moves.values()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"at": event["at"], "value": valuation.total}
