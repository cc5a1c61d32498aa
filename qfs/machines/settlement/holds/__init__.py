"""The machine holds: two-phase transfers across packets, of several parties, all or nothing.

PROPOSED -> LOCKED -> PREPARED -> COMMITTING -> COMMITTED; from each of the first four also to
ROLLED_BACK, so that no hold stands for ever.

- A hold's places (account, asset) are locked in sorted order, each by whoever may debit it; a place
  has one lock at a time. Whoever waits for a place holds only smaller ones: no deadlock exists, and
  of two that ask, the one that stands first in the log wins.
- Time is the height of the log: from packet ``expires`` on a hold only rolls back, and whoever
  signs may do it.
- Each proposal gets a fencing token, larger than any before; every later step names it, so that
  who slept through a roll-back cannot act on the attempt that follows it.
- It counts and keeps no tokens: what stands in escrow is moved by reactions, in the transaction of
  the event. Sources: Gray, "Notes on Data Base Operating Systems" (1978), §5.8.3; Kleppmann,
  "How to do distributed locking" (2016), for fencing.
"""
