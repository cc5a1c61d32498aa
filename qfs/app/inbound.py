"""`qfs ledger receive`: packets that come from outside, through the gate into the log, or refused.

- A refused packet leaves its line in the operational trail (``qfs.shell.refusals``), and nothing
  else: no halt, or anyone could stop the ledger with one bad packet.
- With strict any refusal by the gate is a halt (CIR-302.02), recorded, until a Resume: for those
  who would rather stand than be asked.
- Each packet is on the disk before the next is looked at.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from qfs import gate
from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.program import refuse_uncertified
from qfs.app.snapshots import Finder
from qfs.app.worlds import HaltedLog, OpenLedger, open_ledger, read_world
from qfs.canon import ZERO_DIGEST, Digest
from qfs.crypto import Verifier
from qfs.errors import CanonError, QFSError
from qfs.halt import Code, Halt, HaltRecord
from qfs.kernel import Receipt, apply
from qfs.packet import MAX_ENVELOPE_BYTES, decode
from qfs.shell import log, providers, refusals
from qfs.shell.files import read_limited
from qfs.shell.refusals import RefusedPacket


@dataclass(frozen=True, slots=True)
class ReceiveRequest:
    """What came, and for which ledger."""

    directory: Path
    packets: tuple[Path, ...]
    """Envelopes' files, in their order; ``-`` is standard input."""
    strict: bool = False
    provider: str = providers.DEFAULT


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one packet."""

    place: str
    refusal: str | None
    """The gate's; None for an admitted packet."""
    subcode: str
    """Of the refusal, or empty."""
    answers: tuple[str, ...]
    """One a transaction: the reason of its refusal, or empty for a yes."""


@dataclass(frozen=True, slots=True)
class ReceiveReport:
    """What became of each packet, and where the ledger stands."""

    received: tuple[Received, ...]
    seq: int
    state_root: Digest

    @property
    def exit_code(self) -> int:
        """1 when the gate refused a packet."""
        refused = any(one.refusal is not None for one in self.received)
        return EXIT_FINDINGS if refused else EXIT_CLEAN

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.receive/1",
            "packets": [
                {
                    "place": one.place,
                    "refusal": one.refusal,
                    "subcode": one.subcode,
                    "answers": list(one.answers),
                }
                for one in self.received
            ],
            "seq": self.seq,
            "state_root": self.state_root.hex(),
        }


@dataclass(frozen=True, slots=True)
class RefusedReport:
    """What a ledger's gate has refused here."""

    packets: tuple[RefusedPacket, ...]

    def counts(self) -> tuple[tuple[str, str, int], ...]:
        """Return (sub-code, refusal, packets), by sub-code."""
        counted = Counter([(one.subcode, one.refusal) for one in self.packets])
        return tuple([(*name, number) for name, number in sorted(counted.items())])

    @property
    def total(self) -> int:
        """How many were ever refused, those no longer kept included."""
        return self.packets[-1].index + 1 if self.packets else 0

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.trail.refused/1",
            "total": self.total,
            "kept": len(self.packets),
            "counts": [
                {"subcode": subcode, "refusal": name, "packets": number}
                for subcode, name, number in self.counts()
            ],
        }


class Door:
    """An open ledger, and what comes into it, one packet at a time."""

    def __init__(
        self, directory: Path, opened: OpenLedger, verifier: Verifier, *, strict: bool
    ) -> None:
        self.directory = directory
        self.writer = opened.writer
        self.world = opened.world
        self.resumed = opened.resumed
        self.verifier = verifier
        self.strict = strict

    def take(self, data: bytes) -> Receipt | gate.Refusal:
        """Admit, apply and append one packet, durably, or count it as refused.

        Halts, with the record beside the log, when a machine does, or the gate refuses and strict
        asks for it. Raises ProviderFault.
        """
        try:
            admitted = gate.verify(data, self.world, self.verifier)
            if isinstance(admitted, gate.Refusal):
                refuse(self.directory, data, admitted, self.world.seq + 1, strict=self.strict)
                return admitted
            world, receipt = apply(MACHINES, REACTIONS, self.world, admitted)
        except Halt as halt:
            place = (self.world.seq + 1, _identity(data), self.world.root, self.resumed)
            write_once(self.directory, halt.record(*place))
            raise
        self.writer.append(data, world.root)
        self.writer.sync()
        self.world = world
        return receipt


def receive(request: ReceiveRequest) -> ReceiveReport:
    """Take packets from outside into a ledger, in their order; a refused one stops nobody.

    Raises InputError for a file or ledger that cannot be read, ProviderFault; halts when the
    ledger stands in a halt or cannot be derived, a machine halts, or strict asks for it.
    """
    verifier = providers.verifier(request.provider)
    data = [read_limited(path, MAX_ENVELOPE_BYTES + 1) for path in request.packets]
    opened = opened_for_writing(request.directory, verifier, Finder(request.directory))
    with opened.writer:
        door = Door(request.directory, opened, verifier, strict=request.strict)
        received = [
            received_of(str(path), door.take(one))
            for path, one in zip(request.packets, data, strict=True)
        ]
    return ReceiveReport(tuple(received), door.world.seq, door.world.root)


def refused(directory: Path) -> RefusedReport:
    """Return what a ledger's gate has refused on this computer; raises InputError."""
    log.survey(directory)
    return RefusedReport(refusals.read(directory))


def refuse(directory: Path, data: bytes, refusal: gate.Refusal, seq: int, *, strict: bool) -> None:
    """Write a refused packet's line into the operational trail; halt if strict asks for it."""
    refusals.append(directory, data, refusal.name, refusal.subcode)
    if strict:
        raise Halt(Code.PACKET_REFUSED, seq=seq, refusal=refusal.name, subcode=refusal.subcode)


def refuse_halted(directory: Path) -> None:
    """Halt when the ledger stands in a halt that nobody has answered."""
    record = log.read_halt(directory)
    if record is not None:
        raise Halt(Code.HALTED, halt=record.digest(), stands=record.code, seq=record.seq)


def opened_for_writing(
    directory: Path, verifier: Verifier, finder: Finder, *, certified: bool = True
) -> OpenLedger:
    """Open a ledger, from a snapshot where there is one.

    A halt on the way is recorded beside the log, once, and goes on. Halts with HALTED when one
    stands already. Unless certified is False, raises UncertifiedProgram where the genesis requires
    another program than this one.
    """
    refuse_halted(directory)
    try:
        opened = open_ledger(directory, verifier, start=finder)
    except HaltedLog as halt:
        write_once(directory, halt.halt_record)
        raise
    except Halt:
        _record_corruption(directory, verifier)
        raise
    if opened.halted is not None:
        opened.writer.close()
        raise Halt(Code.HALTED, halt=opened.halted.digest(), seq=opened.halted.seq)
    try:
        if certified:
            refuse_uncertified(opened.world)
    except QFSError:
        opened.writer.close()
        raise
    return opened


def _record_corruption(directory: Path, verifier: Verifier) -> None:
    """Re-derive the sound part of a log that could not be opened, so that the record is whole."""
    try:
        read_world(directory, verifier)
    except HaltedLog as halt:
        write_once(directory, halt.halt_record)


def write_once(directory: Path, record: HaltRecord) -> None:
    """Put a halt's record beside the log, unless one stands already: the first is the reason."""
    if log.read_halt(directory) is None:
        log.write_halt(directory, record)


def received_of(place: str, answer: Receipt | gate.Refusal) -> Received:
    """Return what became of a packet, for a report."""
    if isinstance(answer, gate.Refusal):
        return Received(place, answer.name, answer.subcode, ())
    return Received(place, None, "", _reasons(answer))


def _reasons(receipt: Receipt) -> tuple[str, ...]:
    return tuple(["" if one is None else one.reason for one in receipt.answers])


def _identity(data: bytes) -> Digest:
    try:
        return decode(data).id
    except CanonError:
        return ZERO_DIGEST
