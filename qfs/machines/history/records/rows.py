"""The records of the newest packet: a store that is compared field by field.

- A key is (number of the record, name of the field); numbers go on through the whole history.
- What no field tells is told last, under names of its own: the stream, and the data's digest.
- The root is the digest over the packet, the first number and each row's own digest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qfs.canon import Digest, Value, decode, digest, encode, pack, unpack
from qfs.errors import CanonError

STREAM = "(stream)"
DATA = "(data)"
ROW = "(row)"
"""The row's own digest: where the fields have the same names and values in another order."""
OWN_NAMES = (STREAM, DATA, ROW)
Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One record, its data by digest."""

    stream: str
    data: Digest
    """SHA-256 of the record's bytes."""
    fields: tuple[tuple[str, str], ...]

    def digest(self) -> Digest:
        """Return the digest over all of it."""
        flat = [text for field in self.fields for text in field]
        return digest("qfs/records/row/1", [self.stream, self.data, *flat])

    def parts(self) -> tuple[tuple[str, str], ...]:
        """Return every name and value, the row's own behind the record's."""
        return (*self.fields, (STREAM, self.stream), (DATA, self.data.hex()))


@dataclass(frozen=True, slots=True)
class Rows:
    """A value; what follows it is a new one."""

    seq: int
    """The packet; 0 before the first."""
    first: int
    """Number of the first row."""
    rows: tuple[Row, ...] = ()
    digests: tuple[Digest, ...] = ()
    """Each row's."""

    def add(self, seq: int, row: Row) -> "Rows":
        """Return the rows with one more, or that one alone where it begins another packet."""
        known = row.digest()
        if seq == self.seq:
            return Rows(seq, self.first, (*self.rows, row), (*self.digests, known))
        return Rows(seq, self.first + len(self.rows), (row,), (known,))

    def get(self, key: Key) -> str | None:
        """Return the value of a record's field, None where there is none."""
        number, name = key
        if not self.first <= number < self.first + len(self.rows):
            return None
        at = number - self.first
        for known, value in (*self.rows[at].parts(), (ROW, self.digests[at].hex())):
            if known == name:
                return value
        return None

    def items(self) -> list[tuple[Key, str]]:
        """Return every key and value, in the order of the records."""
        return [
            ((number, name), value)
            for number, row in enumerate(self.rows, start=self.first)
            for name, value in row.parts()
        ]

    def seal(self) -> Digest:
        """Return the root."""
        return digest("qfs/records/rows/1", [self.seq, self.first, list(self.digests)])

    def restore(self) -> None:
        """Do nothing: every version is as fast as the newest."""

    def snapshot(self) -> Iterator[bytes]:
        """Yield [packet, first number] and each row, as canonical records."""
        yield encode([self.seq, self.first])
        for row in self.rows:
            yield encode(pack(row))

    def load(self, records: Iterable[bytes]) -> "Rows":
        """Return the rows of a snapshot; raises CanonError for what `snapshot` cannot write."""
        head: Value = None
        rows: list[Row] = []
        for at, record in enumerate(records):
            if at == 0:
                head = decode(record)
            else:
                rows.append(unpack(Row, decode(record)))
        match head:
            case [int(seq), int(first)] if type(seq) is int and type(first) is int:
                return Rows(seq, first, tuple(rows), tuple([row.digest() for row in rows]))
        raise CanonError("rows begin with [packet, first number]", place="records.recent")

    def diff(self, other: "Rows", limit: int = 1) -> list[tuple[Key, str | None, str | None]]:
        """Return the first differing keys, at most limit, in the order of the records.

        Rows of another packet or of other numbers differ in their place, (first number, "").
        """
        if (self.seq, self.first) != (other.seq, other.first):
            here, there = f"packet {self.seq}", f"packet {other.seq}"
            return [((self.first, ""), here, there)]
        found: list[tuple[Key, str | None, str | None]] = []
        for at in range(max(len(self.rows), len(other.rows))):
            if len(found) >= limit:
                break
            if self.digests[at : at + 1] == other.digests[at : at + 1]:
                continue
            number = self.first + at
            found += [
                ((number, name), here, there)
                for name, here, there in _parting(self.rows[at : at + 1], other.rows[at : at + 1])
            ]
        return found[:limit]


def _parting(
    one: tuple[Row, ...], other: tuple[Row, ...]
) -> list[tuple[str, str | None, str | None]]:
    """Return each name whose value differs between two rows, either of which may be missing.

    Of a name that stands twice in a row the first counts, as in `Rows.get`.
    """
    here, there = (_named(rows) for rows in (one, other))
    found = [
        (name, here.get(name), there.get(name))
        for name in dict.fromkeys([*here, *there])
        if name != ROW and here.get(name) != there.get(name)
    ]
    return found or [(ROW, here.get(ROW), there.get(ROW))]


def _named(rows: tuple[Row, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        for name, value in (*row.parts(), (ROW, row.digest().hex())):
            found.setdefault(name, value)
    return found
