"""`make nightly` records what really ran, and only that."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROPERTY = "tests/certmath/test_rounding.py::test_the_mirrored_mode_rounds_the_negative"


@pytest.mark.parametrize("jobs", ["0", "1"])
def test_the_record_holds_each_property_and_how_many_examples_it_ran(
    tmp_path: Path, jobs: str
) -> None:
    subprocess.run(
        [sys.executable, "-m", "tools.nightly", PROPERTY, "--jobs", jobs, "--reports", tmp_path],
        cwd=ROOT, check=True, capture_output=True, env={**os.environ, "QFS_PROFILE": "default"},
    )  # fmt: skip
    (report,) = tmp_path.iterdir()
    said = json.loads(report.read_text("utf-8"))
    assert said["examples"] == {PROPERTY: 100}
    assert (said["passed"], said["failed"], said["skipped"]) == (1, [], [])
    assert said["paths"] == [PROPERTY]
    assert said["profile"] == "default"


def test_a_failing_run_says_so_in_its_exit_code_and_in_the_record(tmp_path: Path) -> None:
    bad = tmp_path / "test_bad.py"
    bad.write_text("def test_no() -> None:\n    assert 1 == 2\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tools.nightly", bad, "--jobs", "0", "--reports", tmp_path / "out"],
        cwd=ROOT, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 1
    (report,) = (tmp_path / "out").iterdir()
    said = json.loads(report.read_text("utf-8"))
    assert said["passed"] == 0
    assert [name.rpartition("::")[2] for name in said["failed"]] == ["test_no"]
