"""The contract that every state machine keeps, and all that it may know of the world.

- decide says yes (a Decision) or no (a member of its Refusal enum, or a Denial holding one);
  evolve never refuses.
- Decision.after, where given, equals folding evolve over the events: a law, tested for each.
- Effects are data in a committed outbox; nothing here performs one.
- State is a frozen dataclass whose fields are Stores or canonical values.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, Protocol, Self, TypeVar, runtime_checkable

from qfs.canon import Digest, Registry, digest
from qfs.certmath import ProofLog
from qfs.crypto.ports import KeyId
from qfs.kernel.admitted import Order
from qfs.kernel.chance import Chance

S = TypeVar("S")
C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Context:
    """All that a machine may know besides its state and the command."""

    ledger: Digest
    """Digest of the genesis record."""
    seq: int
    """Sequence number of the packet; 0 in genesis."""
    packet: Digest
    """Identity of the packet: SHA-256 over its body."""
    time_us: int
    """Microseconds since 1970-01-01T00:00Z, as the signer wrote them."""
    actor: KeyId
    """Who asks: the first key of the signing key's line of rotations; NOBODY in genesis; a
    `machine_principal` where a reaction asks in a machine's own name."""
    seed: bytes
    """32 bytes from the signer."""
    machine: str
    """Name of the machine that decides."""
    ordinal: int
    """Position of the command in the packet, reactions included."""
    proof: ProofLog | None = field(default=None, compare=False, repr=False)
    """Where CertifiedMath records the transaction's operations, when ``apply`` was asked to prove;
    pass it on as ``log=`` and look at it in no other way."""
    cosigners: tuple[KeyId, ...] = ()
    """The principals of those who signed the packet besides; none where a machine asks."""

    def chance(self, purpose: str) -> Chance:
        """Return bytes for one purpose: reproducible, not fair (a signer can grind)."""
        return Chance.of(
            (
                self.ledger,
                self.seq,
                self.packet,
                self.time_us,
                self.actor,
                self.seed,
                self.machine,
                self.ordinal,
                purpose,
            )
        )


@dataclass(frozen=True, slots=True)
class Decision(Generic[E, S]):
    """A yes: what happened, and what is asked of the outside."""

    events: tuple[E, ...]
    effects: tuple[object, ...] = ()
    """Frozen dataclasses registered in the machine's effects."""
    after: S | None = None
    """The state after the events, when decide had to make it anyway."""
    results: bytes = b""
    """A code a row where one command asks many things at once; the receipt keeps them."""
    spent: tuple[E, ...] = ()
    """What happens instead of the events where the transaction is refused after all."""


@dataclass(frozen=True, slots=True)
class Denial(Generic[E]):
    """A no that leaves something in its own machine: a nonce that is used up, say.

    What is spent stands only for the orders that the sender wrote, never for a reaction's: the
    machine that asked has forgotten that it did.
    """

    refusal: Enum
    """A member of the machine's refusals."""
    spent: tuple[E, ...]


@dataclass(frozen=True, slots=True)
class DeltaInvariant(Generic[S, E]):
    """A sentence that one event must keep true; a breach halts with CIR-302."""

    name: str
    """The sentence in snake_case: ``every_transfer_conserves_each_token``."""
    holds: Callable[[S, E, S], bool]
    """(before, event, after) -> whether it holds."""


@dataclass(frozen=True, slots=True)
class StateInvariant(Generic[S]):
    """A sentence about a whole state; checked at snapshots, by ``ledger check`` and in tests."""

    name: str
    holds: Callable[[S], bool]


@dataclass(frozen=True, slots=True)
class Reaction:
    """What B is asked when X happened in A: the only place where two machines meet; pure."""

    name: str
    """Unique; reactions to one event run in the order of their names."""
    source: str
    """Name of the machine whose events it hears, whatever its version."""
    react: Callable[[Any, Context], tuple[Order, ...]]
    """(event, context of its command) -> orders, run at once in the same transaction; the refusal
    of one undoes the transaction."""
    as_machine: bool = False
    """Whether the source machine itself asks, as its `machine_principal`; else whoever asked it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two states differ first."""

    machine: str
    field: str
    """Field of the machine's state."""
    key: Any
    """Key inside the field, or None when the field is one value."""
    expected: Any
    actual: Any


def machine_principal(name: str) -> KeyId:
    """Return who a machine is where it asks another in its own name.

    It is the digest of a name, not of a public key: nobody can sign as it, so what it owns moves by
    reactions alone.
    """
    return KeyId(digest("qfs/machine-principal/1", name))


@runtime_checkable
class Store(Protocol):
    """A value that is kept fast: ``Table``, and packed pages."""

    def seal(self) -> Digest:
        """Return the root; equal contents have equal roots, whatever their history."""
        ...

    def restore(self) -> None:
        """Make this version the newest again, now rather than at the next read."""
        ...

    def snapshot(self) -> Iterator[bytes]:
        """Yield the contents as canonical records, in key order."""
        ...

    def load(self, records: Iterable[bytes]) -> Self:
        """Return a store of this kind holding exactly a snapshot's records; raises CanonError."""
        ...

    def diff(self, other: Self, limit: int = 1) -> list[tuple[Any, Any, Any]]:
        """Return at most limit (key, value here, value there), in key order."""
        ...


class Machine(Protocol[S, C_contra, E]):
    """One pure state machine; the kernel knows nothing else of it."""

    @property
    def name(self) -> str:
        """Lower-case name, unique in a world."""
        ...

    @property
    def version(self) -> int:
        """1 for the first; an Upgrade packet activates the next."""
        ...

    @property
    def commands(self) -> Registry:
        """What one may ask of it."""
        ...

    @property
    def events(self) -> Registry:
        """What can have happened in it."""
        ...

    @property
    def effects(self) -> Registry:
        """What it may ask of the outside."""
        ...

    @property
    def refusals(self) -> type[Enum]:
        """Why it says no."""
        ...

    @property
    def invariants(self) -> Sequence[DeltaInvariant[S, E]]:
        """Sentences checked at each event."""
        ...

    @property
    def state_invariants(self) -> Sequence[StateInvariant[S]]:
        """Sentences checked over a whole state."""
        ...

    def genesis(self) -> S:
        """Return the state before any command."""
        ...

    def decide(
        self, state: S, command: C_contra, context: Context
    ) -> Decision[E, S] | Denial[E] | Enum:
        """Answer a command with a Decision, a member of refusals, or a Denial holding one."""
        ...

    def evolve(self, state: S, event: E) -> S:
        """Return the state after an event; never refuses."""
        ...

    def cost(self, command: C_contra) -> int:
        """Return what a command costs beyond the unit of every order; >= 0, of the command alone.

        A unit is about one row of state read and written. The same everywhere: no time, no size of
        the state, is in it.
        """
        ...

    def migrate(self, state: Any) -> S:
        """Return this version's state from the previous version's, at its activation."""
        ...


def no_more(_command: Any) -> int:
    """Return 0: a command that costs the unit of every order and no more."""
    return 0


def no_migration(state: Any) -> Any:
    """Return the state as it is: what a version does that kept its predecessor's shape."""
    return state


@dataclass(frozen=True, slots=True)
class Reducer(Generic[S, C, E]):
    """A Machine made of functions: what a machine's ``reducer.py`` calls MACHINE."""

    name: str
    version: int
    genesis: Callable[[], S]
    decide: Callable[[S, C, Context], Decision[E, S] | Denial[E] | Enum]
    evolve: Callable[[S, E], S]
    commands: Registry
    events: Registry
    refusals: type[Enum]
    effects: Registry
    invariants: tuple[DeltaInvariant[S, E], ...] = ()
    state_invariants: tuple[StateInvariant[S], ...] = ()
    migrate: Callable[[Any], S] = no_migration
    cost: Callable[[C], int] = no_more
