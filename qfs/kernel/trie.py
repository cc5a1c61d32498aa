"""The paged hash trie: the Merkle side of a Table, canonical whatever its history.

- A row is path(32) || leaf(32), where the path hashes the key and the leaf hashes key and value.
- A subtree of at most 16 rows is one page, its rows in path order; a larger one is a 16-way node.
- Every hash has a prefix of its kind; page and node hashes cover the number of rows below them.
- Persistent: `update` shares what it did not touch, so an old root stays valid.
- Source: the shape is a Merkle radix tree with buckets; prefixes as in RFC 9162 §2.1.1.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from qfs.canon import Digest, decode
from qfs.errors import CanonError, ProofError

PAGE_ROWS = 16
FANOUT = 16
HASH_BYTES = 32
ROW_BYTES = 2 * HASH_BYTES  # 64: path and leaf
_COUNT_BYTES = 8
_SIBLING_BYTES = (FANOUT - 1) * HASH_BYTES  # 480
_ABSENT = bytes(HASH_BYTES)
_LEAF, _PAGE, _NODE, _PATH = b"\x00", b"\x01", b"\x02", b"\x03"


class Page:
    """At most 16 rows, concatenated in path order."""

    __slots__ = ("digest", "rows")

    def __init__(self, rows: bytes) -> None:
        self.rows: bytes = rows
        self.digest: bytes = page_digest(rows)


class Node:
    """Sixteen subtrees by the next half byte of the path, with more than 16 rows between them."""

    __slots__ = ("count", "digest", "kids")

    def __init__(self, kids: "list[Page | Node | None]", count: int) -> None:
        self.kids: list[Page | Node | None] = kids
        self.count: int = count
        self.digest: bytes = node_digest(
            count, b"".join([_ABSENT if kid is None else kid.digest for kid in kids])
        )


Tree: TypeAlias = Page | Node | None


@dataclass(frozen=True, slots=True)
class Step:
    """One node on the way from a page to the root."""

    count: int
    """Rows below the node; at least 17."""
    siblings: bytes
    """480 bytes: the digests of the fifteen other children, zeros for an absent one."""


@dataclass(frozen=True, slots=True)
class Proof:
    """That a key has a value under a root, or that it has none; a record of ``qfs.canon.pack``."""

    key: bytes
    """Canonical bytes of the key."""
    value: bytes | None
    """Canonical bytes of the value; None proves absence."""
    page: bytes
    """The rows of the page in which the key stands or would stand; empty when there is none."""
    steps: tuple[Step, ...]
    """From the page up to the root."""


def path_of(key: bytes) -> bytes:
    """Return the path of a key's canonical bytes."""
    return sha256(_PATH + key).digest()


def leaf_of(key: bytes, value: bytes) -> bytes:
    """Return the leaf hash of a key's and a value's canonical bytes."""
    return sha256(_LEAF + key + value).digest()


def page_digest(rows: bytes) -> bytes:
    """Return the hash of a page: prefix, number of rows, rows."""
    count = len(rows) >> 6
    return sha256(_PAGE + count.to_bytes(_COUNT_BYTES, "little") + rows).digest()


def node_digest(count: int, kids: bytes) -> bytes:
    """Return the hash of a node: prefix, rows below it, sixteen child digests."""
    return sha256(_NODE + count.to_bytes(_COUNT_BYTES, "little") + kids).digest()


_EMPTY_ROOT = page_digest(b"")


def root_of(tree: Tree) -> Digest:
    """Return a tree's root; that of an empty tree is the hash of a page without rows."""
    return Digest(_EMPTY_ROOT if tree is None else tree.digest)


def count_of(tree: Tree) -> int:
    """Return the number of rows."""
    if tree is None:
        return 0
    return tree.count if isinstance(tree, Node) else len(tree.rows) >> 6


def build(rows: list[bytes], depth: int = 0) -> Tree:
    """Return the tree of rows sorted by path, whose first depth half bytes are equal."""
    count = len(rows)
    if count == 0:
        return None
    if count <= PAGE_ROWS:
        return Page(b"".join(rows))
    kids: list[Page | Node | None] = []
    start = 0
    for nibble in range(FANOUT):
        end = start
        while end < count and _nibble(rows[end], depth) == nibble:
            end += 1
        kids.append(build(rows[start:end], depth + 1))
        start = end
    return Node(kids, count)


def update(tree: Tree, items: list[bytes], depth: int = 0) -> Tree:
    """Return the tree after items sorted by path: 64 bytes put that row, 32 remove that path."""
    if tree is None:
        return build([item for item in items if len(item) == ROW_BYTES], depth)
    if isinstance(tree, Page):
        if len(items) == 1:
            return _with(tree.rows, items[0], depth)
        rows = {row[:HASH_BYTES]: row for row in rows_of(tree)}
        for item in items:
            if len(item) == ROW_BYTES:
                rows[item[:HASH_BYTES]] = item
            else:
                rows.pop(item, None)
        return build(sorted(rows.values()), depth)
    kids = tree.kids.copy()
    count = tree.count
    start = 0
    while start < len(items):
        nibble = _nibble(items[start], depth)
        end = start + 1
        while end < len(items) and _nibble(items[end], depth) == nibble:
            end += 1
        kid = update(kids[nibble], items[start:end], depth + 1)
        count += count_of(kid) - count_of(kids[nibble])
        kids[nibble] = kid
        start = end
    if count > PAGE_ROWS:
        return Node(kids, count)
    kept: list[bytes] = []
    for one in kids:
        kept.extend(rows_of(one))
    return build(kept, depth)


def _with(rows: bytes, item: bytes, depth: int) -> Tree:
    """Return the tree of a page's rows after one item: the common case, without a dict."""
    path = item[:HASH_BYTES]
    low, high = 0, len(rows) >> 6
    while low < high:
        middle = (low + high) >> 1
        if rows[middle << 6 : (middle << 6) + HASH_BYTES] < path:
            low = middle + 1
        else:
            high = middle
    at = low << 6
    rest = at + ROW_BYTES if rows[at : at + HASH_BYTES] == path else at
    made = rows[:at] + (item if len(item) == ROW_BYTES else b"") + rows[rest:]
    if len(made) <= PAGE_ROWS * ROW_BYTES:
        return Page(made) if made else None
    return build([made[at : at + ROW_BYTES] for at in range(0, len(made), ROW_BYTES)], depth)


def rows_of(tree: Tree) -> list[bytes]:
    """Return every row, in path order."""
    if tree is None:
        return []
    if isinstance(tree, Page):
        rows = tree.rows
        return [rows[at : at + ROW_BYTES] for at in range(0, len(rows), ROW_BYTES)]
    found: list[bytes] = []
    for kid in tree.kids:
        found.extend(rows_of(kid))
    return found


def differing_paths(here: Tree, there: Tree) -> list[bytes]:
    """Return the paths whose rows differ, in path order; equal subtrees are never entered."""
    if root_of(here) == root_of(there):
        return []
    if isinstance(here, Node) and isinstance(there, Node):
        found: list[bytes] = []
        for nibble in range(FANOUT):
            found.extend(differing_paths(here.kids[nibble], there.kids[nibble]))
        return found
    mine = {row[:HASH_BYTES]: row for row in rows_of(here)}
    theirs = {row[:HASH_BYTES]: row for row in rows_of(there)}
    both = mine | theirs
    return sorted([path for path in both if mine.get(path) != theirs.get(path)])


def prove(tree: Tree, key: bytes, value: bytes | None) -> Proof:
    """Return the proof of a key's presence with its value, or of its absence when that is None."""
    path = path_of(key)
    steps: list[Step] = []
    depth = 0
    while isinstance(tree, Node):
        nibble = _nibble(path, depth)
        others = [kid for at, kid in enumerate(tree.kids) if at != nibble]
        siblings = b"".join([_ABSENT if kid is None else kid.digest for kid in others])
        steps.append(Step(tree.count, siblings))
        tree = tree.kids[nibble]
        depth += 1
    steps.reverse()
    return Proof(key, value, b"" if tree is None else tree.rows, tuple(steps))


def verify_proof(root: Digest, proof: Proof) -> int:
    """Return how many keys the proved table holds; needs the root and the proof, nothing else.

    Raises ProofError, saying what is wrong, when the proof does not lead to the root or does not
    show what it claims.
    """
    for part in (proof.key, b"\xf6" if proof.value is None else proof.value):
        try:
            decode(part)
        except CanonError as error:
            raise ProofError(f"the proof holds no canonical bytes: {error}") from None
    path = path_of(proof.key)
    found = _check_page(proof, path)
    size = len(proof.page) >> 6
    known = page_digest(proof.page) if proof.page or not proof.steps else _ABSENT
    depth = len(proof.steps)
    for step in proof.steps:
        depth -= 1
        at = _nibble(path, depth) * HASH_BYTES
        if len(step.siblings) != _SIBLING_BYTES:
            raise ProofError(f"{len(step.siblings)} bytes of siblings", place=f"depth {depth}")
        if step.count <= PAGE_ROWS or not size <= step.count < 1 << 63:
            raise ProofError(f"a node of {step.count} rows", place=f"depth {depth}")
        size = step.count
        kids = step.siblings[:at] + known + step.siblings[at:]
        known = node_digest(size, kids)
    if known != root:
        raise ProofError(
            f"the proof leads to {known.hex()}, not to {root.hex()}",
            way_out="ask for a proof against the root that you trust",
        )
    claimed = None if proof.value is None else leaf_of(proof.key, proof.value)
    if found != claimed:
        raise ProofError("the page does not hold what the proof claims of its key")
    return size


def _check_page(proof: Proof, path: bytes) -> bytes | None:
    """Return the leaf hash at the path, None when the page lacks it."""
    rows = proof.page
    if len(rows) % ROW_BYTES or len(rows) > PAGE_ROWS * ROW_BYTES or len(proof.steps) > ROW_BYTES:
        raise ProofError(f"a page of {len(rows)} bytes under {len(proof.steps)} nodes")
    found: bytes | None = None
    previous = b""
    for at in range(0, len(rows), ROW_BYTES):
        other = rows[at : at + HASH_BYTES]
        if other <= previous:
            raise ProofError("rows out of order", place=f"page row {at >> 6}")
        for depth in range(len(proof.steps)):
            if _nibble(other, depth) != _nibble(path, depth):
                raise ProofError("a row of another page", place=f"page row {at >> 6}")
        if other == path:
            found = rows[at + HASH_BYTES : at + ROW_BYTES]
        previous = other
    return found


def _nibble(path: bytes, depth: int) -> int:
    byte = path[depth >> 1]
    return byte & 15 if depth & 1 else byte >> 4
