"""`qfs replay LOG`: derive every state root again, here and in other environments.

- The log is opened read-only; nothing on the disk changes, whatever is found.
- A root that differs from the recorded one is a CIR-302 halt, and its record is in the report. A
  root that differs between environments is a divergence, with the variable to which it is due.
- A truncated log is replayed as far as it goes and reported as truncated.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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
from qfs.app.proof_logs import ProofFile
from qfs.app.worlds import QFS, HaltedLog, Program, derive_all
from qfs.canon import ZERO_DIGEST, Digest
from qfs.crypto import Verifier
from qfs.halt import Code, HaltRecord
from qfs.shell import log
from qfs.shell.providers import choice

SCHEMA = "qfs.replay/1"
Progress = Callable[[int, int], None]
"""(frames derived, frames in all)."""


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """What to replay, and how."""

    path: Path
    """A ledger directory, or a log file in it."""
    trust_signatures: bool = False
    perturb: bool = False
    compiled: Path | None = None
    """A folder made by ``tools/compile_core.py``."""
    jobs: int = 1
    machines: tuple[str, ...] = ()
    """``package.module:NAME`` of machines that QFS does not ship."""
    proofs: Path | None = None
    """A folder for the proof logs of the transactions; None records none."""
    against: str = ""
    """A revision of QFS, in the repository of the working folder, on which to replay as well."""


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

    @property
    def identical(self) -> bool:
        """Whether every root is the recorded one, in every environment that ran."""
        return self.halt is None and self.divergence is None

    @property
    def exit_code(self) -> int:
        """0 identical; 1 truncated or diverging; 2 an environment failed to answer; 3 halted."""
        if self.halt is not None:
            return EXIT_HALTED
        if self.truncated is not None or self.divergence is not None:
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
    report = replay_here(request.path, verifier, program, progress, request.proofs)
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
        jobs=request.jobs,
        search_path=os.environ.get("PATH", os.defpath),
        home=Path.home(),
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
            way_out="make one from QFS's source tree: python -m tools.compile_core FOLDER",
        )


def replay_here(
    path: Path,
    verifier: Verifier | None,
    program: Program,
    progress: Progress | None = None,
    proofs: Path | None = None,
) -> ReplayReport:
    """Replay a log in this process; without a verifier signatures are trusted.

    Into the folder proofs, where given, goes what each transaction computed.
    """
    reading, corrupt = log.survey(path)
    signatures = "trusted" if verifier is None else "verified"
    packets, commands, root = 0, 0, ZERO_DIGEST
    halt: HaltRecord | None = None
    divergence: Divergence | None = None
    written: list[ProofFile] = []
    prove = proofs is not None
    try:
        for step in derive_all(path, reading, program, verifier, corrupt=corrupt, prove=prove):
            packets, root = step.world.seq, step.world.root
            commands += 0 if step.receipt is None else step.receipt.orders
            if proofs is not None:
                written += proof_logs.write(proofs, packets, step.proofs)
            if progress is not None:
                progress(packets + 1, len(reading.frames))
    except HaltedLog as stopped:
        halt = stopped.halt_record
        if stopped.code is Code.ROOT_MISMATCH:
            facts = {name: str(value) for name, _, value in _facts(halt)}
            divergence = Divergence(halt.seq, facts["recorded"], facts["derived"])
    truncated = None
    if reading.torn_at is not None and corrupt is None:
        truncated = Truncation(len(reading.frames), reading.segment, reading.torn_at)
    return ReplayReport(
        packets, commands, root, signatures, truncated, halt, divergence, (), tuple(written)
    )


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
