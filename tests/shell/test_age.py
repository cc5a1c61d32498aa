"""Encrypted key files are age's: read here by the specification alone, and by the program `age`.

- The reader below follows C2SP's ``age.md``, with other primitives than the writer's.
- The program itself runs where it is installed; `make test` prints whether it did.
"""

import base64
import hmac
import os
import pty
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from qfs.crypto import Profile
from qfs.shell.keystore import PrivateKey, write_private

WORD = "correct horse battery staple"
KEY = PrivateKey(Profile.ML_DSA_87, b"a secret seed of 32 bytes length")
Show = Callable[[str, object], None]


def unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def derived(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, info).derive(secret)


def wrapping_key(data: bytes, word: str) -> bytes:
    """What a passphrase makes of the one stanza (age.md, "The scrypt recipient type")."""
    version, stanza = data.split(b"\n", 2)[:2]
    arrow, kind, salt, work = stanza.decode().split(" ")
    assert (version, arrow, kind) == (b"age-encryption.org/v1", "->", "scrypt")
    assert int(work) >= 15, "the passphrase is stretched"
    salted = b"age-encryption.org/v1/scrypt" + unpadded(salt)
    return Scrypt(salt=salted, length=32, n=1 << int(work), r=8, p=1).derive(word.encode())


def opened(data: bytes, wrapping: bytes) -> bytes:
    """The plaintext of a file with one scrypt stanza and one chunk (age.md, "Payload")."""
    version, stanza, body, mac, payload = data.split(b"\n", 4)
    file_key = ChaCha20Poly1305(wrapping).decrypt(bytes(12), unpadded(body.decode()), None)
    header = b"\n".join([version, stanza, body, b"---"])
    expected = hmac.digest(derived(file_key, b"", b"header"), header, "sha256")
    assert hmac.compare_digest(expected, unpadded(mac.decode().split(" ")[1]))
    stream = derived(file_key, payload[:16], b"payload")
    return ChaCha20Poly1305(stream).decrypt(bytes(11) + b"\x01", payload[16:], None)


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("age") / "key.pem.age"
    write_private(path, KEY, WORD)
    return path


def test_a_key_file_opens_by_the_specification(encrypted: Path) -> None:
    data = encrypted.read_bytes()
    wrapping = wrapping_key(data, WORD)
    assert opened(data, wrapping) == KEY.pem()
    with pytest.raises(InvalidTag):
        opened(data[:-1] + bytes((data[-1] ^ 1,)), wrapping)
    with pytest.raises(InvalidTag):
        opened(data, wrapping[::-1])


def age(path: Path, word: str) -> tuple[int, bytes]:
    """Run the program, which asks for the passphrase on its terminal; its exit code and output."""
    plain = path.with_suffix(".plain")
    plain.unlink(missing_ok=True)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("age", ["age", "-d", "-o", str(plain), str(path)])
    os.read(terminal, 1024)
    os.write(terminal, word.encode() + b"\n")
    try:
        while os.read(terminal, 1024):
            pass
    except OSError:  # a terminal whose program has ended
        pass
    os.close(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, plain.read_bytes() if plain.exists() else b""


def test_the_program_age_opens_a_key_file(encrypted: Path, record_property: Show) -> None:
    if shutil.which("age") is None:
        record_property("shown", "not exercised: the program age, which is not installed")
        assert encrypted.read_bytes().startswith(b"age-encryption.org/v1\n-> scrypt ")
        return
    said = subprocess.run(["age", "--version"], capture_output=True, text=True, check=True).stdout
    record_property("shown", f"exercised: the program age {said.strip()} opens a key file")
    assert age(encrypted, WORD) == (0, KEY.pem())
