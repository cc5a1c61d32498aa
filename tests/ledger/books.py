"""Ledgers to test on, and the driver that holds each step to the machine's laws."""

from dataclasses import dataclass, field, replace

from qfs import ledger
from qfs.canon import ZERO_DIGEST
from qfs.crypto.ports import NOBODY, KeyId
from qfs.kernel import Context, Decision, Denial
from qfs.kernel import state as state_
from qfs.ledger import MACHINE, Account, Found, Issue, Leg, OpenAccount, Refusal, State, Transfer
from qfs.ledger.commands import Command
from qfs.ledger.events import Event

CHR, FLX, PSYNC, ATR, RES = range(5)
ONE = 10**18
OPERATOR = KeyId(b"O" * 32)
ASSISTANT = KeyId(b"Q" * 32)
ALICE = KeyId(b"A" * 32)
BOB = KeyId(b"B" * 32)
ALICE_ACCOUNT = 1_024
BOB_ACCOUNT = 1_025
SHOP_ACCOUNT = 1_026


def context(actor: KeyId, seq: int = 1) -> Context:
    return Context(ZERO_DIGEST, seq, ZERO_DIGEST, 0, actor, bytes(32), "ledger", 0)


SPENDING = {Refusal[name] for name in ledger.SPENDING}


def altered(state: State, changes: dict[int, Account | None]) -> State:
    """The state with other accounts in place of some, as a damaged snapshot would bring them."""
    records = b""
    for account in state.accounts.opened():
        row = changes.get(account, state.accounts.get(account))
        if row is not None:
            parts = [account | row.nonce << 64, *row.balances]
            words = [part.to_bytes(16, "little") for part in parts]
            records += words[0] + row.owner + b"".join(words[1:])
    return replace(state, accounts=state.accounts.load([records]))


def root(state: State) -> bytes:
    return state_.machine_root(MACHINE.name, MACHINE.version, state)


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


@dataclass
class Book:
    """A ledger that checks every invariant at every step."""

    state: State = field(default_factory=MACHINE.genesis)
    seq: int = 0
    keys: int = 0

    def ask(self, command: Command, actor: KeyId) -> Refusal | tuple[Event, ...]:
        answer = MACHINE.decide(self.state, command, context(actor, self.seq))
        if isinstance(answer, Denial):
            self.happened(answer.spent)
            answer = answer.refusal
        if not isinstance(answer, Decision):
            assert isinstance(answer, Refusal)
            return answer
        self.happened(answer.events)
        if answer.after is not None:
            assert root(answer.after) == root(self.state)
        return answer.events

    def happened(self, events: tuple[Event, ...]) -> None:
        for event in events:
            after = MACHINE.evolve(self.state, event)
            for invariant in MACHINE.invariants:
                assert invariant.holds(self.state, event, after), invariant.name
            assert MACHINE.events.unpack(MACHINE.events.pack(event)) == event
            self.state = after

    def must(self, command: Command, actor: KeyId) -> tuple[Event, ...]:
        answer = self.ask(command, actor)
        assert not isinstance(answer, Refusal), answer
        return answer

    def check(self) -> None:
        for invariant in MACHINE.state_invariants:
            assert invariant.holds(self.state), invariant.name

    def nonce(self, account: int) -> int:
        found = self.state.accounts.get(account)
        return found.nonce if found else 0

    def balance(self, account: int, token: int) -> int:
        found = self.state.accounts.get(account)
        assert found is not None
        return found.balances[token]

    def fresh(self) -> bytes:
        self.keys += 1
        return key(self.keys)

    def issue(self, token: int, credit: int, amount: int) -> Issue:
        return Issue(token, credit, amount, self.nonce(token + 1), self.fresh())

    def transfer(self, debit: int, credit: int, token: int, amount: int) -> Transfer:
        return Transfer(debit, credit, token, amount, self.nonce(debit), self.fresh())


def founded() -> Book:
    """A ledger just founded, in packet 1."""
    book = Book()
    book.must(Found(OPERATOR, (ASSISTANT,)), NOBODY)
    book.seq = 1
    return book


def market() -> Book:
    """Alice (100 of each free token) and Bob own an account each, the operator a shop."""
    book = founded()
    for account, owner in (
        (ALICE_ACCOUNT, ALICE),
        (BOB_ACCOUNT, BOB),
        (SHOP_ACCOUNT, OPERATOR),
    ):
        book.must(OpenAccount(account, owner), owner)
    for token in (FLX, PSYNC, ATR, RES):
        book.must(book.issue(token, ALICE_ACCOUNT, 100 * ONE), OPERATOR)
    return book


def brimful() -> State:
    """The market with balances at the edges of one word and of two, whatever the caps are."""
    state = market().state
    room = 2**124 - 1
    held = {
        ALICE_ACCOUNT: (0, room, 2**63, 2**62, 2**64 - 1),
        BOB_ACCOUNT: (0, 2**62 - 1, 0, room, 2**63 - 1),
        SHOP_ACCOUNT: (0, 2**64, room - 1, 2**63 - 1, 2**123),
    }
    full: dict[int, Account | None] = {}
    for account, balances in held.items():
        found = state.accounts.get(account)
        if found is not None:
            full[account] = replace(found, balances=balances)
    return altered(state, full)


def swap(amount: int, price: int) -> tuple[Leg, ...]:
    """Alice gives FLX, the shop gives RES."""
    return (
        Leg(ALICE_ACCOUNT, FLX, -amount),
        Leg(SHOP_ACCOUNT, FLX, amount),
        Leg(SHOP_ACCOUNT, RES, -price),
        Leg(ALICE_ACCOUNT, RES, price),
    )
