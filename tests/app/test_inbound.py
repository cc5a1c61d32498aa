"""Packets from outside: admitted, or refused and counted; a halt only where strict asks for it."""

import json
import shutil
from pathlib import Path

import pytest

from qfs import packet
from qfs.app.inbound import ReceiveRequest, receive, refused
from qfs.app.replay import ReplayRequest, replay
from qfs.app.submission import SubmitRequest, submit
from qfs.errors import InputError
from qfs.halt import Code, Halt
from qfs.kernel import Tick
from qfs.shell import log, refusals
from tests.app.logs import House
from tests.app.test_halt import everything, keys


def ledger(folder: Path) -> tuple[Path, House]:
    """A sound ledger of one packet, closed, and who may sign the next one."""
    made = House(folder / "ledger", signed=True)
    made.send(Tick())
    made.writer.close()
    return folder / "ledger", made


def tick(made: House, **changes: int) -> bytes:
    """The envelope of the next packet."""
    body = made.body(Tick(), **changes)
    return packet.encode(body, made.sign("operator", packet.signing_message(body)))


def files(folder: Path, *packets: bytes) -> tuple[Path, ...]:
    made = []
    for number, data in enumerate(packets):
        made.append(folder / f"{number}.drv")
        made[-1].write_bytes(data)
    return tuple(made)


def test_bad_packets_stop_nobody_and_are_counted(tmp_path: Path) -> None:
    directory, made = ledger(tmp_path)
    good = tick(made)
    forged = good[:-1] + bytes((good[-1] ^ 1,))
    report = receive(ReceiveRequest(directory, files(tmp_path, b"junk", forged, good, good)))
    assert [one.refusal for one in report.received] == [
        "MALFORMED",
        "BAD_SIGNATURE",
        None,
        "WRONG_SEQUENCE",
    ]
    assert (report.exit_code, report.seq) == (1, 2)
    assert log.read_halt(directory) is None
    again = replay(ReplayRequest(directory))
    assert (again.identical, again.packets, again.state_root) == (True, 2, report.state_root)
    counted = refused(directory)
    assert counted.counts() == (
        ("302.02.01", "MALFORMED", 1),
        ("302.02.04", "WRONG_SEQUENCE", 1),
        ("302.02.12", "BAD_SIGNATURE", 1),
    )
    assert counted.total == 3


def test_the_operational_trail_is_not_replicated(tmp_path: Path) -> None:
    directory, made = ledger(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(directory, copy)
    good = files(tmp_path, tick(made))
    bad = tmp_path / "bad.drv"
    bad.write_bytes(b"junk")
    one = receive(ReceiveRequest(directory, (bad, *good)))
    other = receive(ReceiveRequest(copy, good))
    assert one.state_root == other.state_root
    assert everything(directory)["log/00000001.log"] == everything(copy)["log/00000001.log"]
    assert (refused(directory).total, refused(copy).total) == (1, 0)


@pytest.mark.parametrize("spoiled", ["junk", "forged"])
def test_strict_halts_at_any_failed_verification(spoiled: str, tmp_path: Path) -> None:
    directory, made = ledger(tmp_path)
    good = tick(made)
    bad = {"junk": b"junk", "forged": good[:-1] + bytes((good[-1] ^ 1,))}[spoiled]
    with pytest.raises(Halt) as raised:
        receive(ReceiveRequest(directory, files(tmp_path, bad, good), strict=True))
    assert raised.value.code is Code.PACKET_REFUSED
    record = log.read_halt(directory)
    assert record is not None
    assert (record.code, record.seq, record.root) == ("302.02", 2, made.world.root)
    with pytest.raises(Halt, match=r"302\.13"):
        receive(ReceiveRequest(directory, files(tmp_path, good)))
    assert refused(directory).total == 1


def test_a_submission_of_ones_own_is_counted_alike(tmp_path: Path) -> None:
    directory, _ = ledger(tmp_path)
    key = keys(tmp_path)["operator"]
    scenario = tmp_path / "late.toml"
    scenario.write_text(
        'schema = "qfs.scenario/1"\nname = "x"\nby = "stranger"\n[[step]]\ndo = "open"\n'
        'account = 4294967296\nowner = "stranger"\n'
    )
    stranger = tmp_path / "stranger.pem"
    data = key.read_bytes()
    key.rename(stranger)  # known, under another name: admitted
    assert submit(SubmitRequest(directory, scenario, (stranger,))).not_admitted is None
    from qfs.shell import keystore  # noqa: PLC0415

    stranger.unlink()
    keystore.write_private(
        stranger, keystore.PrivateKey(keystore.Profile.ML_DSA_87, b"s" * 32), None
    )
    assert data != stranger.read_bytes()
    assert submit(SubmitRequest(directory, scenario, (stranger,), dry_run=True)).not_admitted
    assert refused(directory).total == 0
    report = submit(SubmitRequest(directory, scenario, (stranger,)))
    assert report.not_admitted is not None
    assert "KEY_UNKNOWN" in report.not_admitted
    assert refused(directory).counts() == (("302.02.08", "KEY_UNKNOWN", 1),)
    with pytest.raises(Halt, match="KEY_UNKNOWN"):
        submit(SubmitRequest(directory, scenario, (stranger,), strict=True))
    assert log.read_halt(directory) is not None


# The file itself.


def test_lines_are_chained_and_a_torn_one_is_cut(tmp_path: Path) -> None:
    for number in range(3):
        refusals.append(tmp_path, bytes(number), "MALFORMED", "302.02.01")
    path = tmp_path / refusals.NAME
    with path.open("ab") as file:
        file.write(b'{"torn')
    assert [one.bytes for one in refusals.read(tmp_path)] == [0, 1, 2]
    refusals.append(tmp_path, b"", "MALFORMED", "302.02.01")
    assert [one.index for one in refusals.read(tmp_path)] == [0, 1, 2, 3]
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 4


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[1].replace(b"MALFORMED", b"TIME_STEP"), lines[2]],
        lambda lines: [*lines[:2], b"{}\n"],
        lambda lines: [*lines[:2], b"\xff\n"],
        lambda lines: [*lines[:2], lines[2].replace(b'"index": 2', b'"index": "2"')],
    ],
    ids=["left out", "first left out", "changed", "empty", "no text", "another type"],
)
def test_a_changed_file_is_an_error_that_names_the_line(spoil, tmp_path: Path) -> None:
    for number in range(3):
        refusals.append(tmp_path, bytes(number), "MALFORMED", "302.02.01")
    path = tmp_path / refusals.NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(spoil(lines)))
    with pytest.raises(InputError, match=r"refused\.jsonl:[123]"):
        refusals.read(tmp_path)


def test_the_file_is_bounded_and_the_count_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MAX_FILE_BYTES", 1_000)
    for number in range(40):
        refusals.append(tmp_path, bytes(number), "MALFORMED", "302.02.01")
    kept = refusals.read(tmp_path)
    assert kept[-1].index == 39
    assert 4 < len(kept) < 20
    sizes = [path.stat().st_size for path in sorted(tmp_path.glob("refused*"))]
    assert len(sizes) == 2
    assert max(sizes) < 1_400
