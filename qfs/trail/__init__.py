"""The audit trail: keys, versions, halts, certificates and checkpoints, for outsiders to verify.

- A pure function of the committed log: every replica that derives it has the same root.
- Entries are chained by the previous entry's hash, and are the leaves of an RFC 9162 tree, so an
  outsider checks one entry, or that nothing was taken back, without the ledger.
- A checkpoint is the text that C2SP's tlog-checkpoint specifies; who signs it is the shell's work.
- Which orders are audited is the caller's list of machines: the trail knows none by name.
- Sources: RFC 9162 §2.1, c2sp.org/tlog-checkpoint, c2sp.org/tlog-tiles.
"""

from qfs.trail.checkpoint import Checkpoint, origin_of
from qfs.trail.entry import MAX_ENTRY_BYTES, Entry, Kind
from qfs.trail.facts import Audited, Fact, of_genesis, of_receipt
from qfs.trail.log import NOT_THIS_TRAIL, Trail, read

__all__ = [
    "MAX_ENTRY_BYTES",
    "NOT_THIS_TRAIL",
    "Audited",
    "Checkpoint",
    "Entry",
    "Fact",
    "Kind",
    "Trail",
    "of_genesis",
    "of_receipt",
    "origin_of",
    "read",
]
