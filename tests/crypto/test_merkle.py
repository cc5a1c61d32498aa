"""Merkle trees against RFC 9162's own recursive definition, and proofs that must fail."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import Digest
from qfs.crypto import (
    EMPTY,
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    reader_of,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from qfs.errors import ProofError, UsageError

LEAVES = [leaf_hash(bytes((number,))) for number in range(70)]


def definition(data: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word for word."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\0" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\1" + definition(data[:k]) + definition(data[k:])).digest()


def roots(count: int) -> Digest:
    return root_of(LEAVES[:count])


@pytest.mark.parametrize("count", range(70))
def test_the_root_is_what_the_definition_says(count: int) -> None:
    data = [bytes((number,)) for number in range(count)]
    assert roots(count) == definition(data)


# Published with RFC 6962 implementations (Certificate Transparency, Google's merkle tests).
KNOWN_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
CT_DATA = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
CT_DATA += ["606162636465666768696a6b6c6d6e6f"]


@pytest.mark.parametrize(("count", "expected"), KNOWN_ROOTS.items())
def test_the_roots_that_certificate_transparency_publishes(count: int, expected: str) -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in CT_DATA[:count]]
    assert root_of(leaves).hex() == expected


def test_every_leaf_of_every_tree_is_proved() -> None:
    for size in range(1, 34):
        node = reader_of(LEAVES[:size])
        for index in range(size):
            path = inclusion_path(index, size, node)
            verify_inclusion(LEAVES[index], index, size, path, roots(size))


def test_every_tree_is_proved_to_extend_every_earlier_one() -> None:
    node = reader_of(LEAVES)
    for new in range(1, 34):
        for old in range(1, new + 1):
            path = consistency_path(old, new, node)
            verify_consistency(old, new, path, roots(old), roots(new))


def test_every_tree_extends_the_empty_one() -> None:
    verify_consistency(0, 5, (), EMPTY, roots(5))
    with pytest.raises(ProofError):
        verify_consistency(0, 5, (), roots(1), roots(5))
    with pytest.raises(ProofError):
        verify_consistency(0, 5, (LEAVES[0],), EMPTY, roots(5))


@given(st.integers(1, 60), st.data())
def test_appending_needs_only_the_peaks(size: int, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, size))
    frontier = Frontier()
    for leaf in LEAVES[:kept]:
        frontier = frontier.append(leaf)
    resumed = Frontier(frontier.size, frontier.peaks)
    for leaf in LEAVES[kept:size]:
        resumed = resumed.append(leaf)
    assert (resumed.size, resumed.root()) == (size, roots(size))
    assert len(resumed.peaks) == size.bit_count()


def flip(digest: Digest) -> Digest:
    return Digest(bytes((digest[0] ^ 1,)) + digest[1:])


@given(st.integers(2, 60), st.data())
def test_a_proof_that_was_tampered_with_fails(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = list(inclusion_path(index, size, reader_of(LEAVES[:size])))
    at = data.draw(st.integers(0, len(path) - 1))
    others = {
        "another digest": (index, size, [*path[:at], flip(path[at]), *path[at + 1 :]]),
        "one digest too few": (index, size, path[:-1]),
        "one digest too many": (index, size, [*path, path[-1]]),
        "another index": ((index + 1) % size, size, path),
        "an index outside": (size, size, path),
        "a negative index": (-1, size, path),
    }
    for claimed, count, steps in others.values():
        with pytest.raises(ProofError):
            verify_inclusion(LEAVES[index], claimed, count, steps, roots(size))
    with pytest.raises(ProofError):
        verify_inclusion(flip(LEAVES[index]), index, size, path, roots(size))


@given(st.integers(1, 50), st.integers(1, 19), st.data())
def test_a_consistency_proof_that_was_tampered_with_fails(
    old: int, more: int, data: st.DataObject
) -> None:
    new = old + more
    path = list(consistency_path(old, new, reader_of(LEAVES)))
    at = data.draw(st.integers(0, len(path) - 1))
    others = [
        (old, new, [*path[:at], flip(path[at]), *path[at + 1 :]], roots(old), roots(new)),
        (old, new, path[:-1], roots(old), roots(new)),
        (old, new, [*path, path[0]], roots(old), roots(new)),
        (old, new, path, flip(roots(old)), roots(new)),
        (old, new, path, roots(old), flip(roots(new))),
        (new, old, path, roots(new), roots(old)),
        (old, old, path, roots(old), roots(old)),
        (-1, new, path, roots(old), roots(new)),
    ]
    for case in others:
        with pytest.raises(ProofError):
            verify_consistency(*case)


def test_a_log_that_forgot_or_rewrote_an_entry_has_no_consistency_proof() -> None:
    rewritten = [*LEAVES[:3], leaf_hash(b"other"), *LEAVES[4:20]]
    path = consistency_path(10, 20, reader_of(rewritten))
    with pytest.raises(ProofError, match="old tree"):
        verify_consistency(10, 20, path, roots(10), root_of(rewritten))


def test_repeating_the_last_leaf_gives_another_root() -> None:
    # CVE-2012-2459: trees that pad an odd level by repeating cannot tell these lists apart.
    for size in range(1, 20):
        assert root_of(LEAVES[:size]) != root_of([*LEAVES[:size], LEAVES[size - 1]])


def test_a_node_is_never_a_leaf() -> None:
    inner = node_hash(LEAVES[0], LEAVES[1])
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != inner
    assert root_of([inner]) == root_of(LEAVES[:2])  # the same digest as a hash of level 1 ...
    with pytest.raises(ProofError):  # ... but no proof of it has the length of a leaf's
        verify_inclusion(inner, 0, 4, (node_hash(LEAVES[2], LEAVES[3]),), roots(4))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_only_leaves_of_the_tree_have_a_path(index: int, size: int) -> None:
    with pytest.raises(UsageError):
        inclusion_path(index, size, reader_of(LEAVES))


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 2)])
def test_only_growth_has_a_path(old: int, new: int) -> None:
    with pytest.raises(UsageError):
        consistency_path(old, new, reader_of(LEAVES))
