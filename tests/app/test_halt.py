"""A ledger's halt: what it refuses, who ends it, and that no death on the way loses or forks it."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.app.halt import ResumeRequest, resume, show_halt
from qfs.app.replay import ReplayRequest, replay
from qfs.app.worlds import open_ledger
from qfs.canon import ZERO_DIGEST, Digest
from qfs.errors import InputError, UsageError
from qfs.halt import Code, Halt, HaltRecord
from qfs.kernel import Tick
from qfs.shell import keystore, log, providers
from tests.app.logs import House, signer_of


def keys(folder: Path) -> dict[str, Path]:
    """The house's keys as files."""
    import hashlib  # noqa: PLC0415

    found = {}
    for name in ("root", "operator"):
        key = keystore.PrivateKey(
            keystore.Profile.ML_DSA_87, hashlib.sha256(name.encode()).digest()
        )
        assert key.public.raw == signer_of(name).public_key
        found[name] = folder / f"{name}.pem"
        keystore.write_private(found[name], key, None)
    return found


def halted(folder: Path) -> tuple[Path, HaltRecord]:
    """A sound ledger of three packets that stands in a halt."""
    made = House(folder / "ledger", signed=True)
    for _ in range(3):
        made.send(Tick())
    made.writer.close()
    record = HaltRecord(
        Code.INVARIANT_BROKEN.value, 4, Digest(b"p" * 32), made.world.root, ("machine=ledger",)
    )
    log.write_halt(folder / "ledger", record)
    return folder / "ledger", record


def standing(ledger: Path) -> HaltRecord | None:
    return show_halt(ledger).record


def test_a_root_ends_the_halt_and_the_ledger_goes_on(tmp_path: Path) -> None:
    ledger, record = halted(tmp_path)
    assert standing(ledger) == record
    report = resume(ResumeRequest(ledger, (keys(tmp_path)["root"],)))
    assert (report.refusal, report.halt, report.seq) == (None, record.digest(), 4)
    assert standing(ledger) is None
    again = replay(ReplayRequest(ledger))
    assert (again.identical, again.packets, again.state_root) == (True, 4, report.state_root)
    with pytest.raises(UsageError, match="not halted"):
        resume(ResumeRequest(ledger, (tmp_path / "root.pem",)))


def test_the_record_of_the_next_halt_names_the_one_before(tmp_path: Path) -> None:
    ledger, record = halted(tmp_path)
    resume(ResumeRequest(ledger, (keys(tmp_path)["root"],)))
    with open_ledger(ledger, providers.verifier()).writer:
        pass
    opened = open_ledger(ledger, None)
    opened.writer.close()
    assert (opened.resumed, opened.halted) == (record.digest(), None)


def test_an_operator_does_not_end_a_halt(tmp_path: Path) -> None:
    ledger, record = halted(tmp_path)
    before = everything(ledger)
    report = resume(ResumeRequest(ledger, (keys(tmp_path)["operator"],)))
    assert report.refusal == "LACKS_ROLE"
    assert standing(ledger) == record
    assert everything(ledger) == before


def everything(ledger: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(ledger)): path.read_bytes()
        for path in sorted(ledger.rglob("*"))
        if path.is_file()
    }


def test_a_log_that_was_changed_stays_halted(tmp_path: Path) -> None:
    ledger, record = halted(tmp_path)
    (segment,) = (ledger / "log").glob("*.log")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(bytes(data))
    with pytest.raises(Halt) as raised:
        resume(ResumeRequest(ledger, (keys(tmp_path)["root"],)))
    assert raised.value.code is Code.LOG_CORRUPT
    assert standing(ledger) == record


@pytest.mark.parametrize("data", [b"", b"\xff", b"halt", bytes(100)])
def test_a_tampered_halt_record_is_an_error_and_no_way_around_the_halt(
    data: bytes, tmp_path: Path
) -> None:
    ledger, _ = halted(tmp_path)
    (ledger / "halt.cbor").write_bytes(data)
    with pytest.raises(InputError, match="halt record"):
        show_halt(ledger)
    with pytest.raises(InputError, match="halt record"):
        resume(ResumeRequest(ledger, (keys(tmp_path)["root"],)))


def test_a_resume_without_keys_is_a_mistake(tmp_path: Path) -> None:
    ledger, _ = halted(tmp_path)
    with pytest.raises(UsageError, match="nobody to sign"):
        resume(ResumeRequest(ledger, ()))


def killed(limit: int, *words: str | Path) -> int | None:
    """Run a call and kill it before a step; returns the number of steps, None when killed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.app.killing", str(limit), *map(str, words)],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
    )
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def test_a_process_killed_at_any_step_of_a_resume_has_resumed_or_not(tmp_path: Path) -> None:
    ledger, record = halted(tmp_path)
    root = keys(tmp_path)["root"]
    copy = tmp_path / "whole"
    shutil.copytree(ledger, copy)
    steps = killed(1_000, "resume", copy, root)
    assert steps is not None
    assert steps >= 4, "an append, its sync, the removal of the record"
    seen = set()
    for step in range(steps):
        at = tmp_path / f"killed-{step}"
        shutil.copytree(ledger, at)
        assert killed(step, "resume", at, root) is None
        opened = open_ledger(at, providers.verifier())
        opened.writer.close()
        seen.add((opened.world.seq, opened.halted is None))
        if opened.halted is not None:
            assert opened.halted == record
            assert resume(ResumeRequest(at, (root,))).refusal is None
        assert standing(at) is None
        assert replay(ReplayRequest(at)).identical
    assert seen == {(3, False), (4, True)}


def test_a_process_killed_at_any_step_of_a_halt_halts_again(tmp_path: Path) -> None:
    made = House(tmp_path / "ledger", signed=True)
    for _ in range(3):
        made.send(Tick())
    made.writer.close()
    root = made.world.root
    (segment,) = (tmp_path / "ledger" / "log").glob("*.log")
    data = bytearray(segment.read_bytes())
    data[-100] ^= 1
    segment.write_bytes(bytes(data))
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(
        'schema = "qfs.scenario/1"\nname = "x"\nby = "operator"\n[[step]]\ndo = "open"\n'
        'account = 4294967296\nowner = "operator"\n'
    )
    key = keys(tmp_path)["operator"]
    whole = tmp_path / "whole"
    shutil.copytree(tmp_path / "ledger", whole)
    steps = killed(1_000, "submit", whole, scenario, key)
    record = log.read_halt(whole)
    assert record is not None
    assert (record.code, record.root) == (
        Code.LOG_CORRUPT.value,
        root,
    ) or record.previous == ZERO_DIGEST
    assert steps is not None
    for step in range(steps):
        at = tmp_path / f"killed-{step}"
        shutil.copytree(tmp_path / "ledger", at)
        assert killed(step, "submit", at, scenario, key) is None
        assert everything(at)["log/" + segment.name] == bytes(data), "nothing was written over"
        assert killed(1_000, "submit", at, scenario, key) is not None
        assert log.read_halt(at) == record, "the same bytes, whenever it halts"
