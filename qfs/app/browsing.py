"""A log through time, for whoever walks in it: `qfs tui` shows these values and nothing else.

- The log is opened read-only; signatures are trusted, every root is compared with the recorded one.
- Opening derives nothing. What is asked about a packet is derived from the nearest of: the world
  at hand, a checkpoint of this walk, a snapshot beside the log. Checkpoints are bytes, bounded.
- One question at a time: a table has one thread. Whoever asks may give up (`Cancelled`).
- Values are texts, as long as they are; cutting them to a line is the view's business.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from threading import RLock

from qfs import packet as packet_
from qfs.app.browsing_text import told
from qfs.app.browsing_views import (
    CHANGES_MAX,
    Change,
    Comparison,
    Overview,
    PacketLine,
    PacketView,
    Place,
    changes_in,
    every_place,
    facts_of,
    field_of,
    founding_facts,
    genesis_of,
    line_of,
    place_of,
    transactions_of,
    words_in,
)
from qfs.app.snapshots import Finder
from qfs.app.watching import watch_frame
from qfs.app.worlds import QFS, Derived, Program, base_of, derive
from qfs.canon import Digest
from qfs.errors import CanonError, InputError, UsageError
from qfs.kernel import Receipt, Transactions, restore_world
from qfs.shell import log

CHECKPOINT_PACKETS = 500
CHECKPOINT_BYTES = 64 * 1024 * 1024  # 67_108_864, of all checkpoints together
KEYS_MAX = 200
"""Keys of a table that are shown at a time."""
NEAR = 2_000
"""So few packets are derived without being asked for."""
_LINES_KEPT = 4_096

Progress = Callable[[int, int], None]
"""Called with (packets derived or read, packets in all); may raise Cancelled."""


class Cancelled(Exception):  # noqa: N818 (nothing went wrong)
    """Whoever asked no longer wants the answer."""


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    seq: int
    world: bytes
    resumed: Digest


class Browser:
    """A log that is looked at; every answer is a value of this module."""

    def __init__(self, path: Path, program: Program = QFS) -> None:
        """Read where each packet stands; raises InputError for what is no log."""
        self.path = path
        self.program = program
        reading, corrupt = log.survey(path)
        self.frames = reading.frames
        if not self.frames:
            raise InputError("no packet can be read", place=str(path))
        self._lock = RLock()
        self._lines: dict[int, PacketLine] = {}
        self._answers: dict[int, tuple[int, int, str]] = {}
        self._checkpoints: list[_Checkpoint] = []
        self._at: Derived | None = None
        self._base: Derived | None = None
        first = 0
        if reading.pruned is not None:
            first = reading.pruned.first
            self._base = base_of(path, self.frames, reading.pruned, program)
        damage = f"corrupt: {corrupt}" if corrupt is not None else ""
        if reading.torn_at is not None and not damage:
            damage = f"cut at byte {reading.torn_at} of segment {reading.segment}"
        genesis = genesis_of(self.frames[0])
        ledger = genesis.digest().hex()
        self.overview = Overview(genesis.name, ledger, len(self.frames) - 1, first, damage)

    @property
    def last(self) -> int:
        """Sequence number of the last packet."""
        return len(self.frames) - 1

    @property
    def first(self) -> int:
        """The first packet that can be looked into."""
        return max(0, self.overview.first - 1)

    def begin(self) -> int:
        """Return the packet to begin with: the last one where it is near, else the first."""
        folder = self.path / "snapshots"
        kept = [int(one.stem) for one in folder.glob("*.snapshot") if one.stem.isdigit()]
        nearest = max([self.first, *[seq for seq in kept if seq <= self.last]])
        return self.last if self.last - nearest <= NEAR else self.first

    def line(self, seq: int) -> PacketLine:
        """Return a packet for a list, without deriving it."""
        found = self._lines.get(seq)
        if found is None:
            found = line_of(self.frames[seq], gone=seq < self.overview.first)
            if len(self._lines) >= _LINES_KEPT:
                self._lines.clear()
            self._lines[seq] = found
        answers = self._answers.get(seq)
        if answers is None:
            return found
        return PacketLine(seq, found.time, found.kind, found.signer, answers[0], answers[1])

    def sight(self, first: int, last: int, progress: Progress | None = None) -> None:
        """Make the answers of packets known, in their order."""
        for seq in range(max(first, self.first + 1), last + 1):
            if seq not in self._answers:
                self._world(seq, progress)

    def packet(self, seq: int, progress: Progress | None = None) -> PacketView:
        """Return one packet with its commands and their answers; halts if it cannot be derived."""
        with self._lock:
            frame = self.frames[seq]
            if seq <= self.first:
                world = self._world(seq, progress).world
                return PacketView(seq, founding_facts(frame, world), ())
            before = self._world(seq - 1, progress)
            watched = watch_frame(frame, before.world, self.program)
            view = PacketView(
                seq,
                facts_of(frame, watched.after, watched.receipt),
                transactions_of(frame, watched.commands, watched.receipt),
            )
            self._note(seq, watched.receipt)
            return view

    def places(
        self, seq: int, way: tuple[str, ...] = (), start: int = 0, progress: Progress | None = None
    ) -> tuple[tuple[Place, ...], int]:
        """Return what is inside a place of the state after a packet, and how much there is.

        No way: the machines. A machine: its fields. A machine and a field: its keys, from the
        start-th on, at most KEYS_MAX.
        """
        with self._lock:
            world = self._world(seq, progress).world
            if not way:
                found = [
                    Place(name, world.roots[name][1].hex(), (name,))
                    for name in sorted(world.states)
                ]
                return tuple(found), len(found)
            state = world.states[way[0]]
            if len(way) == 1:
                made = [
                    field_of(way[0], one.name, getattr(state, one.name)) for one in fields(state)
                ]
                return tuple(made), len(made)
            items = getattr(state, way[1]).items()
            shown = items[start : start + KEYS_MAX]
            return tuple([place_of(key, value) for key, value in shown]), len(items)

    def find_places(
        self, seq: int, text: str, progress: Progress | None = None
    ) -> tuple[tuple[Place, ...], bool]:
        """Return the places after a packet whose name or value holds a text, and if there are more.

        At most KEYS_MAX, machines in the order of their names.
        """
        wanted = text.casefold()
        with self._lock:
            world = self._world(seq, progress).world
            found: list[Place] = []
            for name, one in every_place(world):
                if wanted in name.casefold() or wanted in one.value.casefold():
                    if len(found) == KEYS_MAX:
                        return tuple(found), True
                    found.append(Place(name, one.value, (), one.parts))
            return tuple(found), False

    def compare(self, a: int, b: int, progress: Progress | None = None) -> Comparison:
        """Return every place that differs between the states after two packets."""
        with self._lock:
            here = self._world(a, progress)
            # Of its own tables: two versions of one would take turns at each look.
            apart = restore_world(self.program.machines, b"".join(here.world.snapshot()))
            there = self._world(b, progress).world
            changes: list[Change] = []
            for name in sorted([*{**apart.states, **there.states}]):
                changes += changes_in(name, apart.states.get(name), there.states.get(name))
                if len(changes) > CHANGES_MAX:
                    break
            return Comparison(a, b, tuple(changes[:CHANGES_MAX]), len(changes) > CHANGES_MAX)

    def search(
        self, text: str, seq: int, *, backward: bool = False, progress: Progress | None = None
    ) -> int | None:
        """Return the next packet from seq on, round the end, that holds a text; None if none does.

        Looked at are its identity, signer, time and kind, its orders, and answers that are known.
        """
        wanted = text.casefold()
        first, count = self.overview.first, len(self.frames) - self.overview.first
        for step in range(count):
            at = first + (seq - first + (-step if backward else step)) % count
            if wanted in self._haystack(at):
                return at
            if progress is not None and step % 64 == 0:
                progress(step, count)
        return None

    def at(self, text: str) -> int:
        """Return the packet that a text names: its number, ``+5``, ``-5`` from the end, ``end``."""
        asked = text.strip().casefold()
        if asked in ("end", "last", "$"):
            return self.last
        try:
            number = int(asked)
        except ValueError:
            raise UsageError(f"{text!r} is no packet", way_out="give a number, or end") from None
        number = self.last + 1 + number if number < 0 else number
        if not self.first <= number <= self.last:
            way_out = f"give {self.first} .. {self.last}"
            raise UsageError(f"there is no packet {number}", way_out=way_out)
        return number

    def _haystack(self, seq: int) -> str:
        line = self.line(seq)
        words = [str(seq), line.time, line.kind, line.signer]
        words += [self.frames[seq].root.hex(), self._answers.get(seq, (0, 0, ""))[2]]
        try:
            if seq == 0:
                words += words_in(genesis_of(self.frames[0]).value())
            else:
                signed = packet_.decode(self.frames[seq].body)
                action = packet_.action_of(signed.packet.kind, signed.packet.payload)
                words.append(signed.id.hex())
                if isinstance(action, Transactions):
                    orders = [order for group in action.groups for order in group]
                    words += [
                        word for one in orders for word in (one.machine, *words_in(one.record))
                    ]
                else:
                    words.append(told(action))
        except CanonError:
            pass  # it is searched by what can be read of it
        return " ".join(words).casefold()

    def _world(self, seq: int, progress: Progress | None) -> Derived:
        """Return the world after a packet, from what is nearest."""
        with self._lock:
            at = self._nearest(seq)
            begun = -1 if at is None else at.frame.seq
            steps = derive(self.frames[begun + 1 : seq + 1], self.program, after=at)
            for step in steps:
                at = self._at = step
                number = step.frame.seq
                if step.receipt is not None:
                    self._note(number, step.receipt)
                if number % CHECKPOINT_PACKETS == 0 and number < seq:
                    self._keep(step)
                if progress is not None and number % 16 == 0:
                    progress(number - begun, seq - begun)
            if at is None or at.frame.seq != seq:
                raise InputError(f"packet {seq} was pruned", place=str(self.path))
            self._at = at
            return at

    def _nearest(self, seq: int) -> Derived | None:
        """Return the newest derived frame that is not behind a packet; None for genesis's."""
        known = self._at if self._at is not None and self._at.frame.seq <= seq else self._base
        begun = -1 if known is None else known.frame.seq
        place = bisect_right([one.seq for one in self._checkpoints], seq) - 1
        if place >= 0 and self._checkpoints[place].seq > begun:
            one = self._checkpoints[place]
            world = restore_world(self.program.machines, one.world)
            known = Derived(self.frames[one.seq], world, None, one.resumed)
            begun = one.seq
        if seq - begun > CHECKPOINT_PACKETS and self.path.is_dir():
            found = Finder(self.path, self.program, below=seq + 1)(self.frames[: seq + 1])
            if found is not None and found.frame.seq > begun:
                known = found
        return known

    def _keep(self, step: Derived) -> None:
        """Keep a world as bytes; where that is too much, every second one goes."""
        places = [one.seq for one in self._checkpoints]
        at = bisect_right(places, step.frame.seq)
        if at and places[at - 1] == step.frame.seq:
            return
        data = b"".join(step.world.snapshot())
        self._checkpoints.insert(at, _Checkpoint(step.frame.seq, data, step.resumed))
        while sum([len(one.world) for one in self._checkpoints]) > CHECKPOINT_BYTES:
            self._checkpoints = self._checkpoints[1::2]

    def _note(self, seq: int, receipt: Receipt) -> None:
        """Remember how a packet was answered."""
        reasons = [f"{one.machine}.{one.reason}" for one in receipt.answers if one is not None]
        no = len(reasons)
        self._answers[seq] = (len(receipt.answers) - no, no, " ".join(dict.fromkeys(reasons)))
