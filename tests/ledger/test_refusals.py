"""Each refusal beside the nearest yes."""

from dataclasses import replace

import pytest

from qfs.crypto.ports import NOBODY, KeyId
from qfs.ledger import (
    FEES,
    TOKENS,
    TREASURY,
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
from qfs.ledger.commands import COMMANDS, Command
from qfs.ledger.tokens import BALANCE_MAX
from tests.ledger.books import (
    ALICE,
    ALICE_ACCOUNT,
    ASSISTANT,
    ATR,
    BOB,
    BOB_ACCOUNT,
    CHR,
    FLX,
    ONE,
    OPERATOR,
    PSYNC,
    RES,
    SHOP_ACCOUNT,
    SPENDING,
    Book,
    key,
    market,
    swap,
)

NOWHERE = 9_999


def transact(*legs: Leg, account: int = ALICE_ACCOUNT, nonce: int = 0) -> Transact:
    return Transact(account, nonce, key(77), legs)


def leg(token: int, change: int, account: int = ALICE_ACCOUNT) -> Leg:
    return Leg(account, token, change)


SIXTY_FOUR = tuple(
    Leg(account, FLX, -63 if account == ALICE_ACCOUNT else 1)
    for account in [ALICE_ACCOUNT, *range(2_000, 2_063)]
)

Case = tuple[Refusal, Command, KeyId, Command, KeyId]

CASES: list[Case] = [
    # why not, what is refused and to whom, the nearest thing that is accepted and from whom
    (
        Refusal.ACCOUNT_OUT_OF_RANGE,
        OpenAccount(1_023, ALICE),
        ALICE,
        OpenAccount(2**64 - 1, ALICE),
        ALICE,
    ),
    (
        Refusal.ACCOUNT_OUT_OF_RANGE,
        OpenAccount(2**64, ALICE),
        ALICE,
        OpenAccount(1_027, ALICE),
        BOB,
    ),
    (
        Refusal.ACCOUNT_EXISTS,
        OpenAccount(ALICE_ACCOUNT, BOB),
        BOB,
        OpenAccount(1_027, BOB),
        BOB,
    ),
    (
        Refusal.KEY_ID_MALFORMED,
        OpenAccount(1_027, KeyId(b"B" * 31)),
        BOB,
        OpenAccount(1_027, BOB),
        BOB,
    ),
    (Refusal.KEY_ID_MALFORMED, OpenAccount(1_027, NOBODY), BOB, OpenAccount(1_027, BOB), BOB),
    (
        Refusal.KEY_ID_MALFORMED,
        Assign(ALICE_ACCOUNT, KeyId(b"")),
        ALICE,
        Assign(ALICE_ACCOUNT, BOB),
        ALICE,
    ),
    (
        Refusal.KEY_ID_MALFORMED,
        Delegate(ALICE_ACCOUNT, KeyId(b"B" * 33)),
        ALICE,
        Delegate(ALICE_ACCOUNT, BOB),
        ALICE,
    ),
    (Refusal.UNKNOWN_ACCOUNT, Assign(NOWHERE, BOB), ALICE, Assign(ALICE_ACCOUNT, BOB), ALICE),
    (
        Refusal.NOT_AUTHORISED,
        Assign(ALICE_ACCOUNT, BOB),
        BOB,
        Assign(ALICE_ACCOUNT, BOB),
        ALICE,
    ),
    (
        Refusal.NOT_AUTHORISED,
        Delegate(TREASURY, BOB),
        ASSISTANT,  # a delegate may debit, not delegate
        Delegate(TREASURY, BOB),
        OPERATOR,
    ),
    (
        Refusal.ALREADY_DELEGATED,
        Delegate(TREASURY, ASSISTANT),
        OPERATOR,
        Delegate(TREASURY, BOB),
        OPERATOR,
    ),
    (
        Refusal.ALREADY_DELEGATED,
        Delegate(TREASURY, OPERATOR),  # the owner needs no delegation
        OPERATOR,
        Delegate(SHOP_ACCOUNT, ASSISTANT),
        OPERATOR,
    ),
    (
        Refusal.NOT_DELEGATED,
        Undelegate(TREASURY, BOB),
        OPERATOR,
        Undelegate(TREASURY, ASSISTANT),
        OPERATOR,
    ),
    (
        Refusal.NOT_DELEGATED,
        Undelegate(TREASURY, OPERATOR),
        OPERATOR,
        Undelegate(FEES, ASSISTANT),
        OPERATOR,
    ),
    (
        Refusal.LEG_COUNT,
        transact(),
        ALICE,
        transact(*swap(5, 0)[:2]),
        ALICE,
    ),
    (Refusal.LEG_COUNT, transact(*SIXTY_FOUR, leg(ATR, 1)), ALICE, transact(*SIXTY_FOUR), ALICE),
    (
        Refusal.KEY_MALFORMED,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 0, b"short"),
        ALICE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.UNKNOWN_TOKEN,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, 5, 1, 0, key(99)),
        ALICE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, 4, 1, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.UNKNOWN_TOKEN,
        transact(leg(-1, -5), leg(-1, 5, BOB_ACCOUNT)),
        ALICE,
        transact(leg(1, -5), leg(1, 5, BOB_ACCOUNT)),
        ALICE,
    ),
    (
        Refusal.AMOUNT_OUT_OF_RANGE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 0, 0, key(99)),
        ALICE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.AMOUNT_OUT_OF_RANGE,
        Burn(ALICE_ACCOUNT, FLX, -1, 0, key(99)),
        ALICE,
        Burn(ALICE_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.AMOUNT_OUT_OF_RANGE,
        Issue(FLX, BOB_ACCOUNT, BALANCE_MAX + 1, 1, key(99)),
        OPERATOR,
        Issue(FLX, BOB_ACCOUNT, 2**62, 1, key(99)),
        OPERATOR,
    ),
    (
        Refusal.AMOUNT_OUT_OF_RANGE,
        transact(leg(FLX, 0), leg(ATR, -1), leg(ATR, 1, BOB_ACCOUNT)),
        ALICE,
        transact(leg(ATR, -1), leg(ATR, 1, BOB_ACCOUNT)),
        ALICE,
    ),
    (
        Refusal.DUPLICATE_LEG,
        Transfer(ALICE_ACCOUNT, ALICE_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.DUPLICATE_LEG,
        transact(leg(FLX, -1), leg(FLX, -1), leg(FLX, 2, BOB_ACCOUNT)),
        ALICE,
        transact(leg(FLX, -2), leg(FLX, 2, BOB_ACCOUNT)),
        ALICE,
    ),
    (
        Refusal.UNKNOWN_ACCOUNT,
        Transfer(ALICE_ACCOUNT, NOWHERE, FLX, 1, 0, key(99)),
        ALICE,
        Transfer(ALICE_ACCOUNT, SHOP_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.UNKNOWN_ACCOUNT,
        Transfer(-1, BOB_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.NOT_AUTHORISED,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 0, key(99)),
        BOB,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.NOT_AUTHORISED,
        transact(leg(FLX, -1), leg(FLX, 1, BOB_ACCOUNT), account=BOB_ACCOUNT),
        ALICE,  # Bob's nonce is not hers to use
        transact(leg(FLX, -1), leg(FLX, 1, BOB_ACCOUNT)),
        ALICE,
    ),
    (
        Refusal.NOT_AUTHORISED,
        Issue(FLX, ALICE_ACCOUNT, 1, 1, key(99)),
        ALICE,
        Issue(FLX, ALICE_ACCOUNT, 1, 1, key(99)),
        ASSISTANT,
    ),
    (
        Refusal.SUPPLY_IS_FIXED,
        Issue(CHR, BOB_ACCOUNT, 1, 0, key(99)),
        OPERATOR,
        Issue(FLX, BOB_ACCOUNT, 1, 1, key(99)),
        OPERATOR,
    ),
    (
        Refusal.SUPPLY_IS_FIXED,
        Burn(TREASURY, CHR, 1, 0, key(99)),
        OPERATOR,
        Transfer(TREASURY, BOB_ACCOUNT, CHR, 1, 0, key(99)),
        OPERATOR,
    ),
    (
        Refusal.KEY_ALREADY_USED,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 0, key(1)),
        ALICE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.WRONG_NONCE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 1, key(99)),
        ALICE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.EXCEEDS_BALANCE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 100 * ONE + 1, 0, key(99)),
        ALICE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 100 * ONE, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.EXCEEDS_BALANCE,
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, PSYNC, 91 * ONE, 0, key(99)),
        ALICE,  # 91 and the fee of 9.1 are more than 100
        Transfer(ALICE_ACCOUNT, BOB_ACCOUNT, PSYNC, 90 * ONE, 0, key(99)),
        ALICE,
    ),
    (
        Refusal.EXCEEDS_BALANCE,
        Issue(RES, BOB_ACCOUNT, TOKENS[RES].cap_minor - 100 * ONE + 1, 1, key(99)),
        OPERATOR,  # the cap
        Issue(RES, BOB_ACCOUNT, TOKENS[RES].cap_minor - 100 * ONE, 1, key(99)),
        OPERATOR,
    ),
    (
        Refusal.BALANCE_OUT_OF_RANGE,
        transact(leg(FLX, BALANCE_MAX), leg(FLX, -BALANCE_MAX, BOB_ACCOUNT), account=BOB_ACCOUNT),
        BOB,
        transact(leg(FLX, -1), leg(FLX, 1, BOB_ACCOUNT)),
        ALICE,
    ),
    (
        Refusal.NOT_CONSERVED,
        transact(leg(FLX, -2), leg(FLX, 1, BOB_ACCOUNT)),
        ALICE,
        transact(leg(FLX, -2), leg(FLX, 2, BOB_ACCOUNT)),
        ALICE,
    ),
    (
        Refusal.NOT_CONSERVED,
        transact(leg(FLX, -1), leg(ATR, 1, BOB_ACCOUNT)),
        ALICE,
        transact(leg(ATR, -1), leg(ATR, 1, BOB_ACCOUNT)),
        ALICE,
    ),
    (
        Refusal.FEE_NOT_PAID,
        transact(leg(PSYNC, -20), leg(PSYNC, 19, BOB_ACCOUNT), leg(PSYNC, 1, FEES)),
        ALICE,
        transact(leg(PSYNC, -21), leg(PSYNC, 19, BOB_ACCOUNT), leg(PSYNC, 2, FEES)),
        ALICE,
    ),
]


MOVES = (Issue, Transfer, Burn, Transact)


def starting_account(command: Issue | Transfer | Burn | Transact) -> int:
    if isinstance(command, Issue):
        return TOKENS[command.token].issuance
    return command.account if isinstance(command, Transact) else command.debit


@pytest.fixture
def book() -> Book:
    made = market()
    for account in range(2_000, 2_063):
        made.must(OpenAccount(account, BOB), BOB)
    return made


@pytest.mark.parametrize(("why", "refused", "by", "accepted", "from_"), CASES)
def test_a_refusal_stands_beside_the_nearest_yes(
    book: Book, why: Refusal, refused: Command, by: KeyId, accepted: Command, from_: KeyId
) -> None:
    state, before = book.state, book.state.accounts.items()
    assert book.ask(refused, by) is why
    if why in SPENDING and isinstance(refused, MOVES) and isinstance(accepted, MOVES):
        spent = starting_account(refused)
        assert book.nonce(spent) == refused.nonce + 1
        assert book.state.used.get(refused.key) == book.seq
        assert [row.balances for _, row in book.state.accounts.items()] == [
            row.balances for _, row in before
        ]
        again = book.nonce(starting_account(accepted))
        accepted = replace(accepted, nonce=again, key=key(101))
    else:
        assert book.state is state
    book.must(accepted, from_)
    book.check()


def test_every_refusal_has_a_case() -> None:
    elsewhere = {
        Refusal.NOT_GENESIS,
        Refusal.ALREADY_FOUNDED,
        Refusal.ROLE_REQUIRED,
        Refusal.NONCE_EXHAUSTED,
        Refusal.BATCH_MALFORMED,
    }
    assert elsewhere | {case[0] for case in CASES} == set(Refusal)


@pytest.mark.parametrize("command", [case[3] for case in CASES])
def test_a_command_is_read_back_from_its_record(command: Command) -> None:
    assert COMMANDS.unpack(COMMANDS.pack(command)) == command
