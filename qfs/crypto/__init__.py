"""What the core knows of cryptography: ports, identities of public keys, Merkle trees.

- No provider is imported here; ``qfs.shell.providers`` holds the real ones.
- Sources: FIPS 204, RFC 9881 (SubjectPublicKeyInfo of ML-DSA), RFC 9162 (Merkle trees).
"""

from qfs.crypto.identity import key_id, read_spki, spki
from qfs.crypto.merkle import (
    EMPTY,
    Frontier,
    consistency_path,
    inclusion_path,
    inclusion_root,
    leaf_hash,
    node_hash,
    reader_of,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from qfs.crypto.ports import (
    KEY_ID_BYTES,
    NOBODY,
    SIZES,
    KeyId,
    Profile,
    ProfileSizes,
    Signer,
    Verifier,
)

__all__ = [
    "EMPTY",
    "KEY_ID_BYTES",
    "NOBODY",
    "SIZES",
    "Frontier",
    "KeyId",
    "Profile",
    "ProfileSizes",
    "Signer",
    "Verifier",
    "consistency_path",
    "inclusion_path",
    "inclusion_root",
    "key_id",
    "leaf_hash",
    "node_hash",
    "read_spki",
    "reader_of",
    "root_of",
    "spki",
    "verify_consistency",
    "verify_inclusion",
]
