"""The key registry: who may sign, from which packet and until which.

- Keys are named by SHA-256 of their SPKI; the record fixes the algorithm, never the packet.
- A line is a key and the keys it was rotated to. Its first key names the line for ever: that
  ``principal`` is the actor of every packet that any key of the line signs, so accounts and roles
  outlive each key.
- All times are sequence numbers: active from, retired or expired at, revoked from. A revoked key is
  refused from that packet on, and what it signed before still verifies.
- What touches root keys, and recovery, needs a threshold of root lines (the majority by default:
  2 of 3); each says yes by an ``Approve`` packet of its own.
- A new key proves that its holder has it: a signature in the command, checked by the gate, since a
  machine has no verifier (docs/adr/0010-proof-of-possession.md).
- Sources: NIST SP 800-57 part 1 rev. 5 §5.3 (cryptoperiods), §7 (states), §8.3.5 (revocation).
"""

from qfs.keys.commands import (
    COMMANDS,
    Activate,
    Approve,
    Command,
    Enrol,
    Expire,
    Recover,
    Revoke,
    Rotate,
    SetPolicy,
)
from qfs.keys.events import EVENTS, Event, Refusal
from qfs.keys.possession import (
    POSSESSION_CONTEXT,
    Possession,
    possession_message,
    possession_of,
    subject_of,
)
from qfs.keys.reducer import MACHINE
from qfs.keys.schedule import Due, due_from, rotations
from qfs.keys.state import (
    KeyRecord,
    Policy,
    Reason,
    Role,
    Standing,
    State,
    principal_roles,
    roots_standing,
    standing,
    threshold,
)

__all__ = [
    "COMMANDS",
    "EVENTS",
    "MACHINE",
    "POSSESSION_CONTEXT",
    "Activate",
    "Approve",
    "Command",
    "Due",
    "Enrol",
    "Event",
    "Expire",
    "KeyRecord",
    "Policy",
    "Possession",
    "Reason",
    "Recover",
    "Refusal",
    "Revoke",
    "Role",
    "Rotate",
    "SetPolicy",
    "Standing",
    "State",
    "due_from",
    "possession_message",
    "possession_of",
    "principal_roles",
    "roots_standing",
    "rotations",
    "standing",
    "subject_of",
    "threshold",
]
