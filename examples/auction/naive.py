"""An auction house as people first write it. Five runs, five answers; `qfs audit` says why."""

import random
import time


class Auction:
    """Bids come in, the house closes the auction and names a winner."""

    def __init__(self, lots):
        self.lots = set(lots)
        self.bids = {}
        self.closed_at = None

    def bid(self, bidder, lot, amount):
        if lot in self.lots:
            fee = amount * 0.025
            self.bids.setdefault(lot, []).append((amount + fee, bidder, time.time()))

    def close(self):
        self.closed_at = time.time()
        return [self.winner(lot) for lot in self.lots]

    def winner(self, lot):
        best = max(amount for amount, _, _ in self.bids[lot])
        return random.choice([who for amount, who, _ in self.bids[lot] if amount == best])


def entry():
    """What a replica would run."""
    house = Auction(["chair", "clock", "lamp"])
    for bidder, lot, amount in [("ada", "clock", 90), ("ben", "clock", 90), ("eve", "lamp", 12)]:
        house.bid(bidder, lot, amount)
    house.bid("ben", "chair", 40)
    return house.close()
