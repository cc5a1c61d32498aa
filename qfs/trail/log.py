"""A trail as a value: append facts, know the root; read entries back, trusting nothing.

- A checkpoint that the ledger holds is judged: entry n is a good one if it names n entries and
  their root. Any other has the answer NOT_THIS_TRAIL, on every replica alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from qfs.canon import Digest, decode
from qfs.crypto import Frontier
from qfs.errors import CanonError, ProofError
from qfs.trail.checkpoint import Checkpoint, origin_of
from qfs.trail.entry import MAX_CONTENT_BYTES, VERSION, Entry, Kind
from qfs.trail.facts import Fact

NOT_THIS_TRAIL = "NOT_THIS_TRAIL"
"""The answer to a checkpoint of another size or root than the trail has before it."""


@dataclass(frozen=True, slots=True)
class Trail:
    """How far a trail has come; O(log n) to keep."""

    ledger: Digest
    head: Digest
    """Leaf hash of the last entry; the ledger's id before the first."""
    frontier: Frontier
    """The tree over the entries' leaf hashes."""

    @classmethod
    def of(cls, ledger: Digest) -> "Trail":
        """Return the empty trail of a ledger."""
        return cls(ledger, ledger, Frontier())

    def append(self, fact: Fact) -> tuple["Trail", Entry]:
        """Return the trail with one more entry, and the entry."""
        content = fact.content if len(fact.content) <= MAX_CONTENT_BYTES else b""
        entry = Entry(
            version=VERSION,
            index=self.frontier.size,
            previous=self.head,
            kind=fact.kind,
            seq=fact.seq,
            packet=fact.packet,
            time_us=fact.time_us,
            actor=fact.actor,
            machine=fact.machine,
            answer=self.judge(fact.kind, fact.answer, fact.content),
            digest=Digest(sha256(fact.content).digest()),
            content=content,
        )
        return self.with_leaf(entry.hash()), entry

    def judge(self, kind: Kind, answer: str, content: bytes) -> str:
        """Return the answer to what comes next: a yes to a checkpoint only if it is this trail's.

        A checkpoint's content is a record that ends with size and root. Raises CanonError for
        content that is no record.
        """
        if kind is not Kind.CHECKPOINT or answer not in ("", NOT_THIS_TRAIL):
            return answer
        record = decode(content)
        now = [self.frontier.size, self.frontier.root()]
        return "" if type(record) is list and record[-2:] == now else NOT_THIS_TRAIL

    def checkpoint(self) -> Checkpoint:
        """Return the checkpoint at this size."""
        return Checkpoint(origin_of(self.ledger), self.frontier.size, self.frontier.root())

    def with_leaf(self, leaf: Digest) -> "Trail":
        """Return the trail with an entry of this leaf hash."""
        return Trail(self.ledger, leaf, self.frontier.append(leaf))


def read(ledger: Digest, entries: Iterable[bytes]) -> tuple[Trail, tuple[Entry, ...]]:
    """Return the trail that entries make, and the entries read.

    Raises ProofError, naming the entry, where the chain breaks or the bytes are no entry.
    """
    trail = Trail.of(ledger)
    found: list[Entry] = []
    for index, data in enumerate(entries):
        try:
            entry = Entry.from_bytes(data)
            answer = trail.judge(entry.kind, entry.answer, entry.content)
        except CanonError as error:
            raise ProofError(f"no entry: {error}", place=f"entry {index}") from None
        if entry.index != index or entry.previous != trail.head:
            raise ProofError("it does not follow the entry before", place=f"entry {index}")
        if entry.answer != answer:
            raise ProofError("a checkpoint that is judged falsely", place=f"entry {index}")
        found.append(entry)
        trail = trail.with_leaf(entry.hash())
    return trail, tuple(found)
