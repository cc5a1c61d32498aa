"""The accounts' records as machine words, side by side; which of their pages differ from a tree.

- A record of 128 bytes is sixteen words: id, nonce, four of the owner, two a balance, the lower one
  first. Word 2 * c is the lower half of cell c (``rows``).
- The words are the state, and its bytes are the leaves of the tree over it (``pages``): nothing is
  copied in between. They always end with a whole page; what no account has is zero.
- Interpreted or compiled by mypyc, the same source and the same words.
"""

from typing import Final

from qfs.ledger.sums import halves, number
from qfs.ledger.words import bytes_of, i64, vec, words_of

RECORD_WORDS: Final[i64] = 16
PAGE_WORDS: Final[i64] = 256
_RECORD_BYTES: Final = 128
_PAGE_BYTES: Final = 2_048
_WORD: Final = (1 << 64) - 1


class Columns:
    """The newest version's records."""

    def __init__(self, records: bytes, count: int) -> None:
        """Take over the bytes of so many records."""
        filled = records + bytes(-len(records) % _PAGE_BYTES)
        self.words: vec[i64] = vec[i64](words_of(filled))
        self.count: int = count
        """How many accounts there are."""
        self.stale: vec[i64] = vec[i64]([0] * (len(filled) // _PAGE_BYTES))
        """A page: 1 where it is among the changed."""
        self.changed: list[int] = []
        """Pages that may differ from what was last hashed of them."""

    def touch(self, page: i64) -> None:
        """Say that a page may differ from what was last hashed of it."""
        if self.stale[page] == 0:
            self.stale[page] = 1
            self.changed.append(page)

    def taken(self) -> list[int]:
        """Return the pages that may have changed, in order, and begin anew."""
        found = sorted(self.changed)
        for page in found:
            self.stale[page] = 0
        self.changed = []
        return found

    def raw(self) -> memoryview:
        """Return the records' bytes, a whole number of pages, some of them not used yet."""
        return bytes_of(self.words)

    def open(self, record: bytes) -> None:
        """Put one more account's record."""
        index = self.count
        if index * RECORD_WORDS == len(self.words):
            pages = index // 16
            more = max(16, pages)
            self.words = vec[i64](words_of(bytes(self.raw()) + bytes(more * _PAGE_BYTES)))
            self.stale = vec[i64](list(self.stale) + [0] * more)
        self.count = index + 1
        self.put(index, 0, record)

    def close(self) -> None:
        """Take the last account away."""
        self.count -= 1
        self.put(self.count, 0, bytes(_RECORD_BYTES))

    def put(self, index: int, word: int, data: bytes) -> None:
        """Overwrite a part of an account's record, from one of its words on."""
        at: i64 = index * RECORD_WORDS + word
        for one in words_of(data):
            self.words[at] = one
            at += 1
        self.touch(index // 16)

    def balance(self, cell: i64) -> int:
        """Return what a cell holds."""
        return number(self.words[2 * cell], self.words[2 * cell + 1])

    def keep(self, cell: i64, value: int) -> None:
        """Let a cell hold a number of 127 bits and a sign."""
        self.words[2 * cell], self.words[2 * cell + 1] = halves(value)
        self.touch(cell >> 7)

    def record(self, index: int) -> bytes:
        """Return an account's record."""
        at = index * _RECORD_BYTES
        return bytes(self.raw()[at : at + _RECORD_BYTES])

    def id_of(self, index: int) -> int:
        """Return an account's id."""
        word: int = self.words[index * RECORD_WORDS]
        return word & _WORD
