"""The sentences that the ledger keeps: at each event, and over the whole state.

- A delta invariant looks at what the event touched and nothing else, so its cost does not grow
  with the ledger.
- A state invariant reads every row; ``qfs ledger check`` and the tests run it.
"""

from qfs.crypto.ports import KEY_ID_BYTES, NOBODY
from qfs.kernel import DeltaInvariant, StateInvariant
from qfs.ledger.batch import rows_of_batch
from qfs.ledger.events import BatchMoved, BatchSpent, Event, Founded, Moved, Spent
from qfs.ledger.moves import is_kept
from qfs.ledger.rows import conserves
from qfs.ledger.state import KEY_PACKETS, NONCE_MAX, State, account_of
from qfs.ledger.tokens import BALANCE_MAX, FEES, TOKENS, TREASURY, Supply


def _conserves(before: State, event: Event, after: State) -> bool:
    if isinstance(event, Founded):
        return _each_token_sums_to_its_cap(after)
    if isinstance(event, Moved):
        sums = [0] * len(TOKENS)
        for leg in event.legs:
            sums[leg.token] += leg.change
        return not any(sums)
    if isinstance(event, BatchMoved):
        moved = before.accounts.moved_to(after.accounts)
        if moved is None or moved[1] != event.codes:
            moved = rows_of_batch(event.batch, after.accounts), event.codes
        return conserves(*moved)
    if isinstance(event, BatchSpent):
        return True  # no balance is in it: the whole state's sentences say the rest
    return _sums(before, [event.account]) == _sums(after, [event.account])


def _does_what_it_says(before: State, event: Event, after: State) -> bool:
    if not isinstance(event, Moved | Spent) or event.account not in after.accounts:
        return True
    legs = event.legs if isinstance(event, Moved) else ()
    touched = list(dict.fromkeys([event.account, *[leg.account for leg in legs]]))
    # All of one version, then all of the other: going back and forth between two costs each time.
    rows = [account_of(before, account) for account in touched]
    expected = {
        account: [row.nonce, *row.balances] for account, row in zip(touched, rows, strict=True)
    }
    expected[event.account][0] += 1
    for leg in legs:
        expected[leg.account][1 + leg.token] += leg.change
    found = [account_of(after, account) for account in touched]
    return [[row.nonce, *row.balances] for row in found] == list(expected.values())


def _in_range(_before: State, event: Event, after: State) -> bool:
    if not isinstance(event, Moved):
        return True
    return all(_balances_are_in_range(after, leg.account) for leg in event.legs)


def _uses_a_fresh_key(before: State, event: Event, after: State) -> bool:
    if not isinstance(event, Moved | Spent):
        return True
    used = before.used.get(event.key)
    fresh = used is None or not is_kept(used, event.seq)
    return fresh and after.used.get(event.key) == event.seq


def _each_token_sums_to_its_cap(state: State) -> bool:
    if not len(state.accounts):
        return True
    sums = _sums(state, state.accounts.keys())
    return sums == [spec.cap_minor for spec in TOKENS]


def _no_balance_is_out_of_range(state: State) -> bool:
    return all(_balances_are_in_range(state, account) for account, _ in state.accounts.items())


def _fixed_supplies_are_out(state: State) -> bool:
    if not len(state.accounts):
        return True
    return not any(
        account_of(state, spec.issuance).balances[number]
        for number, spec in enumerate(TOKENS)
        if spec.supply is Supply.FIXED
    )


def _own_accounts_are_open(state: State) -> bool:
    own = [spec.issuance for spec in TOKENS] + [FEES, TREASURY]
    return not len(state.accounts) or all(account in state.accounts for account in own)


def _accounts_are_well_formed(state: State) -> bool:
    return all(
        len(account.owner) == KEY_ID_BYTES
        and account.owner != NOBODY
        and 0 <= account.nonce <= NONCE_MAX
        and len(account.balances) == len(TOKENS)
        for _, account in state.accounts.items()
    )


def _delegations_name_open_accounts(state: State) -> bool:
    return all(account in state.accounts for (account, _), _ in state.delegations.items())


def _no_key_is_used_twice(state: State) -> bool:
    packets = sorted(state.used.packets())
    newest = packets[-1][0] if packets else 0
    kept = [key for seq, keys in packets if newest - seq < KEY_PACKETS for key in keys]
    return len(dict.fromkeys(kept)) == len(kept)


def _sums(state: State, accounts: list[int]) -> list[int]:
    sums = [0] * len(TOKENS)
    for account in accounts:
        found = state.accounts.get(account)
        if found is not None:
            sums = [one + other for one, other in zip(sums, found.balances, strict=True)]
    return sums


def _balances_are_in_range(state: State, account: int) -> bool:
    return all(0 <= balance <= BALANCE_MAX for balance in account_of(state, account).balances)


DELTA_INVARIANTS: tuple[DeltaInvariant[State, Event], ...] = (
    DeltaInvariant("every_event_conserves_each_token", _conserves),
    DeltaInvariant("every_movement_changes_its_legs_and_one_nonce", _does_what_it_says),
    DeltaInvariant("no_movement_leaves_a_balance_out_of_range", _in_range),
    DeltaInvariant("every_movement_uses_a_fresh_key", _uses_a_fresh_key),
)

STATE_INVARIANTS: tuple[StateInvariant[State], ...] = (
    StateInvariant("each_token_sums_to_its_cap", _each_token_sums_to_its_cap),
    StateInvariant("no_balance_is_out_of_range", _no_balance_is_out_of_range),
    StateInvariant("each_fixed_supply_is_in_circulation", _fixed_supplies_are_out),
    StateInvariant("the_ledgers_own_accounts_are_open", _own_accounts_are_open),
    StateInvariant("each_account_is_well_formed", _accounts_are_well_formed),
    StateInvariant("each_delegation_names_an_open_account", _delegations_name_open_accounts),
    StateInvariant("no_key_is_used_twice_within_its_packets", _no_key_is_used_twice),
)
