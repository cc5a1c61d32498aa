"""Other environments: a planted sensitivity is found and named down to the key, none is invented.

The planted programs are scratch copies of the package in which the ledger's version 1 adds
something of its environment to the first balance of each account that it opens.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.shell.perturbation import FIXED
from tests.app.logs import MINE, make_log

ROOT = Path(__file__).resolve().parents[2]
BASELINE = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}

PLANT = """

import dataclasses
import os
import sys

from qfs.ledger.accounts import NO_BALANCES

_PLAIN = ledger.MACHINE


def _evolve(state, event):
    if type(event).__name__ != "AccountOpened":
        return _PLAIN.evolve(state, event)
    balances = ({sensitivity}, *NO_BALANCES[1:])
    accounts = state.accounts.open(event.account, event.owner, balances)
    return dataclasses.replace(state, accounts=accounts)


MACHINES[("ledger", 1)] = dataclasses.replace(_PLAIN, evolve=_evolve, invariants=())
"""

MAKE = """
import pathlib, sys
from tests.app.logs import make_log
make_log(pathlib.Path(sys.argv[1]), 1)
"""

PLANTED = [
    (
        "the order of a set",
        "'CHR FLX PSYNC ATR RES'.index(next(iter({'CHR', 'FLX', 'PSYNC', 'ATR', 'RES'})))",
        "PYTHONHASHSEED",
    ),
    ("the number of processors", "os.cpu_count()", "cpu-count"),
    ("the Python", "sys.version_info.minor", "python"),
]


def run(code: list[str], *path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *code],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={
            **os.environ,
            **BASELINE,
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            **variables,
        },
    )


def perturbed(log: Path, *path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = ["replay", str(log), "--trust-signatures", "--perturb", "--jobs", "2"]
    return run(["-m", "qfs_cli.main", *command, "--format", "json"], *path, **variables)


@pytest.mark.parametrize(
    ("sensitivity", "cause"), [case[1:] for case in PLANTED], ids=[case[0] for case in PLANTED]
)
def test_what_a_program_is_sensitive_to_is_named_with_the_key(tmp_path, sensitivity, cause):
    program = tmp_path / "program"
    for package in ("qfs", "qfs_cli"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, program / package, ignore=ignore)
    with (program / "qfs/app/machines.py").open("a") as file:
        file.write(PLANT.replace("{sensitivity}", sensitivity))
    made = run(["-c", MAKE, str(tmp_path / "house")], program, ROOT)
    assert made.returncode == 0, made.stderr
    done = perturbed(tmp_path / "house", program)
    document = json.loads(done.stdout)
    divergence = document["divergence"]
    if cause == "python" and not any(
        (run["variable"], run["not_run"]) == (cause, None) for run in document["environments"]
    ):
        assert (done.returncode, document["identical"]) == (0, True)
        return
    assert (done.returncode, document["identical"]) == (1, False), done
    assert (divergence["environment"], divergence["packet"]) == (cause, 1), divergence
    assert (divergence["machine"], divergence["key"]) == ("ledger", f"accounts[{MINE}]")
    assert divergence["expected"] != divergence["actual"]
    assert divergence["command"].startswith("transaction 0, order 0: OpenAccount(")


def test_a_sound_program_is_identical_everywhere_and_what_did_not_run_is_said(tmp_path):
    """A Python that does not start stands on PATH: it is NOT RUN, never counted as identical."""
    world = make_log(tmp_path / "house", 6)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "python3.12").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3.12").chmod(0o755)
    (tools / "python3.9").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3.9").chmod(0o755)
    home = {
        "HOME": str(tmp_path),
        "PYENV_ROOT": str(tmp_path),
        "PATH": f"{tools}{os.pathsep}/nowhere",
    }
    done = perturbed(tmp_path / "house", **home)
    document = json.loads(done.stdout)
    assert (done.returncode, document["identical"]) == (0, True), done
    runs = document["environments"]
    ran = [one for one in runs if one["not_run"] is None]
    assert [one["state_root"] for one in ran] == [world.root.hex()] * len(ran)
    varied = {one["variable"] for one in ran}
    assert varied >= {one.name for one in FIXED}
    idle = {(one["variable"], one["value"]): one["state_root"] for one in runs if one["not_run"]}
    assert idle == {("python", "CPython 3.12"): None, ("compiled", "mypyc"): None}


def test_an_environment_that_gives_no_answer_is_not_identical(tmp_path):
    """A compiled core that does not start: exit code 2, the reason shown."""
    make_log(tmp_path / "house", 3)
    broken = tmp_path / "core/qfs/app"
    broken.mkdir(parents=True)
    (broken / "replay_main.py").write_text("a core of long ago")
    done = compiled_with(tmp_path, tmp_path / "core", "--perturb")
    assert done.returncode == 2, done
    assert "compiled=core" in done.stdout
    assert "FAILED: QFS cannot be imported from" in done.stdout


@pytest.mark.parametrize(
    ("core", "options", "said"),
    [
        ("missing", ["--perturb"], "holds no compiled core"),
        ("house", ["--perturb"], "holds no compiled core"),
        ("house/log/00000001.log", ["--perturb"], "holds no compiled core"),
        ("missing", [], "add --perturb"),
    ],
    ids=["a missing folder", "another folder", "a file", "nobody asks"],
)
def test_what_is_no_compiled_core_is_said_to_be_none(tmp_path, core, options, said):
    make_log(tmp_path / "house", 1)
    done = compiled_with(tmp_path, tmp_path / core, *options)
    assert (done.returncode, said in done.stderr, done.stdout) == (2, True, ""), done


def compiled_with(tmp_path: Path, core: Path, *options: str) -> subprocess.CompletedProcess[str]:
    alone = {"PATH": "/nowhere", "HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path)}
    command = ["replay", str(tmp_path / "house"), "--trust-signatures", *options]
    return run(["-m", "qfs_cli.main", *command, "--compiled", str(core)], ROOT, **alone)
