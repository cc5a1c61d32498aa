"""The catalogue of CIR-302: every reason for which QFS stops rather than diverge.

- A code is stable for ever; its value is what a halt record carries.
- Environment and provider faults are not here: they end with exit code 2 and enter no history.
"""

from enum import Enum


class Code(Enum):
    """Sub-code of CIR-302, with the sentence that it breaches and what its operator does next."""

    LOG_CORRUPT = "302.01"
    """A committed frame is not the bytes that were written: checksum, chain, order or length.

    Keep the folder as evidence. Put a replica's or a backup's log/ in the place
    of this one, or follow a replica (qfs ledger import), until qfs replay
    agrees. If halt.cbor stands beside the log, the root threshold then ends the
    halt: qfs halt resume.
    """
    PACKET_REFUSED = "302.02"
    """The gate refuses a packet that the committed log holds.

    Under --strict a packet from outside does this too, and is not in the log:
    qfs halt resume. Else the log was written by another program or under other
    keys: qfs bisect finds the first packet at which it differs from a
    replica's; go on with the log that the replicas agree on.
    """
    ROOT_MISMATCH = "302.03"
    """Re-deriving a packet gives another state root than the one recorded.

    This program or environment is another one than the one that wrote the log:
    qfs replay --perturb names the variable, --against the revision, qfs bisect
    the packet and key. Append nothing until the two agree.
    """
    INVARIANT_BROKEN = "302.04"
    """A named invariant does not hold after an event.

    The machine is wrong, or what it was given; nothing of the packet was
    applied. Mend the machine, replay the log with it, then qfs halt resume by
    the root threshold.
    """
    EVOLVE_FAILED = "302.05"
    """A machine's evolve raised: it must never refuse.

    Mend the machine so that decide refuses what evolve cannot carry out, replay
    the log with it, then qfs halt resume by the root threshold.
    """
    DECIDE_FAILED = "302.06"
    """A machine's decide raised something that is neither a refusal nor a certified-math error.

    Mend the machine so that decide returns a refusal, replay the log with it,
    then qfs halt resume by the root threshold.
    """
    AFTER_MISMATCH = "302.07"
    """Decision.after is not what folding evolve over the events gives.

    Mend the machine, or leave Decision.after out; replay the log with it, then
    qfs halt resume by the root threshold.
    """
    VERSION_MISSING = "302.08"
    """The log activates a machine version that this program does not have.

    Install the release that has it, and replay. A machine of your own is named:
    qfs replay LOG --machine package.module:NAME.
    """
    SNAPSHOT_CORRUPT = "302.09"
    """A snapshot's contents do not lead to the root that it names.

    Delete the snapshot: the log holds all that it held, unless it was pruned;
    then take a replica's. qfs ledger snapshot writes a new one.
    """
    KEY_FAILED = "302.10"
    """A key that the registry relies on is malformed or does not match its identity.

    Compare the ledger's genesis and key orders with a replica's (qfs bisect,
    qfs trail show), and go on with the log that the replicas agree on.
    """
    REACTION_DEPTH = "302.11"
    """A chain of reactions is deeper than the kernel allows.

    Mend the reactions that ask each other without end, replay the log with
    them, then qfs halt resume by the root threshold.
    """
    TRAIL_CORRUPT = "302.12"
    """The audit trail's entries do not lead to its checkpoint.

    The trail is a function of the log: derive it again from the ledger (qfs
    trail export) and compare. Whoever gave the broken one away has to explain
    it.
    """
    HALTED = "302.13"
    """A packet arrived after a halt and before its resume.

    qfs halt show says why it stands. Mend that, then qfs halt resume by the
    root threshold.
    """
