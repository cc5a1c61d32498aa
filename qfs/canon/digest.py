"""Digests: SHA-256 over a domain tag and canonical bytes.

- The tag is hashed with its length first, so that no tag is a prefix of another's input.
- Source: FIPS 180-4; domain separation as in RFC 9162 §2.1.1.
"""

from hashlib import sha256
from typing import NewType

from qfs.canon.codec import Value, encode

Digest = NewType("Digest", bytes)
"""32 bytes of SHA-256."""

DIGEST_BYTES = 32
ZERO_DIGEST = Digest(bytes(DIGEST_BYTES))


def digest(tag: str, value: Value) -> Digest:
    """Return SHA-256 over the tag and the value's canonical bytes; tag is 1 to 255 ASCII bytes."""
    return digest_bytes(tag, encode(value))


def digest_bytes(tag: str, data: bytes) -> Digest:
    """Return SHA-256(len(tag) || tag || data)."""
    name = tag.encode("ascii")
    return Digest(sha256(bytes((len(name),)) + name + data).digest())
