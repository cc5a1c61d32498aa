"""Batches: one signature over the Merkle root of many packets, and proofs that let one travel.

- The leaves are the packets' identities in their order; the tree is RFC 9162's.
- What is signed is a digest of size and root under the context ``QFS/BATCH/v1``: no packet's
  signature is a batch's, and none the other way round.
- All packets of a batch are signed by one key; each still names it, follows the one before and is
  checked by the gate as if it stood alone.
- Source: RFC 9162 §2.1.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from qfs.canon import DIGEST_BYTES, Digest, Value, digest
from qfs.crypto import inclusion_path, inclusion_root, leaf_hash, reader_of, root_of
from qfs.errors import RecordError
from qfs.packet.body import packet_id

BATCH_CONTEXT = b"QFS/BATCH/v1"
"""Domain separation of batch signatures (FIPS 204 §5.2 ctx)."""
MAX_BATCH = 65_536
"""Packets that one signature may cover; a path has at most 16 digests."""


@dataclass(frozen=True, slots=True)
class BatchPlace:
    """Where a packet stands in its batch, and the way from its leaf to the root."""

    index: int
    """0 .. size - 1."""
    size: int
    """Packets in the batch, 1 .. MAX_BATCH."""
    path: tuple[Digest, ...]
    """Lowest sibling first (RFC 9162 §2.1.3.1)."""

    def value(self) -> list[Value]:
        """Return [index, size, [digest ...]]."""
        return [self.index, self.size, list(self.path)]

    @classmethod
    def of_value(cls, value: Value) -> "BatchPlace":
        """Return the place of a canonical value; raises RecordError for any other."""
        if type(value) is list and len(value) == 3:
            index, size, path = value
            if type(index) is int and type(size) is int and type(path) is list:
                sound = [one for one in path if type(one) is bytes and len(one) == DIGEST_BYTES]
                if len(sound) == len(path) and 0 <= index < size <= MAX_BATCH:
                    return cls(index, size, tuple(sound))  # type: ignore[arg-type]  # 32 bytes each
        raise RecordError("a place in a batch is [index, size, [digest ...]]", place="envelope")

    def message(self, packet: Digest) -> bytes:
        """Return the 32 bytes that are signed if the packet stands at this place.

        Raises ProofError for a path that does not have the length of this place.
        """
        return batch_message(
            self.size, inclusion_root(leaf_hash(packet), self.index, self.size, self.path)
        )


def batch_message(size: int, root: Digest) -> bytes:
    """Return the 32 bytes that sign a batch."""
    return digest("qfs/batch/1", [size, root])


def whole_batch_message(bodies: Sequence[bytes]) -> bytes:
    """Return the 32 bytes that sign packets' bodies in their order.

    All that verifying needs where a batch travels whole, without a path for each packet.
    Raises RecordError unless there are 1 to MAX_BATCH.
    """
    return batch_message(len(bodies), root_of(_leaves(bodies)))


def batch(bodies: Sequence[bytes]) -> tuple[bytes, tuple[BatchPlace, ...]]:
    """Return the message to sign for packets' bodies in order, and each packet's place.

    Raises RecordError unless there are 1 to MAX_BATCH.
    """
    leaves = _leaves(bodies)
    node, size = reader_of(leaves), len(leaves)
    places = [BatchPlace(at, size, inclusion_path(at, size, node)) for at in range(size)]
    return batch_message(size, root_of(leaves)), tuple(places)


def _leaves(bodies: Sequence[bytes]) -> list[Digest]:
    if not 1 <= len(bodies) <= MAX_BATCH:
        raise RecordError(f"a batch of {len(bodies)}", way_out=f"sign 1 to {MAX_BATCH} packets")
    return [leaf_hash(packet_id(body)) for body in bodies]
