"""The simulation runs, is the same each time, and finds what is broken on purpose."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qfs.halt import Halt
from qfs.shell import log
from qfs.shell.log_frames import Scan
from tests.sim import world as world_
from tests.sim.disk import SimDisk
from tests.sim.world import BreachError, simulate

ROOT = Path(__file__).resolve().parents[2]


def test_many_worlds_hold_and_much_happens_to_them() -> None:
    outcomes = [simulate(seed) for seed in range(120)]
    faults: Counter[str] = Counter()
    for outcome in outcomes:
        faults.update(outcome.faults)
    assert sum(outcome.packets for outcome in outcomes) > 600
    assert set(faults) == {"CRASH", "EIO", "ENOSPC", "FSYNC", "LOST", "MISDIRECTED"}
    assert any(outcome.halted for outcome in outcomes)


def test_a_seed_is_one_world_each_time() -> None:
    assert [simulate(seed) for seed in (3, 54, 92)] == [simulate(seed) for seed in (3, 54, 92)]


def believes_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimDisk, "refresh", lambda disk: None)


def leaves_what_is_torn(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = log.go_on
    monkeypatch.setattr(
        log, "go_on", lambda disk, reading: go_on(disk, replace(reading, torn_at=None))
    )


def forgets_to_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimDisk, "sync", lambda disk: None)


def calls_rot_torn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scan, "_judge", lambda scan, window, at: None)


def calls_torn_rot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scan, "_judge", lambda scan, window, at: scan.corrupt(at, "anything bad"))


def keeps_what_is_in_escrow(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tuple(one for one in world_.REACTIONS if one.name != "escrow-give")
    monkeypatch.setattr(world_, "REACTIONS", kept)


@pytest.mark.parametrize(
    ("first", "spoil"),
    [
        (15, believes_memory),
        (340, leaves_what_is_torn),
        (0, forgets_to_sync),
        (15, calls_rot_torn),
        (0, calls_torn_rot),
        (20, keeps_what_is_in_escrow),
    ],
)
def test_what_is_broken_on_purpose_is_found(
    first: int, spoil: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch)
    found = None
    for seed in range(first, first + 600):
        try:
            simulate(seed)
        except (BreachError, Halt) as error:
            found = error
            break
    assert found is not None


def test_the_runner_names_the_seed_of_a_failure(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import tests.sim.world as w\nw.market.agrees = lambda *_: False\n"
    )
    done = {
        path: subprocess.run(
            [sys.executable, "-m", "tests.sim", "--first", "40", "--seeds", "12", "--jobs", "2"],
            cwd=ROOT,
            env={"PYTHONPATH": f"{path}:{ROOT}", "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        for path in ("", tmp_path)
    }
    assert done[""].returncode == 0, done[""].stderr
    assert "12 worlds hold" in done[""].stdout
    assert "2 run under two hash seeds" in done[""].stdout
    assert done[tmp_path].returncode == 1
    assert "BreachError: queries equal a naive model" in done[tmp_path].stdout
    again = "world 40 FAILS; again: python -m tests.sim --first 40 --seeds 1"
    assert again in done[tmp_path].stdout
