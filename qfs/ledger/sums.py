"""Numbers of 124 bits and a sign in two machine words, the lower one first.

- The upper word of a balance is 0 .. HIGH - 1, of a change -HIGH .. HIGH - 1: what they sum to has
  room in two words.
- ``add`` works in halves of 32 bits, so that no step leaves a word: compiled or interpreted, the
  same bits. ``number`` and ``halves`` go through Python's integers, for which nothing is too large.
- Source: Knuth, The Art of Computer Programming 2, 4.3.1 A.
"""

from typing import Final

from qfs.ledger.words import i64

HIGH: Final[i64] = 1 << 60
SMALL: Final[i64] = 1 << 62
"""Two numbers 0 .. SMALL - 1 sum to a word."""
LEAST: Final[i64] = -(1 << 63)
MOST: Final[i64] = (1 << 63) - 1
_HALF: Final[i64] = (1 << 32) - 1
_HALF_SIGN: Final[i64] = 1 << 31
_BASE: Final[i64] = 1 << 32
_WORD: Final = (1 << 64) - 1
_SIGN: Final = 1 << 63


def add(low: i64, high: i64, other: i64, other_high: i64) -> tuple[i64, i64]:
    """Return the sum of two numbers; the upper words must sum to less than a word."""
    first = (low & _HALF) + (other & _HALF)
    second = ((low >> 32) & _HALF) + ((other >> 32) & _HALF) + (first >> 32)
    upper = high + other_high + (second >> 32)
    signed = ((second & _HALF) ^ _HALF_SIGN) - _HALF_SIGN
    return signed * _BASE + (first & _HALF), upper


def negated(low: i64, high: i64) -> tuple[i64, i64]:
    """Return minus a number."""
    if low == 0:
        return 0, -high
    return (low if low == LEAST else -low), -1 - high


def number(low: i64, high: i64) -> int:
    """Return the number as Python's."""
    lower: int = low
    upper: int = high
    if upper == lower >> 63:
        return lower
    return (upper << 64) + (lower & _WORD)


def halves(value: int) -> tuple[int, int]:
    """Return the words of a number of 127 bits and a sign."""
    return ((value & _WORD) ^ _SIGN) - _SIGN, value >> 64
