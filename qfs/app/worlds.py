"""From a log to its world: re-derive every packet and compare every root.

- Needs the standard library alone when signatures are trusted: any CPython >= 3.11 can run it.
- Where signatures are verified, each state is derived from its events as well (ADR 14).
- The committed log is history: whatever cannot be re-derived from it is a CIR-302 halt, which
  carries the canonical record. Reading never changes anything.
- A Resume in the log names the halt that it answered; the halted packet itself never entered it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qfs import packet as packet_
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.untouched import Untouched
from qfs.canon import ZERO_DIGEST, Digest
from qfs.certmath import ProofLog
from qfs.crypto import Verifier
from qfs.crypto.merkle import Frontier
from qfs.errors import CanonError, InputError
from qfs.gate import Refusal, admit_trusted, verify
from qfs.halt import Code, Halt, HaltRecord, check
from qfs.kernel import (
    Admitted,
    Executed,
    Genesis,
    Machines,
    Reaction,
    Receipt,
    Resume,
    World,
    apply,
    found,
    restore_world,
)
from qfs.kernel.world import packet_leaf
from qfs.shell import log
from qfs.shell.log import LogWriter
from qfs.shell.log_frames import Bodies, Frame
from qfs.shell.log_passage import LogReading, Passage
from qfs.shell.log_prune import Pruned
from qfs.shell.providers.remembering import Remembering

if TYPE_CHECKING:
    from qfs.app.replay_ahead import ReadAhead

_RESUME = next(kind.number for kind in packet_.KINDS if kind.action is Resume)


@dataclass(frozen=True, slots=True)
class Program:
    """What re-derives: machines and the reactions between them."""

    machines: Machines
    reactions: tuple[Reaction, ...] = ()

    @property
    def own(self) -> Machines:
        """The machines among them that QFS does not ship."""
        shipped = QFS.machines
        return {key: one for key, one in self.machines.items() if shipped.get(key) is not one}


QFS = Program(MACHINES, REACTIONS)
"""The machines that QFS ships."""


@dataclass(frozen=True, slots=True)
class Derived:
    """One frame of a log, derived again."""

    frame: Frame
    world: World
    """The world after it."""
    receipt: Receipt | None
    """The answer to the packet; None for genesis."""
    resumed: Digest
    """The last halt that a Resume has answered so far; zero before the first."""
    proofs: tuple[ProofLog, ...] = ()
    """What each transaction computed, where the caller asked for it."""


class HaltedLog(Halt):
    """The halt of a committed log, with the record that every replica writes alike."""

    def __init__(self, cause: Halt, record: HaltRecord) -> None:
        super().__init__(cause.code, **cause.facts)
        self.halt_record = record


@dataclass(frozen=True, slots=True)
class OpenLedger:
    """A ledger opened to go on with."""

    writer: LogWriter
    reading: LogReading
    world: World
    halted: HaltRecord | None
    """The halt in which it stands, not yet answered by a Resume."""
    resumed: Digest
    """The last halt that a Resume has answered; zero when none has."""


def open_ledger(
    directory: Path,
    verifier: Verifier | None,
    program: Program = QFS,
    *,
    start: Callable[[Sequence[Frame]], Derived | None] | None = None,
) -> OpenLedger:
    """Open a ledger for writing and re-derive its world; without a verifier signatures are trusted.

    start may find, among the frames, one whose world is known: what follows it is derived alone.
    Raises InputError and UsageError as `qfs.shell.log.open_writer`; halts as `derive`.
    """
    writer, reading = log.open_writer(directory)
    try:
        last = last_of(continued(reading.frames, program, verifier, start))
        halted = log.read_halt(directory)
        if halted is not None and halted.digest() == last.resumed:
            log.clear_halt(directory)  # the process died between its Resume and this line
            halted = None
    except BaseException:
        writer.close()
        raise
    return OpenLedger(writer, reading, last.world, halted, last.resumed)


def read_world(path: Path, verifier: Verifier | None, program: Program = QFS) -> Derived:
    """Return the last derived frame of a log, read-only; raises and halts as `derive`."""
    reading, corrupt = log.survey(path)
    return last_of(derive_all(path, reading, program, verifier, corrupt=corrupt))


def derive_all(
    path: Path,
    reading: LogReading,
    program: Program = QFS,
    verifier: Verifier | None = None,
    *,
    corrupt: Halt | None = None,
    prove: bool = False,
    watch: Callable[[Executed], None] | None = None,
    check_after: bool | None = None,
    ahead: "ReadAhead | None" = None,
) -> Iterator[Derived]:
    """Yield each frame of a reading as `derive`; of a pruned log, from its base snapshot on.

    The base is the last pruned packet's frame. Raises InputError when its snapshot is gone.
    """
    frames, base = reading.frames, None
    if reading.pruned is not None:
        base = base_of(path, frames, reading.pruned, program)
        yield base
        frames = frames[reading.pruned.first :]
    yield from derive(
        *(frames, program, verifier),
        corrupt=corrupt,
        after=base,
        prove=prove,
        watch=watch,
        check_after=check_after,
        ahead=ahead,
    )


def base_of(path: Path, frames: Sequence[Frame], pruned: Pruned, program: Program) -> Derived:
    """Return the world of a pruned log's last pruned packet, held to all that the log keeps of it.

    Raises InputError when its snapshot is gone or another's; halts when its contents do not lead to
    its root, or its tree of packets is not the one of the record.
    """
    frame = frames[pruned.first - 1]
    file = snapshot_file(path, frame.seq)
    try:
        world = restore_world(program.machines, file.read_bytes())
    except (OSError, CanonError) as error:
        raise InputError(
            f"no readable snapshot ({error}), and {frame.seq} packets were pruned",
            place=str(file),
            way_out="restore the snapshot: what was pruned is in it",
        ) from None
    packets = Frontier()
    before = ZERO_DIGEST
    for packet, root in zip(pruned.ids, pruned.roots, strict=True):
        packets = packets.append(packet_leaf(packet, before))
        before = root
    check(
        world.root == frame.root and world.packets == packets,
        Code.SNAPSHOT_CORRUPT,
        seq=frame.seq,
        expected=frame.root,
        actual=world.root,
    )
    return Derived(frame, world, None, pruned.resumed)


def snapshot_file(directory: Path, seq: int) -> Path:
    """Return the file of a packet's snapshot."""
    return directory / "snapshots" / f"{seq:020d}.snapshot"


def last_of(steps: Iterable[Derived]) -> Derived:
    """Return the last of at least one derived frame."""
    last: Derived | None = None
    for step in steps:
        last = step
    if last is None:
        raise InputError("a log without a genesis frame")
    return last


def continued(
    frames: Sequence[Frame],
    program: Program,
    verifier: Verifier | None,
    start: Callable[[Sequence[Frame]], Derived | None] | None,
) -> Iterator[Derived]:
    """Yield the frame that start knows, if it knows one, and each later one derived again."""
    after = None if start is None else start(frames)
    if after is None:
        yield from derive(frames, program, verifier)
        return
    yield after
    yield from derive(frames[after.frame.seq + 1 :], program, verifier, after=after)


def last_resumed(frames: Iterable[Frame]) -> Digest:
    """Return the halt that the last Resume among the frames names; zero when there is none."""
    resumed = ZERO_DIGEST
    bodies = Bodies()
    for frame in frames:
        if isinstance(frame.source, Pruned):
            resumed = frame.source.resumed
            continue
        named = _halt_named(bodies.of(frame)) if frame.seq else None
        resumed = resumed if named is None else named
    return resumed


def derive(
    frames: Iterable[Frame] | Passage,
    program: Program = QFS,
    verifier: Verifier | None = None,
    *,
    compare: bool = True,
    corrupt: Halt | None = None,
    after: Derived | None = None,
    prove: bool = False,
    watch: Callable[[Executed], None] | None = None,
    check_after: bool | None = None,
    ahead: "ReadAhead | None" = None,
) -> Iterator[Derived]:
    """Yield each frame derived again, genesis first; without a verifier signatures are trusted.

    frames are known ones, or all that a passage comes by; corrupt is what stands behind them; after
    is the known frame that they follow. compare checks each root against the recorded one; prove
    collects the proof logs; watch is shown each command; ahead reads ahead for the verifier.
    check_after derives each state from its events as well, and holds machines that QFS does not
    ship to leaving their input as it is: by default where signatures are verified. Halts with
    HaltedLog at the first packet that the gate refuses, that breaks a machine or that leads to
    another root. Raises ProviderFault when the verifier cannot answer.
    """
    world: World | None = None if after is None else after.world
    receipt: Receipt | None = None
    proofs: list[ProofLog] | None = None
    resumed = ZERO_DIGEST if after is None else after.resumed
    agreed = ZERO_DIGEST if after is None else after.world.root
    asked = None if verifier is None else Remembering(verifier)  # a batch has one signature
    last: Frame | None = None if after is None else after.frame
    twice = verifier is not None if check_after is None else check_after
    bodies = Bodies()
    untouched = Untouched(program.own if twice else {}, watch)
    try:
        for frame, read in _with_bodies(frames, ahead):
            last = frame
            if world is None:
                world = found_of(frame, program)
            else:
                body = bodies.of(frame) if read is None else read
                admitted = admit(frame, world, asked, body)
                untouched.begin(world, admitted, body)
                proofs = [] if prove else None
                given = (program.machines, program.reactions, world, admitted)
                world, receipt = apply(
                    *given, check_after=twice, watch=untouched.watch, proofs=proofs
                )
                if isinstance(admitted.action, Resume):
                    resumed = admitted.action.halt
            if compare:
                _check_root(frame, world.root)
            agreed = world.root
            yield Derived(frame, world, receipt, resumed, tuple(proofs or ()))
    except Halt as halt:
        seq, packet = (0, ZERO_DIGEST) if last is None else (last.seq, _identity(last))
        raise HaltedLog(halt, halt.record(seq, packet, agreed, resumed)) from None
    corrupt = frames.corrupt if isinstance(frames, Passage) else corrupt
    if corrupt is not None:
        seq = 0 if last is None else last.seq + 1
        raise HaltedLog(corrupt, corrupt.record(seq, ZERO_DIGEST, agreed, resumed))


def _with_bodies(
    frames: Iterable[Frame] | Passage, ahead: "ReadAhead | None"
) -> Iterable[tuple[Frame, bytes | None]]:
    """Return each frame with its body where that has been read already, else with None."""
    if isinstance(frames, Passage):
        return frames
    return ((frame, None) for frame in frames) if ahead is None else ahead.over(frames)


def admit(
    frame: Frame, world: World, verifier: Verifier | None, body: bytes | None = None
) -> Admitted:
    """Return what the gate makes of a committed frame after world.

    body is the frame's, where it has been read already. A refusal of the gate is a halt with its
    sub-code. Raises ProviderFault.
    """
    body = frame.body if body is None else body
    answer = _gate(body, world, verifier, None)
    if answer is Refusal.WRONG_HALT:
        # Only a Resume gets here; the halt that it answered is the one that it names.
        answer = _gate(body, world, verifier, _halt_named(body))
    if isinstance(answer, Refusal):
        raise Halt(Code.PACKET_REFUSED, seq=frame.seq, refusal=answer.name, subcode=answer.subcode)
    return answer


def found_of(frame: Frame, program: Program) -> World:
    """Return the world of a genesis frame; in a log a bad genesis is a halt."""
    try:
        return found(program.machines, Genesis.from_bytes(frame.body), program.reactions)
    except CanonError as error:
        raise Halt(Code.LOG_CORRUPT, seq=0, what="no genesis record", error=error.code) from None
    except InputError as error:
        raise Halt(Code.PACKET_REFUSED, seq=0, refusal=error.what, order=error.place) from None


def _check_root(frame: Frame, root: Digest) -> None:
    check(root == frame.root, Code.ROOT_MISMATCH, seq=frame.seq, recorded=frame.root, derived=root)


def _gate(
    body: bytes, world: World, verifier: Verifier | None, halted: Digest | None
) -> Admitted | Refusal:
    if verifier is None:
        return admit_trusted(body, world, halted=halted)
    return verify(body, world, verifier, halted=halted)


def _identity(frame: Frame) -> Digest:
    """Return the identity of what a frame holds; zero when it cannot be read."""
    try:
        if frame.seq == 0:
            return Genesis.from_bytes(frame.body).digest()
        return packet_.decode(frame.body).id
    except (CanonError, Halt):  # no packet, or bytes that rot while they are read
        return ZERO_DIGEST


def _halt_named(body: bytes) -> Digest | None:
    """Return the halt that a Resume names, None for other packets.

    The log holds no halt record: that the root threshold signed the name is what the gate checks.
    """
    try:
        packet = packet_.decode(body).packet
        if packet.kind != _RESUME:
            return None
        action = packet_.action_of(packet.kind, packet.payload)
    except CanonError:
        return None
    return action.halt if isinstance(action, Resume) else None
