"""The catalogue of CIR-302: every reason for which QFS stops rather than diverge.

- A code is stable for ever; its value is what a halt record carries.
- Environment and provider faults are not here: they end with exit code 2 and enter no history.
"""

from enum import Enum


class Code(Enum):
    """Sub-code of CIR-302, with the sentence that it breaches."""

    LOG_CORRUPT = "302.01"
    """A committed frame is not the bytes that were written: checksum, chain, order or length."""
    PACKET_REFUSED = "302.02"
    """The gate refuses a packet that the committed log holds."""
    ROOT_MISMATCH = "302.03"
    """Re-deriving a packet gives another state root than the one recorded."""
    INVARIANT_BROKEN = "302.04"
    """A named invariant does not hold after an event."""
    EVOLVE_FAILED = "302.05"
    """A machine's evolve raised: it must never refuse."""
    DECIDE_FAILED = "302.06"
    """A machine's decide raised something that is neither a refusal nor a certified-math error."""
    AFTER_MISMATCH = "302.07"
    """Decision.after is not what folding evolve over the events gives."""
    VERSION_MISSING = "302.08"
    """The log activates a machine version that this program does not have."""
    SNAPSHOT_CORRUPT = "302.09"
    """A snapshot's contents do not lead to the root that it names."""
    KEY_FAILED = "302.10"
    """A key that the registry relies on is malformed or does not match its identity."""
    REACTION_DEPTH = "302.11"
    """A chain of reactions is deeper than the kernel allows."""
    TRAIL_CORRUPT = "302.12"
    """The audit trail's entries do not lead to its checkpoint."""
    HALTED = "302.13"
    """A packet arrived after a halt and before its resume."""
