"""One seed is one world: accounts, packets, a disk and what happens to it; a breach raises.

- The real log, gate, kernel and machines run; chance, disk and time are the seed's.
- What must hold after every start: acknowledged <= recovered <= written, as a prefix, unless the
  disk lied or rotted; then what is lost is reported, and nothing that was not written is believed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from random import Random
from zlib import crc32

from qfs import packet as packet_
from qfs.app.checking import recounted
from qfs.app.ledger import ledger_of
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.recount import Recount
from qfs.app.sentences import sentences
from qfs.app.worlds import HaltedLog, derive, last_of
from qfs.canon import Digest
from qfs.crypto import SIZES, Profile, key_id
from qfs.crypto.ports import KeyId
from qfs.errors import EnvironmentFault
from qfs.gate import Refusal, admit_trusted
from qfs.kernel import (
    Action,
    Executed,
    Genesis,
    Order,
    Tick,
    Transactions,
    World,
    apply,
    found,
    restore_world,
)
from qfs.kernel.proofs import prove_packet, verify_packet_proof
from qfs.keys import COMMANDS as KEYS
from qfs.keys import Enrol, Role
from qfs.ledger import COMMANDS as LEDGER
from qfs.ledger import Found, Issue, OpenAccount
from qfs.machines.settlement.holds.commands import COMMANDS as HOLDS
from qfs.machines.settlement.holds.commands import Found as FoundHolds
from qfs.reactions.escrow import HELD, OPENING
from qfs.shell import log
from tests.app.logs import signer_of
from tests.sim import market
from tests.sim.disk import Crash, Fault, SimDisk
from tests.sim.market import ACCOUNTS, Book, Generator

PROFILE = Profile.ML_DSA_87
NAMES = ("operator", "alice", "bob")
SIGNATURE = bytes(SIZES[PROFILE].signature)
HONEST = (Fault.CRASH, Fault.EIO, Fault.ENOSPC, Fault.FSYNC)
LYING = (Fault.LOST, Fault.MISDIRECTED)
SEGMENT_BYTES, RESERVED_BYTES = 40_000, 12_000


class BreachError(AssertionError):
    """A sentence that does not hold in a simulated world."""


@dataclass
class Outcome:
    """What became of a world; equal for equal seeds, wherever it runs."""

    roots: bytes = b""
    """Digest over the last root and the counts below."""
    packets: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    halted: bool = False
    """Whether the disk's lies were found, so that the ledger stands."""


@dataclass(frozen=True)
class Beginning:
    """What all worlds have in common: a genesis, and a packet that stocks an account a key."""

    ids: tuple[KeyId, ...]
    frames: list[tuple[bytes, Digest]]
    books: list[Book]
    snapshot: bytes


@cache
def beginning() -> Beginning:
    """Return the first two frames of every world, and the model and the world after them."""
    keys = [signer_of(name).public_key for name in NAMES]
    roles = [(Role.ROOT, Role.OPERATOR), (Role.SUBMITTER,), (Role.SUBMITTER,)]
    orders = [
        Order("keys", KEYS.pack(Enrol(PROFILE, key, role)))
        for key, role in zip(keys, roles, strict=True)
    ]
    ids = tuple(key_id(PROFILE, key) for key in keys)
    orders += [Order("ledger", LEDGER.pack(Found(ids[0], ()))), OPENING]
    orders.append(Order("holds", HOLDS.pack(FoundHolds(HELD))))
    machines = (("holds", 1), ("keys", 1), ("ledger", 1))
    genesis = Genesis("simulation", machines, tuple(orders))
    world = found(MACHINES, genesis, REACTIONS)
    book = market.founded(ids[0])
    group: list[object] = [
        OpenAccount(account, owner) for account, owner in zip(ACCOUNTS, ids, strict=False)
    ]
    for account in range(ACCOUNTS[0], ACCOUNTS[0] + len(ids)):
        for token in (1, 2, 3, 4):
            at = account - ACCOUNTS[0]
            key = bytes((account % 256, token)) * 8
            group.append(Issue(token, account, 100 + account, at, key))
    action = Transactions((tuple(market.order(one) for one in group),))
    data = envelope(world, action, 1, ids[0], 1_000_000, bytes(32))
    admitted = admit_trusted(data, world)
    assert not isinstance(admitted, Refusal)
    after, receipt = apply(MACHINES, REACTIONS, world, admitted)
    assert receipt.answers == (None,)
    books = [book, market.after(book, [group], [True], ids[0])]
    frames = [(genesis.to_bytes(), world.root), (data, after.root)]
    return Beginning(ids, frames, books, b"".join(after.snapshot()))


def envelope(
    world: World, action: Action, seq: int, actor: KeyId, step_us: int, seed: bytes
) -> bytes:
    """Return a packet that follows a world, as its signer would send it."""
    body = packet_.draft(
        ledger=world.ledger,
        seq=seq,
        time_us=world.time_us + step_us,
        seed=seed,
        previous=world.head,
        key=actor,
        action=action,
    ).to_bytes()
    return packet_.encode(body, SIGNATURE)


class Simulation:
    """One world on its way."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        begun = beginning()
        self.ids = begun.ids
        self.world = restore_world(MACHINES, begun.snapshot)
        self.generator = Generator(self.chance, self.ids)
        self.outcome = Outcome()
        self.mood = self.chance.choice(("calm", "honest", "honest", "honest", "lying", "rotting"))
        self.rate = self.chance.choice((0.03, 0.08, 0.2))
        self.lied = False
        self.disk = SimDisk(self.chance, lambda _: None)
        self.written = list(begun.frames)
        self.books = list(begun.books)
        """The model after each frame."""
        self.writer = log.begin(self.disk, *begun.frames[0])
        self.writer.append(*begun.frames[1])
        self.acknowledged = 1
        self.disk.plan = self.plan
        self.snapshots: dict[int, bytes] = {}

    def plan(self, _call: int) -> Fault | None:
        if self.mood == "calm" or self.chance.random() >= self.rate:
            return None
        if self.mood == "lying" and self.chance.random() < 0.5:
            self.lied = True
            return self.chance.choice(LYING)
        return self.chance.choice(HONEST)

    def run(self) -> Outcome:
        steps = self.chance.randrange(8, 28)
        for _ in range(steps):
            if not self.guarded(self.step):
                return self.end()
        if self.guarded(self.close):
            self.final()
        return self.end()

    def guarded(self, call: Callable[[], None]) -> bool:
        """Run a step as a process does; returns False when the ledger halts for good."""
        try:
            call()
        except Crash:
            self.disk.crash()
            return self.recover()
        except EnvironmentFault:
            self.writer.close()
            if self.chance.random() < 0.5:
                self.disk.crash()
            return self.recover()
        return True

    def step(self) -> None:
        what = self.chance.random()
        if what < 0.62:
            self.packet()
        elif what < 0.72:
            self.foreign()
        elif what < 0.92:
            self.writer.sync()
            self.acknowledged = len(self.written)
        elif what < 0.95:
            self.snapshots[self.world.seq] = b"".join(self.world.snapshot())
        elif what < 0.98 and self.mood == "rotting":
            self.lied = self.disk.rot() is not None or self.lied
        else:
            self.disk.crash()
            if not self.recover():
                raise HaltedError

    def packet(self) -> None:
        """Draft, admit, apply and append one packet; the model and the world must agree."""
        actor = self.chance.randrange(len(self.ids))
        book = self.books[-1]
        groups = [
            [
                self.generator.command(book, self.world, self.ids[actor])
                for _ in range(self.chance.choice((1, 1, 1, 2, 3)))
            ]
            for _ in range(self.chance.randrange(1, 5))
        ]
        fate = self.chance.random()
        if fate < 0.08:
            groups = []
        elif fate < 0.4:
            leader, command = self.generator.lead(book, self.world)
            actor, groups = self.ids.index(leader), [[command]]
        action: Action = (
            Transactions(tuple(tuple(market.order(one) for one in group) for group in groups))
            if groups
            else Tick()
        )
        data = self.envelope(action, self.world.seq + 1, actor if groups else 0)
        admitted = admit_trusted(data, self.world)
        if isinstance(admitted, Refusal):
            raise BreachError(f"an honest packet is refused: {admitted}")
        before = self.world
        world, receipt = apply(MACHINES, REACTIONS, before, admitted)
        answers = [answer is None for answer in receipt.answers]
        made = market.after(book, groups, answers, self.ids[actor])
        if not market.agrees(made, world):
            raise BreachError("queries equal a naive model")
        self.outcome.packets += 1
        self.world = world
        self.written.append((data, world.root))
        self.books.append(made)
        self.writer.append(data, world.root)

    def foreign(self) -> None:
        """Send a packet again, or one too early: the gate must refuse it."""
        if len(self.written) > 1 and self.chance.random() < 0.5:
            data = self.chance.choice(self.written[1:])[0]
        else:
            ahead = self.world.seq + self.chance.randrange(2, 5)
            data = self.envelope(Tick(), ahead, 0)
        if not isinstance(admit_trusted(data, self.world), Refusal):
            raise BreachError("a duplicate or reordered packet is admitted")

    def envelope(self, action: Action, seq: int, actor: int) -> bytes:
        step_us, seed = self.chance.randrange(1, 10**7), self.chance.randbytes(32)
        return envelope(self.world, action, seq, self.ids[actor], step_us, seed)

    def recover(self) -> bool:
        """Start again from the disk; returns False when the start halts, as it must."""
        while True:
            self.disk.close()
            try:
                self.disk.refresh()
                reading, corrupt = log.survey_of(self.disk)
                self.check_reading(reading, corrupt is not None)
                if corrupt is not None or not reading.frames:
                    self.outcome.halted = True
                    return False
                self.writer = log.go_on(self.disk, reading)
                break
            except (EnvironmentFault, OSError):
                continue
            except Crash:
                self.disk.crash()
        number = len(reading.frames)
        try:
            self.derive(reading.frames)
        except HaltedLog as halt:
            if not self.lied:
                raise BreachError(f"what was written cannot be derived: {halt}") from halt
            self.outcome.halted = True
            return False
        del self.written[number:], self.books[number:]
        self.acknowledged = number
        self.snapshots = {seq: data for seq, data in self.snapshots.items() if seq < number}
        return True

    def check_reading(self, reading: log.LogReading, corrupt: bool) -> None:
        number = len(reading.frames)
        if corrupt and not self.lied:
            raise BreachError("an honest disk is called corrupt")
        if number > len(self.written):
            raise BreachError("recovered <= written")
        for frame, (body, root) in zip(reading.frames, self.written, strict=False):
            if (frame.body, frame.root) != (body, root):
                raise BreachError("what is recovered is a prefix of what was written")
        if corrupt:
            return
        if number < self.vouched():
            raise BreachError("rot of what a mark vouches for stops the ledger")
        if number >= self.acknowledged:
            return
        if not self.lied:
            raise BreachError(f"acknowledged <= recovered: {self.acknowledged} > {number}")
        if reading.torn_at is None:
            raise BreachError("rot is detected, or reported as possible loss")

    def vouched(self) -> int:
        """Return how many frames any whole header on the disk calls durable, read byte by byte."""
        most = 0
        for file in self.disk.files.values():
            for magic in (b"QFSLOG1\n", b"QFSMRK1\n"):
                at = file.live.find(magic)
                while at >= 0:
                    header = bytes(file.live[at : at + 64])
                    if (
                        len(header) == 64
                        and crc32(header[:60]).to_bytes(4, "little") == header[60:]
                    ):
                        most = max(most, int.from_bytes(header[20:28], "little"))
                    at = file.live.find(magic, at + 1)
        return most

    def derive(self, frames: tuple[log.Frame, ...]) -> None:
        """Re-derive the world, from a snapshot and the tail when there is one."""
        usable = [seq for seq in self.snapshots if seq < len(frames)]
        world = last_of(derive(frames)).world
        if usable:
            seq = self.chance.choice(usable)
            again = restore_world(MACHINES, self.snapshots[seq])
            if again.root != frames[seq].root:
                raise BreachError("a snapshot leads to the root of its packet")
            for frame in frames[seq + 1 :]:
                admitted = admit_trusted(frame.body, again)
                if isinstance(admitted, Refusal):
                    raise BreachError("what was admitted is admitted again")
                again, _ = apply(MACHINES, REACTIONS, again, admitted, check_after=True)
            if again.root != world.root:
                raise BreachError("a snapshot and the tail lead to the same root")
        self.world = world
        if not market.agrees(self.books[world.seq], world):
            raise BreachError("queries equal a naive model, after a start")

    def close(self) -> None:
        self.writer.close()
        self.acknowledged = len(self.written)

    def final(self) -> None:
        """Hold the last world to every sentence, and prove a packet of it."""
        reading, corrupt = log.survey_of(self.disk)
        self.check_reading(reading, corrupt is not None)
        if corrupt is not None or not reading.frames:
            self.outcome.halted = True
            return
        self.derive(reading.frames)
        for name, holds in [*sentences(self.world), *recounted(*self.recount(reading.frames))]:
            if not holds:
                raise BreachError(name)
        history = [
            (
                Digest(self.world.ledger) if frame.seq == 0 else packet_.decode(frame.body).id,
                frame.root,
            )
            for frame in reading.frames
        ]
        seq = self.chance.randrange(len(history) + 1)
        proof = prove_packet(self.world, history, seq)
        if verify_packet_proof(self.world.root, proof) is not (seq < len(history)):
            raise BreachError("every packet is proved, and every one that is not there")

    def recount(self, frames: tuple[log.Frame, ...]) -> tuple[Recount, World]:
        """Add up by dictionaries what the log says was accepted."""
        recount, ran = Recount(), list[Executed]()
        for step in derive(frames, watch=ran.append):
            if step.receipt is None:
                recount.begin(ledger_of(step.world))
            recount.packet(step, ran)
            ran.clear()
        return recount, self.world

    def end(self) -> Outcome:
        counts = {fault.name: self.disk.happened.count(fault) for fault in Fault}
        self.outcome.faults = {name: count for name, count in counts.items() if count}
        said = (
            self.world.root.hex(),
            self.outcome.packets,
            self.outcome.faults,
            self.outcome.halted,
        )
        self.outcome.roots = sha256(repr(said).encode()).digest()
        return self.outcome


class HaltedError(Exception):
    """The start after a crash in the middle of a step halted."""


def simulate(seed: int) -> Outcome:
    """Run one world to its end; raises whatever is wrong with it."""
    saved = log.SEGMENT_BYTES, log.RESERVED_BYTES
    log.SEGMENT_BYTES, log.RESERVED_BYTES = SEGMENT_BYTES, RESERVED_BYTES
    simulation = Simulation(seed)
    try:
        return simulation.run()
    except HaltedError:
        return simulation.end()
    finally:
        log.SEGMENT_BYTES, log.RESERVED_BYTES = saved
