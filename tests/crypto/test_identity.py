"""Identities of keys against cryptography's DER, and everything that is no SPKI of ours."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem

from qfs.crypto import SIZES, Profile, key_id, read_spki, spki
from qfs.errors import InputError

KEYS = {
    Profile.ML_DSA_44: mldsa.MLDSA44PrivateKey,
    Profile.ML_DSA_65: mldsa.MLDSA65PrivateKey,
    Profile.ML_DSA_87: mldsa.MLDSA87PrivateKey,
}


@pytest.mark.parametrize("profile", Profile)
def test_our_spki_is_the_one_that_openssl_writes(profile: Profile) -> None:
    public = KEYS[profile].from_seed_bytes(bytes(32)).public_key()
    theirs = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    raw = public.public_bytes_raw()
    assert spki(profile, raw) == theirs
    assert read_spki(theirs) == (profile, raw)
    assert key_id(profile, raw) == sha256(theirs).digest()


def test_the_same_bytes_under_another_profile_are_another_key() -> None:
    # No two profiles have keys of one length, so a key cannot change algorithm under its name.
    assert len({sizes.public_key for sizes in SIZES.values()}) == len(Profile)
    assert len({sizes.signature for sizes in SIZES.values()}) == len(Profile)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("change", [-1, 1])
def test_a_public_key_of_a_wrong_length_has_no_spki(profile: Profile, change: int) -> None:
    with pytest.raises(InputError, match="public key of"):
        spki(profile, bytes(SIZES[profile].public_key + change))


def other_encodings() -> dict[str, bytes]:
    good = spki(Profile.ML_DSA_87, bytes(2592))
    der = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "nothing": b"",
        "a truncated one": good[:-1],
        "one with a trailing byte": good + b"\0",
        "one byte before it": b"\0" + good,
        "another outer tag": b"\x31" + good[1:],
        "a length that is not the shortest": b"\x30\x83\x00" + good[2:],
        "NULL parameters": good.replace(bytes.fromhex("300b"), bytes.fromhex("300d"), 1),
        "unused bits": good.replace(bytes.fromhex("820a2100"), bytes.fromhex("820a2101"), 1),
        "the arc of HashML-DSA-87": good.replace(bytes.fromhex("040313"), bytes.fromhex("040322")),
        "an Ed25519 key": ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(*der),
        "an ML-KEM key": mlkem.MLKEM1024PrivateKey.generate().public_key().public_bytes(*der),
    }


@pytest.mark.parametrize("name", other_encodings())
def test_no_other_encoding_is_read(name: str) -> None:
    data = other_encodings()[name]
    assert data != spki(Profile.ML_DSA_87, bytes(2592))
    with pytest.raises(InputError, match="SubjectPublicKeyInfo"):
        read_spki(data)
