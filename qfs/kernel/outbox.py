"""The outbox: effects that machines asked for and that nobody has settled yet; a built-in machine.

- An effect is data; its identity is (seq of the packet, ordinal of the command, position). A worker
  outside delivers it at least once; a target that deduplicates on the identity takes it once.
- `Settle` removes an effect and says how it ended. Only the key that signed the packet from which
  the effect came may settle it, so that nobody can silence what another one asked for. An effect
  from genesis has no signer and may be settled by any key.
- Reactions may hear `Settled`, as any other event.
"""

from dataclasses import dataclass
from enum import Enum

from qfs.canon import Registry
from qfs.crypto.ports import NOBODY, KeyId
from qfs.kernel.contract import Context, Decision, Reducer
from qfs.kernel.genesis import OUTBOX
from qfs.kernel.table import Table

EffectId = tuple[int, int, int]
"""Sequence number of the packet, ordinal of the command in it, position among its effects."""


class Outcome(Enum):
    """How an effect ended."""

    DONE = 1
    FAILED = 2
    UNKNOWN = 3
    """It may have run once: the target does not deduplicate and the worker died."""


class OutboxRefusal(Enum):
    """Why an effect cannot be settled; in the order of the checks."""

    NOT_PENDING = 1
    """No such effect is pending: it never was, or it is settled."""
    NOT_YOURS = 2
    """The effect was caused by another key's packet, and genesis did not cause it."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An effect that waits for its outcome."""

    machine: str
    """Who asked."""
    version: int
    """The version of the machine whose registry reads the record."""
    actor: KeyId
    """Who signed the packet."""
    record: bytes
    """Canonical bytes of [kind, version, field ...] of the machine's effects."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The state of the built-in machine."""

    pending: Table[EffectId, Pending]


@dataclass(frozen=True, slots=True)
class Settle:
    """Ask to end an effect."""

    seq: int
    ordinal: int
    position: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Settled:
    """An effect has ended."""

    effect: EffectId
    outcome: Outcome


def genesis() -> Outbox:
    """Return an outbox without effects."""
    return Outbox(Table.of(tuple[int, int, int], Pending))


def decide(state: Outbox, command: Settle, context: Context) -> Decision[Settled, Outbox] | Enum:
    """Answer: pending at all, then yours."""
    effect = (command.seq, command.ordinal, command.position)
    pending = state.pending.get(effect)
    if pending is None:
        return OutboxRefusal.NOT_PENDING
    if pending.actor not in (context.actor, NOBODY):
        return OutboxRefusal.NOT_YOURS
    return Decision((Settled(effect, command.outcome),))


def evolve(state: Outbox, event: Settled) -> Outbox:
    """Return the outbox without the effect."""
    return Outbox(state.pending.delete(event.effect))


MACHINE = Reducer(
    name=OUTBOX,
    version=1,
    genesis=genesis,
    decide=decide,
    evolve=evolve,
    commands=Registry("outbox command").add(1, 1, Settle),
    events=Registry("outbox event").add(1, 1, Settled),
    refusals=OutboxRefusal,
    effects=Registry("outbox effect"),
)
