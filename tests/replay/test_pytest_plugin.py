"""The pytest plugin, in pytest runs of its own."""

import os
import subprocess
import sys
from pathlib import Path

from qfs import pytest_plugin
from tests.app.logs import make_log

ROOT = Path(__file__).resolve().parents[2]
TEST = """
def test_steady(qfs_replay):
    qfs_replay("desk:steady", "inputs.jsonl", perturb=False, golden="steady")


def test_drifting(qfs_replay):
    qfs_replay("desk:drifting", "inputs.jsonl", other_pythons=False)
"""
DESK = (
    "def steady(x):\n    return x + 1\n\ndef drifting(x):\n    return list({'a', 'b', 'c', 'd'})\n"
)


def pytest_run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder with the plugin alone."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "-p", "no:qfs", "-p", pytest_plugin.__name__, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_fixture_fails_for_what_drifts_and_keeps_golden_results(tmp_path: Path) -> None:
    (tmp_path / "test_desk.py").write_text(TEST, encoding="utf-8")
    (tmp_path / "desk.py").write_text(DESK, encoding="utf-8")
    (tmp_path / "inputs.jsonl").write_text("1\n2\n", encoding="utf-8")
    only = ("-k", "steady")
    assert "run pytest --qfs-update" in pytest_run(tmp_path, *only).stdout
    assert pytest_run(tmp_path, *only, "--qfs-update").returncode == 0
    first = pytest_run(tmp_path)
    assert first.returncode == 1
    assert '"environment": "PYTHONHASHSEED"' in first.stdout
    assert "1 failed, 1 passed" in first.stdout
    changed = DESK.replace("x + 1", "x + 2")
    (tmp_path / "desk.py").write_text(changed, encoding="utf-8")
    assert "other results than" in pytest_run(tmp_path, *only).stdout


def test_every_ledger_below_a_folder_is_replayed(tmp_path: Path) -> None:
    make_log(tmp_path / "logs/one", 4)
    make_log(tmp_path / "logs/two", 4)
    sound = pytest_run(tmp_path, "--qfs-replay", "logs")
    assert (sound.returncode, "2 passed" in sound.stdout) == (0, True), sound.stdout
    log = tmp_path / "logs/two/log/00000001.log"
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    broken = pytest_run(tmp_path, "--qfs-replay", "logs")
    assert broken.returncode == 1
    assert "1 failed, 1 passed" in broken.stdout
    assert "CIR-302" in broken.stdout
    assert pytest_run(tmp_path, "--qfs-replay", "absent").returncode == 4
