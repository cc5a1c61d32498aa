"""The GitHub action: its shell steps run here as its runner would run them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.test_pre_commit import CLOCK, MENDED
from tests.tidy import tree

BIN = Path(sys.executable).parent


def action() -> dict[str, Any]:
    """Return action.yml."""
    made: dict[str, Any] = yaml.safe_load((tree.ROOT / "action.yml").read_text(encoding="utf-8"))
    return made


def step(name: str) -> dict[str, Any]:
    """Return the step of that name."""
    (found,) = [one for one in action()["runs"]["steps"] if one["name"] == name]
    return found


def run_step(name: str, folder: Path, **values: str) -> int:
    """Run a step's script with values for its variables; return its exit code."""
    one = step(name)
    assert set(values) == set(one["env"])
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "GITHUB_OUTPUT": str(folder / "output"),
        **values,
    }
    shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", one["run"]]
    outcome = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, check=False)
    return outcome.returncode


@pytest.mark.parametrize(
    ("source", "code", "results"),
    [(CLOCK, 1, True), (MENDED, 0, False)],
    ids=["a clock", "no clock"],
)
def test_the_audit_writes_sarif_and_the_last_step_fails_with_its_exit_code(
    source: str, code: int, results: bool, tmp_path: Path
) -> None:
    (tmp_path / "machine.py").write_text(source, encoding="utf-8")
    inputs = {"QFS_PATHS": "machine.py", "QFS_OPTIONS": "", "QFS_SARIF": "qfs.sarif"}
    assert run_step("Audit", tmp_path, **inputs) == 0
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"exit-code={code}\n"
    sarif = json.loads((tmp_path / "qfs.sarif").read_text(encoding="utf-8"))
    assert sarif["version"] == "2.1.0"
    assert bool(sarif["runs"][0]["results"]) is results
    assert run_step("Say how it went", tmp_path, QFS_EXIT_CODE=str(code)) == code


def test_options_with_spaces_between_them_reach_the_audit(tmp_path: Path) -> None:
    (tmp_path / "machine.py").write_text(MENDED, encoding="utf-8")
    options = "--no-cache --no-such-option"
    inputs = {"QFS_PATHS": "machine.py", "QFS_OPTIONS": options, "QFS_SARIF": "qfs.sarif"}
    run_step("Audit", tmp_path, **inputs)
    assert (tmp_path / "output").read_text(encoding="utf-8") == "exit-code=2\n"
    assert not (tmp_path / "qfs.sarif").exists()


def test_an_audit_that_never_ran_does_not_look_like_success(tmp_path: Path) -> None:
    assert run_step("Say how it went", tmp_path, QFS_EXIT_CODE="") == 2


def test_no_input_is_pasted_into_a_script() -> None:
    for one in action()["runs"]["steps"]:
        assert "${{" not in one.get("run", "")


def test_what_is_installed_is_locked_by_hash_and_comes_from_the_action_itself() -> None:
    script = step("Install qfs-toolchain")["run"]
    assert "--require-hashes" in script
    assert (tree.ROOT / "requirements/runtime.txt").exists()
    assert "--no-deps" in script


# A Python that says its version and makes an environment whose pip writes down what it is asked.
PYTHON = """\
#!/bin/sh
case "$1" in
-c) echo {minor} ;;
-m) mkdir -p "$3/bin"; cd "$3/bin" || exit
    printf '#!/bin/sh\\necho "$@" >> {asked}\\n' > pip; chmod +x pip ;;
esac
"""


@pytest.mark.parametrize("minor", ["3.11", "3.13"])
def test_the_locks_are_those_of_the_python_that_audits(minor: str, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    python = tmp_path / "python"
    python.write_text(PYTHON.format(minor=minor, asked=asked), encoding="utf-8")
    python.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_PATH": str(tmp_path / "path"),
        "QFS_SOURCE": str(tree.ROOT),
    }
    script = step("Install qfs-toolchain")["run"]
    subprocess.run(["bash", "-c", script], env=environment, cwd=tmp_path, check=True)
    locks, itself = asked.read_text(encoding="utf-8").splitlines()
    named = {Path(word).name for word in locks.split() if word.endswith(".txt")}
    only = f"only-{minor}.txt"
    there = {only} if (tree.ROOT / "requirements" / only).exists() else set()
    assert named == {"runtime.txt", "build.txt"} | there
    assert bool(there) is (minor == "3.13")
    assert "--no-build-isolation" in itself  # the back-end is locked as well


def test_findings_are_uploaded_only_when_the_audit_did_its_work() -> None:
    upload = step("Upload the findings")
    assert upload["with"]["sarif_file"] == "${{ inputs.sarif-file }}"
    assert """fromJSON('["0", "1"]'), steps.audit.outputs.exit-code""" in upload["if"]
