"""What may be put in the place of keys, passphrases, providers and sealed secrets."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from qfs import gate
from qfs.crypto import Profile, spki
from qfs.shell import keystore
from qfs.shell.keystore import PrivateKey
from tests.attacks.attack import NOTHING, raises
from tests.gate.worlds import Run

FAMILY = "keys and providers"
KEY = PrivateKey(Profile.ML_DSA_87, b"k" * 32)


def reads(name: str, make: Callable[[Path], bytes], mode: int = 0o600) -> None:
    """List bytes in the place of a private key's file."""

    @raises(FAMILY, name, "QFS-INPUT")
    def _(folder: Path) -> None:
        path = folder / "key.pem"
        path.write_bytes(make(folder))
        path.chmod(mode)
        keystore.read_private(path, "open sesame")


def pem(folder: Path) -> bytes:
    keystore.write_private(folder / "sound", KEY, None)
    return (folder / "sound").read_bytes()


def age(folder: Path, passphrase: str) -> bytes:
    keystore.write_private(folder / "sealed", KEY, passphrase)
    return (folder / "sealed").read_bytes()


def of_ed25519(_: Path) -> bytes:
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


reads("a private key that others may read", pem, 0o644)
reads("a private key that its group may write", pem, 0o620)
reads("a wrong passphrase", lambda folder: age(folder, "close sesame"))
reads("an encrypted key with a bit flipped", lambda folder: flipped(age(folder, "open sesame")))
reads("an encrypted key cut off", lambda folder: age(folder, "open sesame")[:-1])
reads("a private key cut off", lambda folder: pem(folder)[:-40])
reads("an Ed25519 key in the place of an ML-DSA one", of_ed25519)
reads("a public key in the place of a private one", lambda folder: public(folder)[:])
reads("an empty key file", lambda _: b"")
reads("a key file of a gigabyte's head", lambda _: bytes(1 << 20))


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes((data[-1] ^ 1,))


def public(folder: Path) -> bytes:
    keystore.write_public(folder / "public", KEY.public)
    return (folder / "public").read_bytes()


@raises(FAMILY, "an encrypted key and no passphrase", "QFS-INPUT")
def _(folder: Path) -> None:
    (folder / "key.age").write_bytes(age(folder, "open sesame"))
    (folder / "key.age").chmod(0o600)
    keystore.read_private(folder / "key.age", None)


@raises(FAMILY, "a passphrase that others may read", "QFS-INPUT")
def _(folder: Path) -> None:
    (folder / "pass").write_text("open sesame\n")
    (folder / "pass").chmod(0o644)
    keystore.read_passphrase(folder / "pass")


@raises(FAMILY, "an empty passphrase", "QFS-INPUT")
def _(folder: Path) -> None:
    (folder / "pass").write_text("\nopen sesame\n")
    (folder / "pass").chmod(0o600)
    keystore.read_passphrase(folder / "pass")


@raises(FAMILY, "a new key over one that is there", "QFS-INPUT")
def _(folder: Path) -> None:
    keystore.write_private(folder / "key", KEY, None)
    keystore.write_private(folder / "key", PrivateKey(Profile.ML_DSA_87, b"o" * 32), None)


def stands_for_a_public_key(name: str, change: Callable[[bytes], bytes]) -> None:
    """List a changed SubjectPublicKeyInfo, in sound PEM."""

    @raises(FAMILY, name, "QFS-INPUT")
    def _(folder: Path) -> None:
        der = change(spki(Profile.ML_DSA_87, KEY.public.raw))
        text = b64encode(der).decode("ascii")
        (folder / "key.pub.pem").write_text(
            f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"
        )
        keystore.read_public(folder / "key.pub.pem")


stands_for_a_public_key("a public key one byte short", lambda der: der[:-1])
stands_for_a_public_key("a public key one byte long", lambda der: der + b"\0")
stands_for_a_public_key(
    "a public key under another algorithm's name",
    lambda der: spki(Profile.ML_DSA_44, KEY.public.raw[:1312])[:22] + der[22:],
)


class Answers:
    """A provider that answers whatever it was made with."""

    name = "broken"

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def verify(self, *asked: object) -> bool:
        """Answer, whatever was asked."""
        return self.answer  # type: ignore[return-value]


def answers(name: str, answer: object) -> None:
    """List a provider whose answer is no verdict, and must not become one."""

    @raises(FAMILY, name, "QFS-PROVIDER")
    def _(_: Path) -> None:
        run = Run()
        gate.verify(run.signed("sam", NOTHING), run.world, Answers(answer))


answers("a provider that returns None, as pqcrypto 1.0 does for good and older ones never", None)
answers("a provider that returns 1", 1)
answers("a provider that returns 0", 0)
answers("a provider that returns text", "yes")
