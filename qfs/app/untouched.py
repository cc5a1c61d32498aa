"""Holds machines that QFS does not ship to leaving what they are given as it is.

- A machine makes a new state of the old one; it changes neither that, nor the command, nor the
  context. One that does breaks what a refusal, a snapshot and a second replay rely on, though its
  roots may be the recorded ones: so it is a halt (CIR-302.04), named by sentence, packet and order.
- The state before a command has, after it, the root that it had; the command is what the packet's
  own bytes say once more. A copy of the last state, made of its contents, has its root.
- What a store keeps beside its contents is its own business: only what its root covers is compared.
"""

from collections.abc import Iterator
from typing import Any

from qfs import packet as packet_
from qfs.canon import Digest, encode
from qfs.errors import CanonError
from qfs.halt import Code, check, guard
from qfs.kernel import Admitted, Context, Executed, Machines, Transactions, World
from qfs.kernel.contract import Machine
from qfs.kernel.state import machine_root, private
from qfs.kernel.step import Watch

STATE = "a_machine_leaves_the_state_before_as_it_is"
COMMAND = "a_machine_leaves_its_command_as_it_is"
CONTEXT = "a_machine_leaves_its_context_as_it_is"
COPY = "a_copy_of_the_state_has_its_root"


class Untouched:
    """What the user's machines were given in the packet at hand, to be compared."""

    def __init__(self, own: Machines, other: Watch | None = None) -> None:
        """Watch the machines of the user's; other is shown each command as well."""
        self._own = own
        self._other = other
        self._seen: dict[int, tuple[Any, Digest]] = {}
        """State objects of this packet by their identity, each with the root that it had."""
        self._world: World | None = None
        self._admitted: Admitted | None = None
        self._fresh: Transactions | None = None
        """The packet's orders, read from its bytes for this comparison alone."""

    def begin(self, world: World, admitted: Admitted, body: bytes) -> None:
        """Take the next packet, and the world that it is applied to."""
        if not self._own:
            return
        self._world, self._admitted = world, admitted
        self._seen = {
            id(state): (state, root)
            for name, (state, root) in world.roots.items()
            if (name, world.versions[name]) in self._own
        }
        packet = packet_.decode(body).packet
        action = packet_.action_of(packet.kind, packet.payload)
        self._fresh = action if isinstance(action, Transactions) else None

    @property
    def watch(self) -> Watch | None:
        """What `apply` shows each command to; None where nobody looks."""
        return self._look if self._own else self._other

    def _look(self, one: Executed) -> None:
        """Show a command; halts where a machine has changed what it was given."""
        self._compare(one)
        if self._other is not None:
            self._other(one)

    def _compare(self, one: Executed) -> None:
        machine = self._machine(one.machine)
        if machine is None or self._admitted is None:
            return
        facts: dict[str, int | str | bytes] = {
            "seq": self._admitted.seq,
            "machine": one.machine,
            "transaction": one.transaction,
            "order": one.order,
        }
        known = self._seen.get(id(one.before))
        root = guard(lambda: _root(machine, one.before), Code.EVOLVE_FAILED, **facts)
        same = known is None or root == known[1]
        check(same, Code.INVARIANT_BROKEN, **facts, invariant=STATE)
        if one.after is not one.before:
            after = guard(lambda: _root(machine, one.after), Code.EVOLVE_FAILED, **facts)
            self._seen[id(one.after)] = (one.after, after)
        if not one.reaction:  # what a reaction asks stands in no packet
            check(self._as_sent(machine, one), Code.INVARIANT_BROKEN, **facts, invariant=COMMAND)
            given = _context(self._admitted, one)
            check(one.context == given, Code.INVARIANT_BROKEN, **facts, invariant=CONTEXT)

    def _machine(self, name: str) -> Machine[Any, Any, Any] | None:
        version = None if self._world is None else self._world.versions.get(name)
        return None if version is None else self._own.get((name, version))

    def _as_sent(self, machine: Machine[Any, Any, Any], one: Executed) -> bool:
        if self._fresh is None:
            return False
        sent = machine.commands.unpack(self._fresh.groups[one.transaction][one.order].record)
        try:
            return encode(machine.commands.pack(one.command)) == encode(machine.commands.pack(sent))
        except CanonError:
            return False


def copies(world: World, own: Machines) -> Iterator[tuple[str, bool]]:
    """Yield, for each of the user's machines, whether a copy of its state has the state's root."""
    for name, version in world.versions.items():
        machine = own.get((name, version))
        if machine is not None:
            state = world.states[name]
            yield f"{name}.{COPY}", _root(machine, private(state)) == _root(machine, state)


def _root(machine: Machine[Any, Any, Any], state: Any) -> Digest:
    return machine_root(machine.name, machine.version, state)


def _context(admitted: Admitted, one: Executed) -> Context:
    return Context(
        *(admitted.ledger, admitted.seq, admitted.packet, admitted.time_us, admitted.actor),
        *(admitted.seed, one.machine, one.ordinal),
        cosigners=admitted.cosigners,
    )
