"""`qfs bisect A B --ignore FIELD`: where two imported histories part, some fields left out.

- Runs that draw ids or read a clock part in every root: so their records are compared one by one,
  field by field, both logs derived on the way. A pattern names a field and all that is in it;
  ``*`` stands for any characters, ``?`` for one.
- Streams that are named by a field left out are compared by the order in which they first appear:
  the first new one of A is the first new one of B from then on.
- A record of which nothing was left out is compared as a whole too, to the byte.
- What was left out is counted, pattern by pattern, and reported: nothing is left out in silence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from qfs import packet as packet_
from qfs.app.importing import recorded_format
from qfs.app.watching import shortened
from qfs.app.worlds import derive_all
from qfs.crypto import Verifier
from qfs.errors import UsageError
from qfs.kernel import Transactions
from qfs.machines.history.records.commands import COMMANDS, Record
from qfs.machines.history.records.rows import DATA, STREAM
from qfs.shell import log


@dataclass(frozen=True, slots=True)
class Place:
    """One record of a history."""

    packet: int
    transaction: int
    number: int
    """From 0 on."""
    record: Record


@dataclass(frozen=True, slots=True)
class Parted:
    """Where two histories part, fields left out."""

    packets: tuple[int, int]
    """How many packets each has, if they agree; else how many were looked at."""
    left_out: tuple[tuple[str, int], ...]
    """Each pattern, and how many values it left out, of records that are not the same bytes."""
    place: Place | None = None
    """The first record that differs, of the one that has it; None when they agree."""
    ended: str = ""
    """``a`` or ``b``, where it ends before the other."""
    name: str = ""
    """The field."""
    values: tuple[str, str] = ("", "")


def compare(a: Path, b: Path, ignored: Sequence[str], verifier: Verifier | None) -> Parted:
    """Compare two imported histories; raises UsageError for logs that are none, halts as `derive`.

    Without a verifier signatures are trusted.
    """
    sides = [_History(path, verifier) for path in (a, b)]
    if sides[0].form != sides[1].form:
        what = f"histories of the formats {sides[0].form} and {sides[1].form}"
        raise UsageError(what, place=str(b), way_out="import both from the same format")
    leaves = _LeftOut(ignored)
    found = None
    for one, other in zip_longest(*sides):
        if one is None or other is None:
            ended = "a" if one is None else "b"
            return Parted(_seen(sides), leaves.counted(), one or other, ended)
        found = leaves.difference(one.record, other.record)
        if found is not None:
            return Parted(_seen(sides), leaves.counted(), one, "", *found)
    return Parted(_seen(sides), leaves.counted())


class _History:
    """The records of an imported log, in order."""

    def __init__(self, path: Path, verifier: Verifier | None) -> None:
        self.packets = 0
        self._path = path
        self._verifier = verifier
        self._read = log.survey(path)
        self.form = recorded_format(path, self._read[0].frames[0]).name

    def __iter__(self) -> Iterator[Place]:
        reading, corrupt = self._read
        number = 0
        for step in derive_all(self._path, reading, verifier=self._verifier, corrupt=corrupt):
            self.packets = step.world.seq
            if not step.frame.seq:
                continue
            packet = packet_.decode(step.frame.body).packet
            action = packet_.action_of(packet.kind, packet.payload)
            groups = action.groups if isinstance(action, Transactions) else ()
            for at, group in enumerate(groups):
                for order in group:
                    command = COMMANDS.unpack(order.record) if order.machine == "records" else None
                    if isinstance(command, Record):
                        yield Place(self.packets, at, number, command)
                        number += 1


class _LeftOut:
    """Patterns of fields, and what they have left out so far."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = {one: _pattern(one) for one in patterns}
        self._counts = dict.fromkeys(patterns, 0)
        self._by_name: dict[str, str] = {}
        """Name of a field -> the first pattern that leaves it out, empty for none."""
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def counted(self) -> tuple[tuple[str, int], ...]:
        """Return each pattern with the number of values that it left out."""
        return tuple(self._counts.items())

    def difference(self, one: Record, other: Record) -> tuple[str, tuple[str, str]] | None:
        """Return the first field in which two records differ, and its values there."""
        alike = (one.stream, one.data) == (other.stream, other.data)
        if alike and self._same_stream(one, other):
            return None
        here, there = self._compared(one), self._compared(other)
        for name in dict.fromkeys([*here, *there]):
            if here.get(name) != there.get(name):
                return name, (_shown(here.get(name)), _shown(there.get(name)))
        if not self._same_stream(one, other):
            return STREAM, (_shown(one.stream), _shown(other.stream))
        whole = len(here) == len(one.fields) and len(there) == len(other.fields)
        if whole and one.data != other.data:
            return DATA, (_shown(one.data), _shown(other.data))
        return None

    def _compared(self, record: Record) -> dict[str, str]:
        """Return the fields that are compared, and count the others."""
        found = {}
        for name, value in record.fields:
            pattern = self._of(name)
            if pattern:
                self._counts[pattern] += 1
            else:
                found[name] = value
        return found

    def _of(self, name: str) -> str:
        known = self._by_name.get(name)
        if known is None:
            matching = [one for one, rule in self._patterns.items() if rule.fullmatch(name)]
            known = self._by_name[name] = matching[0] if matching else ""
        return known

    def _same_stream(self, one: Record, other: Record) -> bool:
        """Say whether two streams stand for each other, now or from the first record on."""
        new = one.stream not in self._there and other.stream not in self._back
        named = self._is_named(one) and self._is_named(other)
        if new and (one.stream == other.stream or named):
            self._there[one.stream], self._back[other.stream] = other.stream, one.stream
        return self._there.get(one.stream) == other.stream

    def _is_named(self, record: Record) -> bool:
        """Say whether a field that is left out names the record's stream."""
        return any(
            self._of(name) and value.strip('"') == record.stream.strip('"')
            for name, value in record.fields
        )


def _pattern(text: str) -> re.Pattern[str]:
    """Return what matches the names of fields that a pattern leaves out."""
    if not text:
        raise UsageError("an empty pattern", place="--ignore", way_out="name a field")
    escaped = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(rf"{escaped}(?:[.\[#].*)?", re.DOTALL)


def _seen(sides: Sequence[_History]) -> tuple[int, int]:
    return sides[0].packets, sides[1].packets


def _shown(value: str | bytes | None) -> str:
    return shortened(repr(value))
