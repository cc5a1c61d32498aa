"""Movements of tokens: what the short forms mean, when one is refused, what it changes.

- Every movement is a list of legs, one an account and token, that sum to zero a token.
- The fee on a token is due on what ordinary accounts receive from ordinary accounts: on their
  credits less what issuance accounts and the fee account give.
"""

from qfs.crypto.ports import KeyId
from qfs.kernel import Context, Decision
from qfs.ledger.commands import Burn, Issue, Move, Transact, Transfer
from qfs.ledger.events import Event, Moved, Refusal
from qfs.ledger.state import (
    KEY_BYTES,
    KEY_PACKETS,
    NONCE_MAX,
    Account,
    Leg,
    State,
    UsedKey,
    account_of,
    may_debit,
)
from qfs.ledger.tokens import BALANCE_MAX, FEES, TOKENS, Movement, Supply, TokenSpec

LEGS_MAX = 64
_FEE_TOKENS = tuple([number for number, spec in enumerate(TOKENS) if spec.fee_rate])
_KEYS_FORGOTTEN = 2
"""Old keys forgotten at each use of a new one: the queue shrinks back whatever its backlog."""


def decide_move(state: State, command: Move, context: Context) -> Decision[Event, State] | Refusal:
    """Answer a movement; the order of checks is documented in ``reducer``."""
    asked = expanded(command)
    if isinstance(asked, Refusal):
        return asked
    no = _shape(asked)
    if no is not None:
        return no
    held = _held(state, asked)
    if held is None:
        return Refusal.UNKNOWN_ACCOUNT
    no = (
        _authority(state, held, asked, context.actor)
        or _freshness(state, held, asked, context.seq)
        or _balances(held, asked.legs)
        or _sums(asked.legs)
    )
    if no is not None:
        return no
    return Decision((Moved(asked.account, asked.key, context.seq, asked.legs),))


def evolve_moved(state: State, event: Moved) -> State:
    """Return the state after a movement: balances, the starting account's nonce, the key."""
    balances = {event.account: list(account_of(state, event.account).balances)}
    for leg in event.legs:
        if leg.account not in balances:
            balances[leg.account] = list(account_of(state, leg.account).balances)
        balances[leg.account][leg.token] += leg.change
    accounts = state.accounts
    rows = {account: account_of(state, account) for account in balances}
    for account, row in rows.items():
        nonce = row.nonce + 1 if account == event.account else row.nonce
        accounts = accounts.set(account, Account(row.owner, nonce, tuple(balances[account])))
    used, queue, oldest = state.used, state.queue, state.oldest
    used = used.set(event.key, event.seq)
    queue = queue.set(state.newest, UsedKey(event.key, event.seq))
    for _ in range(_KEYS_FORGOTTEN):
        aged = queue.get(oldest)
        if aged is None or is_kept(aged.seq, event.seq):
            break
        if used.get(aged.key) == aged.seq:  # the key may have been used afresh since
            used = used.delete(aged.key)
        queue = queue.delete(oldest)
        oldest += 1
    return State(accounts, state.delegations, used, queue, oldest, state.newest + 1)


def expanded(command: Move) -> Transact | Refusal:
    """Return the transaction that a short form means: debit, credit, the fee if one is due."""
    if isinstance(command, Transact):
        return command
    if not 0 <= command.token < len(TOKENS):
        return Refusal.UNKNOWN_TOKEN
    if not 1 <= command.amount <= BALANCE_MAX:
        return Refusal.AMOUNT_OUT_OF_RANGE
    spec = TOKENS[command.token]
    debit = spec.issuance if isinstance(command, Issue) else command.debit
    credit = spec.issuance if isinstance(command, Burn) else command.credit
    fee = _transfer_fee(spec, command)
    legs = [
        Leg(debit, command.token, -command.amount - fee),
        Leg(credit, command.token, command.amount),
    ]
    if fee:
        legs.append(Leg(FEES, command.token, fee))
    return Transact(debit, command.nonce, command.key, tuple(legs))


def is_kept(used_seq: int, seq: int) -> bool:
    """Say whether a key used in one packet is still refused in another."""
    return seq - used_seq < KEY_PACKETS


def fee_due(token: int, legs: tuple[Leg, ...]) -> int:
    """Return the fee due on a token's legs, in minor units."""
    spec = TOKENS[token]
    base = 0
    for leg in legs:
        if leg.token == token:
            ordinary = leg.account not in (spec.issuance, FEES)
            if ordinary == (leg.change > 0):
                base += leg.change
    return spec.fee(max(0, base))


def _transfer_fee(spec: TokenSpec, command: Issue | Transfer | Burn) -> int:
    exempt = (spec.issuance, FEES)
    if not isinstance(command, Transfer) or command.debit in exempt or command.credit in exempt:
        return 0
    return spec.fee(command.amount)


def _shape(asked: Transact) -> Refusal | None:
    if not 1 <= len(asked.legs) <= LEGS_MAX:
        return Refusal.LEG_COUNT
    if len(asked.key) != KEY_BYTES:
        return Refusal.KEY_MALFORMED
    places: list[tuple[int, int]] = []
    for leg in asked.legs:
        if not 0 <= leg.token < len(TOKENS):
            return Refusal.UNKNOWN_TOKEN
        if leg.change == 0 or not -BALANCE_MAX <= leg.change <= BALANCE_MAX:
            return Refusal.AMOUNT_OUT_OF_RANGE
        places.append((leg.account, leg.token))
    if len(dict.fromkeys(places)) != len(places):
        return Refusal.DUPLICATE_LEG
    return None


def _held(state: State, asked: Transact) -> dict[int, Account] | None:
    """Return every account that the transaction names; None when one is not open."""
    held: dict[int, Account] = {}
    for account in (asked.account, *[leg.account for leg in asked.legs]):
        if account not in held:
            found = state.accounts.get(account)
            if found is None:
                return None
            held[account] = found
    return held


def _authority(
    state: State, held: dict[int, Account], asked: Transact, actor: KeyId
) -> Refusal | None:
    for account in (asked.account, *[leg.account for leg in asked.legs if leg.change < 0]):
        owner = held[account].owner
        if actor != owner and state.delegations.get((account, bytes(actor))) != owner:
            return Refusal.NOT_AUTHORISED
    for leg in asked.legs:
        spec = TOKENS[leg.token]
        if spec.movement is Movement.BY_ROLE and not may_debit(state, spec.issuance, actor):
            return Refusal.ROLE_REQUIRED
        if spec.supply is Supply.FIXED and leg.account == spec.issuance:
            return Refusal.SUPPLY_IS_FIXED
    return None


def _freshness(state: State, held: dict[int, Account], asked: Transact, seq: int) -> Refusal | None:
    used = state.used.get(asked.key)
    if used is not None and is_kept(used, seq):
        return Refusal.KEY_ALREADY_USED
    nonce = held[asked.account].nonce
    if asked.nonce != nonce:
        return Refusal.WRONG_NONCE
    if nonce == NONCE_MAX:
        return Refusal.NONCE_EXHAUSTED
    return None


def _balances(held: dict[int, Account], legs: tuple[Leg, ...]) -> Refusal | None:
    for leg in legs:
        after = held[leg.account].balances[leg.token] + leg.change
        if after < 0:
            return Refusal.EXCEEDS_BALANCE
        if after > BALANCE_MAX:
            return Refusal.BALANCE_OUT_OF_RANGE
    return None


def _sums(legs: tuple[Leg, ...]) -> Refusal | None:
    sums = [0] * len(TOKENS)
    for leg in legs:
        sums[leg.token] += leg.change
    if any(sums):
        return Refusal.NOT_CONSERVED
    for token in _FEE_TOKENS:
        paid = [leg.change for leg in legs if leg.token == token and leg.account == FEES]
        if max(0, sum(paid)) < fee_due(token, legs):
            return Refusal.FEE_NOT_PAID
    return None
