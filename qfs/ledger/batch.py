"""Many transactions in one order: how columns become rows, and who may debit what in them.

- A batch is columns of fixed width, so that 8,000 transactions are read in a few steps. Its rows
  are judged in order, each as the transaction that it is: a batch and its rows one by one leave
  the same balances, nonces and keys, and give the same codes (a tested law).
- A row that is refused refuses neither the batch nor its neighbours.
- Columns whose lengths disagree are refused whole, before any row is looked at.
"""

from struct import iter_unpack

from qfs.canon import ArrayKind
from qfs.crypto.ports import KEY_ID_BYTES, KeyId
from qfs.kernel import Context
from qfs.ledger import codes
from qfs.ledger.accounts import OWNER_AT, Accounts, Core
from qfs.ledger.commands import Batch, Transact
from qfs.ledger.pages import RECORD_BYTES
from qfs.ledger.rows import (
    BALANCE_MAX,
    LEGS_MAX,
    NONCE_MAX,
    UNKNOWN,
    Judge,
    Rights,
    Rows,
    Rules,
)
from qfs.ledger.state import KEY_BYTES, State, may_debit, signers_of
from qfs.ledger.tokens import FEES, RATE_WHOLE, TOKENS, Movement, Supply
from qfs.ledger.words import words_of

RIGHTS_KEPT_FROM = 64
"""A batch of so many rows keeps who may debit what; a smaller one asks each time."""
_CHANGE_BYTES = 16
_PLAIN = [
    spec.movement is Movement.FREE and spec.supply is not Supply.FIXED and not spec.fee_rate
    for spec in TOKENS
]
RULES = Rules(
    plain=bytes(_PLAIN).ljust(256, b"\0"),
    by_role=[spec.movement is Movement.BY_ROLE for spec in TOKENS],
    fixed=[spec.supply is Supply.FIXED for spec in TOKENS],
    fee_rates=[spec.fee_rate for spec in TOKENS],
    rate_whole=RATE_WHOLE,
)


def is_well_formed(batch: Batch) -> bool:
    """Say whether a batch's columns are of the right kinds and lengths: at least one row."""
    count, legs = len(batch.counts), len(batch.leg_tokens)
    return (
        count > 0
        and batch.accounts.kind is batch.nonces.kind is batch.leg_accounts.kind is ArrayKind.U64
        and len(batch.accounts) == len(batch.nonces) == count
        and len(batch.keys) == count * KEY_BYTES
        and sum(batch.counts) == legs == len(batch.leg_accounts)
        and len(batch.leg_changes) == legs * _CHANGE_BYTES
    )


def rows_of_batch(batch: Batch, accounts: Accounts) -> Rows:
    """Return a well-formed batch's rows, its ids as places."""
    places = accounts.newest().places
    return Rows(
        starts=places.find(batch.accounts.data),
        nonces=words_of(batch.nonces.data),
        keys=[one for (one,) in iter_unpack(f"{KEY_BYTES}s", batch.keys)],
        counts=batch.counts,
        owners=places.find(batch.leg_accounts.data),
        tokens=batch.leg_tokens,
        changes=words_of(batch.leg_changes),
        source=batch,
    )


def row_of(asked: Transact, accounts: Accounts) -> Rows:
    """Return the one row of a transaction of sound shape."""
    places = accounts.newest().places
    nonce = asked.nonce if 0 <= asked.nonce <= NONCE_MAX else _wrong_nonce(accounts, asked.account)
    changes = [leg.change.to_bytes(_CHANGE_BYTES, "little", signed=True) for leg in asked.legs]
    return Rows(
        starts=places.each([asked.account]),
        nonces=words_of(nonce.to_bytes(8, "little")),
        keys=[asked.key],
        counts=bytes([len(asked.legs)]),
        owners=places.each([leg.account for leg in asked.legs]),
        tokens=bytes([leg.token for leg in asked.legs]),
        changes=words_of(b"".join(changes)),
        source=(asked.account, asked.legs),
    )


def judge(state: State, rows: Rows, context: Context) -> tuple[State, bytes]:
    """Return the state after rows, and a code a row; the same state when nothing was used up."""
    core = state.accounts.newest()
    keep = len(rows.counts) >= RIGHTS_KEPT_FROM
    rights = _rights(state, core, context, keep=keep)
    if keep:
        _learn(rights, rows, core, state, signers_of(context))
    asked = Judge(
        core.columns,
        rights,
        RULES,
        issuance=[_index(core, spec.issuance) for spec in TOKENS],
        fees=_index(core, FEES),
        used=state.used.by_key(),
        seq=context.seq,
    )
    found = asked.run(rows)
    spent = spent_keys(rows, found)
    if not spent:
        return state, found
    accounts = state.accounts.judged(rows, found)
    fresh = asked.fresh if asked.unused and len(asked.fresh) == len(spent) else None
    return State(accounts, state.delegations, state.used.use(context.seq, spent, fresh)), found


def spent_keys(rows: Rows, found: bytes) -> list[bytes]:
    """Return the keys that rows with these codes have used up."""
    if found.count(0) == len(found):
        return rows.keys
    return [key for key, code in zip(rows.keys, found, strict=True) if codes.is_spent(code)]


def code_of_shape(asked: Transact) -> int:
    """Return why a transaction's shape is none, or 0: legs, then leg by leg token and amount."""
    if not 1 <= len(asked.legs) <= LEGS_MAX:
        return codes.LEG_COUNT
    for leg in asked.legs:
        if not 0 <= leg.token < len(TOKENS):
            return codes.UNKNOWN_TOKEN
        if leg.change == 0 or not -BALANCE_MAX <= leg.change <= BALANCE_MAX:
            return codes.AMOUNT_OUT_OF_RANGE
    return 0


def _wrong_nonce(accounts: Accounts, account: int) -> int:
    """Return a nonce that is not an account's next one, for one that no account can have."""
    held = accounts.get(account)
    return 1 if held is None or held.nonce == 0 else 0


def _rights(state: State, core: Core, context: Context, *, keep: bool) -> Rights:
    """Return who may debit what; what was found for the same signers and delegations is kept."""
    signers, delegations = signers_of(context), state.delegations

    def find(index: int) -> bool:
        account = core.columns.id_of(index)
        return may_debit(delegations, account, core.owner(index), signers)

    if not keep:
        return Rights(find, [])
    kept, kept_for = core.rights, core.rights_of
    if kept is None or kept_for[0] is not delegations or kept_for[1] != signers:
        kept = core.rights = Rights(find, [UNKNOWN] * core.columns.count)
        core.rights_of = (delegations, signers)
    return kept


def _learn(
    rights: Rights, rows: Rows, core: Core, state: State, signers: tuple[KeyId, ...]
) -> None:
    """Find out at once who may debit the starting accounts that nobody asked about before."""
    columns = core.columns
    asked = rights.unknown(rows)
    if not asked:
        return
    records = columns.raw()
    places = [one * RECORD_BYTES + OWNER_AT for one in asked]
    owners = [bytes(records[at : at + KEY_ID_BYTES]) for at in places]
    accounts = list(map(columns.id_of, asked))
    for signer in [bytes(one) for one in signers]:
        given = state.delegations.get_many([(account, signer) for account in accounts])
        for index, owner, giver in zip(asked, owners, given, strict=True):
            if owner in (signer, giver):
                rights.learn(index)


def _index(core: Core, account: int) -> int:
    return core.places.get(account) >> 3
