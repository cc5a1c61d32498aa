"""Real ledgers in directories, made packet by packet, for tests that replay them."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from qfs import packet
from qfs.app.ledger import founding
from qfs.app.machines import MACHINES, REACTIONS
from qfs.crypto import SIZES, Profile
from qfs.gate import Refusal, admit_trusted
from qfs.kernel import Action, Order, Tick, Transactions, World, apply, found
from qfs.keys import Role
from qfs.ledger import COMMANDS
from qfs.ledger.commands import Issue, OpenAccount, Transfer
from qfs.shell import log, providers
from qfs.shell.keystore import PublicKey

PROFILE = Profile.ML_DSA_87
MINE, OTHER = 1 << 32, (1 << 32) + 1
Sign = Callable[[bytes], bytes]


def signer_of(name: str):
    return providers.signer(PROFILE, hashlib.sha256(name.encode()).digest())


def unsigned(message: bytes) -> bytes:
    """A signature that only a replay with trusted signatures takes."""
    return bytes(SIZES[PROFILE].signature)


class House:
    """A ledger with one root key and one operator, going on packet by packet."""

    def __init__(self, directory: Path, *, signed: bool = False) -> None:
        root, operator = signer_of("root"), signer_of("operator")
        self.operator = PublicKey(PROFILE, operator.public_key)
        enrolled = [
            (PublicKey(PROFILE, root.public_key), Role.ROOT),
            (self.operator, Role.OPERATOR),
        ]
        genesis = founding("test house", enrolled)
        self.sign: Sign = (
            (lambda message: operator.sign(message, packet.CONTEXT)) if signed else unsigned
        )
        self.world: World = found(MACHINES, genesis, REACTIONS)
        self.writer = log.create(directory, genesis.to_bytes(), self.world.root)

    def send(self, action: Action) -> None:
        """Write the next packet as an honest ledger does; its gate must admit it."""
        body = self.body(action)
        data = packet.encode(body, self.sign(packet.signing_message(body)))
        admitted = admit_trusted(data, self.world)
        assert not isinstance(admitted, Refusal), admitted
        self.world, _ = apply(MACHINES, REACTIONS, self.world, admitted)
        self.writer.append(data, self.world.root)

    def body(self, action: Action) -> bytes:
        seq = self.world.seq + 1
        return packet.draft(
            ledger=self.world.ledger,
            seq=seq,
            time_us=seq * 1_000_000,
            seed=hashlib.sha256(b"seed %d" % seq).digest(),
            previous=self.world.head,
            key=self.operator.id,
            action=action,
        ).to_bytes()


def idempotency(number: int) -> bytes:
    return hashlib.sha256(b"key %d" % number).digest()[:16]


def order(command: object) -> Order:
    return Order("ledger", COMMANDS.pack(command))


def actions(house: House, count: int) -> list[Action]:
    """Accounts, an issue, then transfers (every third of them refused) and ticks."""
    mine = house.operator.id
    found_: list[Action] = [
        Transactions(((order(OpenAccount(MINE, mine)), order(OpenAccount(OTHER, mine))),)),
        Transactions(((order(Issue(1, MINE, 10**12, 0, idempotency(0))),),)),
    ]
    for number in range(1, count - 1):
        if number % 5 == 0:
            found_.append(Tick())
            continue
        amount = 10**30 if number % 3 == 0 else number
        nonce = sum(1 for earlier in range(1, number) if earlier % 5 and earlier % 3)
        transfer = Transfer(MINE, OTHER, 1, amount, nonce, idempotency(number))
        found_.append(Transactions(((order(transfer),),)))
    return found_


def make_log(directory: Path, count: int = 12, *, signed: bool = False) -> World:
    """Write a ledger of count packets; returns its last world."""
    house = House(directory, signed=signed)
    with house.writer:
        for action in actions(house, count):
            house.send(action)
            house.writer.sync()
    return house.world
