"""Canonical bytes: one byte string a value, one value a byte string.

- Deterministic CBOR (RFC 8949 §4.2.1) of arrays only: int, bytes, str, bool, None, list, and
  little-endian typed arrays (RFC 8746). No map, no float, no indefinite length.
- The reader refuses every byte string that the writer cannot have made; no re-encoding needed.
- Records carry frozen dataclasses: [kind, version, field ...], with exact type checks.
- Digests are SHA-256 over a domain tag and the canonical bytes.
"""

from qfs.canon.codec import MAX_BYTES, MAX_DEPTH, Reader, Value, decode, encode
from qfs.canon.digest import DIGEST_BYTES, ZERO_DIGEST, Digest, digest, digest_bytes
from qfs.canon.records import Registry, pack, unpack
from qfs.canon.typed import ArrayKind, TypedArray

__all__ = [
    "DIGEST_BYTES",
    "MAX_BYTES",
    "MAX_DEPTH",
    "ZERO_DIGEST",
    "ArrayKind",
    "Digest",
    "Reader",
    "Registry",
    "TypedArray",
    "Value",
    "decode",
    "digest",
    "digest_bytes",
    "encode",
    "pack",
    "unpack",
]
