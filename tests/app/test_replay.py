"""Replay: the same roots, or the exact place and reason why not; the disk stays as it was."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from qfs import packet
from qfs.app import replay_main
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.replay import ReplayRequest, replay, replay_here
from qfs.app.worlds import Program
from qfs.canon import encode
from qfs.kernel import StateInvariant
from qfs.shell import log, providers
from qfs.shell.keystore import PublicKey
from tests.app.logs import PROFILE, House, actions, make_log, signer_of

ROOT = Path(__file__).resolve().parents[2]


def qfs(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qfs_cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


def tree_of(directory: Path) -> list[tuple[str, bytes, int]]:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return [(str(path), path.read_bytes(), path.stat().st_mtime_ns) for path in files]


def trusted(path: Path) -> dict:
    return replay(ReplayRequest(path, trust_signatures=True)).document()


def segment(directory: Path) -> Path:
    return directory / "log" / "00000001.log"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    directory = tmp_path_factory.mktemp("replay") / "house"
    return directory, make_log(directory, 12)


@pytest.fixture
def copy(house, tmp_path):
    shutil.copytree(house[0], tmp_path / "copy")
    return tmp_path / "copy"


def test_a_log_gives_its_roots_again(house):
    directory, world = house
    document = trusted(directory)
    assert document == trusted(segment(directory))
    assert document == {
        "schema": "qfs.replay/1",
        "packets": 12,
        "commands": 11,
        "state_root": world.root.hex(),
        "signatures": "trusted",
        "identical": True,
        "truncated": None,
        "halt": None,
        "divergence": None,
        "environments": [],
        "proofs": [],
        "program": None,
    }


def test_signatures_are_verified_unless_they_are_trusted(house, tmp_path):
    """The same log but for the signatures: verified when real, a halt when made up."""
    world = make_log(tmp_path / "signed", 4, signed=True)
    report = replay(ReplayRequest(tmp_path / "signed"))
    assert (report.exit_code, report.signatures, report.state_root) == (0, "verified", world.root)
    made_up = replay(ReplayRequest(house[0]))
    assert made_up.exit_code == 3
    assert made_up.document()["halt"]["facts"]["refusal"] == "BAD_SIGNATURE"
    assert (made_up.packets, made_up.halt.seq) == (0, 1)


def test_a_flipped_byte_halts_and_names_the_packet(copy, house):
    frames = log.read(copy).frames
    data = bytearray(segment(copy).read_bytes())
    data[frames[7].offset + log.HEADER_BYTES + 100] ^= 1
    segment(copy).write_bytes(data)
    report = replay(ReplayRequest(copy, trust_signatures=True))
    assert report.exit_code == 3
    assert (report.packets, report.state_root) == (6, frames[6].root)
    halt = report.document()["halt"]
    assert (halt["code"], halt["name"], halt["packet"]) == ("CIR-302.01", "LOG_CORRUPT", 7)
    assert halt["root"] == frames[6].root.hex()


def rewritten(directory: Path, change) -> None:
    """Write the log again with other frames: whole, chained, and telling another story."""
    stories = change([(frame.body, frame.root) for frame in log.read(directory).frames])
    shutil.rmtree(directory)
    with log.create(directory, *stories[0]) as writer:
        for body, root in stories[1:]:
            writer.append(body, root)


def other_ledger() -> list[tuple[bytes, bytes]]:
    """Return packets 3 and on of a ledger that differs in its first packet's time alone."""
    with TemporaryDirectory() as name:
        house = House(Path(name) / "other")
        with house.writer:
            for number, action in enumerate(actions(house, 6)):
                house.send(action, step_us=2_000_000 if number == 0 else 1_000_000)
        return [(frame.body, frame.root) for frame in log.read(Path(name) / "other").frames][3:]


def by_another(frame: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Sign a packet's contents with a key that nobody has enrolled."""
    stranger = PublicKey(PROFILE, signer_of("stranger").public_key)
    made = replace(packet.decode(frame[0]).packet, key=stranger.id).to_bytes()
    signature = signer_of("stranger").sign(packet.signing_message(made), packet.CONTEXT)
    return packet.encode(made, signature), frame[1]


def of_version_2(frame: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Say that a packet's body is of another version."""
    signed = packet.decode(frame[0])
    made = signed.body[:1] + b"\x02" + signed.body[2:]
    return encode([1, made, signed.signature]), frame[1]


REWRITES = [
    (
        "another root",
        lambda frames: [*frames[:5], (frames[5][0], frames[4][1]), *frames[6:]],
        ("CIR-302.03", 5),
    ),
    ("two packets swapped", lambda frames: [*frames[:3], frames[4], frames[3]], ("CIR-302.02", 3)),
    ("a packet left out", lambda frames: [*frames[:3], *frames[4:]], ("CIR-302.02", 3)),
    ("a packet twice", lambda frames: [*frames[:4], *frames[3:]], ("CIR-302.02", 4)),
    (
        "a packet of garbage",
        lambda frames: [*frames[:3], (b"garbage", frames[3][1])],
        ("CIR-302.02", 3),
    ),
    (
        "a packet of another ledger",
        lambda frames: [*frames[:3], *other_ledger()],
        ("CIR-302.02", 3),
    ),
    (
        "a packet signed anew by a stranger",
        lambda frames: [*frames[:3], by_another(frames[3])],
        ("CIR-302.02", 3),
    ),
    (
        "a packet of a later version",
        lambda frames: [*frames[:3], of_version_2(frames[3])],
        ("CIR-302.02", 3),
    ),
    ("a genesis of garbage", lambda frames: [(b"garbage", frames[0][1])], ("CIR-302.01", 0)),
]


@pytest.mark.parametrize(
    ("change", "where"), [case[1:] for case in REWRITES], ids=[case[0] for case in REWRITES]
)
def test_a_rewritten_history_halts_at_its_first_lie(copy, change, where):
    rewritten(copy, change)
    report = replay(ReplayRequest(copy, trust_signatures=True))
    halt = report.document()["halt"]
    assert (report.exit_code, halt["code"], halt["packet"]) == (3, *where)
    assert not report.identical


def test_a_root_that_differs_is_shown_beside_the_recorded_one(copy):
    frames = log.read(copy).frames
    rewritten(copy, REWRITES[0][1])
    divergence = trusted(copy)["divergence"]
    assert (divergence["packet"], divergence["expected"], divergence["actual"]) == (
        5,
        frames[4].root.hex(),
        frames[5].root.hex(),
    )


def test_the_halt_record_is_the_same_bytes_wherever_the_log_is_replayed(copy, tmp_path):
    rewritten(copy, REWRITES[1][1])
    shutil.copytree(copy, tmp_path / "elsewhere" / "other name")
    records = [
        replay(ReplayRequest(path, trust_signatures=True)).halt.to_bytes()
        for path in (copy, tmp_path / "elsewhere" / "other name")
    ]
    assert records[0] == records[1]


def test_a_truncated_log_is_replayed_as_far_as_it_goes(copy):
    data = segment(copy).read_bytes()
    frames = log.read(copy).frames
    segment(copy).write_bytes(data[: frames[12].offset + 500])
    report = replay(ReplayRequest(copy, trust_signatures=True))
    assert (report.exit_code, report.packets, report.truncated.packet) == (1, 11, 12)
    assert report.state_root == frames[11].root


def test_replay_changes_nothing_on_the_disk(copy):
    for spoil in (lambda data: data, lambda data: data[:-1000], lambda data: data[:9000]):
        segment(copy).write_bytes(spoil(segment(copy).read_bytes()))
        segment(copy).chmod(0o444)
        before = tree_of(copy)
        replay(ReplayRequest(copy, trust_signatures=True))
        assert tree_of(copy) == before
        segment(copy).chmod(0o644)


def test_a_machine_that_this_program_lacks_halts(house):
    only_keys = {name: machine for name, machine in MACHINES.items() if name[0] == "keys"}
    report = replay_here(house[0], None, Program(only_keys))
    halt = report.document()["halt"]
    assert (report.exit_code, halt["name"], halt["packet"]) == (3, "VERSION_MISSING", 0)
    assert halt["facts"]["machine"] == "ledger"


def test_a_sentence_that_the_last_world_breaks_halts_where_signatures_are_verified(tmp_path):
    make_log(tmp_path / "signed", 4, signed=True)
    broken = StateInvariant("pigs_fly", lambda state: False)
    machines = {
        name: replace(machine, state_invariants=(*machine.state_invariants, broken))
        for name, machine in MACHINES.items()
    }
    program = Program(machines, REACTIONS)
    report = replay_here(tmp_path / "signed", providers.verifier(), program)
    halt = report.document()["halt"]
    assert (report.exit_code, halt["name"], halt["packet"]) == (3, "INVARIANT_BROKEN", 4)
    assert halt["facts"]["invariant"] == "keys.pigs_fly"
    assert replay_here(tmp_path / "signed", None, program).exit_code == 0


EXITS = [
    ("a sound log", lambda path: None, 0, "identical   yes"),
    ("a torn log", lambda path: os.truncate(segment(path), 20_000), 1, "truncated   in packet"),
    ("no log", lambda path: shutil.rmtree(path / "log"), 2, "error[QFS-INPUT]"),
    ("a text", lambda path: segment(path).write_text("hello"), 2, "is no QFS log"),
    (
        "a lie",
        lambda path: rewritten(path, REWRITES[0][1]),
        3,
        "CIR-302.03 ROOT_MISMATCH at packet 5",
    ),
]


@pytest.mark.parametrize(
    ("spoil", "code", "said"), [case[1:] for case in EXITS], ids=[case[0] for case in EXITS]
)
def test_the_exit_code_says_how_it_went(copy, spoil, code, said):
    spoil(copy)
    done = qfs("replay", copy, "--trust-signatures")
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
    alone = subprocess.run(
        [sys.executable, "-I", "-S", "-c", ALONE, str(ROOT), str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert alone.returncode == code, alone
    if code < 2:
        assert ("state root" in alone.stdout, alone.stderr) == (True, "")


ALONE = (
    "import sys; sys.path.insert(0, sys.argv[1]); from qfs.app.replay_main import main;"
    "sys.exit(main(sys.argv[2:]))"
)


def test_the_json_document_is_a_function_of_the_log(copy, tmp_path):
    shutil.copytree(copy, tmp_path / "other")
    one = qfs("replay", copy, "--trust-signatures", "--format", "json")
    other = qfs(
        "replay", tmp_path / "other", "--trust-signatures", "--format", "json", TZ="Asia/Tokyo"
    )
    assert one.stdout == other.stdout
    assert json.loads(one.stdout)["schema"] == "qfs.replay/1"
    assert str(tmp_path) not in one.stdout


def test_the_plain_entry_stops_where_it_is_told(house, capsys):
    directory, _ = house
    assert replay_main.main([str(directory), "--until", "4"]) == 0
    assert log.read(directory).frames[4].root.hex() in capsys.readouterr().out
    with pytest.raises(SystemExit):
        replay_main.main([str(directory), "--until", "-1"])
