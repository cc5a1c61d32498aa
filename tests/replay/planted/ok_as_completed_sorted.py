"""Ask four venues for a quote; ties go to the first venue of the list."""

import hashlib
from concurrent.futures import ThreadPoolExecutor, as_completed

VENUES = ("north", "south", "east", "west")


def _quote(venue, order):
    digest = hashlib.sha256(venue.encode())
    for _ in range(500 + 100 * order["qty"]):
        digest.update(order["symbol"].encode())
    return int(float(order["price"])) // 50 + digest.digest()[0] % 3


def run(event):
    with ThreadPoolExecutor(max_workers=4) as pool:
        asked = {pool.submit(_quote, venue, event): venue for venue in VENUES}
        answers = {asked[future]: future.result() for future in as_completed(asked)}
    best = min(VENUES, key=lambda venue: (answers[venue], VENUES.index(venue)))
    return {"seq": event["seq"], "venue": best, "price": answers[best]}
