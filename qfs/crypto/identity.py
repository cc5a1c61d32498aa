"""Identities of public keys: SubjectPublicKeyInfo in DER, and its SHA-256.

- SubjectPublicKeyInfo ::= SEQUENCE { SEQUENCE { OID }, BIT STRING }; the parameters are absent.
- One profile and one raw key have one encoding, so the reader compares with what the writer makes.
- A key id names the whole SPKI, hence the profile too: no key changes algorithm under its name.
- Source: RFC 9881 §2 (OIDs), §4; X.690 §8.
"""

from hashlib import sha256

from qfs.crypto.ports import SIZES, KeyId, Profile
from qfs.errors import InputError

# 2.16.840.1.101.3.4.3.{17,18,19}: id-ml-dsa-44, -65, -87 (RFC 9881 §2).
_ARC = bytes.fromhex("06096086480165030403")
_LAST_ARC = {Profile.ML_DSA_44: 17, Profile.ML_DSA_65: 18, Profile.ML_DSA_87: 19}
_SEQUENCE = 0x30
_BIT_STRING = 0x03
_NO_UNUSED_BITS = b"\x00"


def spki(profile: Profile, public_key: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a raw public key in DER.

    Raises InputError when the key's length is not the profile's (SIZES).
    """
    size = SIZES[profile].public_key
    if len(public_key) != size:
        raise InputError(
            f"a public key of {len(public_key)} bytes",
            way_out=f"{profile.value} public keys have {size} bytes",
        )
    algorithm = _der(_SEQUENCE, _ARC + bytes((_LAST_ARC[profile],)))
    return _der(_SEQUENCE, algorithm + _der(_BIT_STRING, _NO_UNUSED_BITS + public_key))


def read_spki(der: bytes) -> tuple[Profile, bytes]:
    """Return the profile and raw public key of a SubjectPublicKeyInfo.

    Raises InputError for any bytes that `spki` cannot have written.
    """
    for profile in Profile:
        size = SIZES[profile].public_key
        if len(der) > size:
            public_key = der[len(der) - size :]
            if spki(profile, public_key) == der:
                return profile, public_key
    raise InputError(
        "no SubjectPublicKeyInfo of an ML-DSA key",
        way_out="export the public key as SPKI (RFC 9881): qfs keys export",
    )


def key_id(profile: Profile, public_key: bytes) -> KeyId:
    """Return SHA-256 over the key's SubjectPublicKeyInfo; raises InputError as `spki` does."""
    return KeyId(sha256(spki(profile, public_key)).digest())


def _der(tag: int, content: bytes) -> bytes:
    """Return tag, definite length in its shortest form (X.690 §10.1), content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) >> 3, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content
