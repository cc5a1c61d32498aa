"""Times that programs write in binary: whole seconds since 1970, and the tIME chunk of PNG.

- A time is named only if it lies within the build's own clock, or the times of its sources, on
  both sides, and if nothing else differs.
- Source: PNG specification §11.3.6.1 (tIME); POSIX time_t in four or eight bytes, either order.
"""

from collections.abc import Sequence
from typing import Literal

from qfs.repro.causes import Cause
from qfs.repro.dates import is_of_build, seconds_of, written
from qfs.repro.difference import Side

PNG = b"\x89PNG\r\n\x1a\n"
_SIZES = (8, 4)
_ORDERS: tuple[Literal["little"], Literal["big"]] = ("little", "big")
_DIFFERENT_MAX = 65_536
"""Differing bytes that are looked at before giving up."""


def why_moments_differ(
    first: bytes, second: bytes, sides: tuple[Side, Side]
) -> tuple[Cause, str] | None:
    """Return the cause if two files differ in times of the build alone, else None."""
    if first[:8] == second[:8] == PNG:
        return _png(first, second, sides)
    if len(first) != len(second):
        return None
    different = [at for at, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    if not different or len(different) > _DIFFERENT_MAX:
        return None
    found: tuple[Cause, str] | None = None
    seen = -1
    for at in different:
        if at <= seen:
            continue
        match = _seconds(first, second, at, sides)
        if match is None:
            return None
        seen, found = match[0], found or match[1]
    return found


def _seconds(
    first: bytes, second: bytes, at: int, sides: tuple[Side, Side]
) -> tuple[int, tuple[Cause, str]] | None:
    """Read seconds since 1970 around a byte; returns the last byte of them, and the cause."""
    windows = (
        (Cause.TIMESTAMP, [side.clock for side in sides]),
        (Cause.SOURCE_MTIME, [side.source_times for side in sides]),
    )
    for size in _SIZES:
        for start in range(max(0, at - size + 1), min(at, len(first) - size) + 1):
            for order in _ORDERS:
                a = int.from_bytes(first[start : start + size], order)
                b = int.from_bytes(second[start : start + size], order)
                for cause, window in windows:
                    if _within(a, window[0]) and _within(b, window[1]):
                        return start + size - 1, (cause, f"{written(a)} and {written(b)}")
    return None


def _within(second: int, window: tuple[int, int]) -> bool:
    return window != (0, 0) and window[0] - 1 <= second <= window[1] + 1


def _png(first: bytes, second: bytes, sides: tuple[Side, Side]) -> tuple[Cause, str] | None:
    ours, theirs = _chunks(first), _chunks(second)
    if len(ours) != len(theirs):
        return None
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    if not pairs or any(a[0] != b"tIME" or b[0] != b"tIME" for a, b in pairs):
        return None
    moments = [_time(pairs[0][0][1]), _time(pairs[0][1][1])]
    for moment, side in zip(moments, sides, strict=True):
        if moment is None or not is_of_build((moment, moment), side):
            return None
    return Cause.TIMESTAMP, f"chunk tIME: {_told(moments)}"


def _told(moments: Sequence[int | None]) -> str:
    return " and ".join([written(moment) for moment in moments if moment is not None])


def _time(data: bytes) -> int | None:
    return seconds_of([int.from_bytes(data[:2], "big"), *data[2:7]]) if len(data) == 7 else None


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return kind and content of each chunk, up to one that is cut off."""
    out: list[tuple[bytes, bytes]] = []
    at = len(PNG)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        out.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    return out
