"""The accounts: a Store of fixed 128-byte records, a value to machines, columns underneath.

- A record is id (8 bytes), nonce (8), owner (32), five balances (16 each); little-endian by
  definition; records stand in the order in which the accounts were opened: their indexes.
- The root covers the number of accounts, the tree over the records (``pages``) and a keyed tree
  from id to index (``qfs.kernel.trie``), which proves absence too.
- The newest handle owns the columns; an older one holds the rows and their codes, which are their
  own undo record. Going back costs one inverse pass.
- The columns are the records themselves, as machine words; sealing hashes the pages that changed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Any, TypeAlias

from qfs.canon import Digest, digest, encode
from qfs.crypto.ports import KEY_ID_BYTES, KeyId
from qfs.errors import CanonError, ContractError
from qfs.kernel import trie
from qfs.ledger.columns import Columns
from qfs.ledger.index import Index
from qfs.ledger.pages import PAGE_RECORDS, RECORD_BYTES, PageTree
from qfs.ledger.rows import BALANCE_MAX, CELLS, FIRST_BALANCE, Rights, Rows, shift
from qfs.ledger.words import unsigned, words_of

BALANCES = 5
NO_BALANCES: tuple[int, ...] = (0,) * BALANCES
PIECE_BYTES = 65_536
"""A snapshot's records hold so many bytes each, the last one fewer: 512 accounts."""
OWNER_AT = 16
"""Where a record has its owner."""
_OWNER_WORD = 2
_RECORD = Struct("<QQ32sQqQqQqQqQq")
"""Id, nonce, owner, the halves of each balance."""
_LOW_HALF = (1 << 64) - 1
_HIGH_END = 1 << 60
"""Above the upper half of each balance."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account."""

    owner: KeyId
    nonce: int
    """The nonce that its next transaction carries; 0 .. 2**64 - 1."""
    balances: tuple[int, ...] = NO_BALANCES
    """Minor units, in the order of TOKENS; each 0 .. 2**124 - 1."""


@dataclass(frozen=True, slots=True)
class _Opened:
    account: int
    owner: bytes
    balances: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Assigned:
    index: int
    owner: bytes
    before: bytes


@dataclass(frozen=True, slots=True)
class _Moved:
    rows: Rows
    codes: bytes


_Change: TypeAlias = _Opened | _Assigned | _Moved


class Core:
    """What all versions share: the newest one's columns, and what was last hashed of them."""

    __slots__ = (
        "columns",
        "fresh",
        "places",
        "rights",
        "rights_of",
        "root",
        "tree",
        "trie",
    )

    def __init__(self, records: bytes = b"", count: int = 0) -> None:
        self.columns: Columns = Columns(records, count)
        self.places = Index()
        """Id -> cell of its first balance."""
        self.fresh: dict[int, None] = {}
        """Ids that came or went since the keyed tree was made."""
        self.tree = PageTree()
        self.trie: trie.Tree = None
        self.root: Digest | None = None
        self.rights: Rights | None = None
        """What is known of the last packet's signers; ``rights_of`` says for whom it is true."""
        self.rights_of: tuple[Any, ...] = ()

    def do(self, change: _Change) -> None:
        """Make the newest change."""
        self.root = None
        if isinstance(change, _Moved):
            shift(change.rows, change.codes, self.columns, back=False)
        elif isinstance(change, _Opened):
            self._open(change)
        else:
            self._own(change.index, change.owner)

    def undo(self, change: _Change) -> None:
        """Take the newest change back."""
        self.root = None
        if isinstance(change, _Moved):
            shift(change.rows, change.codes, self.columns, back=True)
        elif isinstance(change, _Opened):
            self._close(change.account)
        else:
            self._own(change.index, change.before)

    def _open(self, change: _Opened) -> None:
        account = change.account
        self.places.put(account, self.columns.count * CELLS + FIRST_BALANCE)
        self.fresh[account] = None
        self.columns.open(record_bytes(account, 0, change.owner, change.balances))
        self.rights = None

    def _close(self, account: int) -> None:
        self.places.drop(account)
        self.fresh[account] = None
        self.columns.close()
        self.rights = None

    def _own(self, index: int, owner: bytes) -> None:
        self.columns.put(index, _OWNER_WORD, owner)
        self.rights = None

    def owner(self, index: int) -> bytes:
        """Return an account's owner."""
        return self.columns.record(index)[OWNER_AT : OWNER_AT + KEY_ID_BYTES]

    def flush(self) -> Digest:
        """Hash what changed, and return the root."""
        if self.root is None:
            count = self.columns.count
            self.tree.update(self.columns.raw(), pages_of(count), self.columns.taken())
            if self.fresh:
                rows = sorted([self.row(account) for account in self.fresh])
                self.trie = trie.update(self.trie, rows)
                self.fresh = {}
            self.root = accounts_root(count, self.tree.root(), trie.root_of(self.trie))
        return self.root

    def row(self, account: int) -> bytes:
        """Return the id's row in the keyed tree, or its bare path when it is not open."""
        name = encode(account)
        place = self.places.get(account)
        path = trie.path_of(name)
        if place < 0:
            return path
        return path + trie.leaf_of(name, encode(place // CELLS))


class Accounts:
    """Every account by id; immutable to its readers. One thread a store."""

    __slots__ = ("change", "core", "newer", "redo", "root")

    def __init__(self, core: Core) -> None:
        self.core: Core = core
        self.newer: Accounts | None = None
        self.change: _Change | None = None
        """The change in which this version differs from the newer one."""
        self.redo: bool = False
        """Whether this version has the change, and the newer one not."""
        self.root: Digest | None = None
        """Its root, once it was sealed."""

    @classmethod
    def none(cls) -> "Accounts":
        """Return the store of no account."""
        return cls(Core())

    def newest(self) -> Core:
        """Return the columns as this version has them: the core's own, for reading at once."""
        if self.newer is not None:
            self.restore()
        return self.core

    def get(self, account: int) -> Account | None:
        """Return the account of an id, None where none is open."""
        if type(account) is not int:
            raise ContractError(f"an account's id is an int, not {account!r}")
        core = self.newest()
        place = core.places.get(account)
        if place < 0:
            return None
        return account_of(core.columns.record(place // CELLS))[1]

    def __contains__(self, account: int) -> bool:
        return self.newest().places.get(account) >= 0

    def __len__(self) -> int:
        return self.newest().columns.count

    def __repr__(self) -> str:
        return f"Accounts({len(self)} accounts, {self.seal().hex()[:16]})"

    def keys(self) -> list[int]:
        """Return the ids of the open accounts, in ascending order."""
        return sorted(self.opened())

    def items(self) -> list[tuple[int, Account]]:
        """Return (id, account), in the order of the ids."""
        found: list[tuple[int, Account]] = []
        for account in self.keys():
            held = self.get(account)
            if held is not None:
                found.append((account, held))
        return found

    def open(
        self, account: int, owner: KeyId, balances: tuple[int, ...] = NO_BALANCES
    ) -> "Accounts":
        """Return the store with one more account, which is not open yet, owned by 32 bytes."""
        return self._changed(_Opened(account, bytes(owner), balances))

    def assign(self, account: int, owner: KeyId) -> "Accounts":
        """Return the store in which an open account has another owner, of 32 bytes."""
        core = self.newest()
        index = place_of(core, account) // CELLS
        return self._changed(_Assigned(index, bytes(owner), core.owner(index)))

    def moved(self, rows: Rows, codes: bytes) -> "Accounts":
        """Return the store after rows whose codes are known, unjudged: what evolve does.

        Raises ContractError where this version is gone back to, and what was judged after it was
        not what its rows say: then this version is not what it was when it was sealed.
        """
        if self.newer is not None and self.root is not None:
            self.restore()
            if self.core.flush() != self.root:
                raise ContractError("the balances are not what the rows that were judged made them")
        return self._changed(_Moved(rows, codes))

    def judged(self, rows: Rows, codes: bytes) -> "Accounts":
        """Return the store after rows that a judge has applied to the newest columns already."""
        self.core.root = None
        return self._newer(_Moved(rows, codes))

    def judged_of(self, source: object) -> Rows | None:
        """Return the rows that lead from here to the next version, if this is their source."""
        change = self.change
        if isinstance(change, _Moved) and not self.redo and change.rows.source is source:
            return change.rows
        return None

    def moved_to(self, newer: "Accounts") -> tuple[Rows, bytes] | None:
        """Return the rows and codes that lead from here to a newer version, if it is next."""
        change = self.change
        if self.newer is newer and isinstance(change, _Moved) and not self.redo:
            return change.rows, change.codes
        return None

    def _changed(self, change: _Change) -> "Accounts":
        self.newest().do(change)
        return self._newer(change)

    def _newer(self, change: _Change) -> "Accounts":
        new = Accounts(self.core)
        self.newer, self.change, self.redo = new, change, False
        return new

    def restore(self) -> None:
        """Make this version the newest again; older and newer ones stay readable."""
        chain: list[Accounts] = []
        at: Accounts = self
        while at.newer is not None:
            chain.append(at)
            at = at.newer
        alike = len(chain) == 2 and _are_alike(chain[1], chain[0])
        for handle in reversed(chain):
            change = handle.change
            if change is None:
                raise ContractError("an older version of accounts without its change")
            if alike:
                pass
            elif handle.redo:
                self.core.do(change)
            else:
                self.core.undo(change)
            at.newer, at.change, at.redo = handle, change, not handle.redo
            handle.newer, handle.change = None, None
            at = handle

    def seal(self) -> Digest:
        """Return the root; costs what changed since the last seal."""
        self.root = self.newest().flush()
        return self.root

    def snapshot(self) -> Iterator[bytes]:
        """Yield the records, 512 at a time, in the order of the indexes: the tree's own leaves."""
        records = self.records()
        for at in range(0, len(records), PIECE_BYTES):
            yield records[at : at + PIECE_BYTES]

    def load(self, records: Iterable[bytes]) -> "Accounts":
        """Return a store holding exactly a snapshot's records; raises CanonError for others."""
        pieces: list[bytes] = []
        for piece in records:
            if (pieces and len(pieces[-1]) % PIECE_BYTES) or len(piece) % RECORD_BYTES:
                raise CanonError("a piece of records that is no snapshot's", place="accounts")
            pieces.append(piece)
        whole = b"".join(pieces)
        count = len(whole) // RECORD_BYTES
        core = Core(whole, count)
        ids = _ids_of(whole)
        different = core.places.fill(ids, FIRST_BALANCE, CELLS)
        if different < count:
            counted = Counter(ids)
            twice = next(one for one in ids if counted[one] > 1)
            raise CanonError(f"account {unsigned(twice)} stands twice", place="accounts")
        core.tree.update(core.columns.raw(), pages_of(count), list(range(pages_of(count))))
        core.trie = trie.build(sorted([core.row(account) for account in map(unsigned, ids)]))
        return Accounts(core)

    def records(self) -> bytes:
        """Return every record, in the order of the indexes."""
        core = self.newest()
        return bytes(core.columns.raw()[: core.columns.count * RECORD_BYTES])

    def diff(self, other: "Accounts", limit: int = 1) -> list[tuple[Any, Any, Any]]:
        """Return the smallest differing ids, at most limit: (id, account here, account there).

        None stands for an account that is not open. Two ledgers that differ in nothing but the
        order of opening differ by what is at the first such index.
        """
        mine, theirs = dict(self.items()), dict(other.items())
        both = sorted(mine | theirs)
        found = [key for key in both if mine.get(key) != theirs.get(key)][:limit]
        if found:
            return [(key, mine.get(key), theirs.get(key)) for key in found]
        here, there = self.opened(), other.opened()
        pairs = zip(range(len(here)), here, there, strict=True)
        return [(index, one, two) for index, one, two in pairs if one != two][:limit]

    def opened(self) -> list[int]:
        """Return the ids in the order of their indexes."""
        records = self.records()
        return list(map(unsigned, words_of(records)[::16])) if records else []


def accounts_root(count: int, records: bytes, ids: bytes) -> Digest:
    """Return the root of so many accounts, of their records' tree and their ids' tree."""
    return digest("qfs/accounts/1", [count, records, ids])


def pages_of(count: int) -> int:
    """Return how many pages so many accounts fill."""
    return -(-count // PAGE_RECORDS)


def record_of(record: bytes) -> tuple[int, Account]:
    """Return the id and the account of 128 bytes; raises CanonError for a balance out of range."""
    account, held = account_of(record)
    if not all(0 <= balance <= BALANCE_MAX for balance in held.balances):
        raise CanonError("a balance above 2**124 - 1", place=f"account {account}")
    return account, held


def account_of(record: bytes) -> tuple[int, Account]:
    """Return the id and the account of 128 bytes, whatever its balances are."""
    account, nonce, owner, *halves = _RECORD.unpack(record)
    balances = [low + (high << 64) for low, high in zip(halves[::2], halves[1::2], strict=True)]
    return account, Account(KeyId(owner), nonce, tuple(balances))


def record_bytes(account: int, nonce: int, owner: bytes, balances: tuple[int, ...]) -> bytes:
    """Return the 128 bytes of an account."""
    halves = [half for one in balances for half in (one & _LOW_HALF, one >> 64)]
    return _RECORD.pack(account, nonce, owner, *halves)


def place_of(core: Core, account: int) -> int:
    """Return the cell of an open account's first balance; raises ContractError for another id."""
    place = core.places.get(account)
    if place < 0:
        raise ContractError(f"account {account} is not open")
    return place


def _are_alike(older: Accounts, sibling: Accounts) -> bool:
    """Say whether the newest version and its sibling differ from an older one by the same rows."""
    one, other = older.change, sibling.change
    return (
        not older.redo
        and sibling.redo
        and isinstance(one, _Moved)
        and isinstance(other, _Moved)
        and one.codes == other.codes
        and one.rows.source == other.rows.source
    )


def _ids_of(records: bytes) -> list[int]:
    """Return the ids of a snapshot's records, as words; raises CanonError for what is no record."""
    if not records:
        return []
    words = words_of(records)
    for at in range(7, 16, 2):
        high = words[at::16]
        if min(high) < 0 or max(high) >= _HIGH_END:
            for place in range(0, len(records), RECORD_BYTES):
                record_of(records[place : place + RECORD_BYTES])
    return words[::16].tolist()
