"""`qfs certify` and `qfs evidence` on a command line."""

import json
from pathlib import Path

import pytest

from tests.app.trees import DIRTY, small
from tests.cli.processes import Call, Outcome, run_all


def qfs(folder: Path, *command_lines: str) -> list[Outcome]:
    """Run command lines, one after the other, in a folder."""
    return run_all([Call(tuple(line.split()), str(folder)) for line in command_lines])


def test_a_tree_is_certified_checked_and_found_to_be_another_one(tmp_path: Path) -> None:
    small(tmp_path / "tree")
    made, signed, checked = qfs(
        tmp_path,
        "keys new maker --unencrypted",
        "certify tree --key maker.pem --output certificate.json",
        "certify tree --check certificate.json --public-key maker.pub.pem",
    )
    assert (made.code, signed.code, checked.code) == (0, 0, 0)
    assert "SIGNED" in signed.stdout
    assert "CERTIFIED" in checked.stdout
    (tmp_path / "tree/new.txt").write_text("new", "utf-8")
    (other,) = qfs(tmp_path, "certify tree --check certificate.json --public-key maker.pub.pem")
    assert other.code == 1
    assert "NOT THIS TREE" in other.stdout
    assert "differs: source dirHash" in other.stdout


def test_a_tree_with_findings_is_not_certified(tmp_path: Path) -> None:
    small(tmp_path / "tree", DIRTY)
    (outcome,) = qfs(tmp_path, "certify tree --format json")
    assert outcome.code == 1
    assert json.loads(outcome.stdout)["clean"] is False


def test_evidence_is_written_checked_and_found_stale(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    missing, written, current = qfs(
        tmp_path, "evidence check tree", "evidence write tree", "evidence check tree --format json"
    )
    assert (missing.code, written.code, current.code) == (1, 0, 0)
    assert "mend it: qfs evidence write" in missing.stdout
    assert json.loads(current.stdout)["current"] is True
    (root / "small/more.py").write_text("", "utf-8")
    (stale,) = qfs(tmp_path, "evidence check tree")
    assert stale.code == 1
    assert "stale    audit/source.json" in stale.stdout


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("certify nowhere", "no pyproject.toml"),
        ("certify tree --key maker.pem", "--key needs --output"),
        ("certify tree --key maker.pem --output tree/c.json", "outside of the tree"),
        ("certify tree --output c.json", "--output needs --key"),
        ("certify tree --key nowhere.pem --output c.json", "nowhere.pem"),
        ("certify tree --key garbage --output c.json", "garbage"),
        ("certify tree --check c.json", "--check takes --public-key"),
        ("certify tree --check garbage --public-key maker.pub.pem", "no readable JSON"),
        ("certify tree --check nowhere --public-key maker.pub.pem", "nowhere"),
        ("certify tree --check garbage --public-key garbage", "no SPKI PEM"),
        ("certify tree --target nowhere.py", "nowhere.py"),
        ("certify broken", "no readable TOML"),
        ("evidence write nowhere", "no pyproject.toml"),
        ("evidence check broken", "no readable TOML"),
        ("evidence check tree --format xml", "--format"),
    ],
)
def test_bad_input_is_one_clear_error_and_changes_nothing(
    line: str, sentence: str, tmp_path: Path
) -> None:
    small(tmp_path / "tree")
    (tmp_path / "garbage").write_bytes(b"\x00\xff\x00")
    (tmp_path / "garbage").chmod(0o600)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/pyproject.toml").write_bytes(b"[[[")
    qfs(tmp_path, "keys new maker --unencrypted")
    before = sorted(tmp_path.rglob("*"))
    (outcome,) = qfs(tmp_path, line)
    assert outcome.code == 2, outcome
    assert sentence in outcome.stderr
    assert sorted(tmp_path.rglob("*")) == before
