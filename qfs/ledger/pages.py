"""The tree over the fixed records: 16 records a page, 16 digests a node.

- The state file *is* the tree's leaves: records of 128 bytes in the order of the accounts' indexes,
  the last page filled up with zeros.
- A page's digest is SHA-256(0x00 || 2048 bytes), a node's SHA-256(0x01 || 16 digests), zeros for
  what is not there. The number of records stands beside the root in what is committed.
- Source: Merkle trees with prefixes as in RFC 9162 §2.1; fan-out and page size by measurement.
"""

from hashlib import sha256
from typing import Final

from qfs.errors import ProofError

RECORD_BYTES: Final = 128
PAGE_RECORDS: Final = 16
PAGE_BYTES: Final = 2_048  # 16 * 128
FANOUT: Final = 16
HASH_BYTES: Final = 32
NODE_BYTES: Final = 512  # 16 * 32
SIBLING_BYTES: Final = 480  # 15 * 32
NOTHING: Final = bytes(32)
"""Digest of what is not there; root of no page at all."""
_PAGE: Final = b"\x00"
_NODE: Final = b"\x01"


class PageTree:
    """Digests of the pages, and of the nodes above them; one list of bytes a level."""

    def __init__(self) -> None:
        self.levels: list[bytearray] = [bytearray()]
        self.pages: int = 0

    def update(self, records: memoryview, width: int, touched: list[int]) -> None:
        """Hash the touched pages, in ascending order, and the nodes above them.

        records holds so many pages at least; those that came or went since are among the touched.
        """
        self.pages = width
        level = self._level(0, max(width, max(touched, default=0) + 1))
        for page in touched:
            made = NOTHING
            if page < width:
                at = page * PAGE_BYTES
                made = sha256(_PAGE + records[at : at + PAGE_BYTES]).digest()
            level[page * HASH_BYTES : (page + 1) * HASH_BYTES] = made
        depth = 0
        while width > 1:
            width = -(-width // FANOUT)
            depth += 1
            touched = list(dict.fromkeys([one // FANOUT for one in touched]))
            below = level
            level = self._level(depth, max(width, max(touched, default=0) + 1))
            for node in touched:
                made = NOTHING
                if node < width:
                    at = node * NODE_BYTES
                    made = sha256(_NODE + below[at : at + NODE_BYTES]).digest()
                level[node * HASH_BYTES : (node + 1) * HASH_BYTES] = made

    def _level(self, depth: int, width: int) -> bytearray:
        """Return a level that has room for so many digests, a whole number of nodes of them."""
        if depth == len(self.levels):
            self.levels.append(bytearray())
        level = self.levels[depth]
        missing = -(-width // FANOUT) * NODE_BYTES - len(level)
        if missing > 0:
            level.extend(bytes(missing))
        return level

    def root(self) -> bytes:
        """Return the digest of the topmost node."""
        return bytes(self.levels[height(self.pages)][:HASH_BYTES]) if self.pages else NOTHING

    def siblings(self, page: int) -> list[bytes]:
        """Return, from the page up, the 15 digests beside it in each node above."""
        found: list[bytes] = []
        for depth in range(height(self.pages)):
            node = page // FANOUT
            level = self.levels[depth]
            kids = bytes(level[node * NODE_BYTES : (node + 1) * NODE_BYTES])
            at = page % FANOUT * HASH_BYTES
            found.append(kids[:at] + kids[at + HASH_BYTES :])
            page = node
        return found


def height(pages: int) -> int:
    """Return how many levels of nodes stand over so many pages."""
    levels = 0
    while pages > 1:
        pages = -(-pages // FANOUT)
        levels += 1
    return levels


def root_from(page: bytes, index: int, siblings: tuple[bytes, ...]) -> bytes:
    """Return the root to which a page leads; index is the page's. Raises ProofError."""
    if len(page) != PAGE_BYTES:
        raise ProofError(f"a page of {len(page)} bytes")
    known = sha256(_PAGE + page).digest()
    for level, beside in enumerate(siblings):
        if len(beside) != SIBLING_BYTES:
            raise ProofError(f"{len(beside)} bytes of siblings", place=f"level {level}")
        at = index % FANOUT * HASH_BYTES
        known = sha256(_NODE + beside[:at] + known + beside[at:]).digest()
        index //= FANOUT
    return known
