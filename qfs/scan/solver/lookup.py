"""Attribute look-up on classes of the program, remembered until something on its way changes.

- A look-up names a class, an attribute, and whether the instance is exactly of that class or may
  be of a subclass; it holds what the class and its bases store, and what instances were given.
- It watches every cell that it read; when one grows, it is forgotten, and the nodes that used it
  are evaluated again. Who asks for what is stored alone does not wait for what instances are given.
- Source: Python data model §3.3.2; the order of bases is C3's (Python 2.3 Method Resolution Order).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from qfs.scan.domain.values import CLASS, NOTHING, OUTSIDE, Value, join
from qfs.scan.solver.program import Program

if TYPE_CHECKING:
    from qfs.scan.solver.nodes import CellKey, Node

LookupKey: TypeAlias = tuple[int, int, str]
_WIDE, _EXACT, _STORED = 0, 1, 2
"""What a look-up asks for: subclasses too, the class and its bases, what those store alone."""


@dataclass(slots=True, eq=False)
class Lookup:
    """What was found under a name."""

    key: LookupKey
    stored: Value
    """Attribute of the nearest class that has it; () if none has."""
    fields: Value
    """What instances of the class or its bases were given."""
    below: tuple[tuple[int, Value, Value], ...]
    """The same of each subclass that has it, when the instance may be of one."""
    readers: dict[int, None] = field(default_factory=dict)
    bound: dict[Any, Value] = field(default_factory=dict)
    """What reading it through a receiver gives, where that is no call."""
    stale: bool = False


class Lookups:
    """The look-ups of a run, and what would make each of them stale."""

    def __init__(self, program: Program, cells: "dict[CellKey, Value]") -> None:
        self.program = program
        self.cells = cells
        self.known: dict[LookupKey, Lookup] = {}
        self.asked: dict[int, dict[LookupKey, None]] = {}
        """The look-ups of a class that are known."""
        self.watchers: dict[CellKey, dict[LookupKey, None]] = {}
        self.named: dict[str, dict[LookupKey, None]] = {}
        """Look-ups of a name that ask subclasses too."""
        self.holders: dict[str, dict[int, None]] = {}
        """Classes that store, or whose instances were given, an attribute of a name."""
        self.families: dict[int, dict[int, None]] = {}
        """Subclasses of a class, direct or not."""
        self.orders: dict[int, list[int | str]] = {}
        self.below: dict[int, dict[int, None]] = {}
        """Classes in whose order of resolution, as far as it is known, a class stands."""

    def get(self, reader: "Node", number: int, name: str, *, exact: bool) -> Lookup:
        """Return the look-up of a name; the reader depends on it."""
        return self._found(reader, number, _EXACT if exact else _WIDE, name)

    def stored(self, reader: "Node", number: int, name: str) -> Value:
        """Return what the nearest class that has a name stores; the reader depends on it."""
        found = self.known.get((number, _STORED, name))
        if found is None or found not in reader.looked:
            found = self._found(reader, number, _STORED, name)
        return found.stored

    def _found(self, reader: "Node", number: int, kind: int, name: str) -> Lookup:
        key = (number, kind, name)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._made(key)
            self.asked.setdefault(number, {})[key] = None
        if found not in reader.looked:
            reader.looked[found] = None
            found.readers[reader.number] = None
        return found

    def changed(self, reader: "Node", lookup: Lookup) -> bool:
        """Say whether a look-up gives something else by now; the reader depends on the new one."""
        if not lookup.stale:
            return False
        new = self._found(reader, *lookup.key)
        same = new.stored is lookup.stored and new.fields is lookup.fields
        return not same or new.below != lookup.below

    def _made(self, key: LookupKey) -> Lookup:
        number, kind, name = key
        stored: Value = NOTHING
        fields: Value = NOTHING
        forked = False
        for at in self.mro(number):
            if isinstance(at, int):
                if kind != _STORED:
                    fields = join(fields, self._watched(key, ("field", at, name)))
                if forked or not stored:
                    stored = join(stored, self._watched(key, ("attr", at, name)))
                forked = forked or (not stored and self.forks(at))
        below: list[tuple[int, Value, Value]] = []
        if kind == _WIDE:
            self.named.setdefault(name, {})[key] = None
            family = self.families.get(number, {})
            for sub in sorted([each for each in self.holders.get(name, ()) if each in family]):
                given = self._watched(key, ("field", sub, name))
                below.append((sub, self._watched(key, ("attr", sub, name)), given))
        return Lookup(key, stored, fields, tuple(below))

    def _watched(self, key: LookupKey, cell: "CellKey") -> Value:
        watchers = self.watchers.get(cell)
        if watchers is None:
            watchers = self.watchers[cell] = {}
        watchers[key] = None
        return self.cells.get(cell, NOTHING)

    def grown(self, cell: "CellKey", *, new: bool) -> list[int]:
        """Forget what read a cell that has grown; return the nodes that used it."""
        stale = list(self.watchers.pop(cell, ()))
        if new:
            _kind, number, name = cell
            self.holders.setdefault(name, {})[number] = None
            asked = self.named.get(name, ())
            stale.extend([key for key in asked if number in self.families.get(key[0], ())])
        return self._forget(stale)

    def derive(self, base: int, number: int) -> list[int]:
        """Note that a class derives from another; return the nodes that must know."""
        family = self.families.setdefault(base, {})
        if number in family:
            return []
        family[number] = None
        keys = [key for key in self.asked.get(base, ()) if key[1] == _WIDE]
        return self._forget(keys)

    def _forget(self, keys: list[LookupKey]) -> list[int]:
        readers: dict[int, None] = {}
        for key in keys:
            found = self.known.pop(key, None)
            if found is not None:
                found.stale = True
                del self.asked[key[0]][key]
                readers.update(found.readers)
        return list(readers)

    def mro(self, number: int) -> list[int | str]:
        """Return a class and its bases: numbers in the program, names outside; in C3's order."""
        known = self.orders.get(number)
        if known is not None:
            return known
        out: list[int | str] = [number]
        self.orders[number] = out  # of a class that derives from itself, while it is not known
        bases: list[int | str] = [
            atom[1]
            for base in self.program.classes[number].bases
            for atom in base
            if atom[0] in {CLASS, OUTSIDE}
        ]
        lines = [
            self.mro(base) if isinstance(base, int) else bases[at : at + 1]
            for at, base in enumerate(bases)
        ]
        out = [number, *_merged([*lines, bases], number)]
        for at in out:
            if isinstance(at, int):
                self.below.setdefault(at, {})[number] = None
        self.orders[number] = out
        return out

    def forks(self, number: int) -> bool:
        """Say whether a base of a class may be one of several: a function made it, of what it got.

        Then none of them hides what the others have.
        """
        bases = self.program.classes[number].bases
        return any(sum([atom[0] == CLASS for atom in base]) > 1 for base in bases)

    def rebased(self, number: int) -> list[int]:
        """Forget orders of resolution: a class has new bases; return the nodes that must know."""
        below = self.below.pop(number, {})
        for each in below:
            self.orders.pop(each, None)
        family = {number: None, **self.families.get(number, {}), **below}
        return self._forget([key for each in family for key in self.asked.get(each, ())])


def _merged(lines: list[list[int | str]], own: int) -> list[int | str]:
    """Return what C3 makes of orders; the first that is left where they contradict each other."""
    out: list[int | str] = []
    lines = [line for line in lines if line]
    while lines:
        later = {at for line in lines for at in line[1:]}
        at = next((line[0] for line in lines if line[0] not in later), lines[0][0])
        if at != own:
            out.append(at)
        lines = [[each for each in line if each != at] for line in lines]
        lines = [line for line in lines if line]
    return out
