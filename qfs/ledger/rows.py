"""Transactions as columns, and the one loop that judges and applies them.

- Interpreted or compiled by mypyc, the same source gives the same codes and the same cells.
- A leg names a cell: 8 * (the account's index) + 3 + (the token's number). Cell 0 of an account is
  its nonce, cell 1 its id, cell 2 is not used, cells 3 to 7 are its balances.
- Every row is judged against the cells that the rows before it left. An accepted row changes its
  cells at once; a refused one none, but the nonce where its code is one of SPENDING.
- Nothing is written before all is known: an index is checked before it is used, a balance before
  it is kept. Integers are Python's own, so that nothing wraps.
"""

from collections.abc import Callable
from struct import Struct
from typing import Final

from qfs.ledger.codes import (
    BALANCE_OUT_OF_RANGE,
    DUPLICATE_LEG,
    EXCEEDS_BALANCE,
    FEE_NOT_PAID,
    KEY_ALREADY_USED,
    NONCE_EXHAUSTED,
    NOT_AUTHORISED,
    NOT_CONSERVED,
    ROLE_REQUIRED,
    SUPPLY_IS_FIXED,
    UNKNOWN_ACCOUNT,
    WRONG_NONCE,
    is_spent,
)

BALANCE_MAX: Final = (1 << 124) - 1  # 21_267_647_932_558_653_966_460_912_964_485_513_215
NONCE_MAX: Final = (1 << 64) - 1
KEY_PACKETS: Final = 65_536
"""A key used in packet n is refused in packets n .. n + KEY_PACKETS - 1."""
CELLS: Final = 8
FIRST_BALANCE: Final = 3
NOWHERE: Final = -1_024
"""Stands for the first balance of an account that is not open: below 0 with any token added."""
_WORD: Final = Struct("<Q")
_WORDS: Final = Struct("<QQ")
_WORD_MAX: Final = (1 << 64) - 1
UNKNOWN: Final = 0
YES: Final = 1
NO: Final = 2


class Rules:
    """What the judge must know of the tokens; lists are indexed by a cell's place, 3 to 7."""

    def __init__(
        self,
        *,
        plain: list[bool],
        by_role: list[bool],
        fixed: list[bool],
        fee_rates: list[int],
        rate_whole: int,
    ) -> None:
        self.plain: list[bool] = plain
        """Moves freely, is not fixed, pays no fee."""
        self.by_role: list[bool] = by_role
        self.fixed: list[bool] = fixed
        self.fee_rates: list[int] = fee_rates
        self.rate_whole: int = rate_whole


class Rows:
    """Transactions in columns; immutable by agreement."""

    def __init__(
        self,
        *,
        starts: list[int],
        nonces: list[int],
        keys: list[bytes],
        ends: list[int],
        legs: list[int],
        tokens: bytes,
        changes: list[int],
        faults: bytes,
    ) -> None:
        self.starts: list[int] = starts
        """A row: index of the account whose nonce it uses; below 0 where none is open."""
        self.nonces: list[int] = nonces
        self.keys: list[bytes] = keys
        """A row: its idempotency key."""
        self.ends: list[int] = ends
        """A row: where its legs end; they begin where those of the row before it end."""
        self.legs: list[int] = legs
        """A leg: its cell; below 0 where its account is not open."""
        self.tokens: bytes = tokens
        """A leg: its token's number."""
        self.changes: list[int] = changes
        self.sound: bool = not faults and min(starts, default=0) >= 0 and min(legs, default=0) >= 0
        """Whether every row has a sound shape, and no account that is not open."""
        self.faults: bytes = faults
        """A row: the code of a shape that no ledger takes, or 0; empty when no row has one."""


class Rights:
    """Which accounts the packet's signers may debit, found out when first asked."""

    def __init__(self, find: Callable[[int], bool], known: list[int]) -> None:
        self.find: Callable[[int], bool] = find
        self.known: list[int] = known
        """An account: UNKNOWN, YES or NO; empty where nothing is kept."""

    def may(self, index: int) -> bool:
        """Say whether a signer owns the account, or is delegated to it."""
        if index >= len(self.known):
            return self.find(index)
        found = self.known[index]
        if found == UNKNOWN:
            found = YES if self.find(index) else NO
            self.known[index] = found
        return found == YES


class Judge:
    """What the rows of one order are judged by."""

    def __init__(
        self,
        cells: list[int],
        rights: Rights,
        rules: Rules,
        *,
        issuance: list[int],
        fees: int,
        used: dict[bytes, int],
        seq: int,
    ) -> None:
        self.cells: list[int] = cells
        self.rights: Rights = rights
        self.rules: Rules = rules
        self.issuance: list[int] = issuance
        """A cell's place: index of the token's issuance account, below 0 where it is not open."""
        self.fees: int = fees
        self.used: dict[bytes, int] = used
        self.seq: int = seq
        self.fresh: dict[bytes, None] = {}
        """Keys that rows of this order have used."""

    def run(self, rows: Rows) -> bytes:
        """Return a code a row, 0 for yes; the cells are then what the rows make of them."""
        codes = bytearray(len(rows.starts))
        keys = rows.keys
        if (
            len(self.rights.known) > 0
            and rows.sound
            and len(dict.fromkeys(keys)) == len(keys)
            and self.used.keys().isdisjoint(keys)
        ):
            self.quickly(rows, codes)
            return bytes(codes)
        end = 0
        for row, next_end in enumerate(rows.ends):
            at = end
            end = next_end
            codes[row] = self.careful(rows, row, at, end)
        return bytes(codes)

    def quickly(self, rows: Rows, codes: bytearray) -> None:
        """Judge sound rows with fresh keys: the plain transfer that is a yes here, others apart.

        A plain transfer has two legs of one token that moves freely; the first debits the starting
        account, which a signer is known to own or be delegated, by what the second one credits.
        """
        cells, plain, known = self.cells, self.rules.plain, self.rights.known
        legs, changes = rows.legs, rows.changes
        starts, nonces = rows.starts, rows.nonces
        end = 0
        for row, next_end in enumerate(rows.ends):
            at = end
            end = next_end
            if end - at == 2:
                start = starts[row]
                nonce = nonces[row]
                one = legs[at]
                other = legs[at + 1]
                change = changes[at]
                back = changes[at + 1]
                head = start << 3
                if (
                    change < 0
                    and change + back == 0
                    and one >> 3 == start
                    and one & 7 == other & 7
                    and one != other
                    and plain[one & 7]
                    and known[start] == YES
                    and cells[head] == nonce
                    and nonce != NONCE_MAX
                ):
                    here = cells[one] + change
                    there = cells[other] + back
                    if here >= 0 and there <= BALANCE_MAX:
                        cells[one] = here
                        cells[other] = there
                        cells[head] = nonce + 1
                        continue
            codes[row] = self.careful(rows, row, at, end)

    def careful(self, rows: Rows, row: int, at: int, end: int) -> int:
        """Judge one row by every check, in the documented order, and apply it."""
        if rows.faults and rows.faults[row] != 0:
            return rows.faults[row]
        start = rows.starts[row]
        legs = rows.legs[at:end]
        changes = rows.changes[at:end]
        if start < 0:
            return UNKNOWN_ACCOUNT
        for leg in legs:
            if leg < 0:
                return UNKNOWN_ACCOUNT
        if len(dict.fromkeys(legs)) != len(legs):
            return DUPLICATE_LEG
        code = self.authority(start, legs, changes)
        if code == 0:
            code = self.freshness(start, rows.keys[row], rows.nonces[row])
        if code != 0:
            return code
        cells = self.cells
        cells[start << 3] += 1
        self.fresh[rows.keys[row]] = None
        code = self.sums(legs, changes)
        if code == 0:
            for place, leg in enumerate(legs):
                cells[leg] += changes[place]
        return code

    def authority(self, start: int, legs: list[int], changes: list[int]) -> int:
        """Check who may debit what, then the roles and the fixed supplies, leg by leg."""
        rights = self.rights
        if not rights.may(start):
            return NOT_AUTHORISED
        for place, leg in enumerate(legs):
            if changes[place] < 0 and not rights.may(leg >> 3):
                return NOT_AUTHORISED
        for leg in legs:
            token = leg & 7
            source = self.issuance[token]
            if self.rules.by_role[token] and (source < 0 or not rights.may(source)):
                return ROLE_REQUIRED
            if self.rules.fixed[token] and leg >> 3 == source:
                return SUPPLY_IS_FIXED
        return 0

    def freshness(self, start: int, key: bytes, nonce: int) -> int:
        """Check the idempotency key, then the nonce."""
        if key in self.fresh:
            return KEY_ALREADY_USED
        last = self.used.get(key)
        if last is not None and self.seq - last < KEY_PACKETS:
            return KEY_ALREADY_USED
        if self.cells[start << 3] != nonce:
            return WRONG_NONCE
        if nonce >= NONCE_MAX:
            return NONCE_EXHAUSTED
        return 0

    def sums(self, legs: list[int], changes: list[int]) -> int:
        """Check each balance, then each token's sum, then each fee; changes nothing."""
        totals = [0] * CELLS
        for place, leg in enumerate(legs):
            change = changes[place]
            after = self.cells[leg] + change
            if after < 0:
                return EXCEEDS_BALANCE
            if after > BALANCE_MAX:
                return BALANCE_OUT_OF_RANGE
            totals[leg & 7] += change
        for total in totals:
            if total != 0:
                return NOT_CONSERVED
        for token, rate in enumerate(self.rules.fee_rates):
            if rate > 0 and self.owes(token, rate, legs, changes):
                return FEE_NOT_PAID
        return 0

    def owes(self, token: int, rate: int, legs: list[int], changes: list[int]) -> bool:
        """Say whether the fee account receives less of a token than the fee due on its legs."""
        base = 0
        paid = 0
        for place, leg in enumerate(legs):
            if leg & 7 == token:
                account = leg >> 3
                change = changes[place]
                if account == self.fees:
                    paid += change
                ordinary = account != self.fees and account != self.issuance[token]
                if ordinary == (change > 0):
                    base += change
        if base <= 0:
            return False
        due = -(-base * rate // self.rules.rate_whole)
        return max(0, paid) < due


def shift(rows: Rows, codes: bytes, cells: list[int], *, back: bool) -> None:
    """Apply rows whose codes are known, or take them back."""
    changes = [-change for change in rows.changes] if back else rows.changes
    step = -1 if back else 1
    legs, starts = rows.legs, rows.starts
    end = 0
    for row, next_end in enumerate(rows.ends):
        at = end
        end = next_end
        if is_spent(codes[row]):
            cells[starts[row] << 3] += step
            if codes[row] == 0:
                for place in range(at, end):
                    cells[legs[place]] += changes[place]


def conserves(rows: Rows, codes: bytes) -> bool:
    """Say whether the legs of every accepted row sum to zero a token; looks at no cell."""
    tokens, changes = rows.tokens, rows.changes
    if not any(codes) and tokens.count(tokens[:1]) == len(tokens):
        return sum(changes) == 0
    totals = [0] * 256
    end = 0
    for row, next_end in enumerate(rows.ends):
        at = end
        end = next_end
        if codes[row] == 0:
            for place in range(at, end):
                totals[tokens[place]] += changes[place]
    return not any(totals)


def touched(rows: Rows, codes: bytes) -> dict[int, None]:
    """Return the cells that rows may have changed, and maybe others that are open."""
    if rows.sound:
        found = dict.fromkeys(rows.legs)
        found.update(dict.fromkeys([start << 3 for start in rows.starts]))
        return found
    found = {}
    end = 0
    for row, next_end in enumerate(rows.ends):
        at = end
        end = next_end
        if is_spent(codes[row]):
            found[rows.starts[row] << 3] = None
            if codes[row] == 0:
                for place in range(at, end):
                    found[rows.legs[place]] = None
    return found


def write_cells(cells: list[int], stale: dict[int, None], records: bytearray) -> None:
    """Write nonces and balances into the fixed records, little-endian by definition.

    Raises struct.error for what its bytes cannot hold: a balance below 0, or of more than 16 bytes.
    """
    for cell in stale:
        value = cells[cell]
        at = cell << 4
        if cell & 7 == 0:
            _WORD.pack_into(records, at + 8, value)
        elif value <= _WORD_MAX:
            _WORDS.pack_into(records, at, value, 0)
        else:
            _WORDS.pack_into(records, at, value & _WORD_MAX, value >> 64)
