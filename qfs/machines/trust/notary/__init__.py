"""The machine notary: which certificates and signed checkpoints have been shown to the ledger.

- A document is noted by its SHA-256, once and for ever; the note says who showed it, and in which
  packet. The document itself stays where it is: it carries its own signatures.
- Any admitted key may note: what is noted is that it was shown, not that it is true.
- The audit trail holds each note, and judges a checkpoint of itself (``qfs.trail.log``).
- Source: RFC 9162 §1 (a log of what was asserted, for others to judge).
"""

from qfs.machines.trust.notary.commands import (
    COMMANDS,
    Command,
    NoteCertificate,
    NoteCheckpoint,
)
from qfs.machines.trust.notary.events import EVENTS, Event, Noted, Refusal
from qfs.machines.trust.notary.reducer import MACHINE
from qfs.machines.trust.notary.state import Kind, Row, State

__all__ = [
    "COMMANDS",
    "EVENTS",
    "MACHINE",
    "Command",
    "Event",
    "Kind",
    "NoteCertificate",
    "NoteCheckpoint",
    "Noted",
    "Refusal",
    "Row",
    "State",
]
