"""Table: a map that is a value to machines, a dict underneath, a canonical Merkle trie when sealed.

- set and delete return a new Table; the old one stays readable, so a refusal, a dry run or a halt
  is undone by keeping the old reference. The newest handle owns the dict; an older one is a
  one-entry difference towards it (Baker's rerooting). Going back costs one step a change.
- Iteration is in key order, never in insertion order: undoing a deletion re-inserts last.
- Keys are of exactly the declared type: True is not 1. Values must be immutable.
- Equal contents have equal roots, whatever their history. One thread a table.
- Source: H. G. Baker, "Shallow binding makes functional arrays fast", 1991.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar, get_args, get_origin, overload

from qfs.canon import Digest, Value, decode, encode
from qfs.canon.records import converter
from qfs.errors import CanonError, ContractError, RecordError
from qfs.kernel import trie

K = TypeVar("K", bound="int | bytes | str | tuple[int | bytes | str, ...]")
V = TypeVar("V")
D = TypeVar("D")

_MISSING: Any = object()
_KEY_TYPES: tuple[type, ...] = (int, bytes, str)


class _Core:
    """What all versions of one table share: the dict of the newest, the tree of the sealed."""

    __slots__ = (
        "codec",
        "fresh",
        "keys",
        "order",
        "rows",
        "sealed",
        "tree",
        "value_class",
        "value_type",
    )

    def __init__(self, keys: "_Keys", value_type: Any) -> None:
        self.keys: _Keys = keys
        self.value_type: Any = value_type
        self.codec: Any = converter(value_type, "a table's value")
        self.value_class: type | None = _exact_class(value_type)
        self.rows: dict[Any, Any] = {}
        self.order: list[Any] | None = None
        self.fresh: dict[Any, None] = {}
        """Keys that came or went since the order was made."""
        self.tree: trie.Tree = None
        self.sealed: Any = None
        """The handle whose contents the tree holds."""

    def ordered(self) -> list[Any]:
        """Return every key in order; the list is the core's own."""
        order, fresh, rows = self.order, self.fresh, self.rows
        if order is None or len(fresh) > 64 + (len(order) >> 6):
            order = self.order = sorted(rows)
            fresh.clear()
            return order
        for key in fresh:
            at = bisect_left(order, key)
            there = at < len(order) and order[at] == key
            if key in rows:
                if not there:
                    order.insert(at, key)
            elif there:
                del order[at]
        fresh.clear()
        return order

    def row(self, key: Any) -> bytes:
        """Return the key's trie row, or its bare path when the newest version lacks it."""
        name = encode(key)
        value = self.rows.get(key, _MISSING)
        path = trie.path_of(name)
        if value is _MISSING:
            return path
        return path + trie.leaf_of(name, encode(self.codec.pack(value)))


class Table(Generic[K, V]):  # noqa: PLW1641 (a hash would be one more way to hash order)
    """An immutable map from keys of one exact type to values of one type; has no hash."""

    __slots__ = ("before", "changed", "core", "newer")

    def __init__(self, core: _Core) -> None:
        self.core: _Core = core
        self.newer: Table[K, V] | None = None
        """The next handle towards the newest, which alone reads the dict; None in the newest."""
        self.changed: Any = None
        """The key in which this version differs from the newer one."""
        self.before: Any = None
        """That key's value in this version."""

    @classmethod
    def of(cls, key_type: type[K], value_type: type[V]) -> "Table[K, V]":
        """Return an empty table.

        key_type is int, bytes, str, a NewType over one, or a tuple of them; value_type is what
        ``qfs.canon`` can pack. Raises ContractError for others.
        """
        table: Table[K, V] = cls(_Core(_Keys(key_type), value_type))
        table.core.sealed = table
        return table

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: D) -> V | D: ...
    def get(self, key: K, default: Any = None) -> Any:
        """Return the key's value, or the default."""
        core = self.core
        core.keys.check(key)
        if self.newer is not None:
            self.restore()
        return core.rows.get(key, default)

    def get_many(self, keys: Sequence[K]) -> list[V | None]:
        """Return each key's value, or None; the keys' types are the caller's word."""
        if self.newer is not None:
            self.restore()
        return list(map(self.core.rows.get, keys))

    def __contains__(self, key: K) -> bool:
        core = self.core
        core.keys.check(key)
        if self.newer is not None:
            self.restore()
        return key in core.rows

    def __len__(self) -> int:
        if self.newer is not None:
            self.restore()
        return len(self.core.rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self is other or bool(self.seal() == other.seal())

    def __repr__(self) -> str:
        return f"Table({len(self)} rows, {self.seal().hex()[:16]})"

    def set(self, key: K, value: V) -> "Table[K, V]":
        """Return the table with the key's value put."""
        core = self.core
        core.keys.check(key)
        exact = core.value_class
        if exact is not None and type(value) is not exact:
            raise ContractError(f"a value is {exact.__name__}, not {type(value).__name__}")
        if self.newer is not None:
            self.restore()
        rows = core.rows
        new: Table[K, V] = Table(core)
        old = rows.get(key, _MISSING)
        if old is _MISSING:
            core.fresh[key] = None
        self.changed = key
        self.before = old
        self.newer = new
        rows[key] = value
        return new

    def delete(self, key: K) -> "Table[K, V]":
        """Return the table without the key; the same table when the key is not in it."""
        if key not in self:
            return self
        core = self.core
        new: Table[K, V] = Table(core)
        self.changed = key
        self.before = core.rows.pop(key)
        self.newer = new
        core.fresh[key] = None
        return new

    def keys(self, low: K | None = None, high: K | None = None) -> list[K]:
        """Return the keys in order, low <= key < high."""
        if self.newer is not None:
            self.restore()
        core = self.core
        order = core.ordered()
        for bound in (low, high):
            if bound is not None:
                core.keys.check(bound)
        start = 0 if low is None else bisect_left(order, low)
        end = len(order) if high is None else bisect_left(order, high)
        return order[start:end]

    def items(self, low: K | None = None, high: K | None = None) -> list[tuple[K, V]]:
        """Return the keys and values in key order, low <= key < high."""
        keys = self.keys(low, high)
        rows = self.core.rows
        return [(key, rows[key]) for key in keys]

    def restore(self) -> None:
        """Make this version the newest again; older and newer ones stay readable."""
        chain: list[Table[K, V]] = []
        at: Table[K, V] = self
        while at.newer is not None:
            chain.append(at)
            at = at.newer
        core = self.core
        rows, fresh = core.rows, core.fresh
        for handle in reversed(chain):
            key, old = handle.changed, handle.before
            current = rows.get(key, _MISSING)
            at.changed = key
            at.before = current
            at.newer = handle
            if old is _MISSING:
                del rows[key]
                fresh[key] = None
            else:
                if current is _MISSING:
                    fresh[key] = None
                rows[key] = old
            handle.newer = None
            handle.changed = None
            handle.before = None
            at = handle

    def seal(self) -> Digest:
        """Return the root over every key and value; costs what changed since the last seal.

        Raises RecordError or CanonError for a value that is not of the declared type inside.
        """
        if self.newer is not None:
            self.restore()
        core = self.core
        if core.sealed is not self:
            touched: dict[Any, None] = {}
            handle = core.sealed
            while handle is not self:
                touched[handle.changed] = None
                handle = handle.newer
            core.tree = trie.update(core.tree, sorted([core.row(key) for key in touched]))
            core.sealed = self
        return trie.root_of(core.tree)

    def prove(self, key: K) -> trie.Proof:
        """Return the proof, against this version's root, of the key's value or of its absence."""
        core = self.core
        core.keys.check(key)
        self.seal()
        value = core.rows.get(key, _MISSING)
        record = None if value is _MISSING else encode(core.codec.pack(value))
        return trie.prove(core.tree, encode(key), record)

    def snapshot(self) -> Iterator[bytes]:
        """Yield [key, value] as canonical bytes, in key order; the table may change meanwhile."""
        pack = self.core.codec.pack
        for key, value in self.items():
            yield encode([key, pack(value)])

    def load(self, records: Iterable[bytes]) -> "Table[K, V]":
        """Return a new table of these types, holding exactly the records of a snapshot.

        Raises CanonError for bytes that `snapshot` cannot have written: order included.
        """
        core = _Core(self.core.keys, self.core.value_type)
        table: Table[K, V] = Table(core)
        keys: list[Any] = []
        trie_rows: list[bytes] = []
        for record in records:
            pair = decode(record)
            if type(pair) is not list or len(pair) != 2:
                raise CanonError("a row is [key, value]", place=f"row {len(keys)}")
            key = core.keys.from_canonical(pair[0])
            if keys and not keys[-1] < key:
                raise CanonError("rows out of order", place=f"row {len(keys)}")
            keys.append(key)
            core.rows[key] = core.codec.unpack(pair[1])
            trie_rows.append(core.row(key))
        trie_rows.sort()
        core.tree = trie.build(trie_rows)
        core.order = keys
        core.sealed = table
        return table

    def diff(self, other: "Table[K, V]", limit: int = 1) -> list[tuple[K, V | None, V | None]]:
        """Return the smallest differing keys, at most limit: (key, value here, value there).

        None stands for an absent key. Equal subtrees are not entered; keys are found by a scan.
        """
        self.seal()
        here = self.core.tree
        other.seal()
        paths = dict.fromkeys(trie.differing_paths(here, other.core.tree))
        if not paths:
            return []
        found: dict[Any, None] = {}
        for table in (self, other):
            keys = table.keys()
            for key in keys:
                if trie.path_of(encode(key)) in paths:
                    found[key] = None
        smallest: list[Any] = sorted(found)[:limit]
        mine = [self.get(key) for key in smallest]
        theirs = [other.get(key) for key in smallest]
        return list(zip(smallest, mine, theirs, strict=True))


class _Keys:
    """The exact type of a table's keys."""

    __slots__ = ("parts", "single")

    def __init__(self, key_type: Any) -> None:
        self.single: type | None = _exact_class(key_type)
        self.parts: tuple[type, ...] = ()
        if self.single is None and get_origin(key_type) is tuple:
            parts = [_exact_class(part) for part in get_args(key_type)]
            self.parts = tuple([part for part in parts if part in _KEY_TYPES and part is not None])
            if len(self.parts) != len(parts):
                self.parts = ()
        if self.single not in _KEY_TYPES and not self.parts:
            raise ContractError(
                f"{key_type!r} is no type of keys",
                way_out="use int, bytes, str, or a tuple of them of fixed length",
            )

    def check(self, key: object) -> None:
        """Raise ContractError unless the key is of exactly this type."""
        if self.single is not None:
            if type(key) is self.single:
                return
        elif type(key) is tuple and tuple([type(item) for item in key]) == self.parts:
            return
        names = [part.__name__ for part in self.parts]
        wanted = self.single.__name__ if self.single is not None else f"({', '.join(names)})"
        raise ContractError(f"a key of this table is {wanted}, not {key!r}")

    def from_canonical(self, value: Value) -> Any:
        """Return the key of a canonical value; raises RecordError for any other type."""
        key = tuple(value) if self.parts and type(value) is list else value
        try:
            self.check(key)
        except ContractError as error:
            raise RecordError(error.what) from None
        return key


def _exact_class(hint: Any) -> type | None:
    """Return the class that a value must have, None where only packing can tell."""
    while hasattr(hint, "__supertype__"):  # a NewType
        hint = hint.__supertype__
    if isinstance(hint, type) and get_origin(hint) is None:
        return hint
    return None
