"""`qfs ledger import`: follow somebody else's log, believing nothing of it.

- Every packet of the other log passes this program's gate and is applied again; a frame is
  appended here only after its root was compared.
- A folder without a ledger becomes a copy; a ledger goes on where it stands, if what it holds is
  the beginning of the other. Two pasts are never joined.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from qfs.app.inbound import opened_for_writing, refuse_halted
from qfs.app.snapshots import Finder
from qfs.app.worlds import Derived, derive
from qfs.canon import Digest
from qfs.errors import UsageError
from qfs.shell import log, providers
from qfs.shell.log import LogWriter

_SYNC_EVERY = 64
"""Packets to one fdatasync."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How far a ledger follows another."""

    new: bool
    """Whether the folder held no ledger before."""
    added: int
    """Packets appended."""
    packets: int
    """Packets in all."""
    state_root: Digest
    torn_at: int | None = None
    """Offset at which the other log ends in the middle of a frame; None when it ends well."""

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.import/1",
            "new": self.new,
            "added": self.added,
            "packets": self.packets,
            "state_root": self.state_root.hex(),
            "torn_at": self.torn_at,
        }


def follow(directory: Path, other: Path, provider: str = providers.DEFAULT) -> ImportReport:
    """Append to a ledger every packet of another log that it does not hold yet.

    other is a ledger directory or a log file. Raises UsageError when the two have different
    pasts, InputError for what is no log; halts, with nothing appended from there on, at the first
    packet that cannot be derived.
    """
    refuse_halted(directory)
    verifier = providers.verifier(provider)
    reading, corrupt = log.survey(other)
    torn_at = reading.torn_at if corrupt is None else None
    if not (directory / "log").is_dir():
        steps = derive(reading.frames, verifier=verifier, corrupt=corrupt)
        first = next(steps)
        with log.create(directory, first.frame.body, first.world.root) as writer:
            report = _appended(writer, first, steps, new=True)
        return replace(report, torn_at=torn_at)
    opened = opened_for_writing(directory, verifier, Finder(directory), certified=False)
    with opened.writer as writer:
        mine = opened.reading.frames
        known = min(len(mine), len(reading.frames)) - 1
        if known < 0 or mine[known].root != reading.frames[known].root:
            raise UsageError(
                f"it has another past: packet {max(known, 0)} leads to another root",
                place=str(other),
                way_out="follow a log that begins with this ledger's own genesis and packets",
            )
        last = Derived(mine[-1], opened.world, None, opened.resumed)
        tail = reading.frames[len(mine) :]
        steps = derive(tail, verifier=verifier, corrupt=corrupt, after=last)
        return replace(_appended(writer, last, steps, new=False), torn_at=torn_at)


def _appended(
    writer: LogWriter, last: Derived, steps: Iterator[Derived], *, new: bool
) -> ImportReport:
    """Append each derived frame; what stands before a halt stays, and is on the disk."""
    added = 0
    for step in steps:
        writer.append(step.frame.body, step.world.root)
        added += 1
        last = step
        if added % _SYNC_EVERY == 0:
            writer.sync()
    writer.sync()
    return ImportReport(new, added, last.frame.seq, last.world.root)
