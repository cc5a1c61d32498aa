"""The generators and provers themselves: they find planted faults, and their files are current."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.certmath import raw
from tests.certmath.vectors import say
from tools import certmath_gappa, certmath_prove, certmath_vectors

ROOT = Path(__file__).parents[2]


def test_the_vector_file_is_what_its_generator_makes() -> None:
    made = ("\n".join(certmath_vectors.lines()) + "\n").encode("ascii")
    assert certmath_vectors.TARGET.read_bytes() == made


def test_a_planted_error_of_one_unit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = raw.exp
    assert certmath_prove.compare("exp", (10**18,)) == ""
    monkeypatch.setattr(raw, "exp", lambda x, mode: real(x, mode) + (x == 10**18))
    assert "QFS" in certmath_prove.compare("exp", (10**18,))


def test_gappa_proves_the_budgets_and_no_tighter_ones() -> None:
    if shutil.which("gappa") is None:
        say("gappa: NOT RUN (not installed)")
        return
    assert certmath_gappa.prove()["verdict"] == "proved"
    tight = certmath_gappa.horner(160, ["1", "1", "1/2", "1/6"], 1, 24, 4)
    done = subprocess.run(["gappa"], input=tight, capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_a_proof_run_says_exactly_what_it_ran(tmp_path: Path) -> None:
    report = tmp_path / "prove.json"
    subprocess.run(
        [
            sys.executable, "-m", "tools.certmath_prove", "--points", "3", "--report", str(report),
            "--function", "exp", "--function", "pi",
        ],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    said = json.loads(report.read_text(encoding="utf-8"))
    assert said["arguments"] == {
        "exp": {"random": 3, "hard": 3, "mismatches": 0},
        "pi": {"random": 0, "hard": 1, "mismatches": 0},
    }
    assert "ln" in said["not_run"]
    assert "exp" not in said["not_run"]
