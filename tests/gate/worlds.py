"""A small ledger of keys alone, run with real signatures: what gate and key tests share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from qfs import gate, keys
from qfs.canon import Digest
from qfs.crypto import KeyId, Profile, Signer, Verifier, key_id
from qfs.kernel import Action, Genesis, Order, Receipt, Transactions, World, apply, found
from qfs.packet import CONTEXT, Cosignature, Packet, draft, encode, signing_message
from qfs.shell import providers

MACHINES = {(keys.MACHINE.name, keys.MACHINE.version): keys.MACHINE}
START_US = 1_790_000_000_000_000
"""Time of the first packet: September 2026."""
SEED = bytes(range(32))


@cache
def signer(name: str, profile: Profile = Profile.ML_DSA_87) -> Signer:
    """A named person's signer; the same key in every run."""
    return providers.signer(profile, name.encode().ljust(32, b"."))


def name_of(name: str, profile: Profile = Profile.ML_DSA_87) -> KeyId:
    """The key id of a named person."""
    return key_id(profile, signer(name, profile).public_key)


def order(command: Any) -> Order:
    """An order to the key registry."""
    return Order(keys.MACHINE.name, keys.COMMANDS.pack(command))


def enrol(name: str, *roles: keys.Role, **changes: Any) -> keys.Enrol:
    """A command that enrols a person, without a proof of possession."""
    profile = changes.pop("profile", Profile.ML_DSA_87)
    return keys.Enrol(profile, signer(name, profile).public_key, roles, **changes)


def proved(ledger: Digest, command: Any, name: str) -> Any:
    """The command with a person's proof of possession in it."""
    message = keys.possession_message(ledger, command)
    made = signer(name, command.profile).sign(message, keys.POSSESSION_CONTEXT)
    return replace(command, possession=made)


FOUNDERS = (
    enrol("ada", keys.Role.ROOT),
    enrol("bob", keys.Role.ROOT),
    enrol("cy", keys.Role.ROOT),
    enrol("olga", keys.Role.OPERATOR),
    enrol("sam", keys.Role.SUBMITTER),
    enrol("sue", keys.Role.SUBMITTER, active_from=None),
    enrol("tim", keys.Role.SUBMITTER, expires=4),
    enrol("small", keys.Role.SUBMITTER, profile=Profile.ML_DSA_44),
)


def genesis(founders: Sequence[keys.Command] = FOUNDERS, name: str = "test") -> Genesis:
    """A ledger with the key registry alone."""
    return Genesis(name, ((keys.MACHINE.name, 1),), tuple([order(one) for one in founders]))


@dataclass
class Run:
    """A ledger on its way."""

    world: World = field(default_factory=lambda: found(MACHINES, genesis()))
    time_us: int = START_US
    receipts: list[Receipt] = field(default_factory=list)
    verifier: Verifier = field(default_factory=providers.verifier)

    @property
    def keys(self) -> keys.State:
        """The key registry's state."""
        state = self.world.states[keys.MACHINE.name]
        assert type(state) is keys.State
        return state

    def packet(self, by: str, action: Action, **changes: Any) -> Packet:
        """The next packet, unsigned; changes replace its fields."""
        made = draft(
            ledger=self.world.ledger,
            seq=self.world.seq + 1,
            time_us=self.time_us,
            seed=SEED,
            previous=self.world.head,
            key=name_of(by),
            action=action,
        )
        return replace(made, **changes)

    def signed(self, by: str, action: Action, *also: str, **changes: Any) -> bytes:
        """The next packet's envelope, signed by a person and cosigned by others."""
        return sign(self.packet(by, action, **changes), signer(by), *also)

    def send(self, by: str, action: Action, *also: str) -> gate.Refusal | Receipt:
        """Send a packet through the gate and, when admitted, apply it."""
        return self.submit(self.signed(by, action, *also))

    def submit(self, data: bytes) -> gate.Refusal | Receipt:
        """Send bytes through the gate and, when admitted, apply them."""
        admitted = gate.verify(data, self.world, self.verifier)
        trusted = gate.admit_trusted(data, self.world)
        if isinstance(admitted, gate.Refusal):
            return admitted
        assert trusted == admitted
        self.world, receipt = apply(MACHINES, (), self.world, admitted, check_after=True)
        self.receipts.append(receipt)
        for invariant in keys.MACHINE.state_invariants:
            assert invariant.holds(self.keys), invariant.name
        return receipt

    def ask(self, by: str, command: Any, new: str | None = None) -> str:
        """Ask one thing of the registry; returns ``yes`` or the name of the refusal.

        new is the person whose proof of possession the command needs.
        """
        if new is not None:
            command = proved(self.world.ledger, command, new)
        answer = self.send(by, Transactions(((order(command),),)))
        if isinstance(answer, gate.Refusal):
            return answer.name
        (refused,) = answer.answers
        return "yes" if refused is None else refused.reason

    def idle(self, packets: int = 1) -> None:
        """Let packets pass in which nothing happens."""
        for _ in range(packets):
            assert self.ask("bob", keys.Approve(Digest(bytes(32)))) == "yes"


def sign(packet: Packet, by: Signer, *also: str) -> bytes:
    """A packet's envelope."""
    body = packet.to_bytes()
    message = signing_message(body)
    cosignatures = [Cosignature(name_of(one), signer(one).sign(message, CONTEXT)) for one in also]
    return encode(body, by.sign(message, CONTEXT), tuple(cosignatures))


Attack = Callable[[Run], bytes]
