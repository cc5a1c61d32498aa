"""The ledger's decisions, what they change, and the sentences that stay true.

A movement of tokens is checked in this order; its refusal is the first check that fails:

1. shape: 1 to 64 legs; leg by leg its token and amount; a key of 16 bytes;
2. every account is open, and no two legs change the same balance;
3. authority: one of the packet's signers may debit the starting account, one each debited account;
   then, leg by leg, tokens that move by role and fixed supplies;
4. the idempotency key is fresh; the nonce is the account's next one;
5. each balance stays in range; each token's legs sum to zero; the fee is paid.

A movement refused by check 5 moves no balance, but its key and its nonce are used up; so they are
when a later order of its transaction is refused. A refusal by an earlier check leaves no trace.
"""

from dataclasses import replace
from typing import TypeAlias, assert_never

from qfs.canon import Registry
from qfs.crypto.ports import KEY_ID_BYTES, NOBODY, KeyId
from qfs.kernel import Context, Decision, Denial, Reducer
from qfs.ledger import moves
from qfs.ledger.accounts import NO_BALANCES
from qfs.ledger.commands import (
    COMMANDS,
    Assign,
    Batch,
    Burn,
    Command,
    Delegate,
    Found,
    Issue,
    OpenAccount,
    Transact,
    Transfer,
    Undelegate,
    cost,
)
from qfs.ledger.events import (
    EVENTS,
    AccountOpened,
    Assigned,
    BatchMoved,
    BatchSpent,
    Delegated,
    Event,
    Founded,
    Moved,
    Refusal,
    Spent,
    Undelegated,
)
from qfs.ledger.invariants import DELTA_INVARIANTS, STATE_INVARIANTS
from qfs.ledger.state import (
    ACCOUNT_MAX,
    State,
    account_of,
    genesis,
)
from qfs.ledger.tokens import FEES, FIRST_FREE_ACCOUNT, TOKENS, TREASURY, Supply

Answer: TypeAlias = Decision[Event, State] | Denial[Event] | Refusal


def decide(state: State, command: Command, context: Context) -> Answer:
    """Answer one command; the order of checks is the module's."""
    match command:
        case Found():
            return _found(state, command, context)
        case OpenAccount():
            return _open(state, command)
        case Assign():
            return _assign(state, command, context)
        case Delegate() | Undelegate():
            return _delegation(state, command, context)
        case Issue() | Transfer() | Burn() | Transact():
            return moves.decide_move(state, command, context)
        case Batch():
            return moves.decide_batch(state, command, context)
    assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Return the state after an event."""
    match event:
        case Founded():
            return _founded(state, event)
        case AccountOpened():
            return replace(state, accounts=state.accounts.open(event.account, event.owner))
        case Assigned():
            return replace(state, accounts=state.accounts.assign(event.account, event.owner))
        case Delegated():
            place = (event.account, bytes(event.key_id))
            return replace(state, delegations=state.delegations.set(place, event.owner))
        case Undelegated():
            place = (event.account, bytes(event.key_id))
            return replace(state, delegations=state.delegations.delete(place))
        case Moved():
            return moves.evolve_moved(state, event)
        case Spent():
            return moves.evolve_spent(state, event)
        case BatchMoved() | BatchSpent():
            return moves.evolve_batch(state, event)
    assert_never(event)


def _found(state: State, command: Found, context: Context) -> Answer:
    if context.seq != 0:
        return Refusal.NOT_GENESIS
    if len(state.accounts):
        return Refusal.ALREADY_FOUNDED
    for key_id in (command.owner, *command.delegates):
        if not _is_key_id(key_id):
            return Refusal.KEY_ID_MALFORMED
    if len(dict.fromkeys((command.owner, *command.delegates))) != 1 + len(command.delegates):
        return Refusal.ALREADY_DELEGATED
    return Decision((Founded(command.owner, command.delegates),))


def _open(state: State, command: OpenAccount) -> Answer:
    if not FIRST_FREE_ACCOUNT <= command.account <= ACCOUNT_MAX:
        return Refusal.ACCOUNT_OUT_OF_RANGE
    if not _is_key_id(command.owner):
        return Refusal.KEY_ID_MALFORMED
    if command.account in state.accounts:
        return Refusal.ACCOUNT_EXISTS
    return Decision((AccountOpened(command.account, command.owner),))


def _assign(state: State, command: Assign, context: Context) -> Answer:
    no = _owner_only(state, command.account, context.actor)
    if no is not None:
        return no
    if not _is_key_id(command.owner):
        return Refusal.KEY_ID_MALFORMED
    return Decision((Assigned(command.account, command.owner),))


def _delegation(state: State, command: Delegate | Undelegate, context: Context) -> Answer:
    no = _owner_only(state, command.account, context.actor)
    if no is not None:
        return no
    if not _is_key_id(command.key_id):
        return Refusal.KEY_ID_MALFORMED
    owner = account_of(state, command.account).owner
    place = (command.account, bytes(command.key_id))
    stands = command.key_id == owner or state.delegations.get(place) == owner
    if isinstance(command, Delegate):
        if stands:
            return Refusal.ALREADY_DELEGATED
        return Decision((Delegated(command.account, command.key_id, owner),))
    if not stands or command.key_id == owner:
        return Refusal.NOT_DELEGATED
    return Decision((Undelegated(command.account, command.key_id),))


def _owner_only(state: State, account: int, actor: KeyId) -> Refusal | None:
    found = state.accounts.get(account)
    if found is None:
        return Refusal.UNKNOWN_ACCOUNT
    return None if found.owner == actor else Refusal.NOT_AUTHORISED


def _is_key_id(key_id: KeyId) -> bool:
    return len(key_id) == KEY_ID_BYTES and key_id != NOBODY


def _founded(state: State, event: Founded) -> State:
    accounts, delegations = state.accounts, state.delegations
    treasury = list(NO_BALANCES)
    for number, spec in enumerate(TOKENS):
        balances = list(NO_BALANCES)
        holder = treasury if spec.supply is Supply.FIXED else balances
        holder[number] = spec.cap_minor
        accounts = accounts.open(spec.issuance, event.owner, tuple(balances))
    accounts = accounts.open(FEES, event.owner)
    accounts = accounts.open(TREASURY, event.owner, tuple(treasury))
    opened = accounts.keys()
    for account in opened:
        for key_id in event.delegates:
            delegations = delegations.set((account, bytes(key_id)), event.owner)
    return replace(state, accounts=accounts, delegations=delegations)


MACHINE: Reducer[State, Command, Event] = Reducer(
    name="ledger",
    version=1,
    genesis=genesis,
    decide=decide,
    evolve=evolve,
    commands=COMMANDS,
    events=EVENTS,
    refusals=Refusal,
    effects=Registry("ledger effect"),
    invariants=DELTA_INVARIANTS,
    state_invariants=STATE_INVARIANTS,
    cost=cost,
)
