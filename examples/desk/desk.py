"""Split each order over the venues that quote it, at most forty shares to a venue.

Two runs give different fills: ``qfs replay --callable`` names the line.
"""

from typing import Any


def trade(order: dict[str, Any]) -> list[tuple[str, int]]:
    """Return the fills of one order: (venue, shares)."""
    venues = {quote["venue"] for quote in order["quotes"]}
    shares = order["size"]
    fills: list[tuple[str, int]] = []
    for venue in venues:
        taken = min(shares, 40)
        shares -= taken
        fills.append((venue, taken))
    return fills
