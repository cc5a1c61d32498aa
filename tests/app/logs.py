"""Real ledgers in directories, made packet by packet, for tests that replay them."""

import hashlib
from pathlib import Path

from qfs import packet
from qfs.app.ledger import founding
from qfs.app.machines import MACHINES, REACTIONS
from qfs.crypto import SIZES, Profile
from qfs.gate import Refusal, admit_trusted
from qfs.kernel import Action, Order, Receipt, Resume, Tick, Transactions, World, apply, found
from qfs.keys import Role
from qfs.ledger import COMMANDS
from qfs.ledger.commands import Issue, OpenAccount, Transfer
from qfs.shell import log, providers
from qfs.shell.keystore import PublicKey

PROFILE = Profile.ML_DSA_87
MINE, OTHER = 1 << 32, (1 << 32) + 1


def signer_of(name: str):
    return providers.signer(PROFILE, hashlib.sha256(name.encode()).digest())


class House:
    """A ledger with one root key and one operator, going on packet by packet."""

    def __init__(self, directory: Path, *, signed: bool = False) -> None:
        self.signed = signed
        self.signers = {name: signer_of(name) for name in ("root", "operator")}
        self.keys = {
            name: PublicKey(PROFILE, signer.public_key) for name, signer in self.signers.items()
        }
        self.operator = self.keys["operator"]
        enrolled = [(self.keys["root"], Role.ROOT), (self.operator, Role.OPERATOR)]
        genesis = founding("test house", enrolled)
        self.world: World = found(MACHINES, genesis, REACTIONS)
        self.writer = log.create(directory, genesis.to_bytes(), self.world.root)

    def send(self, action: Action, by: str = "operator", step_us: int = 1_000_000) -> Receipt:
        """Write the next packet as an honest ledger does; its gate must admit it."""
        body = self.body(action, by, step_us)
        data = packet.encode(body, self.sign(by, packet.signing_message(body)))
        halted = action.halt if isinstance(action, Resume) else None
        admitted = admit_trusted(data, self.world, halted=halted)
        assert not isinstance(admitted, Refusal), admitted
        self.world, receipt = apply(MACHINES, REACTIONS, self.world, admitted)
        self.writer.append(data, self.world.root)
        return receipt

    def body(self, action: Action, by: str = "operator", step_us: int = 1_000_000) -> bytes:
        seq = self.world.seq + 1
        return packet.draft(
            ledger=self.world.ledger,
            seq=seq,
            time_us=self.world.time_us + step_us,
            seed=hashlib.sha256(b"seed %d" % seq).digest(),
            previous=self.world.head,
            key=self.keys[by].id,
            action=action,
        ).to_bytes()

    def sign(self, by: str, message: bytes, context: bytes = packet.CONTEXT) -> bytes:
        """A real signature, or one that only a replay with trusted signatures takes."""
        if self.signed:
            return self.signers[by].sign(message, context)
        return bytes(SIZES[PROFILE].signature)


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
        nonce = sum(1 for earlier in range(1, number) if earlier % 5)
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
