"""The idempotency keys of the last 65,536 packets: a Store that is committed and in snapshots.

- A packet's keys stand in slot ``seq % 65_536``, in the order of their use; the packet that next
  uses the slot drops them. A key is refused by its age, never by its presence.
- A slot's keys are one row of a paged hash trie: a packet hashes what it used and nothing else.
- A value like ``Table``: an older handle knows how to take the newer one's use back.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Any

from qfs.canon import Digest, decode, encode
from qfs.errors import CanonError, ContractError
from qfs.kernel import trie
from qfs.ledger.rows import KEY_PACKETS

KEY_BYTES = 16
_KEYS = Struct(f"{KEY_BYTES}s")


class _Use:
    """Keys that one order used, with what it takes to forget them again."""

    __slots__ = ("dropped", "fresh", "keys", "older", "seq")

    def __init__(self, seq: int, keys: list[bytes], fresh: dict[bytes, int] | None) -> None:
        self.seq: int = seq
        self.keys: list[bytes] = keys
        self.fresh: dict[bytes, int] | None = fresh
        """Seq by key, where it is known that nobody remembers one of the keys."""
        self.dropped: tuple[int, list[bytes]] | None = None
        """What stood in the slot, when that was another packet's."""
        self.older: dict[bytes, int] = {}
        """Packets that used some of the keys before, too long ago to be refused."""


class _Core:
    """What all versions share: the newest one's keys, the tree of the sealed."""

    __slots__ = ("last", "slots", "stale", "tree")

    def __init__(self) -> None:
        self.last: dict[bytes, int] = {}
        """Key -> the packet that last used it; those too old are among them."""
        self.slots: dict[int, tuple[int, list[bytes]]] = {}
        """Slot -> (seq, pieces of one or more whole keys)."""
        self.stale: dict[int, None] = {}
        """Slots that changed since the tree was made."""
        self.tree: trie.Tree = None

    def do(self, use: _Use) -> None:
        """Use keys."""
        slot, last, keys = use.seq % KEY_PACKETS, self.last, use.keys
        stood = self.slots.get(slot)
        if stood is not None and stood[0] != use.seq:
            use.dropped = stood
            self._forget(stood)
            stood = None
        if use.fresh is not None:
            last.update(use.fresh)
        else:
            if not last.keys().isdisjoint(keys):
                use.older = {key: last[key] for key in keys if key in last}
            last.update(dict.fromkeys(keys, use.seq))
        if stood is None:
            self.slots[slot] = (use.seq, [b"".join(keys)])
        else:
            stood[1].append(b"".join(keys))
        self.stale[slot] = None

    def undo(self, use: _Use) -> None:
        """Take the newest use back."""
        slot, last = use.seq % KEY_PACKETS, self.last
        _, pieces = self.slots[slot]
        pieces.pop()
        for key in use.keys:
            del last[key]
        last.update(use.older)
        if not pieces:
            del self.slots[slot]
            if use.dropped is not None:
                self.slots[slot] = use.dropped
                self._remember(use.dropped)
        self.stale[slot] = None

    def _forget(self, entry: tuple[int, list[bytes]]) -> None:
        seq, pieces = entry
        last = self.last
        for key in _split(pieces):
            if last.get(key) == seq:
                del last[key]

    def _remember(self, entry: tuple[int, list[bytes]]) -> None:
        seq, pieces = entry
        last = self.last
        for key in _split(pieces):
            if last.get(key, -1) < seq:
                last[key] = seq

    def row(self, slot: int) -> bytes:
        """Return the slot's trie row, or its bare path when nothing stands there."""
        name = encode(slot)
        path = trie.path_of(name)
        entry = self.slots.get(slot)
        if entry is None:
            return path
        return path + trie.leaf_of(name, encode([entry[0], b"".join(entry[1])]))


class UsedKeys:
    """Which keys were used, and by which packet; immutable to its readers."""

    __slots__ = ("core", "newer", "redo", "use_")

    def __init__(self, core: _Core) -> None:
        self.core: _Core = core
        self.newer: UsedKeys | None = None
        self.use_: _Use | None = None
        """The use in which this version differs from the newer one."""
        self.redo: bool = False
        """Whether this version has the use, and the newer one not."""

    @classmethod
    def none(cls) -> "UsedKeys":
        """Return the store in which no key is used."""
        return cls(_Core())

    def get(self, key: bytes) -> int | None:
        """Return the packet that last used the key, None where nobody remembers one."""
        if type(key) is not bytes:
            raise ContractError(f"a key is bytes, not {key!r}")
        return self.by_key().get(key)

    def by_key(self) -> dict[bytes, int]:
        """Return packets by key: the core's own, for reading at once."""
        if self.newer is not None:
            self.restore()
        return self.core.last

    def use(self, seq: int, keys: list[bytes], fresh: dict[bytes, int] | None = None) -> "UsedKeys":
        """Return the store in which packet seq has used the keys as well.

        keys are whole, of 16 bytes each, none twice; fresh is seq by each of them, given by who
        knows that nobody remembers one.
        """
        if not keys:
            return self
        newer, again = self.newer, self.use_
        if (
            newer is not None
            and newer.newer is None
            and again is not None
            and not self.redo
            and (again.seq, again.keys) == (seq, keys)
        ):
            self.newer = UsedKeys(self.core)
            newer.newer, newer.use_, newer.redo = self, again, True
            return self.newer
        if self.newer is not None:
            self.restore()
        made = _Use(seq, keys, fresh)
        self.core.do(made)
        new = UsedKeys(self.core)
        self.newer, self.use_, self.redo = new, made, False
        return new

    def packets(self) -> list[tuple[int, list[bytes]]]:
        """Return (seq, keys) of each slot, by slot: what is committed."""
        if self.newer is not None:
            self.restore()
        slots = self.core.slots
        return [(slots[slot][0], _split(slots[slot][1])) for slot in sorted(slots)]

    def __len__(self) -> int:
        return sum([len(keys) for _, keys in self.packets()])

    def __repr__(self) -> str:
        return f"UsedKeys({len(self)} keys, {self.seal().hex()[:16]})"

    def restore(self) -> None:
        """Make this version the newest again; older and newer ones stay readable."""
        chain: list[UsedKeys] = []
        at: UsedKeys = self
        while at.newer is not None:
            chain.append(at)
            at = at.newer
        alike = len(chain) == 2 and _are_alike(chain[1], chain[0])
        for handle in reversed(chain):
            use = handle.use_
            if use is None:
                raise ContractError("an older version of used keys without its use")
            if alike:
                pass
            elif handle.redo:
                self.core.do(use)
            else:
                self.core.undo(use)
            at.newer, at.use_, at.redo = handle, use, not handle.redo
            handle.newer, handle.use_ = None, None
            at = handle

    def seal(self) -> Digest:
        """Return the root over every slot; costs what changed since the last seal."""
        if self.newer is not None:
            self.restore()
        core = self.core
        if core.stale:
            core.tree = trie.update(core.tree, sorted([core.row(slot) for slot in core.stale]))
            core.stale = {}
        return trie.root_of(core.tree)

    def snapshot(self) -> Iterator[bytes]:
        """Yield [slot, seq, keys] as canonical bytes, in the order of the slots."""
        if self.newer is not None:
            self.restore()
        slots = self.core.slots
        made = [(slot, slots[slot][0], b"".join(slots[slot][1])) for slot in sorted(slots)]
        for row in made:
            yield encode(row)

    def load(self, records: Iterable[bytes]) -> "UsedKeys":
        """Return a store holding exactly a snapshot's records; raises CanonError for others."""
        core = _Core()
        before = -1
        entries: list[tuple[int, bytes]] = []
        for record in records:
            match decode(record):
                case [int(slot), int(seq), bytes(keys)] if (
                    slot > before and seq >= 0 and seq % KEY_PACKETS == slot
                ):
                    before = slot
                    entries.append((seq, keys))
                case _:
                    raise CanonError("no slot of used keys", place=f"row {len(core.slots)}")
            if not keys or len(keys) % KEY_BYTES:
                raise CanonError(f"{len(keys)} bytes of used keys", place=f"slot {slot}")
            core.slots[slot] = (seq, [keys])
        for seq, keys in sorted(entries):
            for key in _split([keys]):
                core.last[key] = seq
        core.tree = trie.build(sorted([core.row(slot) for slot in core.slots]))
        return UsedKeys(core)

    def diff(self, other: "UsedKeys", limit: int = 1) -> list[tuple[Any, Any, Any]]:
        """Return the first differing packets: (seq, keys here, keys there), None for no key."""
        mine, theirs = dict(self.packets()), dict(other.packets())
        differing = [seq for seq in sorted(mine | theirs) if mine.get(seq) != theirs.get(seq)]
        return [(seq, mine.get(seq), theirs.get(seq)) for seq in differing[:limit]]


def _are_alike(older: UsedKeys, sibling: UsedKeys) -> bool:
    """Say whether the newest version and its sibling differ from an older one by the same keys."""
    one, other = older.use_, sibling.use_
    return (
        not older.redo
        and sibling.redo
        and one is not None
        and other is not None
        and (one.seq, one.keys) == (other.seq, other.keys)
    )


def _split(pieces: list[bytes]) -> list[bytes]:
    """Return the single keys of pieces."""
    whole = b"".join(pieces)
    return [key for (key,) in _KEYS.iter_unpack(whole)]
