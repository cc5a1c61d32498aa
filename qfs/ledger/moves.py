"""Movements of tokens: what the short forms mean, when one is refused, what it changes.

- Every movement is a list of legs, one an account and token, that sum to zero a token.
- The fee on a token is due on what ordinary accounts receive from ordinary accounts: on their
  credits less what issuance accounts and the fee account give.
- One movement and a batch of them are judged by the same loop (``rows``).
"""

from qfs.kernel import Context, Decision, Denial
from qfs.ledger import codes
from qfs.ledger.batch import (
    code_of_shape,
    is_well_formed,
    judge,
    row_of,
    rows_of_batch,
    spent_keys,
)
from qfs.ledger.commands import Batch, Burn, Issue, Move, Transact, Transfer
from qfs.ledger.events import BatchMoved, BatchSpent, Event, Moved, Refusal, Spent
from qfs.ledger.rows import Rows
from qfs.ledger.state import KEY_BYTES, KEY_PACKETS, Leg, State, account_of
from qfs.ledger.tokens import BALANCE_MAX, FEES, TOKENS, TokenSpec

_YES = b"\x00"
_SPENT = bytes((codes.EXCEEDS_BALANCE,))


def decide_move(
    state: State, command: Move, context: Context
) -> Decision[Event, State] | Denial[Event] | Refusal:
    """Answer a movement; the order of checks is documented in ``reducer``."""
    asked = expanded(command)
    if isinstance(asked, Refusal):
        return asked
    code = code_of_shape(asked)
    if code:
        return Refusal(code)
    if len(asked.key) != KEY_BYTES:
        return Refusal.KEY_MALFORMED
    after, found = judge(state, row_of(asked, state.accounts), context)
    code = found[0]
    if after is not state and code:
        state.accounts.restore()
        state.used.restore()
    if not codes.is_spent(code):
        return Refusal(code)
    spent: tuple[Event, ...] = (Spent(asked.account, asked.key, context.seq),)
    if code:
        return Denial(Refusal(code), spent)
    moved = Moved(asked.account, asked.key, context.seq, asked.legs)
    return Decision((moved,), after=after, spent=spent)


def decide_batch(
    state: State, command: Batch, context: Context
) -> Decision[Event, State] | Refusal:
    """Answer a batch: each row by itself."""
    if not is_well_formed(command):
        return Refusal.BATCH_MALFORMED
    after, found = judge(state, rows_of_batch(command, state.accounts), context)
    return Decision(
        (BatchMoved(command, context.seq, found),),
        after=after,
        results=found,
        spent=(BatchSpent(command, context.seq, found),),
    )


def evolve_moved(state: State, event: Moved) -> State:
    """Return the state after a movement: balances, the starting account's nonce, the key."""
    for account in (event.account, *[leg.account for leg in event.legs]):
        account_of(state, account)
    asked = Transact(event.account, 0, event.key, event.legs)
    return _after(state, row_of(asked, state.accounts), _YES, event.seq)


def evolve_spent(state: State, event: Spent) -> State:
    """Return the state after a refused movement; an account of the same transaction is not open."""
    if event.account not in state.accounts:
        return State(state.accounts, state.delegations, state.used.use(event.seq, [event.key]))
    asked = Transact(event.account, 0, event.key, ())
    return _after(state, row_of(asked, state.accounts), _SPENT, event.seq)


def evolve_batch(state: State, event: BatchMoved | BatchSpent) -> State:
    """Return the state after a batch whose codes are known."""
    rows = state.accounts.judged_of(event.batch) or rows_of_batch(event.batch, state.accounts)
    if isinstance(event, BatchMoved):
        return _after(state, rows, event.codes, event.seq)
    keys = spent_keys(rows, event.codes)
    spent = bytes(
        [
            codes.EXCEEDS_BALANCE if codes.is_spent(code) and start >= 0 else codes.UNKNOWN_ACCOUNT
            for code, start in zip(event.codes, rows.starts, strict=True)
        ]
    )
    accounts = state.accounts.moved(rows, spent)
    return State(accounts, state.delegations, state.used.use(event.seq, keys))


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


def _transfer_fee(spec: TokenSpec, command: Issue | Transfer | Burn) -> int:
    exempt = (spec.issuance, FEES)
    if not isinstance(command, Transfer) or command.debit in exempt or command.credit in exempt:
        return 0
    return spec.fee(command.amount)


def _after(state: State, rows: Rows, found: bytes, seq: int) -> State:
    accounts = state.accounts.moved(rows, found)
    return State(accounts, state.delegations, state.used.use(seq, spent_keys(rows, found)))
