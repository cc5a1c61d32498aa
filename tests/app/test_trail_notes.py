"""Certificates and checkpoints in a ledger: every replica's trail holds them, judged alike."""

from pathlib import Path

import pytest

from qfs.app import publishing
from qfs.app.noting import NoteRequest, note
from qfs.app.publishing import Signing
from qfs.app.replica import follow
from qfs.app.trail import derive_trail
from qfs.canon import Digest
from qfs.crypto import root_of
from qfs.errors import ProofError, UsageError
from qfs.kernel import Order, Resume, Tick, Transactions
from qfs.machines.trust.notary import COMMANDS, Command, NoteCertificate, NoteCheckpoint
from qfs.repro.statements import Statement, Subject, sealed
from qfs.shell import keystore
from qfs.trail import NOT_THIS_TRAIL, Kind, read
from tests.app.logs import House
from tests.app.test_halt import keys

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


def test_the_command_notes_what_it_has_verified(tmp_path: Path) -> None:
    made = House(tmp_path / "ledger", signed=True)
    made.send(Tick())
    made.writer.close()
    operator = keys(tmp_path)["operator"]
    public = tmp_path / "operator.pub.pem"
    keystore.write_public(public, made.operator)
    statement = Statement((Subject("source", (("sha256", "00" * 32),)),), "urn:test", {})
    certificate = tmp_path / "certificate"
    certificate.write_bytes(sealed(statement, made.signers["operator"]))
    point = tmp_path / "checkpoint"
    publishing.checkpoint(tmp_path / "ledger", point, Signing((operator,)))
    request = NoteRequest(
        tmp_path / "ledger", operator, None, point, (certificate, certificate), public
    )
    report = note(request)
    assert (report.exit_code, report.seq) == (1, 2)
    assert report.rows() == (
        (str(point), ""),
        (str(certificate), ""),
        (str(certificate), "ALREADY_NOTED"),
    )
    assert [entry.kind for entry in derive_trail(tmp_path / "ledger").entries[2:]] == [
        Kind.CHECKPOINT,
        Kind.CERTIFICATE,
        Kind.CERTIFICATE,
    ]
    with pytest.raises(UsageError, match="as it stands"):
        note(request)
    with pytest.raises(UsageError, match="whose"):
        note(NoteRequest(tmp_path / "ledger", operator, certificates=(certificate,)))
    with pytest.raises(UsageError, match="nothing"):
        note(NoteRequest(tmp_path / "ledger", operator))
    certificate.write_bytes(sealed(statement, made.signers["root"]))
    with pytest.raises(ProofError, match="no signature"):
        note(NoteRequest(tmp_path / "ledger", operator, None, None, (certificate,), public))


def test_a_replica_that_follows_has_the_same_trail(tmp_path: Path) -> None:
    made = House(tmp_path / "ledger", signed=True)
    made.send(noted(NoteCertificate(PAPER)))
    made.send(Resume(Digest(b"h" * 32)), "root")
    made.writer.close()
    follow(tmp_path / "replica", tmp_path / "ledger")
    here, there = derive_trail(tmp_path / "ledger"), derive_trail(tmp_path / "replica")
    assert here.trail.checkpoint() == there.trail.checkpoint()
    assert here.trail.frontier.size == 5
