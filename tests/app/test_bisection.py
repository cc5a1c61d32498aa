"""Bisection: the packet, command and key at which two logs part, and whose root is wrong."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import qfs
from qfs.app.bisection import BisectRequest, bisect, first_difference
from qfs.app.worlds import derive
from qfs.canon import ZERO_DIGEST, digest
from qfs.errors import InputError
from qfs.halt import Halt
from qfs.kernel import Tick, Transactions
from qfs.ledger.commands import Transfer
from qfs.shell import log
from qfs.shell.log_disk import OneFile
from qfs.shell.log_frames import Frame
from tests.app.logs import MINE, OTHER, House, actions, idempotency, make_log, order


def twin(directory: Path, change, count: int = 12) -> None:
    """Write a ledger whose actions went through change(list of actions)."""
    house = House(directory)
    with house.writer:
        for action in change(actions(house, count)):
            house.send(action)


def found(one: Path, other: Path) -> dict:
    return bisect(BisectRequest(one, other, trust_signatures=True)).document()


def swapped(at: int, action):
    return lambda old: [*old[:at], action, *old[at + 1 :]]


def transfer(amount: int, nonce: int, number: int) -> Transactions:
    move = Transfer(MINE, OTHER, 1, amount, nonce, idempotency(number))
    return Transactions(((order(move),),))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    directory = tmp_path_factory.mktemp("bisect") / "house"
    make_log(directory)
    return directory


def test_the_first_differing_packet_command_and_key_are_named(house, tmp_path):
    """Packet 4 moves 2 units in one log and 7 in the other; all later packets differ as well."""
    twin(tmp_path / "twin", swapped(3, transfer(7, 1, 2)))
    document = found(house, tmp_path / "twin")
    difference = document["difference"]
    assert (document["identical"], difference["packet"]) == (False, 4)
    assert difference["parts"] == ["transaction 0, order 0"]
    assert (difference["machine"], difference["key"]) == ("ledger", f"accounts[{MINE}]")
    assert difference["values"][0] != difference["values"][1]
    for side, amount in (("a", 2), ("b", 7)):
        command = difference[side]["command"]
        assert command.startswith("transaction 0, order 0: Transfer(")
        assert f"amount={amount}," in command
        assert difference[side]["derived"] == difference[side]["recorded"]


def test_few_roots_are_compared(tmp_path):
    nowhere = OneFile(tmp_path)
    frames = [
        Frame(n, digest("root", n), 0, 1, 0, ZERO_DIGEST, ZERO_DIGEST, nowhere)
        for n in range(100_000)
    ]
    other = [replace(frame, root=digest("other", frame.seq)) for frame in frames[77_777:]]
    at, compared = first_difference(frames, [*frames[:77_777], *other])
    assert (at, compared <= 17) == (77_777, True)
    assert first_difference(frames, frames)[0] is None
    assert first_difference(frames[:5], frames)[0] == 5
    assert first_difference([], [])[0] is None


def test_equal_logs_are_identical_however_they_were_signed(house, tmp_path):
    twin(tmp_path / "twin", lambda old: old)
    assert found(house, tmp_path / "twin")["identical"]
    for name in ("one", "two"):
        make_log(tmp_path / name, 2, signed=True)
    assert log.read(tmp_path / "one").chain != log.read(tmp_path / "two").chain
    report = bisect(BisectRequest(tmp_path / "one", tmp_path / "two"))
    assert (report.exit_code, report.packet) == (0, None)


def test_a_log_that_goes_on_is_not_the_same(house, tmp_path):
    twin(tmp_path / "twin", lambda old: old[:9])
    difference = found(house, tmp_path / "twin")["difference"]
    assert (difference["packet"], difference["parts"]) == (10, ["b has ended"])
    assert difference["b"]["recorded"] is None


OTHERS = [
    ("a tick for a transfer", swapped(4, Tick()), 5, ["kind", "payload"]),
    (
        "an order more",
        lambda old: [Transactions((*old[0].groups, *old[1].groups)), *old[1:]],
        1,
        ["transaction 1, order 0"],
    ),
]


@pytest.mark.parametrize(
    ("change", "packet", "parts"), [case[1:] for case in OTHERS], ids=[case[0] for case in OTHERS]
)
def test_what_differs_in_the_packet_is_said(house, tmp_path, change, packet, parts):
    twin(tmp_path / "twin", change)
    difference = found(house, tmp_path / "twin")["difference"]
    assert (difference["packet"], difference["parts"]) == (packet, parts)


def test_a_root_that_is_not_its_packets_is_named(house, tmp_path):
    """The same packets; one log recorded another root at packet 6."""
    frames = log.read(house).frames
    with log.create(tmp_path / "liar", frames[0].body, frames[0].root) as writer:
        for frame in frames[1:]:
            writer.append(frame.body, frames[2].root if frame.seq >= 6 else frame.root)
    difference = found(house, tmp_path / "liar")["difference"]
    assert (difference["packet"], difference["parts"], difference["machine"]) == (6, [], None)
    assert difference["a"]["derived"] == difference["a"]["recorded"] == frames[6].root.hex()
    assert difference["b"]["derived"] == frames[6].root.hex() != difference["b"]["recorded"]


def test_a_packet_that_the_gate_refuses_is_said_to_be_refused(house, tmp_path):
    frames = log.read(house).frames
    with log.create(tmp_path / "spliced", frames[0].body, frames[0].root) as writer:
        for frame in (*frames[1:4], *frames[5:]):
            writer.append(frame.body, frame.root)
    difference = found(house, tmp_path / "spliced")["difference"]
    assert difference["packet"] == 4
    assert "WRONG_SEQUENCE" in difference["b"]["stopped"]
    assert difference["a"]["stopped"] is None


def test_two_ledgers_differ_from_their_genesis_on(house, tmp_path):
    frames = log.read(house).frames
    from_another = House(tmp_path / "other")
    from_another.writer.close()
    assert found(house, tmp_path / "other")["difference"]["packet"] == 1
    log.create(
        tmp_path / "renamed", frames[0].body.replace(b"test", b"best"), frames[1].root
    ).close()
    difference = found(house, tmp_path / "renamed")["difference"]
    assert (difference["packet"], difference["parts"]) == (0, ["name of the genesis"])


def test_what_is_no_log_and_what_is_corrupt_is_said(house, tmp_path):
    with pytest.raises(InputError):
        found(house, tmp_path)
    (tmp_path / "bad.log").write_bytes(
        (house / "log/00000001.log").read_bytes().replace(b"test house", b"rest house", 1)
    )
    with pytest.raises(Halt):
        found(house, tmp_path / "bad.log")


def test_the_command_says_it_and_exits_accordingly(house, tmp_path):
    twin(tmp_path / "twin", swapped(3, transfer(7, 1, 2)))
    for other, code, said in (
        (tmp_path / "twin", 1, f"state       ledger: accounts[{MINE}]"),
        (house, 0, "identical   yes"),
        (tmp_path / "none", 2, "does not exist"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "qfs_cli.main", "bisect", house, other, "--trust-signatures"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
    done = subprocess.run(
        [
            *(sys.executable, "-m", "qfs_cli.main", "bisect", house, tmp_path / "twin"),
            *("--trust-signatures", "--format", "json"),
        ],
        capture_output=True,
        check=False,
    )
    document = json.loads(done.stdout)
    assert (document["schema"], document["compared"] <= 4) == ("qfs.bisect/1", True)


def with_snapshots(directory: Path, packets: list[int]) -> list[Path]:
    """Write a ledger's snapshots at some packets, as `qfs ledger snapshot` names them."""
    folder = directory / "snapshots"
    folder.mkdir()
    made = []
    for step in derive(log.read(directory).frames):
        if step.world.seq in packets:
            path = folder / f"{step.world.seq:020d}.snapshot"
            path.write_bytes(b"".join(step.world.snapshot()))
            made.append(path)
    return made


def test_a_snapshot_spares_the_packets_before_it(house, tmp_path):
    """Twelve packets, the tenth of one differs: from the start, and from a snapshot at 8."""
    twin(tmp_path / "twin", swapped(9, transfer(7, 5, 77)))
    request = BisectRequest(house, tmp_path / "twin", trust_signatures=True)
    whole = bisect(request)
    with_snapshots(tmp_path / "twin", [3, 8, 11])
    spared = bisect(request)
    assert (whole.packet, whole.executed, spared.executed) == (10, 9 + 2, 1 + 2)
    assert replace(spared, executed=whole.executed) == whole


def test_the_line_that_wrote_the_key_is_named(house, tmp_path):
    twin(tmp_path / "twin", swapped(3, transfer(7, 1, 2)))
    place, line = found(house, tmp_path / "twin")["difference"]["a"]["source"].split(":")
    source = (Path(qfs.__file__).parent / place).read_text("utf-8").splitlines()[int(line) - 1]
    assert place.startswith("ledger/")
    assert "return " in source


def test_two_snapshots_are_told_apart_down_to_the_key_and_its_writer(house, tmp_path):
    twin(tmp_path / "twin", swapped(3, transfer(7, 1, 2)))
    shutil.copytree(house, tmp_path / "house")
    ours, ours_later = with_snapshots(tmp_path / "house", [3, 12])
    same, theirs = with_snapshots(tmp_path / "twin", [3, 12])
    assert (found(ours, same)["identical"], found(ours, same)["difference"]) == (True, None)
    difference = found(ours_later, theirs)["difference"]
    assert (difference["packet"], difference["machine"]) == (4, "ledger")
    assert difference["key"] == f"accounts[{MINE}]"
    assert difference["values"][0] != difference["values"][1]
    assert "Transfer(" in difference["a"]["command"]
    assert difference["a"]["command"].startswith("packet ")
    lone = tmp_path / "lone.snapshot"
    shutil.copy(theirs, lone)
    alone = found(ours_later, lone)["difference"]
    assert (alone["key"], alone["packet"], alone["b"]["command"]) == (difference["key"], None, None)


def test_an_earlier_and_a_later_snapshot_of_one_ledger_name_what_was_written_between(
    house, tmp_path
):
    shutil.copytree(house, tmp_path / "house")
    early, late = with_snapshots(tmp_path / "house", [3, 4])
    difference = found(early, late)["difference"]
    assert (difference["packet"], difference["machine"]) == (4, "ledger")
    assert (difference["a"]["command"], "amount=2," in difference["b"]["command"]) == (None, True)


def test_what_is_no_snapshot_is_said(house, tmp_path):
    (tmp_path / "bad.snapshot").write_bytes(b"no")
    with pytest.raises(InputError):
        found(tmp_path / "bad.snapshot", tmp_path / "bad.snapshot")
    with pytest.raises(InputError):
        found(tmp_path / "none.snapshot", tmp_path / "none.snapshot")
