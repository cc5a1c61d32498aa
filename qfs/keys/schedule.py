"""When keys should be rotated: heights that follow from the registry alone.

- A key is due in the last quarter of its time, which leaves room for a rotation with an overlap.
- A warning, no rule: no answer and no root depends on it, and a key that is late goes on until it
  expires. A key without an expiry is never due.
- Source: NIST SP 800-57 part 1 rev. 5 §5.3 (cryptoperiods), §5.3.4 (what shortens them).
"""

from dataclasses import dataclass

from qfs.crypto import KeyId
from qfs.keys.state import KeyRecord, Standing, State, newest_of, record_of, standing


@dataclass(frozen=True, slots=True)
class Due:
    """A line whose newest key has an end."""

    key: KeyId
    """The key to rotate."""
    from_seq: int
    """First sequence number at which the rotation is due."""
    expires: int
    """First sequence number that the key may no longer sign."""


def due_from(record: KeyRecord) -> int | None:
    """Return the first sequence number of a key's last quarter; None without an expiry."""
    if record.expires is None:
        return None
    start = record.enrolled if record.active_from is None else record.active_from
    return record.expires - ((record.expires - start) >> 2)


def rotations(state: State, seq: int) -> tuple[Due, ...]:
    """Return the newest key of each line that may sign at seq or later and has an end.

    The soonest due first, then by key id.
    """
    found: list[Due] = []
    for principal in state.newest.keys():  # noqa: SIM118 (a Table iterates only when asked)
        key = newest_of(state, principal)
        record = record_of(state, key)
        due = due_from(record)
        alive = standing(record, seq) in (Standing.ACTIVE, Standing.PRE_ACTIVE)
        if due is not None and record.expires is not None and alive:
            found.append(Due(key, due, record.expires))
    return tuple(sorted(found, key=lambda one: (one.from_seq, one.key)))
