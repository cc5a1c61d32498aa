"""Digests: SHA-256 over a tag that cannot run into what it tags."""

from hashlib import sha256

from qfs.canon import ZERO_DIGEST, digest, digest_bytes


def test_a_digest_is_sha256_over_tag_and_canonical_bytes():
    assert digest("tag", [1, "a"]) == sha256(b"\x03tag" + bytes.fromhex("82016161")).digest()
    assert len(ZERO_DIGEST) == 32


def test_no_tag_runs_into_another():
    assert digest_bytes("ab", b"c") != digest_bytes("a", b"bc")
    assert digest("a", 1) != digest("b", 1)
