"""A batch and its rows one by one: the same codes, balances, nonces, keys and root."""

import random
from dataclasses import replace

import pytest

from qfs.canon import ArrayKind, TypedArray
from qfs.crypto.ports import KeyId
from qfs.kernel import Decision, Denial
from qfs.ledger import (
    COMMANDS,
    FEES,
    MACHINE,
    TOKENS,
    TREASURY,
    Batch,
    Delegate,
    Leg,
    OpenAccount,
    Refusal,
    Transact,
)
from qfs.ledger.codes import is_spent
from qfs.ledger.events import BatchMoved, BatchSpent, Spent
from qfs.ledger.rows import conserves
from tests.ledger.books import (
    ALICE,
    ALICE_ACCOUNT,
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
    Book,
    altered,
    context,
    key,
    market,
    root,
)

NOWHERE = 9_999
ROOM = 2**124 - 1


@pytest.fixture
def book() -> Book:
    made = market()
    for account in (ALICE_ACCOUNT, BOB_ACCOUNT):
        owner = ALICE if account == ALICE_ACCOUNT else BOB
        made.must(Delegate(account, OPERATOR), owner)
    return made


def pay(amount: int = 1, *, token: int = FLX, nonce: int = 0, used: int = 100) -> Transact:
    legs = (Leg(ALICE_ACCOUNT, token, -amount), Leg(SHOP_ACCOUNT, token, amount))
    return Transact(ALICE_ACCOUNT, nonce, key(used), legs)


def legs(*changes: tuple[int, int, int]) -> Transact:
    return replace(pay(), legs=tuple(Leg(*one) for one in changes))


A, B = ALICE_ACCOUNT, BOB_ACCOUNT
ROWS: list[tuple[Refusal | None, Transact]] = [
    (None, pay()),
    (None, pay(2**62)),
    (None, pay(2**63 - 1)),
    (None, pay(100 * ONE)),
    (Refusal.LEG_COUNT, legs()),
    (Refusal.LEG_COUNT, legs(*[(A, FLX, 1)] * 65)),
    (Refusal.UNKNOWN_TOKEN, legs((A, 5, -1), (B, 5, 1))),
    (Refusal.UNKNOWN_TOKEN, legs((A, 255, -1), (B, 255, 1))),
    (Refusal.AMOUNT_OUT_OF_RANGE, legs((A, FLX, 0), (B, FLX, 0))),
    (Refusal.AMOUNT_OUT_OF_RANGE, legs((A, FLX, -(2**127)), (B, FLX, 2**127 - 1))),
    (Refusal.AMOUNT_OUT_OF_RANGE, legs((A, FLX, -ROOM - 1), (B, FLX, ROOM + 1))),
    (Refusal.UNKNOWN_ACCOUNT, replace(pay(), account=NOWHERE)),
    (Refusal.UNKNOWN_ACCOUNT, legs((A, FLX, -1), (2**64 - 1, FLX, 1))),
    (Refusal.DUPLICATE_LEG, legs((A, FLX, -1), (A, FLX, 1))),
    (Refusal.DUPLICATE_LEG, legs((A, FLX, -2), (B, FLX, 1), (B, FLX, 1))),
    (Refusal.SUPPLY_IS_FIXED, legs((TREASURY, CHR, -1), (TOKENS[CHR].issuance, CHR, 1))),
    (Refusal.KEY_ALREADY_USED, pay(used=1)),
    (Refusal.WRONG_NONCE, pay(nonce=1)),
    (Refusal.WRONG_NONCE, pay(nonce=2**64 - 1)),
    (Refusal.EXCEEDS_BALANCE, pay(100 * ONE + 1)),
    (Refusal.EXCEEDS_BALANCE, pay(ROOM)),
    (Refusal.BALANCE_OUT_OF_RANGE, legs((B, ATR, ROOM), (A, ATR, ROOM), (A, FLX, -1))),
    (Refusal.NOT_CONSERVED, legs((A, FLX, -1), (B, FLX, 2))),
    (Refusal.NOT_CONSERVED, legs((A, FLX, -1), (B, ATR, 1))),
    (Refusal.FEE_NOT_PAID, legs((A, PSYNC, -20), (B, PSYNC, 20))),
    (None, legs((A, PSYNC, -22), (B, PSYNC, 20), (FEES, PSYNC, 2))),
    (None, legs((A, PSYNC, -20), (FEES, PSYNC, 20))),
    (None, legs((A, FLX, -1), (B, FLX, 1), (A, RES, -1), (SHOP_ACCOUNT, RES, 1))),
]


def one_by_one(book: Book, rows: list[Transact], actor: KeyId) -> tuple[Book, bytes]:
    alone, codes = Book(book.state, book.seq, book.keys), []
    for row in rows:
        answer = alone.ask(row, actor)
        codes.append(answer.value if isinstance(answer, Refusal) else 0)
    return alone, bytes(codes)


@pytest.mark.parametrize(("why", "row"), ROWS)
@pytest.mark.parametrize("company", [0, 80])
def test_a_row_is_answered_as_its_transaction_is(
    book: Book, why: Refusal | None, row: Transact, company: int
) -> None:
    """Alone, and among so many good rows that the quick way is taken."""
    others = [
        Transact(
            SHOP_ACCOUNT, n, key(1_000 + n), (Leg(SHOP_ACCOUNT, RES, -1), Leg(BOB_ACCOUNT, RES, 1))
        )
        for n in range(company)
    ]
    book.must(book.issue(RES, SHOP_ACCOUNT, 100), OPERATOR)
    rows = [*others[:40], row, *others[40:]]
    alone, codes = one_by_one(book, rows, OPERATOR)
    before = book.state
    command = Batch.of(rows)
    assert COMMANDS.unpack(COMMANDS.pack(command)) == command
    assert command.rows() == rows
    events = book.must(command, OPERATOR)
    assert events == (BatchMoved(command, book.seq, codes),)
    assert codes == bytes(
        [0] * len(others[:40]) + [why.value if why else 0] + [0] * len(others[40:])
    )
    assert root(book.state) == root(alone.state)
    assert root(before) != root(book.state) or not any(is_spent(code) for code in codes)
    book.check()


def test_rows_see_what_the_rows_before_them_did(book: Book) -> None:
    first, again = pay(nonce=0, used=200), pay(nonce=1, used=200)
    over = pay(101 * ONE, nonce=1, used=201)
    rows = [first, again, over, pay(nonce=1, used=202), pay(nonce=2, used=203)]
    answer = MACHINE.decide(book.state, Batch.of(rows), context(OPERATOR, book.seq))
    assert isinstance(answer, Decision)
    assert list(answer.results) == [0, 17, 20, 18, 0]


def test_a_batch_of_several_owners_needs_the_signature_of_each(book: Book) -> None:
    row = legs((A, FLX, -1), (B, FLX, 1), (SHOP_ACCOUNT, RES, -1), (A, RES, 1))
    book.must(book.issue(RES, SHOP_ACCOUNT, 1), OPERATOR)
    alone = context(ALICE, book.seq)
    for signed, code in ((alone, 14), (replace(alone, cosigners=(OPERATOR,)), 0)):
        answer = MACHINE.decide(book.state, Batch.of([row]), signed)
        assert isinstance(answer, Decision)
        assert answer.results == bytes([code])


MALFORMED = [
    ("no row", {"accounts": TypedArray(ArrayKind.U64, b""), "counts": b"", "keys": b""}),
    ("a nonce too few", {"nonces": TypedArray(ArrayKind.U64, b"")}),
    ("nonces of another kind", {"nonces": TypedArray(ArrayKind.I64, bytes(8))}),
    ("a key cut short", {"keys": bytes(15)}),
    ("a leg too many", {"counts": b"\x03"}),
    ("a leg's account too few", {"leg_accounts": TypedArray(ArrayKind.U64, bytes(8))}),
    ("a leg's token too many", {"leg_tokens": b"\x01\x01\x01"}),
    ("half a change", {"leg_changes": bytes(24)}),
]


@pytest.mark.parametrize("change", [one[1] for one in MALFORMED], ids=[one[0] for one in MALFORMED])
def test_columns_that_disagree_are_refused_whole(book: Book, change: dict[str, object]) -> None:
    good = Batch.of([pay()])
    assert book.ask(replace(good, **change), OPERATOR) is Refusal.BATCH_MALFORMED  # type: ignore[arg-type]
    book.must(good, OPERATOR)


def test_what_a_batch_spent_stands_when_its_transaction_is_undone(book: Book) -> None:
    rows = [pay(used=300), pay(100 * ONE, nonce=1, used=301), pay(nonce=9, used=302)]
    answer = MACHINE.decide(book.state, Batch.of(rows), context(OPERATOR, book.seq))
    assert isinstance(answer, Decision)
    (spent,) = answer.spent
    assert isinstance(spent, BatchSpent)
    before = book.state.accounts.items()
    book.happened(answer.spent)
    assert book.nonce(ALICE_ACCOUNT) == 2
    assert [book.state.used.get(row.key) for row in rows] == [book.seq, book.seq, None]
    after = book.state.accounts.items()
    assert [row.balances for _, row in after] == [row.balances for _, row in before]
    book.check()


def test_what_was_spent_from_an_account_of_the_same_transaction_is_the_key_alone() -> None:
    book = market()
    before = root(book.state)
    for event in (
        Spent(NOWHERE, key(400), book.seq),
        BatchSpent(Batch.of([replace(pay(used=401), account=NOWHERE)]), book.seq, b"\0"),
    ):
        book.happened((event,))
    assert book.state.used.get(key(400)) == book.state.used.get(key(401)) == book.seq
    assert root(book.state) != before
    book.check()


def test_a_forged_batch_breaks_conservation(book: Book) -> None:
    forged = BatchMoved(Batch.of([legs((A, FLX, 5))]), book.seq, b"\0")
    after = MACHINE.evolve(book.state, forged)
    broken = [i.name for i in MACHINE.invariants if not i.holds(book.state, forged, after)]
    assert broken == ["every_event_conserves_each_token"]
    moved = book.state.accounts.moved_to(after.accounts)
    assert moved is not None
    assert not conserves(*moved)


def test_a_denial_is_refused_by_the_machines_own_enum(book: Book) -> None:
    answer = MACHINE.decide(book.state, pay(101 * ONE), context(OPERATOR, book.seq))
    assert answer == Denial(Refusal.EXCEEDS_BALANCE, (Spent(A, key(100), book.seq),))


def test_older_versions_stay_readable_over_a_long_history() -> None:
    """Random orders, every version kept: each still has its root, in any order of asking."""
    chance = random.Random(6)
    book = market()
    kept = [(book.state, root(book.state))]
    for step in range(120):
        kind = chance.randrange(5)
        if kind == 0:
            book.must(OpenAccount(5_000 + step, BOB), BOB)
        elif kind == 1:
            nonce = book.nonce(A)
            rows = [
                pay(chance.choice((1, 200 * ONE)), nonce=nonce + n, used=10_000 + 100 * step + n)
                for n in range(chance.choice((1, 3, 70)))
            ]
            book.must(Batch.of(rows), ALICE)
        elif kind == 2:
            book.seq += chance.choice((1, 40_000))
        else:
            book.ask(book.transfer(A, B, FLX, chance.choice((1, 500 * ONE))), ALICE)
        kept.append((book.state, root(book.state)))
    chance.shuffle(kept)
    assert [root(state) for state, _ in kept] == [known for _, known in kept]


def test_a_nonce_is_exhausted_in_a_batch_too(book: Book) -> None:
    alice = book.state.accounts.get(A)
    assert alice is not None
    last = 2**64 - 1
    state = altered(book.state, {A: replace(alice, nonce=last)})
    answer = MACHINE.decide(state, Batch.of([pay(nonce=last)]), context(OPERATOR, book.seq))
    assert isinstance(answer, Decision)
    assert answer.results == bytes([Refusal.NONCE_EXHAUSTED.value])
