"""A trail as static files: hash tiles and entry bundles that any tile client reads.

- ``tile/<level>/<n>`` holds 256 hashes of level 8 x level, ``tile/entries/<n>`` 256 entries, each
  with its length in two bytes, big-endian; the last one may be partial: ``<n>.p/<width>``.
- ``<n>`` is written in groups of three digits, all but the last behind an x: ``x001/x234/067``.
- Source: c2sp.org/tlog-tiles.
"""

from collections.abc import Iterator, Sequence

from qfs.canon import Digest
from qfs.crypto import leaf_hash, node_hash
from qfs.errors import ProofError

WIDTH = 256
_LEVEL_BITS = 8
_LENGTH_BYTES = 2


def files(entries: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield (path, contents) of every tile and bundle over the entries' bytes."""
    for path, start, end in bundles(len(entries)):
        yield (
            path,
            b"".join(
                [len(data).to_bytes(_LENGTH_BYTES, "big") + data for data in entries[start:end]]
            ),
        )
    hashes = [leaf_hash(data) for data in entries]
    level = 0
    while hashes:
        for path, start, end in _tiles(f"tile/{level}", len(hashes)):
            yield path, b"".join(hashes[start:end])
        for _ in range(_LEVEL_BITS):
            hashes = _parents(hashes)
        level += 1


def bundles(size: int) -> Iterator[tuple[str, int, int]]:
    """Yield (path, first entry, end) of every entry bundle of a trail of size entries."""
    return _tiles("tile/entries", size)


def read_bundle(data: bytes, count: int) -> tuple[bytes, ...]:
    """Return the entries of a bundle; raises ProofError unless it holds exactly count."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or end > len(data):
            raise ProofError("truncated", place=f"bundle byte {at}")
        found.append(data[start:end])
        at = end
    if len(found) != count:
        raise ProofError(f"{len(found)} entries, not {count}", place="bundle")
    return tuple(found)


def _tiles(folder: str, size: int) -> Iterator[tuple[str, int, int]]:
    for start in range(0, size, WIDTH):
        end = min(start + WIDTH, size)
        partial = "" if end - start == WIDTH else f".p/{end - start}"
        yield f"{folder}/{_number(start >> _LEVEL_BITS)}{partial}", start, end


def _number(number: int) -> str:
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number = number // 1000
        groups.append(f"x{number % 1000:03}")
    return "/".join(reversed(groups))


def _parents(hashes: Sequence[Digest]) -> list[Digest]:
    return [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes) - 1, 2)]
