"""Transactions as columns, and the one loop that judges and applies them.

- Interpreted or compiled by mypyc, the same source gives the same codes and the same words.
- A leg names a cell of 16 bytes: 8 * (the account's index) + 3 + (the token's number). Cell 0 of an
  account is its id and nonce, cells 1 and 2 are its owner, cells 3 to 7 its balances.
- Every row is judged against the words that the rows before it left. An accepted row changes its
  cells at once; a refused one none, but the nonce where its code is one of SPENDING.
- Nothing is written before all is known. A sum of words is taken only of operands for which it is
  a word (``add``), so that the compiled form, which would wrap, never does.
"""

from collections.abc import Callable
from typing import Final

from qfs.errors import ContractError
from qfs.ledger.codes import (
    AMOUNT_OUT_OF_RANGE,
    BALANCE_OUT_OF_RANGE,
    DUPLICATE_LEG,
    EXCEEDS_BALANCE,
    FEE_NOT_PAID,
    KEY_ALREADY_USED,
    LEG_COUNT,
    NONCE_EXHAUSTED,
    NOT_AUTHORISED,
    NOT_CONSERVED,
    ROLE_REQUIRED,
    SUPPLY_IS_FIXED,
    UNKNOWN_ACCOUNT,
    UNKNOWN_TOKEN,
    WRONG_NONCE,
    is_spent,
)
from qfs.ledger.columns import Columns
from qfs.ledger.index import COMPILED
from qfs.ledger.sums import HIGH, LEAST, MOST, SMALL, add, negated, number
from qfs.ledger.words import i64, vec

BALANCE_MAX: Final = (1 << 124) - 1  # 21_267_647_932_558_653_966_460_912_964_485_513_215
NONCE_MAX: Final = (1 << 64) - 1
KEY_PACKETS: Final = 65_536
"""A key used in packet n is refused in packets n .. n + KEY_PACKETS - 1."""
LEGS_MAX: Final = 64
CELLS: Final = 8
FIRST_BALANCE: Final = 3
UNKNOWN: Final = 0
YES: Final = 1
NO: Final = 2
_TOKENS: Final = 5
_AHEAD: Final = 64
"""So many rows need words that the processor's nearest store holds at once."""
_EXHAUSTED: Final[i64] = -1
"""The word of NONCE_MAX."""


class Rules:
    """What the judge must know of the tokens; lists are indexed by a token's number."""

    def __init__(
        self,
        *,
        plain: bytes,
        by_role: list[bool],
        fixed: list[bool],
        fee_rates: list[int],
        rate_whole: int,
    ) -> None:
        self.plain: bytes = plain
        """256 flags: 1 for a token that moves freely, is not fixed, pays no fee."""
        self.by_role: list[bool] = by_role
        self.fixed: list[bool] = fixed
        self.fee_rates: list[int] = fee_rates
        self.rate_whole: int = rate_whole


class Rows:
    """Transactions in columns; immutable by agreement."""

    def __init__(
        self,
        *,
        starts: vec[i64],
        nonces: memoryview,
        keys: list[bytes],
        counts: bytes,
        owners: vec[i64],
        tokens: bytes,
        changes: memoryview,
        source: object,
    ) -> None:
        self.source: object = source
        """What they were read from: over the same accounts, equal ones give equal rows."""
        self.starts: vec[i64] = starts
        """A row: first balance of the account whose nonce it uses; NOWHERE where none is open."""
        self.nonces: vec[i64] = vec[i64](nonces)
        self.keys: list[bytes] = keys
        """A row: its idempotency key."""
        self.counts: bytes = counts
        """A row: how many legs it has; they begin where those of the row before it end."""
        self.owners: vec[i64] = owners
        """A leg: first balance of its account; NOWHERE where none is open."""
        self.tokens: bytes = tokens
        """A leg: its token's number."""
        self.changes: vec[i64] = vec[i64](changes)
        """A leg: the lower and the upper word of its change."""


class Rights:
    """Which accounts the packet's signers may debit, found out when first asked."""

    def __init__(self, find: Callable[[int], bool], known: list[int]) -> None:
        self.find: Callable[[int], bool] = find
        self.known: vec[i64] = vec[i64](known)
        """An account: UNKNOWN, YES or NO; empty where nothing is kept."""

    def may(self, index: i64) -> bool:
        """Say whether a signer owns the account, or is delegated to it."""
        if index >= len(self.known):
            return self.find(index)
        found = self.known[index]
        if found == UNKNOWN:
            found = YES if self.find(index) else NO
            self.known[index] = found
        return found == YES

    def unknown(self, rows: Rows) -> list[int]:
        """Return the accounts among the starting ones that nobody asked about before."""
        known, starts = self.known, rows.starts
        found: list[int] = []
        for row in range(len(starts)):
            if starts[row] >= 0:
                index = starts[row] >> 3
                if index < len(known) and known[index] == UNKNOWN:
                    known[index] = NO
                    found.append(index)
        return found

    def learn(self, index: int) -> None:
        """Keep that a signer may debit the account."""
        self.known[index] = YES


class Judge:
    """What the rows of one order are judged by."""

    def __init__(
        self,
        columns: Columns,
        rights: Rights,
        rules: Rules,
        *,
        issuance: list[int],
        fees: int,
        used: dict[bytes, int],
        seq: int,
    ) -> None:
        self.columns: Columns = columns
        self.rights: Rights = rights
        self.rules: Rules = rules
        self.issuance: list[int] = issuance
        """A token: index of its issuance account, below 0 where it is not open."""
        self.fees: int = fees
        self.used: dict[bytes, int] = used
        self.seq: int = seq
        self.unused: bool = False
        """Whether no key of the rows was ever used, by another row neither."""
        self.fresh: dict[bytes, int] = {}
        """Keys that rows of this order have used, with its packet."""

    def run(self, rows: Rows) -> bytes:
        """Return a code a row, 0 for yes; the words are then what the rows make of them."""
        fresh = dict.fromkeys(rows.keys, self.seq)
        codes = bytearray(len(rows.keys))
        self.unused = len(fresh) == len(codes) and self.used.keys().isdisjoint(fresh)
        if self.unused and len(self.rights.known) > 0:
            self.quickly(rows, codes)
            if codes.count(0) == len(codes):
                self.fresh = fresh
            return bytes(codes)
        at: i64 = 0
        counts = rows.counts
        for row in range(len(counts)):
            end = at + counts[row]
            codes[row] = self.carefully(rows, row, at, end)
            at = end
        return bytes(codes)

    def quickly(self, rows: Rows, codes: bytearray) -> None:
        """Judge rows with fresh keys: the plain transfer that is a yes here, others apart.

        A plain transfer has two legs of one token that moves freely; the first debits the starting
        account, which a signer is known to own or be delegated, by what the second one credits.
        """
        columns, plain, known = self.columns, self.rules.plain, self.rights.known
        words, stale = columns.words, columns.stale
        starts, owners, nonces = rows.starts, rows.owners, rows.nonces
        counts, tokens, changes = rows.counts, rows.tokens, rows.changes
        limit: i64 = 8 * len(known)
        at: i64 = 0
        row: i64
        for row in range(len(counts)):
            if COMPILED and row % _AHEAD == 0:
                read_ahead(columns, rows, row, at)
            size: i64 = counts[row]
            if size == 2:
                start = starts[row]
                other = owners[at + 1]
                token: i64 = tokens[at]
                nonce = nonces[row]
                if (
                    0 <= start == owners[at] != other >= 0
                    and token == tokens[at + 1]
                    and plain[token] == 1
                    and start < limit
                    and known[start >> 3] == YES
                    and words[2 * start - 5] == nonce
                    and _EXHAUSTED != nonce < MOST
                ):
                    one = 2 * (start + token)
                    two = 2 * (other + token)
                    low = changes[2 * at]
                    here, there = words[one], words[two]
                    if (
                        -SMALL < low < 0 <= there < SMALL
                        and -low <= here < SMALL
                        and changes[2 * at + 1] == -1
                        and changes[2 * at + 2] == -low
                        and changes[2 * at + 3] == 0
                    ):
                        words[one] = here + low
                        words[two] = there - low
                        done = True
                    else:
                        done = self.moves(rows, at, one, two)
                    if done:
                        words[2 * start - 5] = nonce + 1
                        if stale[start >> 7] == 0:
                            columns.touch(start >> 7)
                        if stale[other >> 7] == 0:
                            columns.touch(other >> 7)
                        at += 2
                        continue
            codes[row] = self.carefully(rows, row, at, at + size)
            at += size

    def moves(self, rows: Rows, at: i64, one: i64, two: i64) -> bool:
        """Move what two legs say of numbers of any size, if that is a yes; one and two are words.

        The debit is negative, above -2**124, and its lower word neither 0 nor the least one: so
        that the credit is minus it is seen from the words.
        """
        words, changes = self.columns.words, rows.changes
        low, high = changes[2 * at], changes[2 * at + 1]
        if not -HIGH < high < 0 or low in (0, LEAST):
            return False
        if changes[2 * at + 2] != -low or changes[2 * at + 3] != -1 - high:
            return False
        here, here_high = add(words[one], words[one + 1], low, high)
        there, there_high = add(words[two], words[two + 1], -low, -1 - high)
        if here_high < 0 or there_high >= HIGH:
            return False
        words[one], words[one + 1] = here, here_high
        words[two], words[two + 1] = there, there_high
        return True

    def carefully(self, rows: Rows, row: i64, at: i64, end: i64) -> i64:
        """Judge one row by every check, in the documented order, and apply it."""
        code = shape(rows, row, at, end)
        if code == 0:
            code = self.authority(rows, row, at, end)
        if code == 0:
            code = self.freshness(rows, row)
        if code != 0:
            return code
        use_nonce(self.columns, rows.starts[row])
        if not self.unused:
            self.fresh[rows.keys[row]] = self.seq
        return self.settle(rows, at, end)

    def authority(self, rows: Rows, row: i64, at: i64, end: i64) -> i64:
        """Check who may debit what, then the roles and the fixed supplies, leg by leg."""
        rights = self.rights
        if not rights.may(rows.starts[row] >> 3):
            return NOT_AUTHORISED
        leg: i64
        for leg in range(at, end):
            if rows.changes[2 * leg + 1] < 0 and not rights.may(rows.owners[leg] >> 3):
                return NOT_AUTHORISED
        for leg in range(at, end):
            token = rows.tokens[leg]
            source: i64 = self.issuance[token]
            if self.rules.by_role[token] and (source < 0 or not rights.may(source)):
                return ROLE_REQUIRED
            if self.rules.fixed[token] and rows.owners[leg] >> 3 == source:
                return SUPPLY_IS_FIXED
        return 0

    def freshness(self, rows: Rows, row: i64) -> i64:
        """Check the idempotency key, then the nonce."""
        if not self.unused:
            key = rows.keys[row]
            if key in self.fresh:
                return KEY_ALREADY_USED
            last = self.used.get(key)
            if last is not None and self.seq - last < KEY_PACKETS:
                return KEY_ALREADY_USED
        nonce = rows.nonces[row]
        if self.columns.words[2 * rows.starts[row] - 5] != nonce:
            return WRONG_NONCE
        return NONCE_EXHAUSTED if nonce == _EXHAUSTED else 0

    def settle(self, rows: Rows, at: i64, end: i64) -> i64:
        """Check each balance, then each token's sum, then each fee; then write the balances."""
        columns = self.columns
        owners, tokens = rows.owners, rows.tokens
        totals = [0] * _TOKENS
        balances: list[int] = []
        leg: i64
        for leg in range(at, end):
            token = tokens[leg]
            change = number(rows.changes[2 * leg], rows.changes[2 * leg + 1])
            after = columns.balance(owners[leg] + token) + change
            if after < 0:
                return EXCEEDS_BALANCE
            if after > BALANCE_MAX:
                return BALANCE_OUT_OF_RANGE
            totals[token] += change
            balances.append(after)
        for total in totals:
            if total != 0:
                return NOT_CONSERVED
        for token, rate in enumerate(self.rules.fee_rates):
            if rate > 0 and self.owes(token, rate, rows, at, end):
                return FEE_NOT_PAID
        for leg in range(at, end):
            columns.keep(owners[leg] + tokens[leg], balances[leg - at])
        return 0

    def owes(self, token: int, rate: int, rows: Rows, at: i64, end: i64) -> bool:
        """Say whether the fee account receives less of a token than the fee due on its legs."""
        base = 0
        paid = 0
        leg: i64
        for leg in range(at, end):
            if rows.tokens[leg] == token:
                account: int = rows.owners[leg] >> 3
                change = number(rows.changes[2 * leg], rows.changes[2 * leg + 1])
                if account == self.fees:
                    paid += change
                ordinary = account != self.fees and account != self.issuance[token]
                if ordinary == (change > 0):
                    base += change
        if base <= 0:
            return False
        due = -(-base * rate // self.rules.rate_whole)
        return max(0, paid) < due


def shape(rows: Rows, row: i64, at: i64, end: i64) -> i64:
    """Check the legs' number, then each one's token and amount; then accounts, then doubles."""
    if not 1 <= end - at <= LEGS_MAX:
        return LEG_COUNT
    leg: i64
    for leg in range(at, end):
        if rows.tokens[leg] >= _TOKENS:
            return UNKNOWN_TOKEN
        low, high = rows.changes[2 * leg], rows.changes[2 * leg + 1]
        if not -HIGH <= high < HIGH or (low == 0 and high in (0, -HIGH)):
            return AMOUNT_OUT_OF_RANGE
    if rows.starts[row] < 0:
        return UNKNOWN_ACCOUNT
    cells: list[int] = []
    for leg in range(at, end):
        if rows.owners[leg] < 0:
            return UNKNOWN_ACCOUNT
        cells.append(rows.owners[leg] + rows.tokens[leg])
    return DUPLICATE_LEG if len(dict.fromkeys(cells)) != len(cells) else 0


def read_ahead(columns: Columns, rows: Rows, row: i64, at: i64) -> i64:
    """Read what the next rows need, if each has two legs, and no more.

    The loop over rows waits for each word before it asks for the next; these reads hang on nothing,
    so that the processor fetches them side by side. Nobody uses what is returned.
    """
    words, starts, owners, tokens = columns.words, rows.starts, rows.owners, rows.tokens
    read: i64 = 0
    one: i64
    for one in range(row, min(row + _AHEAD, len(starts))):
        if starts[one] >= 0:
            read ^= words[2 * starts[one] - 5]
    for one in range(at, min(at + 2 * _AHEAD, len(owners))):
        if owners[one] >= 0:
            read ^= words[2 * (owners[one] + tokens[one] % _TOKENS)]
    return read


def use_nonce(columns: Columns, start: i64) -> None:
    """Use an account's nonce, which is not the last one."""
    nonce = columns.words[2 * start - 5]
    columns.words[2 * start - 5] = LEAST if nonce == MOST else nonce + 1
    columns.touch(start >> 7)


def shift(rows: Rows, codes: bytes, columns: Columns, *, back: bool) -> None:
    """Apply rows whose codes are known, or take them back.

    Raises ContractError for a balance whose upper half is beyond 62 bits: no judge lets it come.
    """
    words, stale, starts = columns.words, columns.stale, rows.starts
    owners, tokens, changes, counts = rows.owners, rows.tokens, rows.changes, rows.counts
    at: i64 = 0
    leg: i64
    row: i64
    for row in range(len(counts)):
        end = at + counts[row]
        code: i64 = codes[row]
        if code == 0 or is_spent(code):
            head = 2 * starts[row] - 5
            nonce = words[head]
            if back:
                words[head] = MOST if nonce == LEAST else nonce - 1
            else:
                words[head] = LEAST if nonce == MOST else nonce + 1
            if stale[starts[row] >> 7] == 0:
                columns.touch(starts[row] >> 7)
            if code == 0:
                for leg in range(at, end):
                    low, high = changes[2 * leg], changes[2 * leg + 1]
                    if back and low not in (0, LEAST):
                        low, high = -low, -1 - high
                    elif back:
                        low, high = negated(low, high)
                    cell = 2 * (owners[leg] + tokens[leg])
                    here = words[cell]
                    if 0 <= here < SMALL and -here <= low < SMALL and high == low >> 63:
                        words[cell] = here + low
                    else:
                        here, high = add(here, words[cell + 1], low, high)
                        if not -SMALL < high < SMALL:
                            raise ContractError(f"a balance of {number(here, high)}")
                        words[cell], words[cell + 1] = here, high
                    if stale[owners[leg] >> 7] == 0:
                        columns.touch(owners[leg] >> 7)
        at = end


def conserves(rows: Rows, codes: bytes) -> bool:
    """Say whether the legs of every accepted row sum to zero a token; looks at no account."""
    tokens, changes, counts = rows.tokens, rows.changes, rows.counts
    totals = [0] * 256
    at: i64 = 0
    row: i64
    leg: i64
    for row in range(len(counts)):
        size: i64 = counts[row]
        if codes[row] == 0:
            first = 2 * at
            low: i64 = 0
            if size == 2:
                low = changes[first]
            if (
                low in (0, LEAST)
                or tokens[at] != tokens[at + 1]
                or changes[first + 2] != -low
                or changes[first + 3] != -1 - changes[first + 1]
            ):
                for leg in range(at, at + size):
                    totals[tokens[leg]] += number(changes[2 * leg], changes[2 * leg + 1])
        at += size
    return not any(totals)
