"""What one may ask of the machine notary."""

from dataclasses import dataclass
from typing import TypeAlias

from qfs.canon import Digest, Registry


@dataclass(frozen=True, slots=True)
class NoteCertificate:
    """Note that a certificate exists; any admitted key may."""

    document: Digest
    """SHA-256 of the signed envelope's bytes."""


@dataclass(frozen=True, slots=True)
class NoteCheckpoint:
    """Note that the audit trail's checkpoint was signed; any admitted key may."""

    document: Digest
    """SHA-256 of the signed note's bytes."""
    size: int
    """Entries in the trail, 0 .. 2**63 - 1."""
    root: Digest
    """Root over these entries."""


Command: TypeAlias = NoteCertificate | NoteCheckpoint

COMMANDS = Registry("notary command").add(1, 1, NoteCertificate).add(2, 1, NoteCheckpoint)
