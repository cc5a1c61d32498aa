"""One entry: what happened, by whom, in which packet, and the hash of the entry before.

- ``[1, index, previous, kind, seq, packet, time_us, actor, machine, answer, digest, content]``,
  canonical. The hash of an entry is its leaf hash (RFC 9162 §2.1.1).
- The first entry's previous hash is the ledger's id.
- An entry has at most 65,535 bytes, as c2sp.org/tlog-tiles counts them: content that would not fit
  is left out, and its digest stays.
"""

from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from qfs.canon import Digest, decode, encode, pack, unpack
from qfs.crypto import KeyId, leaf_hash
from qfs.errors import RecordError

VERSION = 1
MAX_ENTRY_BYTES = 65_535
MAX_CONTENT_BYTES = 64_000
"""The rest of an entry has less than 1,000 bytes: a machine's name has at most 64 characters."""


class Kind(Enum):
    """What an entry is about."""

    ORDER = 1
    """An order to an audited machine, accepted or refused."""
    UPGRADE = 2
    """A machine's version, scheduled or refused."""
    HALT = 3
    """A CIR-302 halt, as the resume that ended it names it."""
    RESUME = 4
    """The end of a halt."""
    CERTIFICATE = 5
    """A certificate, shown to the ledger; accepted or refused."""
    CHECKPOINT = 6
    """A signed checkpoint of this trail as it stands before the entry; accepted or refused."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a trail."""

    version: int
    index: int
    """Place in the trail, from 0 on."""
    previous: Digest
    """Leaf hash of the entry before; the ledger's id for entry 0."""
    kind: Kind
    seq: int
    """Sequence number of the packet; 0 is genesis."""
    packet: Digest
    """Identity of the packet; the ledger's id for genesis."""
    time_us: int
    """The packet's time; 0 in genesis."""
    actor: KeyId
    """Who signed: the principal of its line, NOBODY in genesis."""
    machine: str
    """The machine asked; empty for halts and resumes."""
    answer: str
    """Empty for a yes, else the refusal's name, or NOT_THIS_TRAIL."""
    digest: Digest
    """SHA-256 of the content."""
    content: bytes
    """Canonical bytes of the order's record, the upgrade or the halt; empty when too large."""

    def to_bytes(self) -> bytes:
        """Return the canonical bytes, at most MAX_ENTRY_BYTES."""
        return encode(pack(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Entry":
        """Return the entry; raises CanonError for any bytes that are none."""
        if len(data) > MAX_ENTRY_BYTES:
            raise RecordError(f"an entry of {len(data)} bytes", place="trail entry")
        entry = unpack(cls, decode(data))
        if entry.version != VERSION:
            raise RecordError(f"an entry of version {entry.version}", place="trail entry")
        if entry.content and sha256(entry.content).digest() != entry.digest:
            raise RecordError("the content is not the one digested", place="trail entry")
        return entry

    def hash(self) -> Digest:
        """Return the leaf hash."""
        return leaf_hash(self.to_bytes())
