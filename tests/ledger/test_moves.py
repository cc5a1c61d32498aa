"""What the ledger does over several commands: founding, roles, keys, fees, swaps."""

from dataclasses import replace

import pytest

from qfs.crypto.ports import NOBODY, KeyId
from qfs.kernel import Decision
from qfs.ledger import (
    FEES,
    MACHINE,
    TOKENS,
    TREASURY,
    Assign,
    Burn,
    Delegate,
    Found,
    Leg,
    Refusal,
    Transact,
    Undelegate,
)
from qfs.ledger.state import NONCE_MAX
from tests.ledger.books import (
    ALICE,
    ALICE_ACCOUNT,
    ASSISTANT,
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
    founded,
    key,
    market,
    swap,
)


def test_founding_happens_in_genesis_and_once() -> None:
    book = Book()
    book.seq = 1
    assert book.ask(Found(OPERATOR, ()), NOBODY) is Refusal.NOT_GENESIS
    book.seq = 0
    assert book.ask(Found(KeyId(b"x"), ()), NOBODY) is Refusal.KEY_ID_MALFORMED
    assert book.ask(Found(OPERATOR, (ASSISTANT, ASSISTANT)), NOBODY) is Refusal.ALREADY_DELEGATED
    assert book.ask(Found(OPERATOR, (OPERATOR,)), NOBODY) is Refusal.ALREADY_DELEGATED
    book.must(Found(OPERATOR, (ASSISTANT,)), NOBODY)
    assert book.ask(Found(OPERATOR, ()), NOBODY) is Refusal.ALREADY_FOUNDED
    book.check()


def test_the_whole_of_chr_is_in_the_treasury_at_genesis_and_nothing_else_is_issued() -> None:
    book = founded()
    for number, spec in enumerate(TOKENS):
        issued = number == CHR
        assert book.balance(TREASURY, number) == (spec.cap_minor if issued else 0)
        assert book.balance(spec.issuance, number) == (0 if issued else spec.cap_minor)


def test_chr_moves_only_by_the_role_and_with_the_account() -> None:
    book = market()
    book.must(book.transfer(TREASURY, ALICE_ACCOUNT, CHR, 10), OPERATOR)
    back = book.transfer(ALICE_ACCOUNT, BOB_ACCOUNT, CHR, 1)
    assert book.ask(back, ALICE) is Refusal.ROLE_REQUIRED
    assert book.ask(back, OPERATOR) is Refusal.NOT_AUTHORISED
    book.must(Delegate(ALICE_ACCOUNT, OPERATOR), ALICE)
    book.must(back, OPERATOR)
    assert book.balance(BOB_ACCOUNT, CHR) == 1
    book.check()


@pytest.mark.parametrize("shares_a_packet", [False, True])
def test_a_key_is_refused_for_65536_packets_and_then_forgotten(shares_a_packet: bool) -> None:
    book = market()
    first = book.transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1)
    book.must(first, ALICE)
    if not shares_a_packet:
        book.seq += 65_535
    again = replace(first, nonce=1)
    assert book.ask(again, ALICE) is Refusal.KEY_ALREADY_USED
    book.seq = 1 + 65_536
    book.must(again, ALICE)
    book.check()


def test_forgotten_keys_leave_the_state() -> None:
    book = market()
    for _ in range(10):
        book.must(book.transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1), ALICE)
    assert len(book.state.used) == book.keys
    book.seq += 65_536
    book.must(book.transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1), ALICE)
    assert len(book.state.used) == 1
    assert book.state.used.get(key(1)) is None
    book.check()


@pytest.mark.parametrize(
    ("amount", "by", "why", "spent"),
    [
        (101 * ONE, ALICE, Refusal.EXCEEDS_BALANCE, True),
        (101 * ONE, BOB, Refusal.NOT_AUTHORISED, False),
    ],
)
def test_a_refusal_uses_up_key_and_nonce_when_both_were_good(
    amount: int, by: KeyId, why: Refusal, *, spent: bool
) -> None:
    book = market()
    over = book.transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, amount)
    assert book.ask(over, by) is why
    again = book.ask(replace(over, amount=ONE), ALICE)
    assert again is Refusal.KEY_ALREADY_USED if spent else not isinstance(again, Refusal)
    assert book.nonce(ALICE_ACCOUNT) == 1


def test_a_transaction_of_several_owners_needs_the_signature_of_each() -> None:
    book = market()
    book.must(book.issue(RES, BOB_ACCOUNT, 5), OPERATOR)
    legs = (
        *(Leg(ALICE_ACCOUNT, FLX, -7), Leg(BOB_ACCOUNT, FLX, 7)),
        *(Leg(BOB_ACCOUNT, RES, -5), Leg(ALICE_ACCOUNT, RES, 5)),
    )
    offer = Transact(ALICE_ACCOUNT, 0, key(700), legs)
    assert book.ask(offer, ALICE) is Refusal.NOT_AUTHORISED
    both = replace(context(ALICE, book.seq), cosigners=(BOB,))
    assert isinstance(MACHINE.decide(book.state, offer, both), Decision)
    stranger = replace(context(ALICE, book.seq), cosigners=(ASSISTANT,))
    assert MACHINE.decide(book.state, offer, stranger) is Refusal.NOT_AUTHORISED


def test_the_last_nonce_is_never_used() -> None:
    book = market()
    account = book.state.accounts.get(ALICE_ACCOUNT)
    assert account is not None
    for nonce, why in ((NONCE_MAX - 1, None), (NONCE_MAX, Refusal.NONCE_EXHAUSTED)):
        aged = altered(book.state, {ALICE_ACCOUNT: replace(account, nonce=nonce)})
        old = Book(aged, 1, 50)
        answer = old.ask(old.transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1), ALICE)
        assert answer is why if why else not isinstance(answer, Refusal)


def test_a_delegation_lets_debit_until_it_is_taken_back() -> None:
    book = market()
    book.must(Delegate(ALICE_ACCOUNT, BOB), ALICE)
    book.must(book.transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1), BOB)
    book.must(Undelegate(ALICE_ACCOUNT, BOB), ALICE)
    last = book.transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1)
    assert book.ask(last, BOB) is Refusal.NOT_AUTHORISED
    book.check()


def test_an_account_handed_over_is_debited_by_its_new_owner_and_by_no_old_delegate() -> None:
    book = market()
    book.must(Delegate(ALICE_ACCOUNT, ASSISTANT), ALICE)
    book.must(Assign(ALICE_ACCOUNT, BOB), ALICE)
    payment = book.transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1)
    assert book.ask(payment, ALICE) is Refusal.NOT_AUTHORISED
    assert book.ask(payment, ASSISTANT) is Refusal.NOT_AUTHORISED
    assert book.ask(Undelegate(ALICE_ACCOUNT, ASSISTANT), BOB) is Refusal.NOT_DELEGATED
    book.must(payment, BOB)
    book.must(Delegate(ALICE_ACCOUNT, ASSISTANT), BOB)
    book.must(book.transfer(ALICE_ACCOUNT, BOB_ACCOUNT, FLX, 1), ASSISTANT)


def test_a_swap_happens_whole_or_not_at_all() -> None:
    book = market()
    book.must(Delegate(ALICE_ACCOUNT, OPERATOR), ALICE)
    offer = Transact(SHOP_ACCOUNT, 0, key(500), swap(5 * ONE, 2 * ONE))
    assert book.ask(offer, OPERATOR) is Refusal.EXCEEDS_BALANCE
    assert book.balance(ALICE_ACCOUNT, FLX) == 100 * ONE
    book.must(book.issue(RES, SHOP_ACCOUNT, 2 * ONE), OPERATOR)
    book.must(replace(offer, nonce=1, key=key(501)), OPERATOR)
    assert book.balance(ALICE_ACCOUNT, FLX) == 95 * ONE
    assert book.balance(ALICE_ACCOUNT, RES) == 102 * ONE
    assert (book.nonce(SHOP_ACCOUNT), book.nonce(ALICE_ACCOUNT)) == (2, 0)
    book.check()


@pytest.mark.parametrize(
    ("what", "debit", "credit", "fee"),
    [
        ("between ordinary accounts", ALICE_ACCOUNT, BOB_ACCOUNT, 2),
        ("to the fee account", ALICE_ACCOUNT, FEES, 0),
        ("to the issuance account", ALICE_ACCOUNT, TOKENS[PSYNC].issuance, 0),
        ("from the issuance account", TOKENS[PSYNC].issuance, SHOP_ACCOUNT, 0),
        ("from the fee account", FEES, SHOP_ACCOUNT, 0),
    ],
)
def test_a_psync_transfer_pays_its_fee_on_top(what: str, debit: int, credit: int, fee: int) -> None:
    book = market()
    book.must(Delegate(ALICE_ACCOUNT, OPERATOR), ALICE)
    book.must(book.transfer(ALICE_ACCOUNT, FEES, PSYNC, 50), OPERATOR)
    places = list(dict.fromkeys([debit, credit, FEES]))
    before = [book.balance(place, PSYNC) for place in places]
    book.must(book.transfer(debit, credit, PSYNC, 11), OPERATOR)
    changes = dict(
        zip(
            places,
            [book.balance(p, PSYNC) - b for p, b in zip(places, before, strict=True)],
            strict=True,
        )
    )
    assert changes.pop(debit) == -11 - fee, what
    assert changes.pop(credit) == 11, what
    assert list(changes.values()) in ([], [fee]), what


def test_issuing_and_paying_at_once_owes_the_fee_on_the_payment_alone() -> None:
    book = market()
    book.must(Delegate(ALICE_ACCOUNT, OPERATOR), ALICE)
    source = TOKENS[PSYNC].issuance
    legs = [Leg(source, PSYNC, -1_000), Leg(SHOP_ACCOUNT, PSYNC, 1_000)]
    legs += [Leg(ALICE_ACCOUNT, PSYNC, -110), Leg(BOB_ACCOUNT, PSYNC, 100)]
    short = Transact(source, book.nonce(source), key(600), (*legs, Leg(FEES, PSYNC, 9)))
    assert book.ask(short, OPERATOR) is Refusal.NOT_CONSERVED
    legs[2] = replace(legs[2], change=-109)
    short = replace(short, nonce=short.nonce + 1, key=key(601), legs=(*legs, Leg(FEES, PSYNC, 9)))
    assert book.ask(short, OPERATOR) is Refusal.FEE_NOT_PAID
    legs[2] = replace(legs[2], change=-110)
    paid = replace(short, nonce=short.nonce + 1, key=key(602), legs=(*legs, Leg(FEES, PSYNC, 10)))
    book.must(paid, OPERATOR)


def test_burned_units_can_be_issued_again() -> None:
    book = market()
    rest = book.balance(TOKENS[RES].issuance, RES)
    book.must(Burn(ALICE_ACCOUNT, RES, 100 * ONE, 0, book.fresh()), ALICE)
    assert book.balance(TOKENS[RES].issuance, RES) == rest + 100 * ONE
    book.must(book.issue(RES, BOB_ACCOUNT, TOKENS[RES].cap_minor), OPERATOR)
    book.check()
