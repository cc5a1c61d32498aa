"""Applying packets: the one way from a world to the next.

- A transaction happens whole or not at all, over all machines: a refusal keeps the old references.
  A refused transaction does not refuse the packet. What its own orders, not those of reactions,
  have spent (a nonce) stays spent: each machine says what.
- Order inside a packet: due upgrades activate, then the action. Each command: decide, evolve over
  its events with their invariants, effects into the outbox, then the reactions to each event in the
  order of their names, at once, at most 8 deep.
- A CertifiedMath error out of decide is a refusal. Anything else out of a machine is a halt, after
  which the old world is as it was.
- A program that lacks a scheduled version halts at its height instead of diverging.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any, TypeAlias

from qfs.canon import encode
from qfs.certmath import ProofLog
from qfs.crypto.merkle import Frontier
from qfs.crypto.ports import NOBODY, KeyId
from qfs.errors import CertifiedMathError, InputError, QFSError
from qfs.halt import Code, Halt, check, guard
from qfs.kernel import outbox as outbox_
from qfs.kernel import state as state_
from qfs.kernel.admitted import Action, Admitted, Order, Resume, Tick, Transactions, Upgrade
from qfs.kernel.contract import Context, Decision, Denial, Machine, Reaction, machine_principal
from qfs.kernel.genesis import OUTBOX, Genesis, is_machine_name
from qfs.kernel.outbox import EffectId, Outbox, Pending
from qfs.kernel.receipt import Receipt, Refused, TransactionRefusal, UpgradeRefusal
from qfs.kernel.world import Machines, World, find, grown, make_world

MAX_REACTION_DEPTH = 8
PACKET_COST_MAX = 1 << 18  # 262_144 units: about 43,000 transfers
_MAX_HEIGHT = (1 << 63) - 1
_SEED_BYTES = 32
_UNREADABLE = (QFSError, ValueError, TypeError, LookupError, ArithmeticError)
"""What reading an order may raise: a registry's no, or a value object's own check."""


@dataclass(frozen=True, slots=True)
class Executed:
    """One command as it ran; what `apply` shows to the one who watches."""

    transaction: int
    order: int
    """Position of the order in its transaction; a reaction's commands carry that of their cause."""
    ordinal: int
    """Position in the packet, reactions included."""
    machine: str
    reaction: str
    """Name of the reaction that asked; empty for the order itself."""
    command: object
    before: Any
    """The machine's state."""
    after: Any
    """The same state where the machine refused."""
    refusal: str
    """Name of the refusal's member; empty for a yes. A later order may still undo this one."""
    context: Context
    """What the machine was told besides."""


Watch: TypeAlias = Callable[[Executed], None]


def found(machines: Machines, genesis: Genesis, reactions: Sequence[Reaction] = ()) -> World:
    """Return the world of a genesis; its orders are packet 0, signed by nobody, all or nothing.

    Raises InputError when a machine refuses a founding order; halts when a version is missing.
    """
    ledger = genesis.digest()
    versions = dict(genesis.machines)
    states = {
        name: state_.private(find(machines, name, version, 0).genesis())
        for name, version in versions.items()
    }
    empty = make_world(
        (ledger, 0, ledger, 0),
        Frontier(),
        versions,
        states,
        schedule=(),
        outbox=outbox_.genesis().pending,
    )
    packet = Admitted(
        ledger, 0, ledger, ledger, 0, NOBODY, bytes(_SEED_BYTES), Transactions((genesis.orders,))
    )
    run = _Run(machines, reactions, packet, empty, check_after=True)
    refused = run.transaction(genesis.orders)
    if refused is not None:
        raise InputError(
            f"{refused.machine} refuses it: {refused.reason}",
            place=f"founding order {refused.order}",
            way_out="mend the order; a genesis is applied whole or not at all",
        )
    return run.close((), ())[0]


def apply(
    machines: Machines,
    reactions: Sequence[Reaction],
    world: World,
    admitted: Admitted,
    *,
    check_after: bool = False,
    watch: Watch | None = None,
    proofs: list[ProofLog] | None = None,
) -> tuple[World, Receipt]:
    """Return the world after a packet, and the packet's receipt.

    watch is shown each command as it ran, those of refused transactions too. To proofs is added one
    log a transaction, which machines fill as ``context.proof``; the receipt then has their digests.
    check_after compares each Decision.after with folding evolve over its events, as replay and the
    tests do. Halts, with the old world made fast again, when the packet does not follow it, a
    machine breaks its contract or an invariant, or a scheduled version is missing.
    """
    try:
        _check_follows(world, admitted)
        due = [one for one in world.schedule if one.height <= admitted.seq]
        run = _Run(machines, reactions, admitted, world, check_after=check_after)
        run.watch, run.proving = watch, proofs is not None
        for one in due:
            run.activate(one)
        schedule = list(world.schedule[len(due) :])
        answers = _act(run, admitted.action, schedule)
        if proofs is not None:
            proofs.extend(run.proofs)
        return run.close(answers, schedule)
    except Halt:
        world.restore()
        raise


def _check_follows(world: World, admitted: Admitted) -> None:
    """Check again what the gate has checked: this packet is the next of this ledger."""
    for fact, expected, actual in (
        ("ledger", world.ledger, admitted.ledger),
        ("seq", world.seq + 1, admitted.seq),
        ("previous", world.head, admitted.previous),
    ):
        check(
            expected == actual,
            Code.PACKET_REFUSED,
            fact=fact,
            expected=expected,
            actual=actual,
            seq=admitted.seq,
        )


def _act(run: "_Run", action: Action, schedule: list[Upgrade]) -> tuple[Refused | None, ...]:
    """Do what the packet asks; a new upgrade goes into the schedule."""
    match action:
        case Transactions():
            return tuple([run.transaction(group, at) for at, group in enumerate(action.groups)])
        case Upgrade():
            no = _upgrade_refusal(run, action, schedule)
            if no is not None:
                return (Refused(0, action.machine, no.name),)
            schedule.append(action)
            schedule.sort(key=lambda one: (one.height, one.machine))
            return (None,)
        case Tick() | Resume():
            return ()


def _upgrade_refusal(
    run: "_Run", upgrade: Upgrade, schedule: Sequence[Upgrade]
) -> UpgradeRefusal | None:
    """Say why an upgrade cannot be; by facts of the ledger alone, never of this program."""
    if not is_machine_name(upgrade.machine):
        return UpgradeRefusal.NO_MACHINE_NAME
    if not run.packet.seq < upgrade.height <= _MAX_HEIGHT:
        return UpgradeRefusal.HEIGHT_NOT_AHEAD
    current = run.versions.get(upgrade.machine, 0)
    for one in schedule:
        if one.machine == upgrade.machine:
            if one.height >= upgrade.height:
                return UpgradeRefusal.HEIGHT_BEFORE_SCHEDULED
            current = one.version
    if upgrade.version != current + 1 and (current or upgrade.version < 1):
        return UpgradeRefusal.VERSION_NOT_NEXT
    return None


class _Run:
    """One packet on its way: the only thing here that changes, and it does not outlive the call."""

    def __init__(
        self,
        machines: Machines,
        reactions: Sequence[Reaction],
        packet: Admitted,
        world: World,
        *,
        check_after: bool,
    ) -> None:
        self.machines = machines
        self.packet = packet
        self.world = world
        self.check_after = check_after
        self.versions: dict[str, int] = dict(world.versions)
        self.states: dict[str, Any] = {**world.states, OUTBOX: Outbox(world.outbox)}
        self.watch: Watch | None = None
        self.proving = False
        self.proofs: list[ProofLog] = []
        self.group = 0
        self.ordinal = 0
        self.cost = 0
        self.effects: list[EffectId] = []
        self.results: list[tuple[int, int, bytes]] = []
        self.spent: list[tuple[Machine[Any, Any, Any], object]] = []
        """What stands of the transaction at hand if it is refused."""
        self.activated: list[tuple[str, int]] = []
        self.hearing: dict[str, list[Reaction]] = {}
        for reaction in sorted(reactions, key=lambda one: one.name):
            self.hearing.setdefault(reaction.source, []).append(reaction)

    def activate(self, upgrade: Upgrade) -> None:
        """Enable a version: migrate the state of its predecessor, or begin with its genesis."""
        name, version = upgrade.machine, upgrade.version
        machine = find(self.machines, name, version, self.packet.seq)
        if name in self.versions:
            make = partial(machine.migrate, self.states[name])
        else:
            make = partial(_begin, machine)
        self.states[name] = guard(make, Code.EVOLVE_FAILED, **self.facts(name))
        self.versions[name] = version
        self.activated.append((name, version))

    def transaction(self, orders: Sequence[Order], group: int = 0) -> Refused | None:
        """Run the orders of the packet's group-th transaction, whole or not at all."""
        self.group = group
        if self.proving:
            self.proofs.append(ProofLog())
        before = dict(self.states)
        effects, results = len(self.effects), len(self.results)
        self.spent = []
        for index, order in enumerate(orders):
            refused = self.order(order, index, 0, "", self.packet.actor)
            if refused is not None:
                for name, state in before.items():
                    if self.states[name] is not state:
                        # Eagerly, so that the refused transaction pays and not the next reader.
                        state_.restore(state)
                        self.states[name] = state
                del self.effects[effects:], self.results[results:]
                for machine, event in self.spent:
                    self.states[machine.name] = self.evolved(
                        machine, Decision((event,)), self.facts(machine.name)
                    )
                return refused
        return None

    def order(
        self, order: Order, index: int, depth: int, reaction: str, actor: KeyId
    ) -> Refused | None:
        """Run one order of an actor, and what reacts to it."""
        name = order.machine
        ordinal = self.ordinal
        self.ordinal += 1
        self.cost += 1
        if name not in self.states:
            return Refused(index, name, TransactionRefusal.UNKNOWN_MACHINE.name, reaction)
        version = self.versions.get(name, 1)
        machine = find(self.machines, name, version, self.packet.seq)
        try:
            command = machine.commands.unpack(order.record)
        except _UNREADABLE:
            return Refused(index, name, TransactionRefusal.MALFORMED_ORDER.name, reaction)
        if not self.affords(machine, command, ordinal):
            return Refused(index, name, TransactionRefusal.COST_EXCEEDED.name, reaction)
        context = self.context(name, ordinal, actor)
        before = self.states[name]
        facts = self.facts(name, ordinal)
        decide = partial(_decide, machine, before, command, context)
        answer = guard(decide, Code.DECIDE_FAILED, **facts)
        if depth == 0 and isinstance(answer, Decision | Denial):
            self.spent.extend([(machine, event) for event in answer.spent])
        if isinstance(answer, Denial):
            answer = answer.refusal
        no = answer.name if isinstance(answer, Enum) else ""
        if isinstance(answer, Decision):
            self.states[name] = self.evolved(machine, answer, facts)
        if self.watch is not None:
            after = self.states[name]
            place = (self.group, index, ordinal, name, reaction)
            self.watch(Executed(*place, command, before, after, no, context))
        if isinstance(answer, Enum):
            return Refused(index, name, no, reaction)
        if answer.results and depth == 0:
            self.results.append((self.group, index, answer.results))
        self.post(machine, answer, ordinal)
        hearing = self.hearing.get(name)
        if hearing:
            return self.react(hearing, answer, context, (index, depth))
        return None

    def affords(self, machine: Machine[Any, Any, Any], command: Any, ordinal: int) -> bool:
        """Add what a command costs; say whether the packet's units reach that far."""
        facts = self.facts(machine.name, ordinal)
        units = guard(partial(machine.cost, command), Code.DECIDE_FAILED, **facts)
        check(type(units) is int and units >= 0, Code.DECIDE_FAILED, **facts, error="cost")
        if self.cost + units > PACKET_COST_MAX:
            return False
        self.cost += units
        return True

    def evolved(
        self,
        machine: Machine[Any, Any, Any],
        yes: Decision[Any, Any],
        facts: dict[str, int | str | bytes],
    ) -> Any:
        """Return the machine's state after a decision; halts on a broken invariant."""
        state = self.states[machine.name]
        if yes.after is not None and not self.check_after:
            if not machine.invariants:
                return yes.after
            if len(yes.events) == 1:
                _check_invariants(machine, state, yes.events[0], yes.after, facts)
                return yes.after
        for event in yes.events:
            before = state
            state = guard(
                partial(machine.evolve, before, event),
                Code.EVOLVE_FAILED,
                **facts,
            )
            if machine.invariants:
                _check_invariants(machine, before, event, state, facts)
        if yes.after is None:
            return state
        after = yes.after
        difference = guard(
            partial(state_.difference, machine.name, state, after), Code.AFTER_MISMATCH, **facts
        )
        if difference is not None:
            raise Halt(Code.AFTER_MISMATCH, **facts, field=difference.field)
        return after

    def post(self, machine: Machine[Any, Any, Any], yes: Decision[Any, Any], ordinal: int) -> None:
        """Put the decision's effects into the outbox."""
        if not yes.effects:
            return
        box: Outbox = self.states[OUTBOX]
        pending = box.pending
        for position, effect in enumerate(yes.effects):
            record = guard(
                partial(_record, machine, effect),
                Code.DECIDE_FAILED,
                **self.facts(machine.name, ordinal),
            )
            key = (self.packet.seq, ordinal, position)
            pending = pending.set(
                key, Pending(machine.name, machine.version, self.packet.actor, record)
            )
            self.effects.append(key)
        self.states[OUTBOX] = replace(box, pending=pending)

    def react(
        self,
        hearing: Sequence[Reaction],
        yes: Decision[Any, Any],
        context: Context,
        place: tuple[int, int],
    ) -> Refused | None:
        """Run what the reactions to a decision ask; place is (order, depth)."""
        index, depth = place
        for event in yes.events:
            for one in hearing:
                actor = machine_principal(one.source) if one.as_machine else context.actor
                orders = guard(
                    partial(one.react, event, context),
                    Code.DECIDE_FAILED,
                    **self.facts(context.machine, context.ordinal),
                    reaction=one.name,
                )
                for order in orders:
                    check(
                        depth < MAX_REACTION_DEPTH,
                        Code.REACTION_DEPTH,
                        **self.facts(order.machine, context.ordinal),
                        reaction=one.name,
                    )
                    refused = self.order(order, index, depth + 1, one.name, actor)
                    if refused is not None:
                        return refused
        return None

    def close(
        self, answers: tuple[Refused | None, ...], schedule: Sequence[Upgrade]
    ) -> tuple[World, Receipt]:
        """Return the world after the packet, and the receipt."""
        packet = self.packet
        box: Outbox = self.states.pop(OUTBOX)
        names = sorted(self.states)
        world = make_world(
            (packet.ledger, packet.seq, packet.packet, packet.time_us),
            grown(self.world, packet.packet),
            {name: self.versions[name] for name in names},
            {name: self.states[name] for name in names},
            schedule=schedule,
            outbox=box.pending,
            known={} if self.activated else self.world.roots,
        )
        receipt = Receipt(
            packet.seq,
            packet.packet,
            world.root,
            answers,
            self.ordinal,
            self.cost,
            tuple(self.effects),
            tuple(self.activated),
            tuple([proof.digest() for proof in self.proofs]),
            tuple(self.results),
        )
        return world, receipt

    def context(self, name: str, ordinal: int, actor: KeyId) -> Context:
        """Return what the machine may know."""
        packet = self.packet
        return Context(
            packet.ledger,
            packet.seq,
            packet.packet,
            packet.time_us,
            actor,
            packet.seed,
            name,
            ordinal,
            self.proofs[-1] if self.proving else None,
            packet.cosigners if actor == packet.actor else (),
        )

    def facts(self, name: str, ordinal: int = 0) -> dict[str, int | str | bytes]:
        """Return where we are, for a halt."""
        return {
            "seq": self.packet.seq,
            "machine": name,
            "version": self.versions.get(name, 1),
            "ordinal": ordinal,
        }


def _begin(machine: Machine[Any, Any, Any]) -> Any:
    return state_.private(machine.genesis())


def _record(machine: Machine[Any, Any, Any], effect: object) -> bytes:
    return encode(machine.effects.pack(effect))


def _decide(
    machine: Machine[Any, Any, Any], state: Any, command: Any, context: Context
) -> Decision[Any, Any] | Denial[Any] | Enum:
    """Ask the machine; arithmetic that cannot be done is a no like any other."""
    try:
        answer = machine.decide(state, command, context)
    except CertifiedMathError:
        return TransactionRefusal.ARITHMETIC
    no = answer.refusal if isinstance(answer, Denial) else answer
    if isinstance(answer, Decision) or type(no) is machine.refusals:
        return answer
    raise TypeError(f"{machine.name} answered {type(answer).__name__}")


def _check_invariants(
    machine: Machine[Any, Any, Any],
    before: Any,
    event: Any,
    after: Any,
    facts: dict[str, int | str | bytes],
) -> None:
    for invariant in machine.invariants:
        holds = guard(
            partial(invariant.holds, before, event, after),
            Code.INVARIANT_BROKEN,
            **facts,
            invariant=invariant.name,
        )
        check(holds, Code.INVARIANT_BROKEN, **facts, invariant=invariant.name)
