"""`qfs keys seal|open`: a secret from one service to another, sealed with ML-KEM-1024.

- The sender signs with ML-DSA; both name the ledger for which the secret is, the sender and the
  recipient, and a message for others does not open (``qfs.shell.keysync``).
- Sealing is random: what it makes never enters a ledger's state.
- What is opened is written to a new file that its owner alone may read, or to a pipe.
"""

from dataclasses import dataclass
from pathlib import Path

from qfs.app.keys import passphrase_of
from qfs.canon import DIGEST_BYTES, Digest
from qfs.errors import InputError, UsageError
from qfs.shell import keystore, keysync, providers
from qfs.shell.files import PIPE, read_limited, write_new
from qfs.shell.keysync import Parties

_MODE = 0o600


@dataclass(frozen=True, slots=True)
class SealRequest:
    """A secret to seal; each path names a file."""

    secret: Path
    """``-`` for standard input."""
    recipient: Path
    """Public ML-KEM-1024 key."""
    key: Path
    """Private ML-DSA key of the sender."""
    ledger: str
    """The ledger's id in hexadecimal."""
    passphrase_file: Path | None = None
    output: Path = PIPE


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A sealed message to open; each path names a file."""

    sealed: Path
    """``-`` for standard input."""
    key: Path
    """Private ML-KEM-1024 key of the recipient."""
    sender: Path
    """Public ML-DSA key."""
    ledger: str
    """The ledger's id in hexadecimal."""
    passphrase_file: Path | None = None
    output: Path = PIPE
    provider: str = providers.DEFAULT


def seal(request: SealRequest) -> Parties:
    """Write a sealed message; raises InputError and UsageError."""
    public = keysync.read_recipient_public(request.recipient)
    key = keystore.read_private(request.key, passphrase_of(request.passphrase_file))
    ledger = ledger_id(request.ledger)
    parties = Parties(ledger, key.public.id, keysync.recipient_id(public))
    secret = read_limited(request.secret, keysync.MAX_SECRET_BYTES, secret=request.secret != PIPE)
    write_new(request.output, keysync.seal(secret, public, parties, key.signer()), _MODE)
    return parties


def open_sealed(request: OpenRequest) -> Parties:
    """Write what a message holds, once its sender's signature is good.

    Raises InputError for a message that is another's, of another ledger or changed.
    """
    recipient = keysync.read_recipient(request.key, passphrase_of(request.passphrase_file))
    sender = keystore.read_public(request.sender)
    parties = Parties(ledger_id(request.ledger), sender.id, recipient.id)
    data = read_limited(request.sealed, keysync.MAX_BYTES)
    verifier = providers.verifier(request.provider)
    try:
        secret = recipient.open(data, parties, sender, verifier)
    except InputError as error:
        raise InputError(error.what, place=str(request.sealed), way_out=error.way_out) from None
    write_new(request.output, secret, _MODE)
    return parties


def ledger_id(text: str) -> Digest:
    """Return a ledger's id from hexadecimal; raises UsageError."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != DIGEST_BYTES:
        raise UsageError(
            f"{text!r} is no ledger's id",
            way_out="give the 64 hexadecimal digits that qfs ledger init printed",
        )
    return Digest(data)
