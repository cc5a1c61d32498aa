"""More processes change nothing that is said: the same report for any --jobs, down to the byte."""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys

import pytest

from qfs import packet
from qfs.app.replay import WORTH_IT, ReplayRequest, replay
from qfs.app.replay_parts import starts_of
from qfs.app.worlds import derive, last_of, snapshot_file
from qfs.canon import digest
from qfs.crypto import Profile
from qfs.errors import ProviderFault
from qfs.kernel import Transactions
from qfs.ledger.commands import Transfer
from qfs.shell import log, providers
from qfs.shell.providers.ahead import Ahead
from tests.app.logs import MINE, OTHER, House, actions, idempotency, order

COMMAND = (sys.executable, "-m", "qfs_cli.main", "replay", "--format", "json")
PACKETS = 230
MIDDLE = 110


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A signed ledger with a snapshot in its middle, large enough for a second process."""
    directory = tmp_path_factory.mktemp("jobs") / "house"
    made = House(directory, signed=True)
    with made.writer:
        for action in actions(made, 3):
            made.send(action)
        for number in range(PACKETS - 3):
            move = Transfer(MINE, OTHER, 1, 1, number, idempotency(number))
            made.send(Transactions(((order(move),),)))
    frames = log.read(directory).frames
    assert sum(frame.length for frame in frames) > WORTH_IT
    half = last_of(derive(frames[: MIDDLE + 1])).world
    snapshot_file(directory, MIDDLE).parent.mkdir()
    snapshot_file(directory, MIDDLE).write_bytes(b"".join(half.snapshot()))
    return directory


def forged(*numbers):
    """Spoil the signatures of some packets."""

    def change(frames):
        for number in numbers:
            body, root = frames[number]
            signed = packet.decode(body)
            signature = bytes([signed.signature[0] ^ 1]) + signed.signature[1:]
            frames[number] = (packet.encode(signed.body, signature), root)
        return frames

    return change


def lied(number):
    """Record the root of the packet before."""

    def change(frames):
        frames[number] = (frames[number][0], frames[number - 1][1])
        return frames

    return change


CASES = [
    ("a sound log", None, 0, PACKETS, None),
    ("a forgery in each part", forged(50, 150), 3, 49, 50),
    ("a forgery in the last part", forged(150), 3, 149, 150),
    ("a lie where two parts meet", lied(MIDDLE), 3, MIDDLE - 1, MIDDLE),
    ("a packet left out", lambda frames: frames[:70] + frames[71:], 3, 69, 70),
]


@pytest.mark.parametrize(
    ("change", "code", "packets", "halted"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
@pytest.mark.parametrize("parts", [True, False], ids=["from snapshots", "signatures ahead"])
def test_the_report_is_the_same_for_any_number_of_processes(
    house, tmp_path, parts, change, code, packets, halted
):
    path = tmp_path / "copy"
    shutil.copytree(house, path)
    if change is not None:
        told = change([(frame.body, frame.root) for frame in log.read(path).frames])
        shutil.rmtree(path / "log")
        with log.create(path, *told[0]) as writer:
            for body, root in told[1:]:
                writer.append(body, root)
    if not parts:
        shutil.rmtree(path / "snapshots")
    alone = replay(ReplayRequest(path))
    together = replay(ReplayRequest(path, jobs=2))
    assert together.document() == alone.document()
    trusted = [
        replay(ReplayRequest(path, trust_signatures=True, jobs=jobs)).document() for jobs in (1, 2)
    ]
    assert trusted[0] == trusted[1]
    assert (alone.exit_code, alone.packets) == (code, packets)
    assert (None if alone.halt is None else alone.halt.seq) == halted


@pytest.mark.parametrize("cut", [120, 40], ids=["in the last part", "before the snapshot"])
def test_a_truncated_log_is_truncated_for_any_number_of_processes(house, tmp_path, cut):
    path = tmp_path / "copy"
    shutil.copytree(house, path)
    segment = path / "log" / "00000001.log"
    frames = log.read(path).frames
    os.truncate(segment, frames[cut].offset + 100)
    with segment.open("ab") as file:
        file.write(os.urandom(WORTH_IT - 1) if cut == 40 else b"")  # noise is no frame either
    reports = [replay(ReplayRequest(path, jobs=jobs)).document() for jobs in (1, 2)]
    assert reports[0] == reports[1]
    assert reports[0]["packets"] == cut - 1


def test_a_log_that_halts_and_is_cut_behind_is_both_for_any_number_of_processes(house, tmp_path):
    path = tmp_path / "copy"
    shutil.copytree(house, path)
    told = lied(50)([(frame.body, frame.root) for frame in log.read(path).frames])
    shutil.rmtree(path / "log")
    with log.create(path, *told[0]) as writer:
        for body, root in told[1:]:
            writer.append(body, root)
    frames = log.read(path).frames
    os.truncate(path / "log" / "00000001.log", frames[-1].offset + 100)
    reports = [
        replay(ReplayRequest(path, trust_signatures=trusted, jobs=jobs))
        for trusted in (True, False)
        for jobs in (1, 2)
    ]
    for report in reports:
        assert (report.exit_code, report.packets) == (3, 49)
        assert (report.halt.seq, report.truncated.packet) == (50, PACKETS)
    assert [one.document() for one in reports[::2]] == [one.document() for one in reports[1::2]]


@pytest.mark.parametrize("spoiled", [60, MIDDLE, MIDDLE + 1, 225])
@pytest.mark.parametrize("parts", [True, False], ids=["from snapshots", "signatures ahead"])
def test_a_corrupt_log_halts_alike_for_any_number_of_processes(house, tmp_path, parts, spoiled):
    path = tmp_path / "copy"
    shutil.copytree(house, path)
    if not parts:
        shutil.rmtree(path / "snapshots")
    segment = path / "log" / "00000001.log"
    data = bytearray(segment.read_bytes())
    data[log.read(path).frames[spoiled].offset + 1000] ^= 1
    segment.write_bytes(data)
    reports = [replay(ReplayRequest(path, jobs=jobs)) for jobs in (1, 2)]
    assert reports[0].document() == reports[1].document()
    said = (reports[0].exit_code, reports[0].packets, reports[0].halt.seq)
    assert said == (3, spoiled - 1, spoiled)
    assert reports[0].halt.to_bytes() == reports[1].halt.to_bytes()


@pytest.mark.parametrize(
    ("sizes", "snapshots", "jobs", "starts"),
    [
        ([100] * 8, {2: 0, 4: 0, 6: 0}, 2, [4]),
        ([100] * 8, {2: 0, 4: 0, 6: 0}, 4, [2, 4, 6]),
        ([100, 100, 100, 100, 100, 100, 1000, 1000], {2: 0, 4: 0, 6: 0}, 2, [6]),
        ([1000, 1000, 100, 100, 100, 100, 100, 100], {2: 0, 4: 0, 6: 0}, 2, [2]),
        ([100] * 8, {4: 500, 6: 0}, 2, [4]),
        ([100] * 8, {4: 800, 6: 0}, 2, [6]),
        ([100] * 8, {4: 9_000}, 2, []),
        ([100] * 8, {7: 0}, 2, []),
        ([100] * 8, {}, 2, []),
    ],
    ids=[
        *("the middle", "each", "large ones last", "large ones first"),
        *("a snapshot not too large to load", "one that is", "one larger than the log"),
        *("nothing behind", "none"),
    ],
)
def test_a_log_is_parted_at_the_snapshots_that_make_even_parts(
    tmp_path, sizes, snapshots, jobs, starts
):
    with log.create(tmp_path / "log", b"genesis", digest("root", 0)) as writer:
        for number, size in enumerate(sizes[1:], start=1):
            writer.append(bytes(size), digest("root", number))
    (tmp_path / "log" / "snapshots").mkdir()
    for seq, size in snapshots.items():
        snapshot_file(tmp_path / "log", seq).write_bytes(bytes(size))
    frames = log.skimmed(tmp_path / "log")
    assert frames == log.read(tmp_path / "log").frames
    assert starts_of(tmp_path / "log", frames, jobs) == starts


def test_a_snapshot_that_is_not_good_only_costs_time(house, tmp_path):
    path = tmp_path / "copy"
    shutil.copytree(house, path)
    file = snapshot_file(path, MIDDLE)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert starts_of(path, log.read(path).frames, 2) == [MIDDLE]
    report = replay(ReplayRequest(path, jobs=2))
    assert (report.exit_code, report.packets) == (0, PACKETS)


def test_the_command_prints_the_same_bytes(house):
    outputs = [
        subprocess.run(
            [*COMMAND, str(house), "--jobs", jobs],
            capture_output=True,
            check=False,
        )
        for jobs in ("1", "2", "3")
    ]
    assert [done.returncode for done in outputs] == [0, 0, 0], outputs
    assert len({done.stdout for done in outputs}) == 1
    assert json.loads(outputs[0].stdout)["packets"] == PACKETS


QUESTION = (Profile.ML_DSA_44, bytes(1312), b"m" * 32, bytes(2420), b"QFS/DRV/v1")


class Faulty:
    """A provider that cannot answer."""

    name = "faulty"

    def verify(self, *_question):
        raise ProviderFault("out of order")


def test_a_fault_in_another_process_is_a_fault_where_it_is_asked_for():
    with Ahead(Faulty(), 2) as ahead:
        ahead.expect([QUESTION])
        ahead.give_out()
        for _ in range(2):
            with pytest.raises(ProviderFault, match="out of order"):
                ahead.verify(*QUESTION)


def test_a_process_that_is_killed_leaves_its_questions_to_this_one():
    with Ahead(providers.verifier(), 2) as ahead:
        ahead.expect([QUESTION])
        ahead.give_out()
        assert ahead.verify(*QUESTION) is False
        for child in multiprocessing.active_children():
            child.kill()
        others = [(*QUESTION[:2], bytes([n]) * 32, *QUESTION[3:]) for n in range(3)]
        for question in others:
            ahead.expect([question])
            ahead.give_out()
        assert [ahead.verify(*question) for question in others] == [False] * 3
