"""The generators and provers themselves: they find planted faults, and their files are current."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.certmath import raw
from tests.certmath.vectors import say
from tools import certmath_gappa, certmath_prove, certmath_source, certmath_vectors

ROOT = Path(__file__).parents[2]


def test_the_vector_file_is_what_its_generator_makes() -> None:
    made = ("\n".join(certmath_vectors.lines()) + "\n").encode("ascii")
    assert certmath_vectors.TARGET.read_bytes() == made


def test_a_planted_error_of_one_unit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = raw.exp
    assert certmath_prove.compare("exp", (10**18,)) == ""
    monkeypatch.setattr(raw, "exp", lambda x, mode: real(x, mode) + (x == 10**18))
    assert "QFS" in certmath_prove.compare("exp", (10**18,))


def test_a_planted_error_in_one_part_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert certmath_prove.compare("allocate", (10, (1, 1, 1))) == ""
    monkeypatch.setattr(raw, "allocate", lambda _amount, _weights, _mode: [3, 4, 3])
    assert "QFS" in certmath_prove.compare("allocate", (10, (1, 1, 1)))


def test_the_committed_proof_is_of_these_very_kernels() -> None:
    said = json.loads(certmath_prove.REPORT.read_text(encoding="utf-8"))
    assert said["kernels_sha256"] == certmath_source.kernels_digest(), "run `make prove` again"


def test_words_beside_the_code_do_not_ask_for_a_new_proof() -> None:
    plain = "def f(x):\n    return x + 1\n"
    worded = '"""What."""\n\ndef f(x):\n    """Say.\n\n    More."""\n    return x + 1  # So.\n'
    assert certmath_source.code_alone(worded) == certmath_source.code_alone(plain)
    changed = plain.replace("1", "2")
    assert certmath_source.code_alone(changed) != certmath_source.code_alone(plain)


def test_gappa_proves_the_budgets_and_no_tighter_ones() -> None:
    if shutil.which("gappa") is None:
        say("gappa: NOT RUN (not installed)")
        return
    assert certmath_gappa.prove()["verdict"] == "proved"
    tight = certmath_gappa.horner(160, ["1", "1", "1/2", "1/6"], 1, 24, 4)
    done = subprocess.run(["gappa"], input=tight, capture_output=True, text=True, check=False)
    assert done.returncode != 0


def prove(report: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tools.certmath_prove", "--report", report, *words],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip


def counts(report: Path) -> dict[str, tuple[int, int, int]]:
    said = json.loads(report.read_text(encoding="utf-8"))
    return {
        name: (done["random"], done["hard"], done["mismatches"])
        for name, done in said["arguments"].items()
    }


def test_a_proof_run_says_exactly_what_it_ran(tmp_path: Path) -> None:
    report = tmp_path / "prove.json"
    prove(report, "--points", "3", "--function", "exp", "--function", "pi")
    assert counts(report) == {"exp": (3, 3, 0), "pi": (0, 1, 0)}
    said = json.loads(report.read_text(encoding="utf-8"))
    assert "ln" in said["not_run"]
    assert "exp" not in said["not_run"]


def test_an_interrupted_run_goes_on_unless_the_code_or_the_wish_has_changed(tmp_path: Path) -> None:
    report = tmp_path / "prove.json"
    prove(report, "--points", "3", "--function", "add")
    again = prove(report, "--points", "2", "--function", "add", "--function", "sub")
    assert "over the same code: 1" in again.stdout
    assert counts(report) == {"add": (3, 3, 0), "sub": (2, 2, 0)}
    more = prove(report, "--points", "4", "--function", "add")
    assert "over the same code: 0" in more.stdout
    text = report.read_text(encoding="utf-8")
    report.write_text(text.replace(certmath_source.kernels_digest(), "00" * 32), "utf-8")
    other = prove(report, "--points", "1", "--function", "sub")
    assert "over the same code: 0" in other.stdout
    assert counts(report) == {"sub": (1, 1, 0)}
