"""Ask four venues for a quote and take the best; the first answer wins a tie."""

import hashlib
from concurrent.futures import ThreadPoolExecutor, as_completed

VENUES = ("north", "south", "east", "west")
_taken = dict.fromkeys(VENUES, 0)


def _quote(venue, order):
    digest = hashlib.sha256(venue.encode())
    for _ in range(3000 + 100 * order["qty"]):
        digest.update(order["symbol"].encode())
    return venue, int(float(order["price"])) // 50


def run(event):
    with ThreadPoolExecutor(max_workers=4) as pool:
        asked = [pool.submit(_quote, venue, event) for venue in VENUES]
        answers = [future.result() for future in as_completed(asked)]
    best = min(answers, key=lambda answer: answer[1])
    _taken[best[0]] += 1
    return {"seq": event["seq"], "venue": best[0], "price": best[1], "taken": dict(_taken)}
