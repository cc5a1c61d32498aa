"""Signing and verifying notes with keys from files: Ed25519, ML-DSA-44, ML-DSA-87.

- A file's key decides the type of its line. Ed25519 keys come from elsewhere (``openssl genpkey
  -algorithm ed25519``): they sign checkpoints for tile clients, and never packets.
- A note is good when every trusted key that was named has a good line in it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from qfs.crypto import SIZES, Profile, Signer
from qfs.errors import InputError, ProofError
from qfs.shell import keystore, providers
from qfs.shell.files import read_limited
from qfs.trail.checkpoint import Checkpoint
from qfs.trail.note import (
    CONTEXT,
    TIMESTAMP_BYTES,
    Line,
    Note,
    NoteKey,
    NoteType,
    cosigned_message,
)

_TYPES = {Profile.ML_DSA_44: NoteType.ML_DSA_44, Profile.ML_DSA_87: NoteType.ML_DSA_87}


class NoteSigner(Protocol):
    """Signs checkpoints with one key."""

    key: NoteKey

    def sign(self, point: Checkpoint, timestamp_s: int) -> bytes:
        """Return what stands behind the key id in the signature line."""
        ...


class Ed25519Signer:
    """Signs the text with Ed25519."""

    def __init__(self, private: ed25519.Ed25519PrivateKey) -> None:
        self._private = private
        self.key = NoteKey(NoteType.ED25519, private.public_key().public_bytes_raw())

    def sign(self, point: Checkpoint, timestamp_s: int) -> bytes:  # noqa: ARG002 (the port's)
        """Return the signature over the text, which has no time in it."""
        return self._private.sign(point.to_text().encode("utf-8"))


class MLDSASigner:
    """Signs as its algorithm's type says."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self.key = NoteKey(_TYPES[signer.profile], signer.public_key)

    def sign(self, point: Checkpoint, timestamp_s: int) -> bytes:
        """Return the signature, behind its time for ML-DSA-44."""
        if self.key.kind is NoteType.ML_DSA_87:
            return self._signer.sign(point.to_text().encode("utf-8"), CONTEXT)
        message = cosigned_message(point.origin, point, timestamp_s)
        return timestamp_s.to_bytes(TIMESTAMP_BYTES, "big") + self._signer.sign(message, b"")


def read_signer(path: Path, passphrase: str | None = None) -> NoteSigner:
    """Return the signer of a private key's file; raises InputError."""
    pem = keystore.read_private_pem(path, passphrase)
    try:
        loaded = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        loaded = None
    if isinstance(loaded, ed25519.Ed25519PrivateKey):
        return Ed25519Signer(loaded)
    private = keystore.private_of(path, pem)
    if private.profile not in _TYPES:
        raise _no_note_key(path, private.profile)
    return MLDSASigner(private.signer())


def read_key(path: Path) -> NoteKey:
    """Return the key of a public key's SPKI PEM; raises InputError."""
    data = read_limited(path, keystore.MAX_FILE_BYTES)
    try:
        loaded = serialization.load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        loaded = None
    if isinstance(loaded, ed25519.Ed25519PublicKey):
        return NoteKey(NoteType.ED25519, loaded.public_bytes_raw())
    public = keystore.read_public(path)
    if public.profile not in _TYPES:
        raise _no_note_key(path, public.profile)
    return NoteKey(_TYPES[public.profile], public.raw)


def sign(point: Checkpoint, signers: Sequence[NoteSigner], timestamp_s: int) -> Note:
    """Return the checkpoint with a line of each signer, all under the trail's own name."""
    lines = [
        Line(point.origin, signer.key.id(point.origin), signer.sign(point, timestamp_s))
        for signer in signers
    ]
    return Note(point, tuple(lines))


def verify(note: Note, keys: Sequence[NoteKey]) -> Checkpoint:
    """Return the checkpoint once each of the keys has a good line, and none a bad one.

    Raises ProofError, also when no key is given: then nothing would be verified.
    """
    if not keys:
        raise ProofError("nobody is trusted", way_out="name at least one public key")
    name = note.checkpoint.origin
    for key in keys:
        lines = [one for one in note.lines if (one.name, one.key_id) == (name, key.id(name))]
        if not lines:
            raise ProofError(f"no line of the {key.kind.name} key {key.id(name).hex()}")
        if not all(_good(key, note.checkpoint, one.signature) for one in lines):
            raise ProofError(f"a bad signature of the {key.kind.name} key {key.id(name).hex()}")
    return note.checkpoint


def _good(key: NoteKey, point: Checkpoint, signature: bytes) -> bool:
    text = point.to_text().encode("utf-8")
    if key.kind is NoteType.ED25519:
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True
    verifier = providers.verifier()
    if key.kind is NoteType.ML_DSA_87:
        return verifier.verify(Profile.ML_DSA_87, key.raw, text, signature, CONTEXT)
    if len(signature) != TIMESTAMP_BYTES + SIZES[Profile.ML_DSA_44].signature:
        return False
    timestamp_s = int.from_bytes(signature[:TIMESTAMP_BYTES], "big")
    message = cosigned_message(point.origin, point, timestamp_s)
    return verifier.verify(Profile.ML_DSA_44, key.raw, message, signature[TIMESTAMP_BYTES:], b"")


def _no_note_key(path: Path, profile: Profile) -> InputError:
    return InputError(
        f"a {profile.value} key signs no checkpoints",
        place=str(path),
        way_out="give an Ed25519, ML-DSA-44 or ML-DSA-87 key",
    )
