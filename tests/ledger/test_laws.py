"""The ledger against a naive model in plain dicts, over random histories.

The model knows no order of checks: it collects every reason to say no. The machine must accept
exactly when there is none, and must otherwise name one of them.
"""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from qfs.crypto.ports import KeyId
from qfs.ledger import (
    MACHINE,
    Assign,
    Burn,
    Delegate,
    Issue,
    Leg,
    OpenAccount,
    Refusal,
    Transact,
    Transfer,
    Undelegate,
)
from tests.ledger.books import ALICE, ASSISTANT, BOB, OPERATOR, SPENDING, Book, founded, key

ACTORS = (OPERATOR, ASSISTANT, ALICE, BOB)
ACCOUNTS = (1, 2, 3, 4, 5, 1_000, 1_001, 1_024, 1_025, 1_026, 1_027)
FREE_ACCOUNTS = ACCOUNTS[7:]
CAPS = [10**28, 6_180_339_887 * 10**18, 10**28, 10**28, 10**27]
PSYNC_SOURCE, FEE_ACCOUNT, CHR_SOURCE, ROOM = 3, 1_000, 1, 2**124 - 1

actors = st.sampled_from(ACTORS)
accounts = st.sampled_from((*ACCOUNTS, 7))
tokens = st.sampled_from((0, 1, 1, 2, 2, 2, 3, 4, 5))
amounts = st.one_of(
    st.integers(1, 50),
    st.sampled_from((0, -1, 2**62, 2**63, 10**27, ROOM, ROOM + 1)),
)
keys = st.integers(0, 40).map(key)
slips = st.sampled_from((0,) * 12 + (1, -1))
"""How far the nonce is from the right one."""


class Naive:
    """Balances, owners, delegates, nonces and keys, as anyone would write them down."""

    def __init__(self) -> None:
        self.owner: dict[int, KeyId] = {}
        self.delegates: dict[tuple[int, KeyId], KeyId] = {}
        self.nonce: dict[int, int] = {}
        self.keys: dict[bytes, int] = {}
        self.money: dict[tuple[int, int], int] = {}
        for account in ACCOUNTS[:7]:
            self.open(account, OPERATOR)
            self.delegates[account, ASSISTANT] = OPERATOR
        for token in range(5):
            self.money[1_001 if token == 0 else token + 1, token] = CAPS[token]

    def open(self, account: int, owner: KeyId) -> None:
        self.owner[account] = owner
        self.nonce[account] = 0

    def may(self, actor: KeyId, account: int) -> bool:
        owner = self.owner.get(account)
        return owner is not None and (
            actor == owner or self.delegates.get((account, actor)) == owner
        )

    def held(self, account: int, token: int) -> int:
        return self.money.get((account, token), 0)

    def reasons(
        self,
        actor: KeyId,
        start: int,
        nonce: int,
        used: bytes,
        legs: Sequence[tuple[int, int, int]],
        seq: int,
    ) -> set[Refusal]:
        why = set()
        if not 1 <= len(legs) <= 64:
            why.add(Refusal.LEG_COUNT)
        if any(token not in range(5) for _, token, _ in legs):
            why.add(Refusal.UNKNOWN_TOKEN)
        if any(change == 0 or abs(change) > ROOM for _, _, change in legs):
            why.add(Refusal.AMOUNT_OUT_OF_RANGE)
        if len({(account, token) for account, token, _ in legs}) < len(legs):
            why.add(Refusal.DUPLICATE_LEG)
        if Refusal.UNKNOWN_TOKEN in why:
            return why
        if any(account not in self.owner for account in (start, *(leg[0] for leg in legs))):
            return why | {Refusal.UNKNOWN_ACCOUNT}
        why |= self.unauthorised(actor, start, legs)
        if used in self.keys and self.keys[used] > seq - 65_536:
            why.add(Refusal.KEY_ALREADY_USED)
        if nonce != self.nonce[start]:
            why.add(Refusal.WRONG_NONCE)
        if any(self.held(account, token) + change < 0 for account, token, change in legs):
            why.add(Refusal.EXCEEDS_BALANCE)
        if any(self.held(account, token) + change > ROOM for account, token, change in legs):
            why.add(Refusal.BALANCE_OUT_OF_RANGE)
        if any(sum(c for _, t, c in legs if t == token) for token in range(5)):
            why.add(Refusal.NOT_CONSERVED)
        if self.fee_is_short(legs):
            why.add(Refusal.FEE_NOT_PAID)
        return why

    def unauthorised(
        self, actor: KeyId, start: int, legs: Sequence[tuple[int, int, int]]
    ) -> set[Refusal]:
        why = set()
        if not all(self.may(actor, a) for a in (start, *(a for a, _, c in legs if c < 0))):
            why.add(Refusal.NOT_AUTHORISED)
        if any(token == 0 for _, token, _ in legs):
            if not self.may(actor, CHR_SOURCE):
                why.add(Refusal.ROLE_REQUIRED)
            if any(account == CHR_SOURCE and token == 0 for account, token, _ in legs):
                why.add(Refusal.SUPPLY_IS_FIXED)
        return why

    def fee_is_short(self, legs: Sequence[tuple[int, int, int]]) -> bool:
        exempt = (PSYNC_SOURCE, FEE_ACCOUNT)
        received = sum(c for a, t, c in legs if t == 2 and c > 0 and a not in exempt)
        given = sum(-c for a, t, c in legs if t == 2 and c < 0 and a in exempt)
        paid = sum(c for a, t, c in legs if t == 2 and c > 0 and a == FEE_ACCOUNT)
        return 10 * paid < received - given

    def spend(self, start: int, used: bytes, seq: int) -> None:
        self.nonce[start] += 1
        self.keys[used] = seq

    def move(self, start: int, used: bytes, legs: Sequence[tuple[int, int, int]], seq: int) -> None:
        self.spend(start, used, seq)
        for account, token, change in legs:
            self.money[account, token] = self.held(account, token) + change


class Histories(RuleBasedStateMachine):
    """Random commands from random keys, on the machine and on the model."""

    def __init__(self) -> None:
        super().__init__()
        self.book: Book = founded()
        self.naive = Naive()

    @initialize()
    def some_accounts_are_open(self) -> None:
        for account, owner in ((1_024, ALICE), (1_025, BOB), (1_026, ALICE)):
            self.book.must(OpenAccount(account, owner), owner)
            self.naive.open(account, owner)

    @rule(packets=st.sampled_from((1, 2, 65_535, 65_536)))
    def packets_pass(self, packets: int) -> None:
        self.book.seq += packets

    @rule(account=st.sampled_from(FREE_ACCOUNTS), owner=actors, actor=actors)
    def open(self, account: int, owner: KeyId, actor: KeyId) -> None:
        answer = self.book.ask(OpenAccount(account, owner), actor)
        assert (answer is Refusal.ACCOUNT_EXISTS) == (account in self.naive.owner)
        if account not in self.naive.owner:
            self.naive.open(account, owner)

    @rule(account=accounts, owner=actors, actor=actors)
    def assign(self, account: int, owner: KeyId, actor: KeyId) -> None:
        answer = self.book.ask(Assign(account, owner), actor)
        assert isinstance(answer, Refusal) == (self.naive.owner.get(account) != actor)
        if not isinstance(answer, Refusal):
            self.naive.owner[account] = owner

    @rule(account=accounts, other=actors, actor=actors)
    def delegate(self, account: int, other: KeyId, actor: KeyId) -> None:
        owns = self.naive.owner.get(account) == actor
        answer = self.book.ask(Delegate(account, other), actor)
        assert isinstance(answer, Refusal) == (not owns or self.naive.may(other, account))
        if not isinstance(answer, Refusal):
            self.naive.delegates[account, other] = actor

    @rule(account=accounts, other=actors, actor=actors)
    def undelegate(self, account: int, other: KeyId, actor: KeyId) -> None:
        owns = self.naive.owner.get(account) == actor
        stands = self.naive.delegates.get((account, other)) == actor and other != actor
        answer = self.book.ask(Undelegate(account, other), actor)
        assert isinstance(answer, Refusal) == (not owns or not stands)
        if not isinstance(answer, Refusal):
            del self.naive.delegates[account, other]

    @rule(token=tokens, credit=accounts, amount=amounts, used=keys, slip=slips, actor=actors)
    def issue(
        self, token: int, credit: int, amount: int, used: bytes, slip: int, actor: KeyId
    ) -> None:
        source = token + 1
        nonce = self.naive.nonce.get(source, 0) + slip
        legs = [(source, token, -amount), (credit, token, amount)]
        self.moves(Issue(token, credit, amount, nonce, used), actor, source, legs)

    @rule(token=tokens, debit=accounts, amount=amounts, used=keys, slip=slips, actor=actors)
    def burn(
        self, token: int, debit: int, amount: int, used: bytes, slip: int, actor: KeyId
    ) -> None:
        nonce = self.naive.nonce.get(debit, 0) + slip
        legs = [(debit, token, -amount), (token + 1, token, amount)]
        self.moves(Burn(debit, token, amount, nonce, used), actor, debit, legs)

    @rule(
        debit=accounts,
        credit=accounts,
        token=tokens,
        amount=amounts,
        used=keys,
        slip=slips,
        actor=actors,
    )
    def transfer(
        self,
        debit: int,
        credit: int,
        token: int,
        amount: int,
        used: bytes,
        slip: int,
        actor: KeyId,
    ) -> None:
        nonce = self.naive.nonce.get(debit, 0) + slip
        exempt = {PSYNC_SOURCE, FEE_ACCOUNT} & {debit, credit}
        fee = (amount + 9) // 10 if token == 2 and not exempt and amount > 0 else 0
        legs = [(debit, token, -amount - fee), (credit, token, amount)]
        if fee and abs(amount) <= ROOM:
            legs.append((FEE_ACCOUNT, token, fee))
        command = Transfer(debit, credit, token, amount, nonce, used)
        self.moves(command, actor, debit, legs)

    @rule(
        start=accounts,
        legs=st.lists(st.tuples(accounts, tokens, amounts, accounts), max_size=5),
        stray=st.sampled_from((None,) * 6 + ((1_024, 1, 1), (1_025, 2, -1), (1_024, 3, ROOM))),
        fee=st.integers(0, 12),
        used=keys,
        actor=actors,
    )
    def transact(
        self,
        start: int,
        legs: list[tuple[int, int, int, int]],
        stray: tuple[int, int, int] | None,
        fee: int,
        used: bytes,
        actor: KeyId,
    ) -> None:
        changes: dict[tuple[int, int], int] = {}
        for debit, token, amount, credit in legs:
            for account, change in ((debit, -amount), (credit, amount)):
                changes[account, token] = changes.get((account, token), 0) + change
            if token == 2:
                changes[debit, token] -= fee
                changes[FEE_ACCOUNT, token] = changes.get((FEE_ACCOUNT, token), 0) + fee
        flat = [(account, token, change) for (account, token), change in changes.items()]
        if stray is not None:
            flat.append(stray)
        nonce = self.naive.nonce.get(start, 0)
        command = Transact(start, nonce, used, tuple(Leg(*leg) for leg in flat))
        self.moves(command, actor, start, flat)

    def moves(
        self,
        command: Issue | Transfer | Burn | Transact,
        actor: KeyId,
        start: int,
        legs: list[tuple[int, int, int]],
    ) -> None:
        seq = self.book.seq
        why = self.naive.reasons(actor, start, command.nonce, command.key, legs, seq)
        if not isinstance(command, Transact) and not 1 <= command.amount <= ROOM:
            why.add(Refusal.AMOUNT_OUT_OF_RANGE)
        answer = self.book.ask(command, actor)
        if isinstance(answer, Refusal):
            assert answer in why, (answer, why)
            if answer in SPENDING:
                assert why <= SPENDING, (answer, why)
                self.naive.spend(start, command.key, seq)
            return
        assert not why
        self.naive.move(start, command.key, legs, seq)

    @invariant()
    def every_balance_is_the_models(self) -> None:
        rows = self.book.state.accounts.items()
        assert [account for account, _ in rows] == sorted(self.naive.owner)
        for account, row in rows:
            held = tuple(self.naive.held(account, token) for token in range(5))
            assert (row.owner, row.nonce, row.balances) == (
                self.naive.owner[account],
                self.naive.nonce[account],
                held,
            )

    def teardown(self) -> None:
        self.book.check()
        assert MACHINE.genesis().accounts.keys() == []


TestHistories = Histories.TestCase
