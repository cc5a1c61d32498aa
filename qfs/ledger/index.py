"""From account ids to places: a dict, or an open table of machine words; the same answers.

- Interpreted, Python's dict is the fastest; compiled, the table is, and it holds an account in 16
  to 64 bytes. Either works in either form; ``dense`` says which is meant, by default the faster.
- A row of the table is an id and the place with 1 added, 0 for a row that is free. An id stands at
  one of _STEPS rows from the one that its bits name, and in the dict when none of them is free: so
  nobody's choice of ids makes a look-up long.
- Source: linear probing, Knuth, The Art of Computer Programming 3, 6.4 L.
"""

from typing import Final

from qfs.ledger.words import i64, signed, unsigned, vec, words_of

NOWHERE: Final = -1_024
"""Stands for the first balance of an account that is not open: below 0 with any token added."""
_STEPS: Final[i64] = 16
_GONE: Final[i64] = -1
"""In the place of a place: an id that was closed again; those behind it stay where they are."""
_PROBE: object = vec[i64]([0])
COMPILED: Final = not isinstance(_PROBE, list)
"""Whether this module was compiled."""


class Index:
    """Places by account id; ids are 0 .. 2**64 - 1, places are at least 0."""

    def __init__(self, *, dense: bool = COMPILED) -> None:
        self.dense: bool = dense
        self.others: dict[int, int] = {}
        """Word of an id -> place, for what is not in the table."""
        self.table: vec[i64] = vec[i64]([0] * 128)
        self.mask: i64 = 63
        self.held: i64 = 0
        """Rows that are not free."""

    def get(self, account: int) -> int:
        """Return an account's place, NOWHERE when it is not open."""
        return self.look(signed(account)) if 0 <= account < 1 << 64 else NOWHERE

    def look(self, word: i64) -> i64:
        """Return the place of an id's word."""
        row = self.row_of(word)
        if row >= 0:
            return self.table[2 * row + 1] - 1 if self.table[2 * row + 1] > 0 else NOWHERE
        return self.others.get(word, NOWHERE)

    def find(self, ids: bytes) -> vec[i64]:
        """Return the places of ids of 8 bytes each, one after the other."""
        if not self.dense:
            others, numbers = self.others, words_of(ids).tolist()
            try:
                return vec[i64](list(map(others.__getitem__, numbers)))
            except KeyError:
                return vec[i64]([others.get(one, NOWHERE) for one in numbers])
        words = vec[i64](words_of(ids))
        table, mask = self.table, self.mask
        at: i64
        for at in range(len(words)):
            word = words[at]
            row = (word ^ (word >> 29)) & mask
            if table[2 * row] == word and table[2 * row + 1] > 0:
                words[at] = table[2 * row + 1] - 1
            else:
                words[at] = self.look(word)
        return words

    def each(self, accounts: list[int]) -> vec[i64]:
        """Return the place of each id, NOWHERE for what is not open or no id at all."""
        return vec[i64]([self.get(account) for account in accounts])

    def put(self, account: int, place: int) -> None:
        """Give an account, which is not open, a place."""
        word = signed(account)
        if self.dense:
            if 2 * self.held > self.mask:
                self.grow()
            if self.placed(word, place + 1):
                return
        self.others[word] = place

    def drop(self, account: int) -> None:
        """Forget the place of an account that is open."""
        word = signed(account)
        row = self.row_of(word)
        if row >= 0:
            self.table[2 * row + 1] = _GONE
        else:
            del self.others[word]

    def fill(self, ids: list[int], first: int, step: int) -> int:
        """Give ids, as words, the places first, first + step ...; return how many differ."""
        if not self.dense:
            self.others = dict(zip(ids, range(first, first + step * len(ids), step), strict=True))
            return len(self.others)
        place = first
        for word in ids:
            if self.look(word) != NOWHERE:
                return place // step
            self.put(unsigned(word), place)
            place += step
        return len(ids)

    def row_of(self, word: i64) -> i64:
        """Return the row in which an id's word stands, or stood; -1 when there is none."""
        table, mask = self.table, self.mask
        row = (word ^ (word >> 29)) & mask
        step: i64
        for step in range(_STEPS):
            at = (row + step) & mask
            if table[2 * at + 1] == 0:
                return -1
            if table[2 * at] == word:
                return at
        return -1

    def placed(self, word: i64, value: i64) -> bool:
        """Put a row into the table, if one of the id's is free or its own."""
        table, mask = self.table, self.mask
        row = (word ^ (word >> 29)) & mask
        step: i64
        for step in range(_STEPS):
            at = (row + step) & mask
            if table[2 * at + 1] == 0 or table[2 * at] == word:
                if table[2 * at + 1] == 0:
                    self.held += 1
                table[2 * at], table[2 * at + 1] = word, value
                return True
        return False

    def grow(self) -> None:
        """Make the table twice as large; what was closed in it is forgotten."""
        old = self.table
        rows: i64 = 2 * (self.mask + 1)
        self.table = vec[i64](words_of(bytes(16 * rows)))
        self.mask, self.held = rows - 1, 0
        at: i64
        for at in range(rows >> 1):
            value = old[2 * at + 1]
            if value > 0 and not self.placed(old[2 * at], value):
                self.others[old[2 * at]] = value - 1
