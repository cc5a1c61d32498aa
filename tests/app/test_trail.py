"""The trail of real ledgers: derived from the log, compared with checkpoints, halting on lies."""

from dataclasses import replace
from pathlib import Path

import pytest

from qfs import keys
from qfs.app.trail import derive_trail, verify_trail
from qfs.canon import Digest
from qfs.errors import InputError
from qfs.halt import Code, Halt
from qfs.kernel import Order, Resume, Tick, Transactions, Upgrade
from qfs.keys import Reason
from qfs.trail import Kind
from tests.app.logs import House


def key_order(command: keys.Command) -> Transactions:
    return Transactions(((Order("keys", keys.COMMANDS.pack(command)),),))


def house(folder: Path) -> House:
    """A ledger in which keys, an upgrade and a halt left entries."""
    made = House(folder, signed=True)
    made.send(Tick())
    made.send(key_order(keys.Approve(Digest(b"a" * 32))), "root")
    made.send(key_order(keys.Approve(Digest(b"a" * 32))))  # an operator: refused
    made.send(Upgrade("nothing", 1, 900), "root")
    return made


KINDS = [
    (0, Kind.ORDER, ""),
    (0, Kind.ORDER, ""),
    (2, Kind.ORDER, ""),
    (3, Kind.ORDER, "LACKS_AUTHORITY"),
    (4, Kind.UPGRADE, ""),
]


def test_a_trail_holds_what_was_done_to_keys_versions_and_halts(tmp_path: Path) -> None:
    made = house(tmp_path / "ledger")
    found = derive_trail(tmp_path / "ledger")
    assert [(entry.seq, entry.kind, entry.answer) for entry in found.entries] == KINDS
    assert found.entries[2].actor == made.keys["root"].id
    made.send(key_order(keys.Revoke(made.operator.id, Reason.CESSATION)), "root")
    longer = derive_trail(tmp_path / "ledger")
    words = [row["words"] for row in longer.document()["entries"]]
    operator, asked = made.operator.id.hex()[:16], (b"a" * 8).hex()
    assert words == [
        f"Enrol new={made.keys['root'].id.hex()[:16]} roles=ROOT",
        f"Enrol new={operator} roles=OPERATOR",
        f"Approve subject={asked}",
        f"Approve subject={asked}",
        "",
        f"Revoke key={operator} reason=CESSATION",
    ]
    assert longer.entries[: len(KINDS)] == found.entries
    assert len(longer.entries) == len(KINDS) + 1


def test_a_resume_leaves_the_halt_and_its_end(tmp_path: Path) -> None:
    made = house(tmp_path / "ledger")
    halt = Digest(b"h" * 32)
    made.send(Resume(halt), "root")
    found = derive_trail(tmp_path / "ledger")
    assert [entry.kind for entry in found.entries[-2:]] == [Kind.HALT, Kind.RESUME]


def test_a_trail_leads_to_every_checkpoint_that_it_had(tmp_path: Path) -> None:
    made = House(tmp_path / "ledger", signed=True)
    for number in range(6):
        file = tmp_path / f"checkpoint-{number}"
        file.write_text(derive_trail(tmp_path / "ledger").trail.checkpoint().to_text())
        made.send(key_order(keys.Approve(Digest(bytes((number,)) * 32))), "root")
    for number in range(6):
        report = verify_trail(tmp_path / "ledger", tmp_path / f"checkpoint-{number}")
        assert report.against is not None
        assert report.against.size == number + 2
    assert verify_trail(tmp_path / "ledger", None).against is None


def test_a_checkpoint_that_the_trail_does_not_lead_to_is_a_halt(tmp_path: Path) -> None:
    house(tmp_path / "ledger")
    point = derive_trail(tmp_path / "ledger").trail.checkpoint()
    lies = {
        "another root": replace(point, root=Digest(bytes(32))),
        "an earlier size under this root": replace(point, size=point.size - 1),
        "entries that were taken back": replace(point, size=point.size + 1),
        "no entry, but a root": replace(point, size=0),
        "another ledger's": replace(point, origin="qfs/trail/" + "00" * 32),
    }
    for name, lie in lies.items():
        file = tmp_path / "checkpoint"
        file.write_text(lie.to_text())
        with pytest.raises(Halt) as raised:
            verify_trail(tmp_path / "ledger", file)
        assert raised.value.code is Code.TRAIL_CORRUPT, name


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"a\nb\nc\n", bytes(70_000)])
def test_a_file_that_is_no_checkpoint_is_a_mistake(data: bytes, tmp_path: Path) -> None:
    house(tmp_path / "ledger")
    (tmp_path / "checkpoint").write_bytes(data)
    with pytest.raises(InputError, match="checkpoint"):
        verify_trail(tmp_path / "ledger", tmp_path / "checkpoint")


def test_a_log_whose_signature_was_changed_has_no_trail(tmp_path: Path) -> None:
    made = House(tmp_path / "ledger", signed=False)  # signatures of zeros
    made.send(Tick())
    with pytest.raises(Halt) as raised:
        derive_trail(tmp_path / "ledger")
    assert raised.value.code is Code.PACKET_REFUSED
    assert raised.value.facts["subcode"] == "302.02.12"
