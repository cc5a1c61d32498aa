"""Two small machines in several versions, and a way to admit packets without a gate.

`shelf` counts goods; version 2 counts by the dozen and keeps a total. `audit` writes a line a
movement, when a reaction asks it to.
"""

from dataclasses import dataclass, replace
from enum import Enum

from qfs.canon import Digest, Registry, Value, digest
from qfs.crypto.ports import KeyId
from qfs.errors import CertifiedMathError
from qfs.kernel import (
    Action,
    Admitted,
    Context,
    Decision,
    DeltaInvariant,
    Denial,
    Genesis,
    Order,
    Reaction,
    Reducer,
    StateInvariant,
    Table,
    Transactions,
    World,
)

ALICE = KeyId(b"a" * 32)
BOB = KeyId(b"b" * 32)


@dataclass(frozen=True, slots=True)
class Put:
    item: str
    count: int


@dataclass(frozen=True, slots=True)
class Take:
    item: str
    count: int


@dataclass(frozen=True, slots=True)
class Misbehave:
    how: str


@dataclass(frozen=True, slots=True)
class Moved:
    item: str
    by: int


@dataclass(frozen=True, slots=True)
class Broke:
    how: str


@dataclass(frozen=True, slots=True)
class Telegram:
    text: str


class ShelfRefusal(Enum):
    NOTHING_ASKED = 1
    NOT_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Shelf:
    goods: Table[str, int]
    moves: int


def shelf_genesis() -> Shelf:
    return Shelf(Table.of(str, int), 0)


SPENDINGS = {
    "spend": Decision((Moved("x", 5),), results=b"\0\2", spent=(Moved("stamp", 1),)),
    "spend in vain": Denial(ShelfRefusal.NOT_ENOUGH, (Moved("stamp", 10),)),
}


def shelf_decide(state, command, context: Context):
    match command:
        case Put(item, count):
            if count < 1:
                return ShelfRefusal.NOTHING_ASKED
            return Decision((Moved(item, count),))
        case Take(item, count):
            left = (state.goods.get(item) or 0) - count
            if left < 0:
                return ShelfRefusal.NOT_ENOUGH
            effects = (Telegram(f"{item} is sold out"),) if left == 0 else ()
            return Decision((Moved(item, -count),), effects)
        case Misbehave("arithmetic"):
            raise CertifiedMathError("overflow")
        case Misbehave("raise in decide"):
            raise KeyError("gone")
        case Misbehave("memory"):
            raise MemoryError
        case Misbehave("wrong answer"):
            return "yes"
        case Misbehave("foreign refusal"):
            return AuditRefusal.EMPTY_LINE
        case Misbehave("wrong effect"):
            return Decision((), (Moved("x", 1),))
        case Misbehave("chance"):
            return Decision((Moved("dice", context.chance("roll").below(6)),))
        case Misbehave("wrong after"):
            return Decision((Moved("x", 1),), after=Shelf(state.goods.set("x", 2), state.moves + 1))
        case Misbehave("right after"):
            return Decision((Moved("x", 1),), after=shelf_evolve(state, Moved("x", 1)))
        case Misbehave(how):
            return SPENDINGS.get(how, Decision((Broke(how),)))


def shelf_evolve(state, event):
    match event:
        case Moved(item, by):
            left = (state.goods.get(item) or 0) + by
            goods = state.goods.set(item, left) if left else state.goods.delete(item)
            return Shelf(goods, state.moves + 1)
        case Broke("invariant"):
            return replace(state, moves=state.moves - 1)
        case Broke("unhashable"):
            return replace(state, moves="many")
        case Broke():
            raise ValueError("evolve failed")


SHELF = Reducer(
    name="shelf",
    version=1,
    genesis=shelf_genesis,
    decide=shelf_decide,
    evolve=shelf_evolve,
    commands=Registry("shelf command").add(1, 1, Put).add(2, 1, Take).add(3, 1, Misbehave),
    events=Registry("shelf event").add(1, 1, Moved).add(2, 1, Broke),
    refusals=ShelfRefusal,
    effects=Registry("shelf effect").add(1, 1, Telegram),
    invariants=(
        DeltaInvariant(
            "moves_never_fall",
            lambda before, _, after: isinstance(after.moves, str) or after.moves >= before.moves,
        ),
    ),
    state_invariants=(
        StateInvariant("no_count_is_negative", lambda s: all(n > 0 for _, n in s.goods.items())),
    ),
)


@dataclass(frozen=True, slots=True)
class Shelf2:
    goods: Table[str, int]
    moves: int
    total: int


def shelf2_evolve(state, event):
    after = shelf_evolve(Shelf(state.goods, state.moves), Moved(event.item, event.by))
    return Shelf2(after.goods, after.moves, state.total + event.by)


def shelf2_decide(state, command, context):
    answer = shelf_decide(Shelf(state.goods, state.moves), command, context)
    if isinstance(answer, Enum):
        return answer
    return replace(answer, events=tuple(replace(e, by=12 * e.by) for e in answer.events))


SHELF2 = Reducer(
    name="shelf",
    version=2,
    genesis=lambda: Shelf2(Table.of(str, int), 0, 0),
    decide=shelf2_decide,
    evolve=shelf2_evolve,
    commands=SHELF.commands,
    events=SHELF.events,
    refusals=ShelfRefusal,
    effects=SHELF.effects,
    migrate=lambda old: Shelf2(old.goods, old.moves, sum(n for _, n in old.goods.items())),
)


@dataclass(frozen=True, slots=True)
class Write:
    line: str


@dataclass(frozen=True, slots=True)
class Written:
    line: str


class AuditRefusal(Enum):
    EMPTY_LINE = 1
    BANNED = 2


@dataclass(frozen=True, slots=True)
class Audit:
    lines: Table[int, str]


def audit_decide(state, command, context):
    if not command.line:
        return AuditRefusal.EMPTY_LINE
    if "contraband" in command.line:
        return AuditRefusal.BANNED
    return Decision((Written(command.line),))


AUDIT = Reducer(
    name="audit",
    version=1,
    genesis=lambda: Audit(Table.of(int, str)),
    decide=audit_decide,
    evolve=lambda state, event: Audit(state.lines.set(len(state.lines), event.line)),
    commands=Registry("audit command").add(1, 1, Write),
    events=Registry("audit event").add(1, 1, Written),
    refusals=AuditRefusal,
    effects=Registry("audit effect"),
)

MACHINES = {("shelf", 1): SHELF, ("shelf", 2): SHELF2, ("audit", 1): AUDIT}


def note_movements(event, context):
    if isinstance(event, Moved):
        return (order("audit", Write(f"{event.item} {event.by:+d}")),)
    return ()


def echo_lines(event, context):
    """Answer every line that ends in digits with one of the next lower number."""
    head, _, number = event.line.rpartition(" echo ")
    if number.isdigit() and int(number) > 0:
        return (order("audit", Write(f"{head} echo {int(number) - 1}")),)
    return ()


NOTE = Reaction("note", "shelf", note_movements)
ECHO = Reaction("echo", "audit", echo_lines)

GENESIS = Genesis("toys", (("audit", 1), ("shelf", 1)))


def order(machine: str, command: object) -> Order:
    registry = {"shelf": SHELF, "audit": AUDIT}[machine].commands
    return Order(machine, registry.pack(command))


def admitted(world: World, action: Action, actor: KeyId = ALICE, **changes: object) -> Admitted:
    """The next packet of a world, as a gate would admit it."""
    seq = world.seq + 1
    name = digest("toy packet", [world.head, seq, repr(action)])
    made = Admitted(world.ledger, seq, name, world.head, 1_000_000 * seq, actor, b"s" * 32, action)
    return replace(made, **changes)


def asks(*groups: tuple[object, ...]) -> Transactions:
    """Transactions of commands; the machine is told by the command's class."""
    return Transactions(
        tuple(
            tuple(
                one
                if isinstance(one, Order)
                else order("audit" if isinstance(one, Write) else "shelf", one)
                for one in group
            )
            for group in groups
        )
    )


def raw(machine: str, record: Value) -> Order:
    return Order(machine, record)


def zero() -> Digest:
    return Digest(bytes(32))
