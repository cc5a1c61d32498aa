"""Key files: others open them, nobody else may read them, nothing is written over."""

import base64
import json
import os
import re
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

from qfs.crypto import Profile
from qfs.errors import InputError
from qfs.shell.keystore import (
    MAX_FILE_BYTES,
    PrivateKey,
    read_passphrase,
    read_private,
    read_public,
    write_private,
    write_public,
)

SEED = b"a secret seed of 32 bytes length"
KEY = PrivateKey(Profile.ML_DSA_87, SEED)


def file(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("profile", Profile)
def test_key_files_are_those_that_openssl_writes(profile: Profile, tmp_path: Path) -> None:
    key = PrivateKey(profile, SEED)
    write_private(tmp_path / "key.pem", key, None)
    write_public(tmp_path / "key.pub.pem", key.public)
    private = serialization.load_pem_private_key((tmp_path / "key.pem").read_bytes(), None)
    assert private.private_bytes_raw() == SEED  # type: ignore[union-attr]
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert (tmp_path / "key.pub.pem").read_bytes() == public
    assert read_private(tmp_path / "key.pem").public == key.public
    assert read_public(tmp_path / "key.pub.pem") == key.public


def test_a_private_key_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_private(tmp_path / "key.pem", KEY, None)
        write_public(tmp_path / "key.pub.pem", KEY.public)
    finally:
        os.umask(old)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("key.pem", "key.pub.pem")]
    assert modes == [0o600, 0o644]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key.pem", "key.pub.pem"]


def test_an_encrypted_key_is_an_age_file_that_age_opens(tmp_path: Path) -> None:
    path = tmp_path / "key.pem.age"
    write_private(path, KEY, "correct horse")
    data = path.read_bytes()
    assert data.startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert SEED not in data
    assert base64.b64encode(SEED)[:20] not in data
    assert read_private(path, "correct horse").public == KEY.public
    with pytest.raises(InputError, match="passphrase is wrong"):
        read_private(path, "battery staple")
    write_public(tmp_path / "key.pub.pem", KEY.public)
    with pytest.raises(InputError, match="a public key\n  -> give the private one"):
        read_private(tmp_path / "key.pub.pem")
    with pytest.raises(InputError, match=r"encrypted\s+-> give its --passphrase-file"):
        read_private(path)
    costly = re.sub(rb"(-> scrypt \S+) \d+", rb"\1 40", data)
    with pytest.raises(InputError, match="costs more work"):
        read_private(file(tmp_path / "costly.age", costly), "correct horse")
    damaged = file(tmp_path / "damaged.age", data[:-1] + bytes((data[-1] ^ 1,)))
    with pytest.raises(InputError, match="damaged"):
        read_private(damaged, "correct horse")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = file(tmp_path / "key", b"mine")
    with pytest.raises(InputError, match="exists"):
        write_private(path, KEY, None)
    with pytest.raises(InputError, match="exists"):
        write_public(path, KEY.public)
    assert path.read_bytes() == b"mine"
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_key_that_others_can_touch_is_not_used(mode: int, tmp_path: Path) -> None:
    path = file(tmp_path / "key.pem", KEY.pem(), mode)
    with pytest.raises(InputError, match=rf"mode {mode:04o} .*\s+-> chmod 600"):
        read_private(path)
    passphrase = file(tmp_path / "passphrase", b"secret words\n", mode)
    with pytest.raises(InputError, match="lets others"):
        read_passphrase(passphrase)


def both_halves(key: mldsa.MLDSA87PrivateKey) -> bytes:
    """PKCS#8 with seed and expanded key, as openssl writes it by default (RFC 9881 §6)."""
    seed = key.private_bytes_raw()
    inner = b"\x04\x20" + seed + b"\x04\x82\x13\x20" + bytes(4896)
    both = b"\x30\x82" + len(inner).to_bytes(2, "big") + inner
    octets = b"\x04\x82" + len(both).to_bytes(2, "big") + both
    body = b"\x02\x01\x00\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13" + octets
    der = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{text}-----END PRIVATE KEY-----\n".encode()


def no_private_keys() -> dict[str, bytes]:
    pem = KEY.pem()
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    locked = mldsa.MLDSA87PrivateKey.from_seed_bytes(SEED).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret words"),
    )
    return {
        "nothing": b"",
        "garbage": bytes(range(256)),
        "a truncated file": pem[:-30],
        "a public key": KEY.public.pem(),
        "an Ed25519 key": other,
        "PKCS#8 under a password": locked,
        "seed and expanded key": both_halves(mldsa.MLDSA87PrivateKey.from_seed_bytes(SEED)),
        "DER": base64.b64decode(b"".join(pem.splitlines()[1:-1])),
        "too much": pem + bytes(MAX_FILE_BYTES),
    }


@pytest.mark.parametrize("name", no_private_keys())
def test_a_file_that_is_no_seed_only_key_is_refused(name: str, tmp_path: Path) -> None:
    path = file(tmp_path / "key.pem", no_private_keys()[name])
    with pytest.raises(InputError) as raised:
        read_private(path)
    assert raised.value.place == str(path)
    text = str(raised.value) + repr(raised.value.__cause__) + repr(raised.value.__context__)
    assert SEED.hex() not in text
    assert "secret" not in text


def no_public_keys() -> dict[str, bytes]:
    return {
        "nothing": b"",
        "garbage": bytes(range(256)),
        "a truncated file": KEY.public.pem()[:-40],
        "a private key": KEY.pem(),
        "an Ed25519 key": ed25519.Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "too much": KEY.public.pem() + bytes(MAX_FILE_BYTES),
    }


@pytest.mark.parametrize("name", no_public_keys())
def test_a_file_that_is_no_public_key_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_public(file(tmp_path / "key.pub.pem", no_public_keys()[name]))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir()
    for name in ("missing", "folder"):
        for read in (read_private, read_public, read_passphrase):
            with pytest.raises(InputError, match=name):
                read(tmp_path / name)
    for read in (read_private, read_passphrase):
        with pytest.raises(InputError, match="no regular file"):
            read(tmp_path / "pipe")


def test_a_passphrase_is_the_files_first_line(tmp_path: Path) -> None:
    for data in (b"secret words", b"secret words\n", b"secret words\r\nand more\n"):
        assert read_passphrase(file(tmp_path / "passphrase", data)) == "secret words"
    for data in (b"", b"\n", b"\nsecret words", b"\xff\xfe", bytes(5000)):
        with pytest.raises(InputError):
            read_passphrase(file(tmp_path / "passphrase", data))


def test_a_plain_file_needs_no_passphrase_and_takes_one(tmp_path: Path) -> None:
    # Commands that take several keys have one passphrase for those that are encrypted.
    path = file(tmp_path / "key.pem", KEY.pem())
    assert read_private(path, "secret words").public == read_private(path).public == KEY.public


def test_a_json_web_key_names_its_type_and_algorithm() -> None:
    jwk = KEY.public.jwk()
    assert (jwk["kty"], jwk["alg"], jwk["kid"]) == ("AKP", "ML-DSA-87", KEY.public.id.hex())
    raw = base64.urlsafe_b64decode(jwk["pub"] + "=" * (-len(jwk["pub"]) % 4))
    assert raw == KEY.public.raw
    assert "priv" not in jwk
    assert json.loads(json.dumps(jwk)) == jwk
