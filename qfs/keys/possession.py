"""What a new key signs to show that its holder has it, and what root lines approve.

- The message covers the ledger and the whole command with its possession left empty, so a proof
  serves no other ledger, key, line or purpose.
- The gate verifies it before the packet is admitted: the machine stays pure, and a replay that
  trusts signatures needs no provider (docs/adr/0010-proof-of-possession.md).
"""

from dataclasses import dataclass, replace

from qfs.canon import Digest, Value, digest
from qfs.crypto import SIZES, Profile
from qfs.errors import CanonError
from qfs.keys.commands import COMMANDS, Command, Enrol, Recover, Rotate

POSSESSION_CONTEXT = b"QFS/POP/v1"
"""Domain separation of proofs of possession (FIPS 204 §5.2 ctx)."""


@dataclass(frozen=True, slots=True)
class Possession:
    """A proof to verify under POSSESSION_CONTEXT."""

    profile: Profile
    public_key: bytes
    message: bytes
    """32 bytes."""
    signature: bytes


def possession_message(ledger: Digest, command: Enrol | Rotate | Recover) -> bytes:
    """Return the 32 bytes that the command's new key signs."""
    bare = replace(command, possession=b"")
    return digest("qfs/keys/possession/1", [ledger, COMMANDS.pack(bare)])


def subject_of(command: Command) -> Digest:
    """Return the digest by which root lines approve a command, its possession included."""
    return digest("qfs/keys/subject/1", COMMANDS.pack(command))


def possession_of(ledger: Digest, record: Value) -> Possession | None:
    """Return the proof that an order's record carries, or None when it carries none.

    A record that the registry cannot read, an empty proof or a key of a wrong length carries none:
    the kernel or the machine refuses its transaction.
    """
    try:
        command = COMMANDS.unpack(record)
    except CanonError:
        return None
    if not isinstance(command, Enrol | Rotate | Recover) or not command.possession:
        return None
    if len(command.public_key) != SIZES[command.profile].public_key:
        return None
    message = possession_message(ledger, command)
    return Possession(command.profile, command.public_key, message, command.possession)
