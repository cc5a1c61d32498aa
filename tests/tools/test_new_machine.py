"""`make new-machine` in a scratch copy: what it writes is clean and passes its own tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy import tree

# Long enough to make the formatter break the lines of the imports.
NAME = "certificate_transparency/verifiable_log_server"
FOLDERS = ("qfs/machines/certificate_transparency", "tests/machines/certificate_transparency")
PACKAGE = "qfs.machines.certificate_transparency.verifiable_log_server"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the tree in which the tool has made a machine."""
    copy = tmp_path_factory.mktemp("scratch")
    shutil.copy(tree.ROOT / "pyproject.toml", copy)
    ignored = shutil.ignore_patterns("__pycache__", "*.so", "corpus")
    for folder in ("qfs", "qfs_cli", "tools"):
        shutil.copytree(tree.ROOT / folder, copy / folder, ignore=ignored)
    (copy / "tests").mkdir()
    for file in ("__init__.py", "conftest.py"):
        shutil.copy(tree.ROOT / "tests" / file, copy / "tests")
    outcome = run(copy, "tools.new_machine", NAME)
    assert outcome.returncode == 0, outcome.stderr
    assert "now add it to qfs/app/machines.py" in outcome.stdout
    return copy


def run(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module in a folder whose packages come before the installed ones."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder except what running it leaves behind."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in (".py", ".toml", ".tmpl")
    }


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ruff", ("check", *FOLDERS)),
        ("ruff", ("format", "--check", *FOLDERS)),
        ("mypy", FOLDERS[:1]),
        ("pytest", ("-q", "-p", "no:cacheprovider", "tests/machines")),
    ],
)
def test_the_new_machine_is_clean(scratch: Path, tool: str, arguments: tuple[str, ...]) -> None:
    outcome = run(scratch, tool, *arguments)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_the_new_machines_tests_run_the_new_machine(scratch: Path) -> None:
    reducer = scratch / "qfs/machines" / NAME / "reducer.py"
    sound = reducer.read_text(encoding="utf-8")
    reducer.write_text(sound.replace("entry is not None", "entry is None"), encoding="utf-8")
    outcome = run(scratch, "pytest", "-q", "-p", "no:cacheprovider", "tests/machines")
    reducer.write_text(sound, encoding="utf-8")
    assert outcome.returncode == 1, outcome.stdout
    assert "a held name is not claimed" in outcome.stdout


def test_the_new_machine_has_the_rooms_of_every_machine(scratch: Path) -> None:
    rooms = {path.name for path in (scratch / "qfs/machines" / NAME).glob("*.py")}
    assert rooms == {"__init__.py", "commands.py", "events.py", "reducer.py", "state.py"}


def test_the_new_machine_is_named_in_the_contract_of_independence(scratch: Path) -> None:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    lint = [sys.executable, "-c", program, "--no-cache", "--no-logo", "--contract", "machines"]
    assert f'"{PACKAGE}"]' in (scratch / "pyproject.toml").read_text("utf-8")
    outcome = subprocess.run(lint, cwd=scratch, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "one name, please"),
        (("a/b", "c/d"), "one name, please"),
        (("orders",), "is no machine's name"),
        (("Market/Orders",), "is no machine's name"),
        (("../orders",), "is no machine's name"),
        (("market/class",), "holds a word of the language"),
        ((NAME,), "exists; choose another name"),
    ],
)
def test_a_name_that_cannot_be_changes_nothing(
    scratch: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    before = contents(scratch)
    outcome = run(scratch, "tools.new_machine", *arguments)
    assert outcome.returncode == 2
    assert sentence in outcome.stderr
    assert contents(scratch) == before
