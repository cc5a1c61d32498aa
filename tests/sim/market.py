"""A naive model of the ledger and of holds, and a generator of packets good and bad.

- The model is dictionaries; it learns from the answers what happened, and says when an answer was
  impossible, or when a no had no reason.
- Balances, owners, used keys and used nonces are its own; it never asks the machines.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from random import Random

from qfs.crypto.ports import KeyId
from qfs.kernel import Order, World
from qfs.ledger import FEES, TOKENS, TREASURY
from qfs.ledger.commands import COMMANDS, Issue, OpenAccount, Transfer
from qfs.ledger.state import Account
from qfs.machines.settlement.holds import commands as holds
from qfs.machines.settlement.holds.state import Leg
from qfs.reactions.escrow import ESCROW, HELD, OWNER

ACCOUNTS = range(2000, 2006)
LARGEST = 50


@dataclass
class Book:
    """What the ledger holds, by what was accepted."""

    owners: dict[int, KeyId] = field(default_factory=dict)
    balances: dict[int, list[int]] = field(default_factory=dict)
    keys: set[bytes] = field(default_factory=set)
    nonces: set[tuple[int, int]] = field(default_factory=set)
    holds: dict[bytes, tuple[Leg, ...]] = field(default_factory=dict)
    """Legs of the newest attempt of each hold."""
    locked: dict[bytes, list[Leg]] = field(default_factory=dict)

    def open(self, account: int, owner: KeyId) -> None:
        self.owners[account] = owner
        self.balances[account] = [0] * len(TOKENS)

    def move(self, account: int, token: int, change: int) -> None:
        self.balances[account][token] += change
        assert self.balances[account][token] >= 0, "a balance below zero was accepted"

    def use(self, account: int, nonce: int, key: bytes) -> None:
        assert key not in self.keys, "a key was used twice"
        assert (account, nonce) not in self.nonces, "a nonce was used twice"
        self.keys.add(key)
        self.nonces.add((account, nonce))


def founded(operator: KeyId) -> Book:
    """The ledger after genesis."""
    book = Book()
    for account in (*[spec.issuance for spec in TOKENS], FEES, TREASURY):
        book.open(account, operator)
    book.open(ESCROW, OWNER)
    for number, spec in enumerate(TOKENS):
        holder = TREASURY if spec.symbol == "CHR" else spec.issuance
        book.balances[holder][number] = spec.cap_minor
    return book


def accept(book: Book, command: object, actor: KeyId) -> None:
    """Do what an accepted command says; fails when it cannot have been accepted."""
    match command:
        case OpenAccount(account, owner):
            assert account not in book.owners
            book.open(account, owner)
        case Issue(token, credit, amount, nonce, key):
            issuance = TOKENS[token].issuance
            assert book.owners[issuance] == actor
            book.use(issuance, nonce, key)
            book.move(issuance, token, -amount)
            book.move(credit, token, amount)
        case Transfer(debit, credit, token, amount, nonce, key):
            assert book.owners[debit] == actor
            book.use(debit, nonce, key)
            own = (TOKENS[token].issuance, FEES)
            free = not TOKENS[token].fee_rate or debit in own or credit in own
            fee = 0 if free else -(-amount // 10)
            book.move(debit, token, -amount - fee)
            book.move(credit, token, amount)
            book.move(FEES, token, fee)
        case holds.Propose(hold, legs, _):
            assert hold not in book.locked
            book.holds[hold], book.locked[hold] = legs, []
        case holds.Lock(hold, _, account, asset, nonce):
            assert book.owners[account] == actor
            for held in book.locked.values():
                assert (account, asset) not in [(leg.account, leg.asset) for leg in held]
            book.use(account, nonce, hold + bytes((len(book.nonces) % 256,)) + b"lock")
            (leg,) = [
                leg for leg in book.holds[hold] if (leg.account, leg.asset) == (account, asset)
            ]
            book.move(account, asset, leg.change)
            book.move(ESCROW, asset, -leg.change)
            book.locked[hold].append(leg)
        case holds.Finish(hold, _):
            debits = [leg for leg in book.holds[hold] if leg.change < 0]
            assert len(book.locked.pop(hold)) == len(debits)
            for leg in book.holds[hold]:
                if leg.change > 0:
                    book.move(leg.account, leg.asset, leg.change)
                    book.move(ESCROW, leg.asset, -leg.change)
        case holds.RollBack(hold, _):
            for leg in book.locked.pop(hold):
                book.move(leg.account, leg.asset, -leg.change)
                book.move(ESCROW, leg.asset, leg.change)


def after(book: Book, groups: list[list[object]], answers: list[bool], actor: KeyId) -> Book:
    """Return the model after a packet, whole transactions or none of each."""
    made = deepcopy(book)
    for group, yes in zip(groups, answers, strict=True):
        if yes:
            for command in group:
                accept(made, command, actor)
    return made


def agrees(book: Book, world: World) -> bool:
    """Say whether the world holds what the model holds, and nothing else."""
    found = dict(world.states["ledger"].accounts.items())
    return list(found) == sorted(book.owners) and all(
        (row.owner, list(row.balances)) == (book.owners[account], book.balances[account])
        for account, row in found.items()
    )


class Generator:
    """Makes transactions from chance, the model and what the world answers to queries."""

    def __init__(self, chance: Random, actors: tuple[KeyId, ...]) -> None:
        self.chance = chance
        self.actors = actors
        self.made = 0

    def key(self, book: Book) -> bytes:
        used = sorted(key for key in book.keys if len(key) == 16)
        if used and self.chance.random() < 0.1:
            return self.chance.choice(used)
        self.made += 1
        return self.chance.randbytes(16)

    def command(self, book: Book, world: World, actor: KeyId) -> object:
        """One command, likely to be accepted but not always."""
        chance = self.chance
        account = chance.choice(ACCOUNTS)
        mine = [number for number in ACCOUNTS if book.owners.get(number) == actor]
        kind = chance.random()
        if not mine or kind < 0.06:
            return OpenAccount(account, actor)
        debit = chance.choice(mine) if chance.random() < 0.9 else account
        token = chance.randrange(-1, 6) if chance.random() < 0.05 else chance.choice((1, 2, 3, 4))
        if kind < 0.2:
            issuance = TOKENS[token % 5].issuance
            return Issue(
                token, debit, chance.randrange(LARGEST), nonce(world, issuance), self.key(book)
            )
        if kind < 0.7:
            amount = chance.choice((1, 2, *chance.sample(range(LARGEST), 5), 0, -1, 1 << 124))
            credit = chance.choice(list(book.owners))
            at = nonce(world, debit) + chance.choice((0, 0, 0, 0, 1, -1))
            return Transfer(debit, credit, token, amount, at, self.key(book))
        return self.hold(world, actor)

    def hold(self, world: World, actor: KeyId, name: bytes = b"") -> object:
        """One step of a hold."""
        chance = self.chance
        name = name or chance.choice((b"1", b"2", b"3")) * 16
        kept = world.states["holds"].holds.get(name)
        live = kept is not None and kept.stage.name not in ("COMMITTED", "ROLLED_BACK")
        if kept is None or not live or chance.random() < 0.05:
            asset, amount = chance.choice(HELD), chance.randrange(1, 5)
            one, other = chance.sample(ACCOUNTS, 2)
            legs = (Leg(one, asset, -amount), Leg(other, asset, amount))
            return holds.Propose(name, legs, world.seq + chance.randrange(1, 12))
        fence = kept.fence if chance.random() < 0.95 else kept.fence - 1
        leg = kept.legs[0]
        lock = holds.Lock(name, fence, leg.account, leg.asset, nonce(world, leg.account))
        steps = {
            "PROPOSED": lock,
            "LOCKED": holds.Prepare(name, fence),
            "PREPARED": holds.Commit(name, fence),
            "COMMITTING": holds.Finish(name, fence),
        }
        if chance.random() < 0.15:
            return holds.RollBack(name, fence)
        return steps[kept.stage.name]

    def lead(self, book: Book, world: World) -> tuple[KeyId, object]:
        """The next step of some hold, by whom it needs; a proposal of what somebody owns."""
        chance = self.chance
        live = [
            (name, hold)
            for name, hold in world.states["holds"].holds.items()
            if hold.stage.name not in ("COMMITTED", "ROLLED_BACK")
        ]
        if live:
            name, hold = chance.choice(live)
            if chance.random() < 0.8:
                name, hold = max(live, key=lambda pair: (pair[1].stage.value, pair[0]))
            if hold.stage.name == "PROPOSED":
                leg = hold.legs[0]
                owner = book.owners.get(leg.account, self.actors[0])
                at = nonce(world, leg.account)
                return owner, holds.Lock(name, hold.fence, leg.account, leg.asset, at)
            return hold.coordinator, self.hold(world, hold.coordinator, name)
        rich = [
            (account, asset)
            for account in ACCOUNTS
            for asset in HELD
            if book.balances.get(account, [0] * 5)[asset] > 5
        ]
        actor = chance.choice(self.actors)
        if not rich:
            return actor, OpenAccount(chance.choice(ACCOUNTS), actor)
        account, asset = chance.choice(rich)
        other = chance.choice([one for one in book.owners if one != account])
        legs = (Leg(account, asset, -3), Leg(other, asset, 3))
        expires = world.seq + chance.randrange(4, 12)
        return actor, holds.Propose(chance.randbytes(16), legs, expires)


def nonce(world: World, account: int) -> int:
    row: Account | None = world.states["ledger"].accounts.get(account)
    return 0 if row is None else row.nonce


def order(command: object) -> Order:
    machine, registry = (
        ("holds", holds.COMMANDS)
        if type(command).__module__ == holds.__name__
        else ("ledger", COMMANDS)
    )
    return Order(machine, registry.pack(command))
