"""Key sync between services: a secret sealed with ML-KEM-1024 and signed with ML-DSA.

- HPKE (RFC 9180) base mode: ML-KEM-1024, HKDF-SHA-512, AES-256-GCM. Sealing is random, so what is
  sealed never enters the deterministic state; its SHA-256 may.
- ``[1, ledger id, sender's key id, recipient's id, sealed, signature]``, canonical. HPKE's info
  binds ledger, sender and recipient; the sender signs all but the signature (``QFS/SYNC/v1``).
- ML-KEM never signs and ML-DSA never seals. A recipient's id is SHA-256 of its SPKI in DER.
- Key files are those of ``keystore``: seed-only PKCS#8, age over it, SPKI.
- Sources: FIPS 203, RFC 9180, RFC 9935 (SPKI and PKCS#8 of ML-KEM).
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric import mlkem

from qfs.canon import Digest, Value, decode, encode
from qfs.crypto import KeyId, Signer, Verifier, key_id
from qfs.errors import CanonError, InputError
from qfs.shell import keystore
from qfs.shell.files import read_limited, write_new
from qfs.shell.keystore import PublicKey

ALGORITHM = "ML-KEM-1024"
CONTEXT = b"QFS/SYNC/v1"
INFO = b"QFS/keysync/v1"
VERSION = 1
SEED_BYTES = 64
MAX_SECRET_BYTES = 64 * 1024
MAX_BYTES = MAX_SECRET_BYTES + 16 * 1024  # 81_920: ciphertext, signature and names


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

    @classmethod
    def generate(cls) -> "Recipient":
        """Return a new key from the operating system's chance."""
        return cls(secrets.token_bytes(SEED_BYTES))

    def pem(self) -> bytes:
        """Return seed-only PKCS#8 in PEM: secret."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

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


def write_recipient_public(path: Path, public: bytes) -> None:
    """Write a raw public key's SPKI PEM, mode 0644; raises InputError when the file exists."""
    pem = mlkem.MLKEM1024PublicKey.from_public_bytes(public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_new(path, pem, 0o644)


def read_recipient(path: Path, passphrase: str | None = None) -> Recipient:
    """Return the key of a private key's file; raises InputError as `keystore.read_private`."""
    pem = keystore.read_private_pem(path, passphrase)
    try:
        loaded = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        loaded = None
    if not isinstance(loaded, mlkem.MLKEM1024PrivateKey):
        raise InputError(
            f"no private key of {ALGORITHM}",
            place=str(path),
            way_out=f"make one with qfs keys new --profile {ALGORITHM}",
        )
    return Recipient(loaded.private_bytes_raw())


def read_recipient_public(path: Path) -> bytes:
    """Return the raw public key of an SPKI PEM; raises InputError for any other file."""
    try:
        loaded = serialization.load_pem_public_key(read_limited(path, keystore.MAX_FILE_BYTES))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        loaded = None
    if not isinstance(loaded, mlkem.MLKEM1024PublicKey):
        raise InputError(
            f"no public key of {ALGORITHM}",
            place=str(path),
            way_out=f"give the .pub.pem of qfs keys new --profile {ALGORITHM}",
        )
    return loaded.public_bytes_raw()


def _items(data: bytes) -> Value:
    if len(data) > MAX_BYTES:
        raise InputError(f"a message of {len(data)} bytes", place="key sync")
    try:
        return decode(data)
    except CanonError as error:
        raise InputError(f"no message: {error}", place="key sync") from None


def _authentic(data: bytes, parties: Parties, sender: PublicKey, verifier: Verifier) -> bytes:
    """Return what was sealed once the sender's signature over it and the parties is good."""
    items = _items(data)
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
