"""Another revision of a program: whether history changes, from which input, by which line."""

import subprocess
from pathlib import Path

import pytest

from qfs.app.foreign import ForeignReport, ForeignRequest, replay_foreign
from qfs.errors import UsageError

OLD = "def entry(x):\n    fee = x // 100\n    return {'fee': fee, 'net': x - fee}\n"


def git(folder: Path, *words: str) -> None:
    """Run git without the user's settings."""
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with one commit of a program."""
    (tmp_path / "desk.py").write_text(OLD, encoding="utf-8")
    (tmp_path / "inputs.jsonl").write_text("50\n90\n250\n", encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def compared(folder: Path, revision: str = "HEAD") -> ForeignReport:
    """Compare the working folder with a revision."""
    return replay_foreign(
        ForeignRequest(
            callable="desk:entry",
            inputs=folder / "inputs.jsonl",
            folder=folder,
            against=revision,
        )
    )


def test_a_change_that_changes_history_is_named_with_input_key_and_line(repository: Path) -> None:
    changed = OLD.replace("x // 100", "-(-x // 200)")
    (repository / "desk.py").write_text(changed, encoding="utf-8")
    report = compared(repository)
    found = report.document()["divergence"]
    assert report.exit_code == 1
    assert (found["environment"], found["value"]) == ("revision", "HEAD")
    assert (found["command"], found["key"]) == (0, "result['fee']")
    assert (found["expected"], found["actual"]) == ("int 0", "int 1")
    assert (found["cause"]["path"], found["cause"]["line"]) == ("desk.py", 2)


def test_a_change_that_changes_nothing_is_identical(repository: Path) -> None:
    changed = OLD.replace("x // 100", "divmod(x, 100)[0]")
    (repository / "desk.py").write_text(changed, encoding="utf-8")
    report = compared(repository)
    assert (report.exit_code, report.identical) == (0, True)
    assert (repository / "desk.py").read_text(encoding="utf-8") == changed


def test_a_change_from_a_later_input_on_is_named_there(repository: Path) -> None:
    changed = OLD.replace("    return", "    fee = min(fee, 1)\n    return")
    (repository / "desk.py").write_text(changed, encoding="utf-8")
    found = compared(repository).document()["divergence"]
    assert (found["command"], found["key"]) == (2, "result['fee']")


def test_revisions_that_only_raise_or_leave_nothing_are_no_answer(repository: Path) -> None:
    (repository / "inputs.jsonl").write_text('"a"\n', encoding="utf-8")
    raising = compared(repository)
    assert (raising.exit_code, raising.identical) == (2, False)
    assert raising.document()["inconclusive"][0].startswith(
        "every input raises: input 0: TypeError"
    )
    written = replay_foreign(
        ForeignRequest(command="python desk.py", watch=("out",), folder=repository, against="HEAD")
    )
    assert (written.exit_code, written.identical) == (2, False)


@pytest.mark.parametrize("revision", ["absent", "--output=made", "HEAD~9"])
def test_an_unknown_revision_is_refused(revision: str, repository: Path) -> None:
    with pytest.raises(UsageError, match="no revision"):
        compared(repository, revision)
    assert not (repository / "made").exists()


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "desk.py").write_text(OLD, encoding="utf-8")
    (tmp_path / "inputs.jsonl").write_text("1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no revision"):
        compared(tmp_path)
