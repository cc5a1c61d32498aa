"""Kinds of packet: one module each, and the line here that makes it known.

- A kind turns one kernel Action into its payload's canonical value, and back.
- ``unpack(pack(action)) == action`` and ``pack(unpack(value)) == value``: tested for every kind.
"""

from qfs.canon import decode, encode
from qfs.errors import RecordError
from qfs.kernel.admitted import Action
from qfs.packet.kinds import resume, tick, transactions, upgrade
from qfs.packet.kinds.kind import Kind

KINDS: tuple[Kind, ...] = (transactions.KIND, upgrade.KIND, tick.KIND, resume.KIND)

_BY_NUMBER = {kind.number: kind for kind in KINDS}
_BY_ACTION = {kind.action: kind for kind in KINDS}


def payload_of(action: Action) -> tuple[int, bytes]:
    """Return an action's kind number and payload bytes.

    Raises RecordError for an action that its kind cannot carry, CanonError for an order that has
    no canonical form.
    """
    kind = _BY_ACTION.get(type(action))
    if kind is None:
        raise RecordError(f"no packet kind carries a {type(action).__name__}")
    return kind.number, encode(kind.pack(action))


def action_of(number: int, payload: bytes) -> Action:
    """Return the action that a payload of a kind carries.

    Raises RecordError for an unknown kind or a wrong shape, CanonError for other bytes.
    """
    kind = _BY_NUMBER.get(number)
    if kind is None:
        raise RecordError(f"unknown packet kind {number}", way_out=f"send 1 .. {len(KINDS)}")
    return kind.read(payload) or kind.unpack(decode(payload))


def name_of(number: int) -> str:
    """Return a kind's name, or ``unknown``."""
    kind = _BY_NUMBER.get(number)
    return "unknown" if kind is None else kind.name
