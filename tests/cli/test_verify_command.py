"""`qfs verify` and `qfs lock` on a command line."""

import json
from pathlib import Path

import pytest

from qfs.shell.sandbox import find_bubblewrap
from tests.cli.processes import Call, Outcome, run_all
from tests.repro.archives import wheel
from tests.repro.projects import project

NAME = "p-1-py3-none-any.whl"
TEXT = b"Wheel-Version: 1.0\nGenerator: own 1\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def qfs(folder: Path, *command_lines: str) -> list[Outcome]:
    """Run command lines, one after the other, in a folder."""
    return run_all([Call(tuple(line.split()), str(folder)) for line in command_lines])


def test_a_wheel_is_built_attested_and_verified(tmp_path: Path) -> None:
    project(tmp_path / "p", f"files['p-1.dist-info/WHEEL'] = {TEXT!r}")
    made, built, attested, verified = qfs(
        tmp_path,
        "keys new maker --unencrypted",
        "build p --outdir dist --key maker.pem --accept-unexercised",
        f"verify dist/{NAME} --attestation dist/provenance.intoto.json --public-key maker.pub.pem",
        f"verify dist/{NAME} --source p --format json",
    )
    assert (made.code, built.code, attested.code) == (0, 0, 0)
    assert "ATTESTED: https://slsa.dev/provenance/v1" in attested.stdout
    if find_bubblewrap() is None:
        assert verified.code == 2
        assert "sandbox" in verified.stderr
    else:
        assert verified.code == 0
        assert json.loads(verified.stdout)["agreement"] == "BIT-FOR-BIT"


def test_other_bytes_are_not_attested(tmp_path: Path) -> None:
    project(tmp_path / "p")
    qfs(
        tmp_path,
        "keys new maker --unencrypted",
        "build p --outdir dist --key maker.pem --accept-unexercised --kind wheel",
    )
    (tmp_path / "dist" / NAME).write_bytes(wheel())
    (outcome,) = qfs(
        tmp_path,
        f"verify dist/{NAME} --attestation dist/provenance.intoto.json --public-key maker.pub.pem",
    )
    assert outcome.code == 1
    assert "NOT ATTESTED" in outcome.stdout


def test_a_lock_is_checked(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/runtime.in").write_text("alpha\n", "utf-8")
    lock = f"alpha==1.0 --hash=sha256:{'ab' * 32}\n    # via -r requirements/runtime.in\n"
    (tmp_path / "requirements/runtime.txt").write_text(lock, "utf-8")
    fits, document = qfs(tmp_path, "lock --check", "lock --check --format json")
    assert (fits.code, document.code) == (0, 0)
    assert "not checked without a network" in fits.stdout
    (tmp_path / "requirements/runtime.in").write_text("alpha>=2\n", "utf-8")
    (stale,) = qfs(tmp_path, "lock --check")
    assert stale.code == 1
    assert "the locked 1.0 does not satisfy it" in stale.stdout


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"verify {NAME}", "nothing to rebuild from"),
        ("verify nowhere.whl --source p", "nowhere.whl"),
        (f"verify garbage-{NAME} --source p", "no readable zip archive"),
        ("verify p.txt --source p", "no wheel"),
        (f"verify {NAME} --attestation p.txt", "--attestation takes --public-key"),
        (f"verify {NAME} --attestation p.txt --public-key p.txt", "no SPKI PEM"),
        (f"verify {NAME} --attestation p.txt --public-key maker.pub.pem", "no readable JSON"),
        ("lock nowhere --check", "no such folder"),
        ("lock . --check", "nothing asks for anything"),
        ("lock --check --format xml", "--format"),
        ("build p --key maker.pem", "--key needs --outdir"),
        ("build p --key p.txt --outdir dist", "p.txt"),
    ],
)
def test_bad_input_is_one_clear_error_and_changes_nothing(
    line: str, sentence: str, tmp_path: Path
) -> None:
    project(tmp_path / "p")
    (tmp_path / NAME).write_bytes(wheel({"p-1.dist-info/WHEEL": TEXT}))
    (tmp_path / f"garbage-{NAME}").write_bytes(b"PK\x03\x04garbage")
    (tmp_path / "p.txt").write_bytes(b"\x00\xff")
    (tmp_path / "p.txt").chmod(0o600)
    qfs(tmp_path, "keys new maker --unencrypted")
    before = sorted(tmp_path.rglob("*"))
    (outcome,) = qfs(tmp_path, line)
    assert outcome.code == 2, outcome
    assert sentence in outcome.stderr
    assert sorted(tmp_path.rglob("*")) == before
