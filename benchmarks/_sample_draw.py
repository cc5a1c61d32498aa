"""Draws the packages of the build sample from the list of popular ones, in an order of chance.

- The order is that of SHA-256 over seed and name: the same on every machine and Python.
- The sample is the first 50 packages in that order whose newest wheel is pure, and the first 10
  compiled ones that can be built on this machine; every package that was passed over is reported
  with its reason.
- List, seed and rule were committed before anything was measured.
"""

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent / "build_sample"
SEED = "2026-11-22 qfs build sample"
PURE, COMPILED = 50, 10
"""How many packages of each sort the sample holds."""


def popular() -> list[str]:
    """Return the names of the list, most downloaded first."""
    lines = (FOLDER / "popular.txt").read_text("utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def drawn() -> list[str]:
    """Return all names of the list in the order in which they are drawn."""
    return sorted(popular(), key=_chance)


def _chance(name: str) -> bytes:
    return hashlib.sha256(f"{SEED} {name}".encode()).digest()
