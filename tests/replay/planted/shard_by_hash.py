"""Spread accounts over four matching engines and number the orders in each."""

SHARDS = 4


class Engine:
    def __init__(self, name):
        self.name = name
        self.sequence = 0
        self.volume = 0

    def accept(self, order):
        self.sequence += 1
        self.volume += order["qty"]
        return self.sequence


_engines = [Engine(f"engine-{number}") for number in range(SHARDS)]


def run(event):
    shard = hash(event["account"]) % SHARDS
    engine = _engines[shard]
    number = engine.accept(event)
    return {"seq": event["seq"], "engine": engine.name, "number": number, "volume": engine.volume}
