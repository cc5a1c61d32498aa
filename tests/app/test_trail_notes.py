"""Certificates and checkpoints in a ledger: every replica's trail holds them, judged alike."""

from pathlib import Path

from qfs.app.trail import derive_trail
from qfs.canon import Digest
from qfs.crypto import root_of
from qfs.kernel import Order, Transactions
from qfs.machines.trust.notary import COMMANDS, Command, NoteCertificate, NoteCheckpoint
from qfs.trail import NOT_THIS_TRAIL, Kind, read
from tests.app.logs import House

PAPER, OTHER = Digest(b"p" * 32), Digest(b"o" * 32)


def noted(*commands: Command) -> Transactions:
    return Transactions(tuple((Order("notary", COMMANDS.pack(one)),) for one in commands))


def test_the_trail_holds_what_was_noted_and_judges_checkpoints_of_itself(tmp_path: Path) -> None:
    made = House(tmp_path / "ledger", signed=True)
    made.send(noted(NoteCertificate(PAPER), NoteCertificate(PAPER)))
    before = derive_trail(tmp_path / "ledger").trail.checkpoint()
    made.send(
        noted(
            NoteCheckpoint(OTHER, before.size, before.root),
            NoteCheckpoint(Digest(b"q" * 32), before.size, before.root),  # one entry too late
        )
    )
    made.send(noted(NoteCheckpoint(Digest(b"r" * 32), 6, before.root)))  # another root
    found = derive_trail(tmp_path / "ledger")
    assert [(entry.kind, entry.answer) for entry in found.entries[2:]] == [
        (Kind.CERTIFICATE, ""),
        (Kind.CERTIFICATE, "ALREADY_NOTED"),
        (Kind.CHECKPOINT, ""),
        (Kind.CHECKPOINT, NOT_THIS_TRAIL),
        (Kind.CHECKPOINT, NOT_THIS_TRAIL),
    ]
    assert found.entries[4].index == before.size
    assert root_of([entry.hash() for entry in found.entries[:4]]) == before.root
    # An outsider with the entries alone judges alike.
    again, _ = read(found.trail.ledger, [entry.to_bytes() for entry in found.entries])
    assert again == found.trail
