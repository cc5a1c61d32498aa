"""One log or program under two revisions or environments: where history changes, and why."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.app.foreign import ForeignReport, ForeignRequest, replay_foreign
from qfs.app.revisions import bisect
from qfs.errors import UsageError
from tests.app.logs import MINE, make_log
from tests.app.test_impact import OLD, git

ROOT = Path(__file__).resolve().parents[2]
# The ledger opens accounts with a unit in them: history changes from the first account on.
CHANGE = """

import dataclasses

from qfs.ledger.accounts import NO_BALANCES

_PLAIN = MACHINES["ledger", 1]


def _evolve(state, event):
    if type(event).__name__ != "AccountOpened":
        return _PLAIN.evolve(state, event)
    accounts = state.accounts.open(event.account, event.owner, (1, *NO_BALANCES[1:]))
    return dataclasses.replace(state, accounts=accounts)


MACHINES["ledger", 1] = dataclasses.replace(_PLAIN, evolve=_evolve, invariants=())
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of QFS with three commits: as it is, another text, another history."""
    folder = tmp_path_factory.mktemp("revisions")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "qfs", folder / "qfs", ignore=ignored, symlinks=True)
    make_log(folder / "house")
    git(folder, "init", "-q")
    machines = folder / "qfs/app/machines.py"
    text = machines.read_text("utf-8")
    for number, more in enumerate(("", "\n# a word more\n", CHANGE)):
        machines.write_text(text + more, "utf-8")
        git(folder, "add", "qfs")
        git(folder, "commit", "-q", "--allow-empty", "-m", f"number {number}")
        git(folder, "tag", f"r{number}")
    return folder


@pytest.mark.parametrize(("pair", "same"), [(("r0", "r1"), True), (("r0", "r2"), False)])
def test_two_revisions_of_the_ledger_are_compared_down_to_the_key(
    repository: Path, pair: tuple[str, str], *, same: bool
) -> None:
    report = bisect(repository / "house", pair, repository)
    assert (report.identical, report.exit_code) == (same, 0 if same else 1)
    assert [run.value for run in report.runs] == list(pair)
    if not same:
        assert report.divergence is not None
        found = report.divergence
        assert (found.packet, found.machine, found.key) == (1, "ledger", f"accounts[{MINE}]")
        assert (found.environment, found.value) == ("revision", "r2")
        assert found.command is not None
        assert found.command.startswith("transaction 0, order 0: OpenAccount(")


def test_a_recorded_log_is_replayed_on_another_revision(repository: Path) -> None:
    command = ["replay", "house", "--trust-signatures", "--format", "json", "--against"]
    for revision, code, packet in (("r1", 0, None), ("r2", 1, 1)):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "qfs_cli.main", *command, revision],
            cwd=repository,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=False,
        )
        document = json.loads(done.stdout)
        assert done.returncode == code, done
        assert (document["divergence"] or {"packet": None})["packet"] == packet


def test_what_is_no_revision_of_the_ledger_is_said(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no revision"):
        bisect(repository / "house", ("r0", "r9"), repository)
    (tmp_path / "desk.py").write_text(OLD, "utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    with pytest.raises(UsageError, match="holds no QFS"):
        bisect(repository / "house", ("HEAD", "HEAD"), tmp_path)


def test_two_revisions_of_a_program_are_compared_and_the_working_folder_is_not_looked_at(
    tmp_path: Path,
) -> None:
    desk = tmp_path / "desk.py"
    git(tmp_path, "init", "-q")
    for text in (OLD, OLD.replace("x // 100", "-(-x // 200)")):
        desk.write_text(text, "utf-8")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", "one more")
    desk.write_text("no Python at all", "utf-8")
    (tmp_path / "inputs.jsonl").write_text("50\n90\n", "utf-8")
    found = replay_foreign(
        ForeignRequest(
            callable="desk:entry",
            inputs=tmp_path / "inputs.jsonl",
            folder=tmp_path,
            against="HEAD~1",
            revision="HEAD",
        )
    ).document()["divergence"]
    assert (found["command"], found["expected"], found["actual"]) == (0, "int 0", "int 1")
    assert (found["cause"]["path"], found["cause"]["line"]) == ("desk.py", 2)


SENSITIVE = """
import time

def entry(names):
    chosen = set(names)
    return [name for name in chosen] + [time.localtime(0).tm_hour]
"""


def compared(folder: Path, one: str, other: str) -> ForeignReport:
    """Compare two environments."""
    (folder / "desk.py").write_text(SENSITIVE, "utf-8")
    (folder / "inputs.jsonl").write_text('["apple", "pear", "plum", "fig", "kiwi"]\n', "utf-8")
    return replay_foreign(
        ForeignRequest(
            callable="desk:entry",
            inputs=folder / "inputs.jsonl",
            folder=folder,
            between=(one, other),
        )
    )


@pytest.mark.parametrize(
    ("one", "other", "variable", "line"),
    [
        ("PYTHONHASHSEED=1,umask=077", "PYTHONHASHSEED=3", "PYTHONHASHSEED", 6),
        ("gc=off", "TZ=QFS-5,gc=eager", "TZ", 6),
        ("umask=022", "umask=077,HOME=/tmp", None, None),
    ],
)
def test_two_environments_part_by_one_variable_at_one_line(
    tmp_path: Path, one: str, other: str, variable: str | None, line: int | None
) -> None:
    report = compared(tmp_path, one, other)
    if variable is None:
        assert (report.exit_code, report.identical) == (0, True)
        return
    found = report.document()["divergence"]
    assert (report.exit_code, found["environment"]) == (1, variable)
    assert (found["cause"]["path"], found["cause"]["line"]) == ("desk.py", line)
    assert found["cause"]["rule"]


@pytest.mark.parametrize("text", ["moon=full", "TZ", "gc=sometimes", "=1"])
def test_what_names_no_environment_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError) as refused:
        compared(tmp_path, text, "TZ=UTC0")
    assert refused.value.place == "--env"
