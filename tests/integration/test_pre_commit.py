"""The published hook in a scratch repository: a clock blocks the commit, and its mending frees it.

The real git and the real pre-commit run. pre-commit would install the hook from the network, so
the entry of `.pre-commit-hooks.yaml` is used with the one change that it is installed already.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.tidy import tree

BIN = Path(sys.executable).parent
CLOCK = '''"""A machine."""

import time


def decide(amount: int) -> tuple[int, int]:
    """Answer."""
    return amount, int(time.time())
'''
MENDED = '''"""A machine."""


def decide(amount: int, time_us: int) -> tuple[int, int]:
    """Answer."""
    return amount, time_us
'''


class Repository:
    """A git repository with the hook installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.folder.mkdir()
        self.environment = {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "PRE_COMMIT_HOME": str(folder / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
        }
        self.run("git", "init", "-q")
        hooks = yaml.safe_load((tree.ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
        for hook in hooks:
            hook["language"] = "system"
            del hook["language_version"]
        config = {"repos": [{"repo": "local", "hooks": hooks}]}
        self.write(".pre-commit-config.yaml", yaml.safe_dump(config))
        self.run(str(BIN / "pre-commit"), "install")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the repository."""
        return subprocess.run(
            arguments,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def write(self, name: str, text: str) -> None:
        """Write a file and stage it."""
        (self.folder / name).write_text(text, encoding="utf-8")
        self.run("git", "add", name)

    def commit(self) -> subprocess.CompletedProcess[str]:
        """Commit what is staged."""
        return self.run("git", "commit", "-m", "A change")

    def commits(self) -> int:
        """Return how many commits there are."""
        return len(self.run("git", "log", "--oneline", "--all").stdout.splitlines())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return a scratch repository."""
    return Repository(tmp_path)


def test_a_commit_that_reads_the_clock_is_blocked_and_passes_once_mended(
    repository: Repository,
) -> None:
    repository.write("machine.py", CLOCK)
    blocked = repository.commit()
    assert blocked.returncode == 1
    said = blocked.stdout + blocked.stderr
    assert "qfs audit" in said
    assert "machine.py:8" in said
    assert "exit code: 1" in said
    assert repository.commits() == 0

    repository.write("machine.py", MENDED)
    passed = repository.commit()
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "Passed" in passed.stdout + passed.stderr
    assert repository.commits() == 1


def test_a_commit_without_python_runs_no_audit(repository: Repository) -> None:
    repository.write("notes.txt", "time.time()\n")
    assert repository.commit().returncode == 0
    assert repository.commits() == 1


def test_a_file_that_cannot_be_parsed_blocks_the_commit(repository: Repository) -> None:
    repository.write("machine.py", "def decide(:\n")
    blocked = repository.commit()
    assert blocked.returncode == 1
    assert "exit code: 2" in blocked.stdout + blocked.stderr
    assert repository.commits() == 0


@pytest.mark.parametrize("name", [".pre-commit-config.yaml", ".pre-commit-hooks.yaml"])
def test_pre_commit_accepts_our_files(name: str) -> None:
    verb = "validate-config" if name.endswith("config.yaml") else "validate-manifest"
    outcome = subprocess.run(
        [BIN / "pre-commit", verb, tree.ROOT / name], capture_output=True, text=True, check=False
    )
    assert (outcome.returncode, outcome.stdout) == (0, "")


def test_this_repository_uses_no_hook_that_a_hash_cannot_lock() -> None:
    config = yaml.safe_load((tree.ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {one["repo"] for one in config["repos"]} == {"local"}
    assert {hook["language"] for one in config["repos"] for hook in one["hooks"]} == {"system"}
