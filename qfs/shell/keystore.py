"""Key files that other programs open: seed-only PKCS#8 PEM, SPKI PEM, age over either.

- Private: PKCS#8 with the 32-byte seed alone (RFC 9881 §6), as ``openssl`` and ``cryptography``
  write it; at rest inside an age passphrase file, which the ``age`` program opens.
- A private key's file belongs to its owner: mode 0600, and nothing that others may read is used.
- Private keys and passphrases never stand in a repr, an error or a log line.
- Files are made whole or not at all, and never written over.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

import pyrage  # type: ignore[import-untyped]  # a Rust module without stubs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from qfs.crypto import KeyId, Profile, Signer, key_id, read_spki, spki
from qfs.errors import InputError, UsageError
from qfs.shell import providers
from qfs.shell.files import read_limited, write_new
from qfs.shell.providers import pyca

MAX_FILE_BYTES = 64 * 1024  # 65_536: a seed PEM has 128 bytes, an SPKI PEM 3.6 kB
MAX_PASSPHRASE_BYTES = 4096
WORK_FACTOR = 18
"""log2 of scrypt's cost that a passphrase file should have: what the ``age`` program gives it."""
_TRIES = 4
_READS = 50
_AGE = b"age-encryption.org/v1"
_PUBLIC = b"-----BEGIN PUBLIC KEY-----"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key and its names."""

    profile: Profile
    raw: bytes

    @property
    def id(self) -> KeyId:
        """SHA-256 of the SPKI."""
        return key_id(self.profile, self.raw)

    def pem(self) -> bytes:
        """Return the SubjectPublicKeyInfo in PEM (RFC 9881 §4, RFC 7468 §13)."""
        return _armour("PUBLIC KEY", spki(self.profile, self.raw))

    def jwk(self) -> dict[str, str]:
        """Return the JSON Web Key of type AKP (RFC 9964); ``kid`` is the key id in hexadecimal."""
        pub = base64.urlsafe_b64encode(self.raw).rstrip(b"=").decode("ascii")
        return {"alg": self.profile.value, "kid": self.id.hex(), "kty": "AKP", "pub": pub}


class PrivateKey:
    """A private key in memory: it signs, and is not shown."""

    __slots__ = ("_seed", "profile", "public")

    def __init__(self, profile: Profile, seed: bytes) -> None:
        self.profile = profile
        self._seed = seed
        self.public = PublicKey(profile, providers.signer(profile, seed).public_key)

    @classmethod
    def generate(cls, profile: Profile) -> "PrivateKey":
        """Return a new key from the operating system's chance."""
        return cls(profile, providers.new_seed())

    def __repr__(self) -> str:
        return f"PrivateKey({self.profile.value}, {self.public.id.hex()}, seed not shown)"

    def __reduce__(self) -> str:
        raise UsageError("a private key is not pickled", way_out="write it with the keystore")

    def signer(self, *, deterministic: bool = False) -> Signer:
        """Return a signer: hedged, or a function of key and message (extra ``deterministic``)."""
        make = providers.deterministic_signer if deterministic else providers.signer
        return make(self.profile, self._seed)

    def pem(self) -> bytes:
        """Return seed-only PKCS#8 in PEM: secret."""
        return pyca.private_key(self.profile, self._seed).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def write_private(path: Path, key: PrivateKey, passphrase: str | None) -> None:
    """Write a private key's file, mode 0600; in age's format when there is a passphrase.

    Raises InputError when the file exists.
    """
    write_secret(path, key.pem(), passphrase)


def write_secret(path: Path, pem: bytes, passphrase: str | None) -> None:
    """Write a secret's file, mode 0600; in age's format when there is a passphrase.

    Raises InputError when the file exists.
    """
    write_new(path, pem if passphrase is None else _encrypted(pem, passphrase), 0o600)


def write_public(path: Path, key: PublicKey) -> None:
    """Write a public key's SPKI PEM, mode 0644; raises InputError when the file exists."""
    write_new(path, key.pem(), 0o644)


def read_private(path: Path, passphrase: str | None = None) -> PrivateKey:
    """Return the key of a private key's file; a passphrase is used only if it is encrypted.

    Raises InputError for a file that is missing, too large, readable by others, no seed-only
    PKCS#8 PEM of an ML-DSA key, or whose passphrase is missing or wrong.
    """
    return private_of(path, read_private_pem(path, passphrase))


def read_private_pem(path: Path, passphrase: str | None = None) -> bytes:
    """Return the PEM in a private key's file, decrypted; raises InputError as `read_private`."""
    if _is_public(path):  # before its mode: that others may read it is right
        way_out = "give the private one, which qfs keys new wrote beside it"
        raise InputError("a public key", place=str(path), way_out=way_out)
    data = read_limited(path, MAX_FILE_BYTES, secret=True)
    if not data.startswith(_AGE):
        return data
    if passphrase is None:
        raise InputError("encrypted", place=str(path), way_out="give its --passphrase-file")
    return _decrypted(path, data, passphrase)


def _is_public(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_PUBLIC)) == _PUBLIC
    except OSError:  # reading it for good says why
        return False


def read_public(path: Path) -> PublicKey:
    """Return the public key of an SPKI PEM; raises InputError for any other file."""
    return public_of(path, read_limited(path, MAX_FILE_BYTES))


def public_of(path: Path, pem: bytes) -> PublicKey:
    """Return the key of SPKI in PEM, read from path; raises InputError."""
    try:
        loaded = serialization.load_pem_public_key(pem)
        der = loaded.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return PublicKey(*read_spki(der))
    except (ValueError, TypeError, UnsupportedAlgorithm, InputError):
        raise InputError(
            "no SPKI PEM of an ML-DSA public key",
            place=str(path),
            way_out="give the .pub.pem that qfs keys new wrote, or openssl pkey -pubout",
        ) from None


def read_passphrase(path: Path) -> str:
    """Return a passphrase file's first line; raises InputError for an empty or loose file."""
    data = read_limited(path, MAX_PASSPHRASE_BYTES, secret=True)
    try:
        line = data.decode("utf-8").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise InputError("a passphrase that is not UTF-8", place=str(path)) from None
    if not line:
        raise InputError("an empty passphrase", place=str(path), way_out="put it on the first line")
    return line


def private_of(path: Path, pem: bytes) -> PrivateKey:
    """Return the key of seed-only PKCS#8 in PEM, read from path; raises InputError."""
    way_out = (
        "give seed-only PKCS#8 of ML-DSA: qfs keys new, or "
        "openssl genpkey -provparam ml-dsa.output_formats=seed-only"
    )
    try:
        loaded = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError("no private key in PEM", place=str(path), way_out=way_out) from None
    for profile, kind in pyca.PRIVATE.items():
        if isinstance(loaded, kind):
            return PrivateKey(profile, loaded.private_bytes_raw())
    raise InputError(f"a {type(loaded).__name__}", place=str(path), way_out=way_out)


def _encrypted(data: bytes, passphrase: str) -> bytes:
    """Return an age file; of a few, the one whose passphrase costs most to guess.

    The library times about a millisecond of scrypt to choose the cost of one second; on a busy
    machine that finds a cost many times too low.
    """
    best: bytes = pyrage.passphrase.encrypt(data, passphrase)
    for _try in range(1, _TRIES):
        if _work_factor(best) >= WORK_FACTOR:
            break
        best = max(best, pyrage.passphrase.encrypt(data, passphrase), key=_work_factor)
    return best


def _work_factor(sealed: bytes) -> int:
    """Return log2 of the cost in an age file's first stanza, ``-> scrypt SALT LOG2N``."""
    return int(sealed.split(b"\n", 2)[1].rpartition(b" ")[2])


def _decrypted(path: Path, data: bytes, passphrase: str) -> bytes:
    """Return what an age file holds; raises InputError.

    The library refuses a file that costs 16 times more than a second by its own timing, which on a
    busy machine is wrong now and then: it is asked again, which costs a few milliseconds.
    """
    for _read in range(_READS):
        try:
            opened: bytes = pyrage.passphrase.decrypt(data, passphrase)
        except pyrage.DecryptError as error:
            if not str(error).startswith("Excessive work"):
                raise InputError(
                    "the passphrase is wrong, or the file is damaged",
                    place=str(path),
                    way_out="try age -d on it",
                ) from None
        else:
            return opened
    raise InputError(
        "its passphrase costs more work than this machine may spend",
        place=str(path),
        way_out="try again when the machine is less busy, or open it with age -d",
    )


def _armour(label: str, der: bytes) -> bytes:
    """Return PEM (RFC 7468 §2): base64 in lines of 64."""
    text = base64.b64encode(der).decode("ascii")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()
