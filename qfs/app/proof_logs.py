"""Proof logs on disk: what CertifiedMath did in each transaction of a log, and whether it is right.

- One file a transaction that computed something, ``<packet>-<transaction>.proof``: the canonical
  bytes whose digest the receipt holds.
- Checking uses `recheck`, which shares no code with what computed the results.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS, InputError
from qfs.canon import Digest
from qfs.certmath import Operation, ProofLog, describe, recheck
from qfs.errors import CanonError, CertifiedMathError
from qfs.shell.files import read_limited, unwritten, write_new

SCHEMA = "qfs.explain-proof-log/1"
MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class ProofFile:
    """One transaction's proof log, as written."""

    packet: int
    transaction: int
    """Position in the packet."""
    operations: int
    digest: Digest

    def document(self) -> dict[str, Any]:
        """Return it for a JSON document."""
        return {
            "packet": self.packet,
            "transaction": self.transaction,
            "operations": self.operations,
            "digest": self.digest.hex(),
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """One recorded operation, and whether its result follows from the function's definition."""

    text: str
    """``exp(0.05) ROUND_FLOOR = 1.051271096376024039``."""
    right: bool
    why: str
    """What the checker says where it is not right; else empty."""


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """What came of re-checking a proof log."""

    digest: Digest
    operations: tuple[Checked, ...]

    @property
    def wrong(self) -> int:
        """How many operations are not right."""
        return sum([not one.right for one in self.operations])

    @property
    def exit_code(self) -> int:
        """0 every operation is right; 1 otherwise."""
        return EXIT_FINDINGS if self.wrong else EXIT_CLEAN

    def document(self) -> dict[str, Any]:
        """Return the JSON document ``qfs.explain-proof-log/1``."""
        return {
            "schema": SCHEMA,
            "digest": self.digest.hex(),
            "operations": [
                {"operation": one.text, "right": one.right, "why": one.why}
                for one in self.operations
            ],
            "wrong": self.wrong,
        }


def make_folder(folder: Path) -> None:
    """Make the folder, or take an empty one; raises InputError for any other."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise unwritten(error, folder, "cannot be made") from error
    if taken:
        raise InputError("holds files already", place=str(folder), way_out="choose a new folder")


def write(folder: Path, packet: int, logs: Sequence[ProofLog]) -> list[ProofFile]:
    """Write the logs of a packet's transactions that computed something; none is overwritten.

    Raises InputError where the folder cannot be written, or a file stands already.
    """
    made = []
    for transaction, log in enumerate(logs):
        if len(log):
            write_new(folder / f"{packet}-{transaction}.proof", log.to_bytes())
            made.append(ProofFile(packet, transaction, len(log), log.digest()))
    return made


def check_file(path: Path) -> CheckedLog:
    """Return what re-checking each operation of a proof log says; raises InputError."""
    data = read_limited(path, MAX_BYTES)
    try:
        log = ProofLog.from_bytes(data)
    except CanonError as error:
        raise InputError(
            f"is no proof log: {error.what}",
            place=str(path),
            way_out="pass a file that qfs replay --proofs wrote",
        ) from error
    return CheckedLog(log.digest(), tuple([_check(done) for done in log.operations]))


def _check(done: Operation) -> Checked:
    try:
        text, right = describe(done), recheck(done)
    except CertifiedMathError as error:
        return Checked(f"{done.function}{done.arguments}", right=False, why=error.what)
    why = "" if right else "it does not follow from the function's definition"
    return Checked(text, right, why)
