"""Many transactions in one order: how columns become rows, and who may debit what in them.

- A batch is columns of fixed width, so that 8,000 transactions are read in a few steps. Its rows
  are judged in order, each as the transaction that it is: a batch and its rows one by one leave
  the same balances, nonces and keys, and give the same codes (a tested law).
- A row that is refused refuses neither the batch nor its neighbours.
- Columns whose lengths disagree are refused whole, before any row is looked at.
"""

from itertools import accumulate, repeat
from operator import add, rshift
from struct import iter_unpack, unpack

from qfs.canon import ArrayKind
from qfs.crypto.ports import KEY_ID_BYTES, KeyId
from qfs.kernel import Context
from qfs.ledger import codes
from qfs.ledger.accounts import OWNER_AT, Accounts, Core
from qfs.ledger.commands import Batch, Transact
from qfs.ledger.pages import RECORD_BYTES
from qfs.ledger.rows import (
    BALANCE_MAX,
    CELLS,
    FIRST_BALANCE,
    NO,
    NOWHERE,
    UNKNOWN,
    YES,
    Judge,
    Rights,
    Rows,
    Rules,
)
from qfs.ledger.state import KEY_BYTES, State, may_debit, signers_of
from qfs.ledger.tokens import FEES, RATE_WHOLE, TOKENS, Movement, Supply

LEGS_MAX = 64
RIGHTS_KEPT_FROM = 64
"""A batch of so many rows keeps who may debit what; a smaller one asks each time."""
_CHANGE_BYTES = 16
_LOW_HALF = (1 << 64) - 1
_UNUSED = [False] * FIRST_BALANCE
RULES = Rules(
    plain=_UNUSED
    + [
        spec.movement is Movement.FREE and spec.supply is not Supply.FIXED and not spec.fee_rate
        for spec in TOKENS
    ],
    by_role=_UNUSED + [spec.movement is Movement.BY_ROLE for spec in TOKENS],
    fixed=_UNUSED + [spec.supply is Supply.FIXED for spec in TOKENS],
    fee_rates=[0] * FIRST_BALANCE + [spec.fee_rate for spec in TOKENS],
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
    """Return a well-formed batch's rows, its ids as indexes."""
    places = accounts.newest().places
    count, legs = len(batch.counts), len(batch.leg_tokens)
    changes = _changes(batch.leg_changes, legs)
    owners = _places(places, unpack(f"<{legs}Q", batch.leg_accounts.data))
    starts = _places(places, unpack(f"<{count}Q", batch.accounts.data))
    return Rows(
        starts=[start >> 3 for start in starts],
        nonces=list(unpack(f"<{count}Q", batch.nonces.data)),
        keys=[one for (one,) in iter_unpack(f"{KEY_BYTES}s", batch.keys)],
        ends=list(accumulate(batch.counts)),
        legs=list(map(add, owners, batch.leg_tokens)),
        tokens=batch.leg_tokens,
        changes=changes,
        faults=_faults(batch, changes),
    )


def row_of(asked: Transact, accounts: Accounts) -> Rows:
    """Return the one row of a transaction of sound shape."""
    get = accounts.newest().places.get
    return Rows(
        starts=[get(asked.account, NOWHERE) >> 3],
        nonces=[asked.nonce],
        keys=[asked.key],
        ends=[len(asked.legs)],
        legs=[get(leg.account, NOWHERE) + leg.token for leg in asked.legs],
        tokens=bytes([leg.token for leg in asked.legs]),
        changes=[leg.change for leg in asked.legs],
        faults=b"",
    )


def judge(state: State, rows: Rows, context: Context) -> tuple[State, bytes]:
    """Return the state after rows, and a code a row; the same state when nothing was used up."""
    core = state.accounts.newest()
    keep = len(rows.starts) >= RIGHTS_KEPT_FROM
    rights = _rights(state, core, context, keep=keep)
    if keep:
        _learn(rights, rows, core, state, signers_of(context))
    found = Judge(
        core.cells,
        rights,
        RULES,
        issuance=[-1] * FIRST_BALANCE + [_index(core, spec.issuance) for spec in TOKENS],
        fees=_index(core, FEES),
        used=state.used.by_key(),
        seq=context.seq,
    ).run(rows)
    spent = spent_keys(rows, found)
    if not spent:
        return state, found
    accounts = state.accounts.judged(rows, found)
    return State(accounts, state.delegations, state.used.use(context.seq, spent)), found


def spent_keys(rows: Rows, found: bytes) -> list[bytes]:
    """Return the keys that rows with these codes have used up."""
    if not any(found):
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


def _places(places: dict[int, int], ids: tuple[int, ...]) -> list[int]:
    """Return each id's place, NOWHERE for one that is not open."""
    try:
        return list(map(places.__getitem__, ids))
    except KeyError:
        return [places.get(one, NOWHERE) for one in ids]


def _changes(data: bytes, count: int) -> list[int]:
    """Return signed integers of 16 bytes each, little-endian; most have 64 bits and a sign."""
    halves = unpack(f"<{2 * count}q", data)
    low, high = halves[0::2], halves[1::2]
    if list(map(rshift, low, repeat(63))) == list(high):
        return list(low)
    return [(one & _LOW_HALF) + (other << 64) for one, other in zip(low, high, strict=True)]


def _faults(batch: Batch, changes: list[int]) -> bytes:
    """Return a code of shape a row; empty when every row is sound."""
    counts, tokens = batch.counts, batch.leg_tokens
    if (
        (not changes or max(tokens) < len(TOKENS))
        and min(counts) >= 1
        and max(counts) <= LEGS_MAX
        and 0 not in changes
        and min(changes) >= -BALANCE_MAX
        and max(changes) <= BALANCE_MAX
    ):
        return b""
    faults = bytearray(len(counts))
    end = 0
    for row, count in enumerate(counts):
        at = end
        end = at + count
        if not 1 <= count <= LEGS_MAX:
            faults[row] = codes.LEG_COUNT
            continue
        for place in range(at, end):
            if tokens[place] >= len(TOKENS):
                faults[row] = codes.UNKNOWN_TOKEN
                break
            if changes[place] == 0 or not -BALANCE_MAX <= changes[place] <= BALANCE_MAX:
                faults[row] = codes.AMOUNT_OUT_OF_RANGE
                break
    return bytes(faults)


def _rights(state: State, core: Core, context: Context, *, keep: bool) -> Rights:
    """Return who may debit what; what was found for the same signers and delegations is kept."""
    signers, delegations = signers_of(context), state.delegations

    def find(index: int) -> bool:
        return may_debit(delegations, core.cells[index * CELLS + 1], core.owner(index), signers)

    if not keep:
        return Rights(find, [])
    kept, kept_for = core.rights, core.rights_of
    if kept is None or kept_for[0] is not delegations or kept_for[1] != signers:
        kept = core.rights = Rights(find, [UNKNOWN] * len(core.places))
        core.rights_of = (delegations, signers)
    return kept


def _learn(
    rights: Rights, rows: Rows, core: Core, state: State, signers: tuple[KeyId, ...]
) -> None:
    """Find out at once who may debit the starting accounts that nobody asked about before."""
    known, cells, records = rights.known, core.cells, core.records
    asked = [one for one in dict.fromkeys(rows.starts) if one >= 0 and known[one] == UNKNOWN]
    if not asked:
        return
    places = [one * RECORD_BYTES + OWNER_AT for one in asked]
    owners = [bytes(records[at : at + KEY_ID_BYTES]) for at in places]
    for index in asked:
        known[index] = NO
    for signer in [bytes(one) for one in signers]:
        given = state.delegations.get_many([(cells[one * CELLS + 1], signer) for one in asked])
        for index, owner, giver in zip(asked, owners, given, strict=True):
            if owner in (signer, giver):
                known[index] = YES


def _index(core: Core, account: int) -> int:
    return core.places.get(account, NOWHERE) >> 3
