"""A reader written from the documentation alone says what QFS says."""

import ast
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from qfs import packet
from qfs.app.trail import derive_trail
from qfs.canon import Digest
from qfs.kernel import Resume, Tick, Upgrade
from qfs.keys import Approve
from qfs.machines.trust.notary import NoteCertificate, NoteCheckpoint
from tests.app.logs import House
from tests.app.test_trail import key_order
from tests.app.test_trail_notes import noted
from tests.packet import foreign_reader


@pytest.fixture
def made(tmp_path: Path) -> House:
    """A ledger with an entry of every kind; every order gets a yes."""
    house = House(tmp_path / "ledger", signed=True)
    house.send(Tick())
    house.send(key_order(Approve(Digest(b"a" * 32))), "root")
    house.send(noted(NoteCertificate(Digest(b"c" * 32))))
    house.send(Upgrade("nothing", 1, 900), "root")
    house.send(Resume(Digest(b"h" * 32)), "root")
    point = derive_trail(tmp_path / "ledger").trail.checkpoint()
    house.send(noted(NoteCheckpoint(Digest(b"d" * 32), point.size, point.root)))
    house.send(noted(NoteCheckpoint(Digest(b"e" * 32), point.size, point.root)))
    house.writer.close()
    return house


def test_a_foreign_reader_derives_the_same_trail(made: House, tmp_path: Path) -> None:
    bodies = foreign_reader.frames(tmp_path / "ledger" / "log" / "00000001.log")
    entries = foreign_reader.trail(bodies)
    found = derive_trail(tmp_path / "ledger")
    assert entries == [entry.to_bytes() for entry in found.entries]
    leaves = [entry.hash() for entry in found.entries]
    assert foreign_reader.root_of(leaves) == found.trail.frontier.root()
    assert {entry.kind.value for entry in found.entries} == {1, 2, 3, 4, 5, 6}
    assert found.entries[-1].answer == "NOT_THIS_TRAIL"


def test_a_foreign_reader_verifies_plain_cosigned_and_batched_packets(made: House) -> None:
    keys = {key.id: key.raw for key in made.keys.values()}
    body, other = made.body(Tick()), made.body(Tick(), "root")
    message = packet.signing_message(body)
    signature = made.sign("operator", message)
    cosigned = (packet.Cosignature(made.keys["root"].id, made.sign("root", message)),)
    batch, places = packet.batch([body, other, body])
    by_batch = made.sign("operator", batch, packet.BATCH_CONTEXT)
    envelopes = [
        packet.encode(body, signature),
        packet.encode(body, signature, cosigned),
        *[packet.encode_batched(body, by_batch, places[at]) for at in (0, 2)],
    ]
    for data in envelopes:
        identity, fields = foreign_reader.verified(data, keys)
        assert identity == packet.packet_id(body)
        assert fields[2] == made.world.seq + 1
        spoiled = data.replace(signature[:40], bytes(40)).replace(by_batch[:40], bytes(40))
        with pytest.raises(InvalidSignature):
            foreign_reader.verified(spoiled, keys)


def test_nothing_of_qfs_is_in_the_foreign_reader() -> None:
    tree = ast.parse(Path(foreign_reader.__file__).read_text("utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {"struct", "hashlib", "pathlib", "cbor2", "cryptography"}
