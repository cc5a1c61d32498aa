"""Each invariant notices its own breach, and no other does."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from qfs.canon import encode
from qfs.crypto.ports import NOBODY
from qfs.errors import ContractError
from qfs.ledger import (
    FEES,
    MACHINE,
    TREASURY,
    Leg,
)
from qfs.ledger.events import Moved
from tests.ledger.books import (
    ALICE,
    ALICE_ACCOUNT,
    ASSISTANT,
    BOB,
    BOB_ACCOUNT,
    FLX,
    ONE,
    Book,
    altered,
    key,
    market,
)

NOWHERE = 9_999


def leg(token: int, change: int, account: int = ALICE_ACCOUNT) -> Leg:
    return Leg(account, token, change)


@pytest.mark.parametrize(
    "event",
    [
        Moved(NOWHERE, key(1), 1, ()),
        Moved(ALICE_ACCOUNT, key(1), 1, (Leg(NOWHERE, FLX, 1),)),
    ],
)
def test_an_event_that_cannot_have_happened_is_no_refusal(event: Moved) -> None:
    with pytest.raises(ContractError):
        MACHINE.evolve(market().state, event)


@pytest.mark.parametrize("change", ["more", "less"])
def test_a_forged_event_breaks_a_named_invariant(change: str) -> None:
    book = market()
    forged = Moved(ALICE_ACCOUNT, key(900), 1, (leg(FLX, 1 if change == "more" else -1),))
    after = MACHINE.evolve(book.state, forged)
    broken = [i.name for i in MACHINE.invariants if not i.holds(book.state, forged, after)]
    assert broken == ["every_event_conserves_each_token"]
    whole = [i.name for i in MACHINE.state_invariants if not i.holds(after)]
    assert whole == ["each_token_sums_to_its_cap"]


Breach = tuple[str, Callable[[Book], Moved]]

BREACHES: list[Breach] = [
    (
        "no_movement_leaves_a_balance_out_of_range",
        lambda book: Moved(
            ALICE_ACCOUNT, key(900), 1, (leg(FLX, -101 * ONE), leg(FLX, 101 * ONE, BOB_ACCOUNT))
        ),
    ),
    (
        "every_movement_uses_a_fresh_key",
        lambda book: Moved(ALICE_ACCOUNT, key(1), 1, (leg(FLX, -1), leg(FLX, 1, BOB_ACCOUNT))),
    ),
]


@pytest.mark.parametrize(("name", "forge"), BREACHES)
def test_each_breach_is_named(name: str, forge: Callable[[Book], Moved]) -> None:
    book = market()
    event = forge(book)
    after = MACHINE.evolve(book.state, event)
    assert [i.name for i in MACHINE.invariants if not i.holds(book.state, event, after)] == [name]


@pytest.mark.parametrize("wrong_about", ["balances", "nonce"])
def test_a_state_that_an_event_did_not_make_is_noticed(wrong_about: str) -> None:
    book = market()
    event = Moved(ALICE_ACCOUNT, key(900), 1, (leg(FLX, -1), leg(FLX, 1, BOB_ACCOUNT)))
    after = MACHINE.evolve(book.state, event)
    alice, bob = after.accounts.get(ALICE_ACCOUNT), after.accounts.get(BOB_ACCOUNT)
    assert alice is not None
    assert bob is not None
    if wrong_about == "nonce":
        broken = altered(after, {BOB_ACCOUNT: replace(bob, nonce=1)})
    else:
        swapped = replace(alice, balances=bob.balances), replace(bob, balances=alice.balances)
        broken = altered(after, dict(zip((ALICE_ACCOUNT, BOB_ACCOUNT), swapped, strict=True)))
    names = [i.name for i in MACHINE.invariants if not i.holds(book.state, event, broken)]
    assert names == ["every_movement_changes_its_legs_and_one_nonce"]


def damaged(book: Book, name: str) -> Book:
    """Return the ledger damaged so that one state invariant, and no other, breaks."""
    state, accounts = book.state, book.state.accounts
    fees = accounts.get(FEES)
    treasury, source = accounts.get(TREASURY), accounts.get(1)
    assert fees is not None
    assert treasury is not None
    assert source is not None
    less = (treasury.balances[0] - 1, 0, 0, 0, 0)
    overdraft = (leg(FLX, 101 * ONE), leg(FLX, -101 * ONE, BOB_ACCOUNT))
    damage = {
        "each_token_sums_to_its_cap": lambda: altered(
            state, {FEES: replace(fees, balances=(0, 0, 1, 0, 0))}
        ),
        "no_balance_is_out_of_range": lambda: MACHINE.evolve(
            state, Moved(ALICE_ACCOUNT, key(900), 1, overdraft)
        ),
        "each_fixed_supply_is_in_circulation": lambda: altered(
            state,
            {
                TREASURY: replace(treasury, balances=less),
                1: replace(source, balances=(1, 0, 0, 0, 0)),
            },
        ),
        "the_ledgers_own_accounts_are_open": lambda: replace(
            altered(state, {FEES: None}), delegations=state.delegations.delete((FEES, ASSISTANT))
        ),
        "each_account_is_well_formed": lambda: altered(state, {FEES: replace(fees, owner=NOBODY)}),
        "each_delegation_names_an_open_account": lambda: replace(
            state, delegations=state.delegations.set((NOWHERE, bytes(BOB)), bytes(ALICE))
        ),
        "no_key_is_used_twice_within_its_packets": lambda: replace(
            state, used=state.used.load([encode([1, 1, key(7)]), encode([2, 2, key(7)])])
        ),
    }
    return Book(damage[name](), 1, 50)


@pytest.mark.parametrize("name", [invariant.name for invariant in MACHINE.state_invariants])
def test_each_state_invariant_notices_its_damage(name: str) -> None:
    broken = damaged(market(), name).state
    assert [i.name for i in MACHINE.state_invariants if not i.holds(broken)] == [name]
