"""`qfs keys new|list|export|import`: key files that other programs open.

- ``NAME.pub.pem`` holds the public key (SPKI), ``NAME.pem.age`` the private one (seed-only PKCS#8
  in age's passphrase format), or ``NAME.pem`` when it is asked for unencrypted.
- ML-DSA keys sign; ML-KEM-1024 keys receive secrets (``key_sync.py``), and do nothing else.
- A report never holds anything secret.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qfs.crypto import Profile
from qfs.errors import InputError, UsageError
from qfs.shell import foreign_keys, keystore, keysync
from qfs.shell.keystore import PrivateKey, PublicKey
from qfs.shell.keysync import Recipient

PUBLIC_SUFFIX = ".pub.pem"
PLAIN_SUFFIX = ".pem"
AGE_SUFFIX = ".pem.age"
PROFILES = tuple([profile.value for profile in Profile])
"""Names of the algorithms, the default first."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class NewKeyRequest:
    """A key to make."""

    directory: Path
    name: str
    profile: str = Profile.ML_DSA_87.value
    passphrase_file: Path | None = None
    """None: the private key's file is not encrypted."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of a directory."""

    name: str
    profile: str
    key_id: str
    """Hexadecimal."""
    private: str
    """``encrypted``, ``plain`` or ``absent``."""

    def document(self) -> dict[str, object]:
        """Return the key as it stands in JSON documents."""
        return {
            "key_id": self.key_id,
            "name": self.name,
            "private": self.private,
            "profile": self.profile,
        }


@dataclass(frozen=True, slots=True)
class KeysReport:
    """Keys, in the order of their names."""

    keys: tuple[KeyRow, ...]

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {"schema": "qfs.keys/1", "keys": [one.document() for one in self.keys]}


def new_key(request: NewKeyRequest) -> KeysReport:
    """Make a key's two files; neither is written when one of the names is taken.

    Raises UsageError for a name or profile that is none, InputError for files in the way.
    """
    if request.profile == keysync.ALGORITHM:
        return _written(request, Recipient.generate())
    return _written(request, PrivateKey.generate(profile_of(request.profile)))


def import_key(
    source: Path, request: NewKeyRequest, source_passphrase: Path | None, *, unencrypted: bool
) -> KeysReport:
    """Make a key's files from another program's file; a public key makes the public file alone.

    request.profile is not looked at. Raises InputError for a source that holds no ML-DSA key,
    UsageError for a private one when nothing says how it is kept.
    """
    key = foreign_keys.read_key(source, passphrase_of(source_passphrase))
    if isinstance(key, PrivateKey) and request.passphrase_file is None and not unencrypted:
        raise UsageError(
            "say how the private key is kept",
            way_out="give --passphrase-file FILE, or --unencrypted",
        )
    return _written(request, key)


def _written(request: NewKeyRequest, key: PrivateKey | PublicKey | Recipient) -> KeysReport:
    if not _NAME.fullmatch(request.name):
        raise UsageError(
            f"{request.name!r} is no name for a key",
            way_out="use up to 64 letters, digits, - and _, a letter or digit first",
        )
    if not request.directory.is_dir():
        raise InputError("no directory", place=str(request.directory), way_out="make it first")
    passphrase = passphrase_of(request.passphrase_file)
    suffix = PLAIN_SUFFIX if passphrase is None else AGE_SUFFIX
    private = request.directory / (request.name + suffix)
    public = request.directory / (request.name + PUBLIC_SUFFIX)
    for path in (
        request.directory / (request.name + other) for other in (PLAIN_SUFFIX, AGE_SUFFIX)
    ):
        if path.exists():
            raise InputError("exists", place=str(path), way_out="choose another name")
    if isinstance(key, Recipient):
        keysync.write_recipient_public(public, key.public)
    else:
        keystore.write_public(public, key if isinstance(key, PublicKey) else key.public)
    if not isinstance(key, PublicKey):
        try:
            keystore.write_secret(private, key.pem(), passphrase)
        except InputError:
            public.unlink()
            raise
    return KeysReport((_row(request.directory, request.name, public),))


def list_keys(directory: Path) -> KeysReport:
    """Return the keys whose public files a directory holds; raises InputError."""
    if not directory.is_dir():
        raise InputError("no directory", place=str(directory), way_out="name a folder of keys")
    rows = [
        _row(directory, path.name.removesuffix(PUBLIC_SUFFIX), path)
        for path in sorted(directory.glob(f"*{PUBLIC_SUFFIX}"))
    ]
    return KeysReport(tuple(rows))


def export(path: Path, form: str, passphrase_file: Path | None = None) -> str:
    """Return a key file's public key as text: ``spki`` (PEM), ``jwk`` or ``id``.

    path is a public key's file or a private one's. Raises InputError.
    """
    if path.name.endswith(PUBLIC_SUFFIX):
        public = keystore.read_public(path)
    else:
        public = keystore.read_private(path, passphrase_of(passphrase_file)).public
    return EXPORTS[form](public)


EXPORTS: dict[str, Callable[[PublicKey], str]] = {
    "spki": lambda key: key.pem().decode("ascii"),
    "jwk": lambda key: json.dumps(key.jwk(), indent=2, sort_keys=True) + "\n",
    "id": lambda key: key.id.hex() + "\n",
}
"""Forms of a public key, by name."""


def profile_of(name: str) -> Profile:
    """Return the profile of a name; raises UsageError."""
    try:
        return Profile(name)
    except ValueError:
        raise UsageError(
            f"no algorithm is called {name!r}", way_out=f"choose one of {', '.join(PROFILES)}"
        ) from None


def passphrase_of(path: Path | None) -> str | None:
    """Return a passphrase file's passphrase, None without a file."""
    return None if path is None else keystore.read_passphrase(path)


def _row(directory: Path, name: str, path: Path) -> KeyRow:
    private = "absent"
    if (directory / (name + AGE_SUFFIX)).exists():
        private = "encrypted"
    elif (directory / (name + PLAIN_SUFFIX)).exists():
        private = "plain"
    try:
        public = keystore.read_public(path)
    except InputError as error:
        try:
            found = keysync.recipient_id(keysync.read_recipient_public(path))
        except InputError:
            raise error from None
        return KeyRow(name, keysync.ALGORITHM, found.hex(), private)
    return KeyRow(name, public.profile.value, public.id.hex(), private)
