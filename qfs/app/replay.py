"""`qfs replay LOG`: derive every state root again, here and in other environments.

- The log is opened read-only; nothing on the disk changes, whatever is found.
- A root that differs from the recorded one is a CIR-302 halt, and its record is in the report. A
  root that differs between environments is a divergence, with the variable to which it is due.
- A truncated log is replayed as far as it goes and reported as truncated.
- Where signatures are verified, the last world is held to every sentence of its machines as well.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qfs.app import perturbing, proof_logs, revisions
from qfs.app.failure import (
    EXIT_CLEAN,
    EXIT_FINDINGS,
    EXIT_HALTED,
    EXIT_USAGE,
    InputError,
    UsageError,
)
from qfs.app.foreign_machine import program_of
from qfs.app.perturbing import Divergence, Run
from qfs.app.program import ProgramReport, compared
from qfs.app.proof_logs import ProofFile
from qfs.app.sentences import sentences
from qfs.app.snapshots import kept
from qfs.app.untouched import copies
from qfs.app.worlds import QFS, Derived, HaltedLog, Program, derive, derive_all
from qfs.canon import ZERO_DIGEST, Digest
from qfs.crypto import Verifier
from qfs.halt import Code, Halt, HaltRecord
from qfs.shell import log
from qfs.shell.log_frames import Frame
from qfs.shell.log_passage import LogReading, Passage
from qfs.shell.providers import choice

if TYPE_CHECKING:
    from qfs.app.replay_ahead import ReadAhead

SCHEMA = "qfs.replay/1"
WORTH_IT = 1024 * 1024  # 1_048_576
"""Bytes of a log below which starting a process takes longer than it saves."""
Progress = Callable[[int, int], None]
"""(bytes of the log derived, bytes in all)."""


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """What to replay, and how."""

    path: Path
    """A ledger directory, or a log file in it."""
    trust_signatures: bool = False
    perturb: bool = False
    compiled: Path | None = None
    """A folder made by ``tools/compiled.py``."""
    jobs: int = 1
    """Processes at a time: for signatures, and for other environments."""
    machines: tuple[str, ...] = ()
    """``package.module:NAME`` of machines that QFS does not ship."""
    proofs: Path | None = None
    """A folder for the proof logs of the transactions; None records none."""
    against: str = ""
    """A revision of QFS, in the repository of the working folder, on which to replay as well."""
    seed: int = 0
    """Makes the plan of environments."""


@dataclass(frozen=True, slots=True)
class Truncation:
    """Where a log ends in the middle of a frame."""

    packet: int
    """The packet that is not whole."""
    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What was derived again."""

    packets: int
    """Packets derived, genesis not counted."""
    commands: int
    """Commands decided, reactions and refused transactions included."""
    state_root: Digest
    """Of the last packet that everything agrees on; zero when not even genesis does."""
    signatures: str
    """``verified`` or ``trusted``."""
    truncated: Truncation | None
    halt: HaltRecord | None
    divergence: Divergence | None
    environments: tuple[Run, ...]
    proofs: tuple[ProofFile, ...] = ()
    """The proof logs that were written; receipts hold their digests."""
    program: ProgramReport | None = None
    """The program that the ledger requires, and the one that ran here; None if it requires none."""

    @property
    def identical(self) -> bool:
        """Whether every root is the recorded one, in every environment that ran."""
        return self.halt is None and self.divergence is None

    @property
    def exit_code(self) -> int:
        """0 identical; 1 truncated, diverging, not as certified; 2 no answer; 3 halted."""
        if self.halt is not None:
            return EXIT_HALTED
        other = self.program is not None and self.program.objection is not None
        if self.truncated is not None or self.divergence is not None or other:
            return EXIT_FINDINGS
        if any(run.failed for run in self.environments):
            return EXIT_USAGE
        return EXIT_CLEAN

    def document(self) -> dict[str, Any]:
        """Return the JSON document ``qfs.replay/1``."""
        return {
            "schema": SCHEMA,
            "packets": self.packets,
            "commands": self.commands,
            "state_root": self.state_root.hex(),
            "signatures": self.signatures,
            "identical": self.identical,
            "truncated": None
            if self.truncated is None
            else {
                "packet": self.truncated.packet,
                "segment": self.truncated.segment,
                "offset": self.truncated.offset,
            },
            "halt": None if self.halt is None else halt_document(self.halt),
            "divergence": None if self.divergence is None else self.divergence.document(),
            "environments": [run.document() for run in self.environments],
            "proofs": [proof.document() for proof in self.proofs],
            "program": None if self.program is None else self.program.document(),
        }


def replay(request: ReplayRequest, progress: Progress | None = None) -> ReplayReport:
    """Replay a log and, on request, do it again in other environments.

    Raises InputError for what is no log or no compiled core, UsageError for a compiled core that
    nobody asks for, ProviderFault when signatures cannot be checked.
    """
    _check_compiled(request)
    if request.proofs is not None:
        proof_logs.make_folder(request.proofs)
    verifier = None if request.trust_signatures else choice.verifier()
    program = program_of(request.machines, Path.cwd()) if request.machines else QFS
    report = replay_here(
        *(request.path, verifier, program, progress), proofs=request.proofs, jobs=request.jobs
    )
    if report.exit_code != EXIT_CLEAN or not (request.perturb or request.against):
        return report
    recorded = [frame.root.hex() for frame in log.read(request.path).frames]
    if request.against:
        found = revisions.against(request.path, request.against, recorded, Path.cwd())
        return replace(report, divergence=found.divergence, environments=found.runs)
    environments, divergence = perturbing.perturb(
        request.path,
        recorded,
        compiled=request.compiled,
        seed=request.seed,
        jobs=request.jobs,
    )
    return replace(report, divergence=divergence, environments=environments)


def _check_compiled(request: ReplayRequest) -> None:
    if request.compiled is None:
        return
    if not request.perturb:
        raise UsageError(
            "a compiled core is one of the environments of --perturb",
            place="--compiled",
            way_out="add --perturb",
        )
    if not (request.compiled / "qfs").is_dir():
        raise InputError(
            "holds no compiled core",
            place=str(request.compiled),
            way_out="make one from QFS's source tree: python -m tools.compiled core FOLDER",
        )


def replay_here(
    path: Path,
    verifier: Verifier | None,
    program: Program,
    progress: Progress | None = None,
    *,
    proofs: Path | None = None,
    jobs: int = 1,
) -> ReplayReport:
    """Replay a log on this computer; without a verifier signatures are trusted.

    Into the folder proofs, where given, goes what each transaction computed. More jobs replay from
    snapshot to snapshot, or verify signatures, beside this process; the report is the same.
    """
    through = log.passage(path)
    work = _Work(path, verifier, program, progress, proofs, through.size())
    if jobs > 1 and work.size >= WORTH_IT:
        from qfs.app.replay_ahead import ReadAhead  # noqa: PLC0415 (a short log needs no processes)
        from qfs.app.replay_parts import starts_of  # noqa: PLC0415 (as above)
        from qfs.shell.providers.ahead import Ahead  # noqa: PLC0415 (as above)

        whole = program is QFS and proofs is None and through.pruned is None
        frames = log.skimmed(path) if whole and kept(path) else ()
        starts = starts_of(path, frames, jobs)
        if starts:
            return _in_parts(work, frames, starts)
        if verifier is not None:
            with Ahead(verifier, jobs) as ahead:
                surveyed = replace(work, verifier=ahead, surveyed=log.survey(path))
                return _replayed(surveyed, reader=ReadAhead(ahead))
    if through.pruned is not None:
        return _replayed(replace(work, surveyed=log.survey(path)))
    return _replayed(work, through=through)


def _in_parts(work: "_Work", frames: Sequence[Frame], starts: Sequence[int]) -> ReplayReport:
    """Replay from snapshot to snapshot, the last part in this process; frames are skimmed."""
    from qfs.app.replay_parts import Parts, start_at  # noqa: PLC0415 (a short log has no parts)

    with Parts(work.path, frames, starts, work.verifier) as parts:
        start = start_at(work.path, frames, starts[-1])
        last = None
        if start is not None:
            last = _replayed(work, start, through=log.passage(work.path, start.frame))
        commands = parts.commands()
    if last is None or last.halt is not None or len(commands) < len(starts):
        known = log.survey(work.path)
        start = None
        if commands:
            start = start_at(work.path, known[0].frames, starts[len(commands) - 1], halts=True)
        last = _replayed(replace(work, surveyed=known), start)
    before = 0 if start is None else sum(commands)
    return replace(last, commands=before + last.commands)


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be replayed, and how."""

    path: Path
    verifier: Verifier | None
    program: Program
    progress: Progress | None
    proofs: Path | None
    size: int
    """Bytes of the log."""
    surveyed: tuple[LogReading, Halt | None] | None = None
    """What the log holds, where it was read before it is derived."""


def _replayed(
    work: _Work,
    start: Derived | None = None,
    reader: "ReadAhead | None" = None,
    through: Passage | None = None,
) -> ReplayReport:
    """Derive everything after a start, or from the beginning; reader reads ahead.

    through is the log, where it is read as it is derived.
    """
    world = None if start is None else start.world
    packets, root = (0, ZERO_DIGEST) if world is None else (world.seq, world.root)
    commands = done = 0
    halt: HaltRecord | None = None
    divergence: Divergence | None = None
    written: list[ProofFile] = []
    try:
        for step in _steps(work, start, reader, through):
            world, packets, root = step.world, step.world.seq, step.world.root
            if reader is not None:
                reader.world = world
            commands += 0 if step.receipt is None else step.receipt.orders
            if work.proofs is not None:
                written += proof_logs.write(work.proofs, packets, step.proofs)
            if work.progress is not None:
                done += step.frame.size
                work.progress(done, work.size)
            start = step
        if work.verifier is not None and start is not None:
            _check_sentences(start, work.program)
    except HaltedLog as stopped:
        halt = stopped.halt_record
        if stopped.code is Code.ROOT_MISMATCH:
            facts = {name: str(value) for name, _, value in _facts(halt)}
            divergence = Divergence(halt.seq, facts["recorded"], facts["derived"])
    truncated = _truncated(work, packets, None if halt is not None else through)
    required = compared(world) if world is not None and work.program is QFS else None
    signatures = "trusted" if work.verifier is None else "verified"
    return ReplayReport(
        *(packets, commands, root, signatures, truncated, halt, divergence, ()),
        *(tuple(written), required),
    )


def _truncated(work: _Work, packets: int, through: Passage | None) -> Truncation | None:
    """Say where a log is torn; through is one that was read to its end, packets its last."""
    if through is not None:
        torn = through.torn_at
        return None if torn is None else Truncation(packets + 1, through.segment, torn)
    reading, corrupt = work.surveyed or log.survey(work.path)
    if reading.torn_at is None or corrupt is not None:
        return None
    return Truncation(len(reading.frames), reading.segment, reading.torn_at)


def _check_sentences(last: Derived, program: Program) -> None:
    """Halt where the world after the last packet breaks what a machine says of its state."""
    world = last.world
    for name, holds in chain(sentences(world, program.machines), copies(world, program.own)):
        if not holds:
            halt = Halt(Code.INVARIANT_BROKEN, invariant=name, seq=world.seq)
            raise HaltedLog(halt, halt.record(world.seq, world.head, world.root, last.resumed))


def _steps(
    work: _Work, start: Derived | None, reader: "ReadAhead | None", through: Passage | None
) -> Iterator[Derived]:
    given = (work.program, work.verifier)
    prove = work.proofs is not None
    if through is not None:
        return derive(through, *given, prove=prove, after=start)
    reading, corrupt = work.surveyed or log.survey(work.path)
    if start is None:
        return derive_all(work.path, reading, *given, corrupt=corrupt, prove=prove, ahead=reader)
    return derive(reading.frames[start.frame.seq + 1 :], *given, corrupt=corrupt, after=start)


def halt_document(record: HaltRecord) -> dict[str, Any]:
    """Return a halt record for a JSON document."""
    return {
        "code": f"CIR-{record.code}",
        "name": Code(record.code).name,
        "packet": record.seq,
        "identity": record.packet.hex(),
        "root": record.root.hex(),
        "facts": {name: value for name, _, value in _facts(record)},
        "previous": record.previous.hex(),
        "digest": record.digest().hex(),
    }


def _facts(record: HaltRecord) -> list[tuple[str, str, str]]:
    return [line.partition("=") for line in record.facts]
