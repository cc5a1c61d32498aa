"""`qfs trail checkpoint|export|prove|verify-proof|serve`: what outsiders get of a trail.

- A checkpoint is signed by key files that are named; its time is the last packet's, so nothing here
  reads a clock.
- An export is a folder of static files (c2sp.org/tlog-tiles), made whole or not at all.
- A proof needs neither ledger nor folder: the entry, its path and the signed checkpoint.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfs.app.drafts import shown
from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS
from qfs.app.keys import passphrase_of
from qfs.app.trail import TrailReport, derive_trail, is_export, ledger_of, read_export
from qfs.canon import decode
from qfs.crypto import inclusion_path, reader_of
from qfs.errors import CanonError, InputError, ProofError, UsageError
from qfs.shell import notes, providers, serving
from qfs.shell.files import read_limited, unwritten, write_new
from qfs.trail import Entry, tiles
from qfs.trail.note import Note
from qfs.trail.proof import MAX_PROOF_BYTES, TrailProof

_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs a checkpoint."""

    keys: tuple[Path, ...]
    """Private key files: Ed25519, ML-DSA-44 or ML-DSA-87."""
    passphrase_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ProofReport:
    """A proof, and whether it holds."""

    proof: TrailProof
    problem: str
    """Empty when the proof holds."""

    @property
    def exit_code(self) -> int:
        """1 for a proof that does not hold."""
        return EXIT_FINDINGS if self.problem else EXIT_CLEAN

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        point = self.proof.note.checkpoint
        return {
            "schema": "qfs.trail.proof/1",
            "origin": point.origin,
            "size": point.size,
            "root": point.root.hex(),
            "index": self.proof.index,
            "holds": not self.problem,
            "problem": self.problem,
        }


def checkpoint(
    path: Path, output: Path, signing: Signing, provider: str = providers.DEFAULT
) -> None:
    """Write the checkpoint of a ledger's trail to a new file or to standard output (``-``).

    Without a key it is the bare text: to compare with later, and nobody's word.
    """
    report = derive_trail(path, provider)
    text = report.trail.checkpoint().to_text()
    if signing.keys:
        text = _note(report, signing).to_text()
    write_new(output, text.encode("utf-8"), text=True)


def export(
    path: Path, folder: Path, signing: Signing, provider: str = providers.DEFAULT
) -> TrailReport:
    """Write a trail as static files into a new folder.

    Raises UsageError without a key, InputError when the folder exists or cannot be made.
    """
    if folder.exists():
        raise InputError("exists", place=str(folder), way_out="name a new folder")
    report = derive_trail(path, provider)
    note = _note(report, signing)
    entries = [entry.to_bytes() for entry in report.entries]
    try:
        made = Path(tempfile.mkdtemp(prefix=".qfs-", dir=folder.parent))
        try:
            for name, data in tiles.files(entries):
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                (made / name).write_bytes(data)
            (made / "checkpoint").write_text(note.to_text(), encoding="utf-8")
            made.chmod(0o755)
            made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise unwritten(error, folder) from error
    return report


def prove(
    path: Path, index: int, output: Path, signing: Signing, provider: str = providers.DEFAULT
) -> None:
    """Write the proof of one entry, with a signed checkpoint; raises UsageError, InputError."""
    report = derive_trail(path, provider)
    size = len(report.entries)
    if not 0 <= index < size:
        raise UsageError(f"entry {index} of {size}", way_out="qfs trail show lists them")
    node = reader_of([entry.hash() for entry in report.entries])
    entry = report.entries[index].to_bytes()
    proof = TrailProof(entry, index, inclusion_path(index, size, node), _note(report, signing))
    write_new(output, proof.to_text().encode("utf-8"), text=True)


def verify_proof(path: Path, keys: tuple[Path, ...]) -> ProofReport:
    """Say whether a proof holds: its path, and a signature of each public key.

    Raises InputError for files that are not what they claim.
    """
    trusted = [notes.read_key(key) for key in keys]
    data = read_limited(path, MAX_PROOF_BYTES)
    try:
        proof = TrailProof.from_text(data.decode("utf-8"))
        Entry.from_bytes(proof.entry)
    except (UnicodeDecodeError, CanonError) as error:
        raise InputError(f"no proof: {error}", place=str(path)) from None
    ledger_of(proof.note.checkpoint.origin, path)
    try:
        proof.check()
        notes.verify(proof.note, trusted)
    except ProofError as error:
        return ProofReport(proof, error.what)
    return ProofReport(proof, "")


def entry_text(proof: TrailProof) -> Any:
    """Return the entry that a proof is about, as JSON."""
    return shown(decode(proof.entry))


def serve(folder: Path, port: int, requests: int | None, started: Callable[[str], None]) -> None:
    """Serve an exported trail as static files to this machine; started is told the address.

    requests is how many, None until interrupted. The folder is verified first: nobody gets to read
    what does not lead to its checkpoint. Raises InputError, EnvironmentFault; may halt.
    """
    if not is_export(folder):
        raise InputError("no exported trail", place=str(folder), way_out="qfs trail export")
    read_export(folder, ())
    serving.serve_folder(folder, port, requests, started)


def _note(report: TrailReport, signing: Signing) -> Note:
    if not signing.keys:
        raise UsageError("nobody signs the checkpoint", way_out="give --key FILE, once or more")
    passphrase = passphrase_of(signing.passphrase_file)
    signers = [notes.read_signer(path, passphrase) for path in signing.keys]
    return notes.sign(report.trail.checkpoint(), signers, report.time_us // _SECOND_US)
