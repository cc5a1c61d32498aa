"""Movements of tokens: what the short forms mean, when one is refused, what it changes.

- Every movement is a list of legs, one an account and token, that sum to zero a token.
- The fee on a token is due on what ordinary accounts receive from ordinary accounts: on their
  credits less what issuance accounts and the fee account give.
"""

from qfs.errors import ContractError
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
_KEYS_FORGOTTEN = 2
"""Old keys forgotten at each use of a new one: the queue shrinks back whatever its backlog."""


def decide_move(state: State, command: Move, context: Context) -> Decision[Event, State] | Refusal:
    """Answer a movement; the order of checks is documented in ``reducer``."""
    asked = expanded(command)
    if isinstance(asked, Refusal):
        return asked
    no = _shape(asked) or _authority(state, asked, context) or _freshness(state, asked, context.seq)
    if no is not None:
        return no
    changed = _balances(state, asked.legs)
    if isinstance(changed, Refusal):
        return changed
    no = _sums(asked.legs)
    if no is not None:
        return no
    event = Moved(asked.account, asked.key, context.seq, asked.legs)
    return Decision((event,))


def evolve_moved(state: State, event: Moved) -> State:
    """Return the state after a movement: balances, the starting account's nonce, the key."""
    accounts = state.accounts
    start = account_of(state, event.account)
    accounts = accounts.set(event.account, Account(start.owner, start.nonce + 1, start.balances))
    for leg in event.legs:
        account = accounts.get(leg.account)
        if account is None:
            raise ContractError(f"account {leg.account} is not open")
        before = account.balances
        balances = (*before[: leg.token], before[leg.token] + leg.change, *before[leg.token + 1 :])
        accounts = accounts.set(leg.account, Account(account.owner, account.nonce, balances))
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


def fees_due(legs: tuple[Leg, ...]) -> list[int]:
    """Return the fee due on each token's legs, in minor units, in the order of TOKENS."""
    due = [0] * len(TOKENS)
    for leg in legs:
        ordinary = leg.account not in (TOKENS[leg.token].issuance, FEES)
        if ordinary == (leg.change > 0):
            due[leg.token] += leg.change
    return [spec.fee(max(0, base)) for spec, base in zip(TOKENS, due, strict=True)]


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


def _authority(state: State, asked: Transact, context: Context) -> Refusal | None:
    for account in (asked.account, *[leg.account for leg in asked.legs]):
        if account not in state.accounts:
            return Refusal.UNKNOWN_ACCOUNT
    debited = [leg.account for leg in asked.legs if leg.change < 0]
    for account in (asked.account, *debited):
        if not may_debit(state, account, context.actor):
            return Refusal.NOT_AUTHORISED
    for leg in asked.legs:
        spec = TOKENS[leg.token]
        if spec.movement is Movement.BY_ROLE and not may_debit(state, spec.issuance, context.actor):
            return Refusal.ROLE_REQUIRED
        if spec.supply is Supply.FIXED and leg.account == spec.issuance:
            return Refusal.SUPPLY_IS_FIXED
    return None


def _freshness(state: State, asked: Transact, seq: int) -> Refusal | None:
    used = state.used.get(asked.key)
    if used is not None and is_kept(used, seq):
        return Refusal.KEY_ALREADY_USED
    nonce = account_of(state, asked.account).nonce
    if asked.nonce != nonce:
        return Refusal.WRONG_NONCE
    if nonce == NONCE_MAX:
        return Refusal.NONCE_EXHAUSTED
    return None


def _balances(state: State, legs: tuple[Leg, ...]) -> Refusal | None:
    for leg in legs:
        after = account_of(state, leg.account).balances[leg.token] + leg.change
        if after < 0:
            return Refusal.EXCEEDS_BALANCE
        if after > BALANCE_MAX:
            return Refusal.BALANCE_OUT_OF_RANGE
    return None


def _sums(legs: tuple[Leg, ...]) -> Refusal | None:
    sums = [0] * len(TOKENS)
    paid = [0] * len(TOKENS)
    for leg in legs:
        sums[leg.token] += leg.change
        if leg.account == FEES:
            paid[leg.token] += max(0, leg.change)
    if any(sums):
        return Refusal.NOT_CONSERVED
    for got, due in zip(paid, fees_due(legs), strict=True):
        if got < due:
            return Refusal.FEE_NOT_PAID
    return None
