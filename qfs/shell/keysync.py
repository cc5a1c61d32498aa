"""Key sync between services: a secret sealed with ML-KEM-1024 and signed with ML-DSA.

- HPKE (RFC 9180) base mode: ML-KEM-1024, HKDF-SHA-512, AES-256-GCM. Sealing is random, so what is
  sealed never enters the deterministic state; its SHA-256 may.
- ``[1, ledger id, sender's key id, recipient's id, sealed, signature]``, canonical. HPKE's info
  binds ledger, sender and recipient; the sender signs all but the signature (``QFS/SYNC/v1``).
- ML-KEM never signs and ML-DSA never seals. A recipient's id is SHA-256 of its SPKI in DER.
- Sources: FIPS 203, RFC 9180, RFC 9935 (SPKI of ML-KEM).
"""

from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric import mlkem

from qfs.canon import Digest, decode, encode
from qfs.crypto import KeyId, Signer, Verifier, key_id
from qfs.errors import CanonError, InputError
from qfs.shell.keystore import PublicKey

CONTEXT = b"QFS/SYNC/v1"
INFO = b"QFS/keysync/v1"
VERSION = 1
SEED_BYTES = 64
MAX_SECRET_BYTES = 64 * 1024
_MAX_BYTES = MAX_SECRET_BYTES + 16 * 1024


@dataclass(frozen=True, slots=True)
class Parties:
    """For whom a message is; both sides must name the same."""

    ledger: Digest
    sender: KeyId
    recipient: bytes
    """SHA-256 of the recipient's SPKI."""

    def info(self) -> bytes:
        """Return the info of HPKE."""
        return INFO + self.ledger + self.sender + self.recipient


class Recipient:
    """A private ML-KEM-1024 key: opens what was sealed for it, and is not shown."""

    __slots__ = ("_key", "id", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise InputError(f"an ML-KEM seed of {len(seed)} bytes", way_out="give 64")
        self._key = mlkem.MLKEM1024PrivateKey.from_seed_bytes(seed)
        self.public: bytes = self._key.public_key().public_bytes_raw()
        self.id: bytes = recipient_id(self.public)

    def __repr__(self) -> str:
        return f"Recipient({self.id.hex()}, private key not shown)"

    def open(self, data: bytes, parties: Parties, sender: PublicKey, verifier: Verifier) -> bytes:
        """Return the secret; raises InputError unless sender sealed it for these parties."""
        sealed = _authentic(data, parties, sender, verifier)
        try:
            secret: bytes = _suite().decrypt(sealed, self._key, parties.info())
        except (InvalidTag, ValueError):
            raise InputError("sealed for somebody else, or damaged", place="key sync") from None
        return secret


def seal(secret: bytes, public: bytes, parties: Parties, signer: Signer) -> bytes:
    """Return a secret sealed for the raw ML-KEM-1024 public key and signed by the sender.

    Raises InputError for a key that is none, one that is not the recipient's, or a secret above
    MAX_SECRET_BYTES; ProviderFault.
    """
    if len(secret) > MAX_SECRET_BYTES:
        raise InputError(f"a secret of {len(secret)} bytes", way_out=f"at most {MAX_SECRET_BYTES}")
    if recipient_id(public) != parties.recipient:
        raise InputError("another recipient's public key", place="key sync")
    if key_id(signer.profile, signer.public_key) != parties.sender:
        raise InputError("another sender's key", place="key sync")
    key = mlkem.MLKEM1024PublicKey.from_public_bytes(public)
    sealed = _suite().encrypt(secret, key, parties.info())
    signature = signer.sign(_message(parties, sealed), CONTEXT)
    return encode([VERSION, parties.ledger, parties.sender, parties.recipient, sealed, signature])


def recipient_id(public: bytes) -> bytes:
    """Return SHA-256 of a raw ML-KEM-1024 public key's SPKI; raises InputError."""
    try:
        key = mlkem.MLKEM1024PublicKey.from_public_bytes(public)
    except ValueError:
        raise InputError("no ML-KEM-1024 public key", place="key sync") from None
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return sha256(der).digest()


def _authentic(data: bytes, parties: Parties, sender: PublicKey, verifier: Verifier) -> bytes:
    """Return what was sealed once the sender's signature over it and the parties is good."""
    if len(data) > _MAX_BYTES:
        raise InputError(f"a message of {len(data)} bytes", place="key sync")
    try:
        items = decode(data)
    except CanonError as error:
        raise InputError(f"no message: {error}", place="key sync") from None
    expected = [VERSION, parties.ledger, parties.sender, parties.recipient]
    match items:
        case [*facts, bytes(sealed), bytes(signature)] if facts == expected:
            message = _message(parties, sealed)
            mine = sender.id == parties.sender
            if mine and verifier.verify(sender.profile, sender.raw, message, signature, CONTEXT):
                return sealed
            raise InputError("not signed by the sender", place="key sync")
    raise InputError("a message of other parties or of another version", place="key sync")


def _message(parties: Parties, sealed: bytes) -> bytes:
    return sha256(
        encode([VERSION, parties.ledger, parties.sender, parties.recipient, sealed])
    ).digest()


def _suite() -> hpke.Suite:
    return hpke.Suite(hpke.KEM.MLKEM1024, hpke.KDF.HKDF_SHA512, hpke.AEAD.AES_256_GCM)
