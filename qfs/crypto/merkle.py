"""Merkle trees as Certificate Transparency has them: roots, proofs, and appending in O(log n).

- Leaf hash SHA-256(0x00 || data), node hash SHA-256(0x01 || left || right): a node is never a leaf.
- A tree of n leaves splits at the largest power of two below n; nothing is ever duplicated, so
  no two lists of leaves share a root (CVE-2012-2459 is about trees that do).
- Proof makers read complete subtrees through a NodeReader, so that a log of tiles serves as well
  as a list in memory. Checkers need nothing but the proof.
- Source: RFC 9162 §2.1.1 to §2.1.4.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from qfs.canon import Digest
from qfs.errors import ProofError, UsageError

EMPTY = Digest(sha256(b"").digest())
"""Root of the tree without leaves (RFC 9162 §2.1.1)."""

NodeReader: TypeAlias = Callable[[int, int], Digest]
"""(level, index) -> hash of the complete subtree of 2**level leaves that is the index-th there."""


def leaf_hash(data: bytes) -> Digest:
    """Return SHA-256(0x00 || data)."""
    return Digest(sha256(b"\x00" + data).digest())


def node_hash(left: Digest, right: Digest) -> Digest:
    """Return SHA-256(0x01 || left || right)."""
    return Digest(sha256(b"\x01" + left + right).digest())


@dataclass(frozen=True, slots=True)
class Frontier:
    """A growing tree, remembered by the roots of its complete subtrees: O(log n) to append."""

    size: int = 0
    """Leaves so far."""
    peaks: tuple[Digest, ...] = ()
    """Roots of the complete subtrees, largest first: one a bit that is set in size."""

    def append(self, leaf: Digest) -> "Frontier":
        """Return the tree with one more leaf hash."""
        peaks = list(self.peaks)
        carried = leaf
        size = self.size
        while size & 1:
            carried = node_hash(peaks.pop(), carried)
            size >>= 1
        peaks.append(carried)
        return Frontier(self.size + 1, tuple(peaks))

    def root(self) -> Digest:
        """Return the tree's root; EMPTY without leaves."""
        if not self.peaks:
            return EMPTY
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Sequence[Digest]) -> Digest:
    """Return the root over leaf hashes, in order."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier.root()


def reader_of(leaves: Sequence[Digest]) -> NodeReader:
    """Return a NodeReader over leaf hashes in memory; makes every complete subtree once."""
    levels: list[list[Digest]] = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])

    def node(level: int, index: int) -> Digest:
        return levels[level][index]

    return node


def inclusion_path(index: int, size: int, node: NodeReader) -> tuple[Digest, ...]:
    """Return the proof that leaf index is in the tree of the first size leaves.

    Lowest sibling first, at most 64 digests. Raises UsageError unless 0 <= index < size.
    Source: RFC 9162 §2.1.3.1.
    """
    if not 0 <= index < size:
        raise UsageError(f"leaf {index} of {size}", way_out="name a leaf of the tree")
    path: list[Digest] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, node))
            end = middle
        else:
            path.append(_range_hash(start, middle, node))
            start = middle
    return tuple(reversed(path))


def consistency_path(old: int, new: int, node: NodeReader) -> tuple[Digest, ...]:
    """Return the proof that the tree of new leaves extends the tree of its first old leaves.

    Raises UsageError unless 0 < old <= new. Source: RFC 9162 §2.1.4.1.
    """
    if not 0 < old <= new:
        raise UsageError(f"from {old} to {new} leaves", way_out="take 0 < old <= new")
    path: list[Digest] = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(middle, end, node))
            end = middle
        else:
            path.append(_range_hash(start, middle, node))
            start = middle
    if start != 0:  # the old tree's last subtree is not the whole old tree: the proof names it
        path.append(_range_hash(start, end, node))
    return tuple(reversed(path))


def verify_inclusion(
    leaf: Digest, index: int, size: int, path: Sequence[Digest], root: Digest
) -> None:
    """Raise ProofError unless the path leads from the leaf at index to the root of size leaves."""
    found = inclusion_root(leaf, index, size, path)
    if found != root:
        raise ProofError(f"leaf {index} leads to {found.hex()}, not to {root.hex()}")


def inclusion_root(leaf: Digest, index: int, size: int, path: Sequence[Digest]) -> Digest:
    """Return the root to which a path leads from the leaf at index of size leaves.

    Raises ProofError for a path of a wrong length. Source: RFC 9162 §2.1.3.2.
    """
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} of {size}")
    at, last = index, size - 1
    found = leaf
    for sibling in path:
        if last == 0:
            raise ProofError(f"a path of {len(path)} digests is too long for {size} leaves")
        if at & 1 or at == last:
            found = Digest(sha256(b"\x01" + sibling + found).digest())
            while not at & 1 and at:  # at == last: no right sibling on these levels
                at >>= 1
                last >>= 1
        else:
            found = Digest(sha256(b"\x01" + found + sibling).digest())
        at >>= 1
        last >>= 1
    if last != 0:
        raise ProofError(f"a path of {len(path)} digests is too short for {size} leaves")
    return found


def verify_consistency(
    old: int, new: int, path: Sequence[Digest], old_root: Digest, new_root: Digest
) -> None:
    """Raise ProofError unless the tree of new leaves extends the tree of old ones.

    An old tree without leaves is extended by every tree, with an empty path.
    Source: RFC 9162 §2.1.4.2.
    """
    if not 0 <= old <= new:
        raise ProofError(f"from {old} to {new} leaves")
    if old in (0, new):
        expected = EMPTY if old == 0 else new_root
        if path or old_root != expected:
            raise ProofError(f"the tree of {old} leaves has another root or needs no path")
        return
    steps = list(path)
    if old & (old - 1) == 0:  # the old tree is complete: the new one holds its root as a node
        steps.insert(0, old_root)
    if not steps:
        raise ProofError("the path is empty")
    at, last = old - 1, new - 1
    while at & 1:
        at >>= 1
        last >>= 1
    from_old = from_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ProofError(f"a path of {len(path)} digests is too long")
        if at & 1 or at == last:
            from_old = node_hash(step, from_old)
            from_new = node_hash(step, from_new)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            from_new = node_hash(from_new, step)
        at >>= 1
        last >>= 1
    if last != 0:
        raise ProofError(f"a path of {len(path)} digests is too short")
    if from_old != old_root:
        raise ProofError(f"the old tree leads to {from_old.hex()}, not to {old_root.hex()}")
    if from_new != new_root:
        raise ProofError(f"the new tree leads to {from_new.hex()}, not to {new_root.hex()}")


def _split(size: int) -> int:
    """Return the largest power of two below size, size > 1 (RFC 9162 §2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_hash(start: int, end: int, node: NodeReader) -> Digest:
    """Return the hash over leaves [start, end), a range that splitting a tree has made."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range_hash(start, middle, node), _range_hash(middle, end, node))
