"""Keys in the files of other programs: JSON Web Keys, DER, and openssl's private keys of two parts.

- JSON Web Key of type AKP (RFC 9964): ``priv`` is the seed, and must lead to ``pub``.
- PKCS#8 with seed and expanded key (RFC 9881 §6 ``both``), which ``openssl genpkey`` writes unless
  it is told otherwise: the seed is taken, if the expanded key begins as the seed's does.
- PKCS#8 with the expanded key alone has no seed, and is refused: QFS keeps seeds.
- A private key's file is read only if nobody but its owner may touch it.
- Source: FIPS 204 algorithm 24 (skEncode: rho, K, tr = SHAKE256(pk, 64)).
"""

import base64
import binascii
import json
from hashlib import shake_256
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from qfs.crypto import SIZES, Profile, read_spki
from qfs.errors import InputError, ProviderFault
from qfs.shell import keystore
from qfs.shell.files import read_limited
from qfs.shell.keystore import PrivateKey, PublicKey

_EXPANDED = {Profile.ML_DSA_44: 2560, Profile.ML_DSA_65: 4032, Profile.ML_DSA_87: 4896}
"""Bytes of an expanded private key (FIPS 204 table 2)."""
_SEED_BYTES = 32
_ARC = bytes.fromhex("300b06096086480165030403")  # SEQUENCE { OID 2.16.840.1.101.3.4.3.? }
_LAST_ARC = {Profile.ML_DSA_44: 17, Profile.ML_DSA_65: 18, Profile.ML_DSA_87: 19}
_PROFILES = {profile.value: profile for profile in Profile}
_AGE = b"age-encryption.org/"
_ARMOUR = b"-----BEGIN PRIVATE KEY-----"


def read_key(path: Path, passphrase: str | None = None) -> PrivateKey | PublicKey:
    """Return the key of a file in any of the forms; a passphrase opens age and PKCS#8.

    Raises InputError for a file that holds no ML-DSA key, or whose mode lets others at a private
    one.
    """
    data = read_limited(path, keystore.MAX_FILE_BYTES)
    found = _public(data) or _jwk(path, data)
    if isinstance(found, PublicKey):
        return found
    read_limited(path, keystore.MAX_FILE_BYTES, secret=True)
    if found is not None:
        return found
    if data.startswith(_AGE):
        data = keystore.read_private_pem(path, passphrase)
    return _private(path, data, passphrase)


def _public(data: bytes) -> PublicKey | None:
    """Return the key of an SPKI in PEM or DER, None for other bytes."""
    try:
        load = (
            serialization.load_pem_public_key
            if data.startswith(b"-----BEGIN PUBLIC KEY-----")
            else serialization.load_der_public_key
        )
        der = load(data).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return PublicKey(*read_spki(der))
    except (ValueError, TypeError, UnsupportedAlgorithm, InputError):
        return None


def _jwk(path: Path, data: bytes) -> PrivateKey | PublicKey | None:
    """Return the key of a JSON Web Key, None for what is no JSON."""
    try:
        fields: Any = json.loads(data)
    except (ValueError, RecursionError):
        return None
    match fields:
        case {"kty": "AKP", "alg": str(alg), "pub": str(pub), **rest} if alg in _PROFILES:
            profile = _PROFILES[alg]
            public = PublicKey(profile, _base64(path, pub))
            _check_size(path, public)
            if "priv" not in rest:
                return public
            return _agreed(path, profile, _base64(path, str(rest["priv"])), public)
    raise InputError(
        "no JSON Web Key of ML-DSA", place=str(path), way_out="give kty AKP, alg, pub (RFC 9964)"
    )


def _check_size(path: Path, public: PublicKey) -> None:
    size = SIZES[public.profile].public_key
    if len(public.raw) != size:
        raise InputError(
            f"a public key of {len(public.raw)} bytes",
            place=str(path),
            way_out=f"{public.profile.value} public keys have {size}",
        )


def _agreed(path: Path, profile: Profile, seed: bytes, public: PublicKey) -> PrivateKey:
    """Return the seed's key if its public half is the one that is written beside it."""
    try:
        made = PrivateKey(profile, seed)
    except ProviderFault:
        raise InputError(
            f"a seed of {len(seed)} bytes", place=str(path), way_out="a seed has 32 bytes"
        ) from None
    if made.public != public:
        raise InputError(
            "the private key is not the public one's", place=str(path), way_out="export it anew"
        )
    return made


def _private(path: Path, data: bytes, passphrase: str | None) -> PrivateKey:
    """Return the key of PKCS#8 in PEM or DER, encrypted or not."""
    for kind in (serialization.load_pem_private_key, serialization.load_der_private_key):
        word = None if passphrase is None or b"ENCRYPTED" not in data else passphrase.encode()
        try:
            loaded = kind(data, password=word)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        pem = loaded.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return keystore.private_of(path, pem)
    der = _unarmoured(data)
    for profile in Profile:
        found = _both(path, der, profile)
        if found is not None:
            return found
    raise InputError(
        "no ML-DSA key that holds its seed",
        place=str(path),
        way_out="give PKCS#8 with the seed, an SPKI, or a JSON Web Key; is a passphrase missing?",
    )


def _unarmoured(data: bytes) -> bytes:
    """Return the DER in PEM, or the bytes themselves."""
    if not data.startswith(_ARMOUR):
        return data
    lines = [line for line in data.splitlines() if line and not line.startswith(b"-----")]
    try:
        return base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error:
        return b""


def _both(path: Path, der: bytes, profile: Profile) -> PrivateKey | None:
    """Return the key of PKCS#8 with seed and expanded key, None for other bytes."""
    size = _EXPANDED[profile]
    if len(der) < size + _SEED_BYTES:
        return None
    expanded = der[-size:]
    header = b"\x04\x82" + size.to_bytes(2, "big")
    seed = der[-size - len(header) - _SEED_BYTES : -size - len(header)]
    if der != _two_parts(profile, seed, header + expanded):
        return None
    made = PrivateKey(profile, seed)
    public = made.public.raw
    if expanded[:32] != public[:32] or expanded[64:128] != shake_256(public).digest(64):
        raise InputError(
            "seed and expanded key are not of one key", place=str(path), way_out="export it anew"
        )
    return made


def _two_parts(profile: Profile, seed: bytes, expanded: bytes) -> bytes:
    """Return PKCS#8 in DER with both parts (RFC 5958 §2, RFC 9881 §6)."""
    inner = b"\x04\x20" + seed + expanded
    both = b"\x30\x82" + len(inner).to_bytes(2, "big") + inner
    octets = b"\x04\x82" + len(both).to_bytes(2, "big") + both
    body = b"\x02\x01\x00" + _ARC + bytes((_LAST_ARC[profile],)) + octets
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


def _base64(path: Path, text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InputError("no base64url", place=str(path), way_out="see RFC 7517") from None
