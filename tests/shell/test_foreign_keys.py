"""Keys that other programs wrote: read where they hold their seed, refused where they lie."""

import base64
import json
from pathlib import Path

import fast_mldsa
import pyrage
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

from qfs.crypto import Profile, spki
from qfs.errors import InputError
from qfs.shell.foreign_keys import read_key
from qfs.shell.keystore import PrivateKey, PublicKey

SEED = b"a secret seed of 32 bytes length"
WORD = "secret words"
KINDS = {
    Profile.ML_DSA_44: (mldsa.MLDSA44PrivateKey, fast_mldsa.MlDsa44),
    Profile.ML_DSA_65: (mldsa.MLDSA65PrivateKey, fast_mldsa.MlDsa65),
    Profile.ML_DSA_87: (mldsa.MLDSA87PrivateKey, fast_mldsa.MlDsa87),
}


def pem(der: bytes) -> bytes:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{text}-----END PRIVATE KEY-----\n".encode()


def two_parts(profile: Profile, seed: bytes, expanded: bytes) -> bytes:
    """PKCS#8 with seed and expanded key, as openssl writes it by default (RFC 9881 §6)."""
    inner = b"\x04\x20" + seed + b"\x04\x82" + len(expanded).to_bytes(2, "big") + expanded
    both = b"\x30\x82" + len(inner).to_bytes(2, "big") + inner
    octets = b"\x04\x82" + len(both).to_bytes(2, "big") + both
    algorithm = spki(profile, KINDS[profile][1].key_gen(seed)[0].to_bytes())[4:17]
    body = b"\x02\x01\x00" + algorithm + octets
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


def jwk(profile: Profile, **changes: object) -> bytes:
    key = PrivateKey(profile, SEED)
    priv = base64.urlsafe_b64encode(SEED).rstrip(b"=").decode()
    return json.dumps(key.public.jwk() | {"priv": priv} | changes).encode()


def private_forms(profile: Profile) -> dict[str, bytes]:
    kind, other = KINDS[profile]
    key = kind.from_seed_bytes(SEED)
    encoding, form = serialization.Encoding, serialization.PrivateFormat.PKCS8
    none = serialization.NoEncryption()
    expanded = other.key_gen(SEED)[1].to_bytes()
    seed_only = key.private_bytes(encoding.PEM, form, none)
    locked = serialization.BestAvailableEncryption(WORD.encode())
    return {
        "seed-only PEM": seed_only,
        "seed-only DER": key.private_bytes(encoding.DER, form, none),
        "PKCS#8 under a password": key.private_bytes(encoding.PEM, form, locked),
        "age": pyrage.passphrase.encrypt(seed_only, WORD),
        "two parts in PEM": pem(two_parts(profile, SEED, expanded)),
        "two parts in DER": two_parts(profile, SEED, expanded),
        "JSON Web Key": jwk(profile),
    }


def file(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("profile", Profile)
def test_every_form_of_a_private_key_is_the_same_key(profile: Profile, tmp_path: Path) -> None:
    expected = PrivateKey(profile, SEED).public
    for name, data in private_forms(profile).items():
        found = read_key(file(tmp_path / "key", data), WORD)
        assert isinstance(found, PrivateKey), name
        assert found.public == expected, name
        (tmp_path / "key").chmod(0o644)
        with pytest.raises(InputError, match="lets others at it"):
            read_key(tmp_path / "key", WORD)


def test_every_form_of_a_public_key_is_the_same_key_whoever_may_read_it(tmp_path: Path) -> None:
    expected = PrivateKey(Profile.ML_DSA_65, SEED).public
    forms = [
        expected.pem(),
        spki(expected.profile, expected.raw),
        json.dumps(expected.jwk()).encode(),
    ]
    for data in forms:
        assert read_key(file(tmp_path / "key", data, 0o644)) == expected


def lies() -> dict[str, bytes]:
    profile = Profile.ML_DSA_87
    other = PrivateKey(profile, SEED[::-1]).public
    expanded = fast_mldsa.MlDsa87.key_gen(SEED)[1].to_bytes()
    foreign = fast_mldsa.MlDsa87.key_gen(SEED[::-1])[1].to_bytes()
    return {
        "nothing": b"",
        "garbage": bytes(range(256)),
        "a list": b"[]",
        "an Ed25519 key": ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        "the expanded key of another seed": pem(two_parts(profile, SEED, foreign)),
        "another tr": two_parts(profile, SEED, expanded[:64] + bytes(64) + expanded[128:]),
        "two parts, cut": two_parts(profile, SEED, expanded)[:-1],
        "two parts and a byte": two_parts(profile, SEED, expanded) + b"\0",
        "a JSON Web Key of another type": jwk(profile, kty="OKP"),
        "a JSON Web Key of another algorithm": jwk(profile, alg="ML-DSA-44"),
        "a JSON Web Key of no algorithm": jwk(profile, alg="ML-DSA-88"),
        "a JSON Web Key of another public key": jwk(profile, pub=other.jwk()["pub"]),
        "a JSON Web Key of a short seed": jwk(profile, priv="AAAA"),
        "a JSON Web Key of no base64": jwk(profile, pub="ä" * 3456),
        "a JSON Web Key of plain base64": jwk(profile, priv="+/" * 21 + "A"),
    }


@pytest.mark.parametrize("name", lies())
def test_a_file_that_holds_no_sound_key_is_refused(name: str, tmp_path: Path) -> None:
    path = file(tmp_path / "key", lies()[name])
    with pytest.raises(InputError) as raised:
        read_key(path)
    assert raised.value.place == str(path)
    assert "secret" not in str(raised.value) + repr(raised.value.__cause__)


def test_a_wrong_passphrase_opens_nothing(tmp_path: Path) -> None:
    forms = private_forms(Profile.ML_DSA_44)
    for name in ("age", "PKCS#8 under a password"):
        path = file(tmp_path / "key", forms[name])
        for word in ("wrong", None):
            with pytest.raises(InputError):
                read_key(path, word)


def test_what_is_exported_is_imported(tmp_path: Path) -> None:
    public = PrivateKey(Profile.ML_DSA_44, SEED).public
    found = read_key(file(tmp_path / "key", json.dumps(public.jwk()).encode()))
    assert isinstance(found, PublicKey)
    assert found.jwk() == public.jwk()
