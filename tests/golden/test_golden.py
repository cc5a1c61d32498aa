"""Golden logs: the same roots for ever, on every Python, whatever the environment."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qfs.app.foreign_machine import STEPS, steps_of
from qfs.app.replay import ReplayRequest, replay
from qfs.shell import log, perturbed_run
from qfs.shell.interpreters import run_module
from qfs.shell.perturbation import FIXED, usual, variables
from qfs.shell.perturbed_run import Job, Told, workshop
from qfs.shell.perturbed_run_machine import machine
from tools.compiled import CORE, compile_modules

HERE = Path(__file__).resolve().parent
ROOTS = json.loads((HERE / "roots.json").read_text())
LOGS = sorted(ROOTS)


@pytest.mark.parametrize("name", LOGS)
def test_a_golden_log_gives_its_root_with_every_signature_verified(name):
    report = replay(ReplayRequest(HERE / name))
    assert (report.exit_code, report.signatures) == (0, "verified")
    assert ROOTS[name] == {
        "packets": report.packets,
        "commands": report.commands,
        "state_root": report.state_root.hex(),
    }


@pytest.mark.parametrize("name", LOGS)
def test_a_golden_log_gives_its_root_in_every_environment(name, record_property):
    """The root of each environment is shown; what could not run is shown as NOT RUN."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "qfs_cli.main", "replay", HERE / name),
            *("--trust-signatures", "--perturb", "--jobs", "2", "--format", "json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    document = json.loads(done.stdout)
    assert document["identical"]
    for run in document["environments"]:
        if run["variable"] == "compiled":
            continue  # the test below makes a compiled core and shows its root
        root = f"NOT RUN: {run['not_run']}" if run["not_run"] else run["state_root"]
        record_property("shown", f"golden {name:12} {run['name']:34} {root}")
    ran = [run for run in document["environments"] if not run["not_run"]]
    assert {run["state_root"] for run in ran} == {ROOTS[name]["state_root"]}
    levels = {f"{one.name}={level}" for one in FIXED for level in one.levels[1:]}
    assert {run["name"] for run in ran} >= levels


FUNCTIONS = """
import hashlib, sys
from qfs.canon import codec
from qfs import certmath as m
from qfs.kernel import table
lines = []
for n in range(1, 60):
    x = m.Fixed(n * n) / 7
    lines.append([str(f(x)) for f in (m.sqrt, m.ln, m.sin, m.cos, m.tanh)])
    lines.append([str(m.exp(m.Fixed(n) / 9 - 3)), str(m.pow(x, m.Fixed(n) / 31))])
print(hashlib.sha256(repr(lines).encode()).hexdigest())
print(codec.__file__.endswith(".so"), table.__file__.endswith(".so"))
"""


def watched(path: Path, folder: Path, compiled: Path) -> list[Told]:
    """Replay a log as ``--perturb --compiled`` does: interpreted, then compiled."""
    (folder / "empty").mkdir()
    (folder / "steps.jsonl").write_text(steps_of(path, ()))
    job = Job(STEPS, folder / "steps.jsonl", folder / "empty", ("seq",))
    plain = usual(variables(replace(machine(folder, plain=True), compiled=str(compiled))))
    found = []
    with workshop() as shop:
        for level in ("interpreted", str(compiled)):
            outcome = perturbed_run.run(job, {**plain, "compiled": level}, shop)
            assert isinstance(outcome, Told), outcome
            found.append(outcome)
    return found


def test_compiled_and_interpreted_give_the_same_roots(tmp_path, record_property):
    """mypyc's build of the core replays every golden log, root by root, and counts the same."""
    compiled = tmp_path / "compiled"
    compile_modules(compiled, CORE, optimise=0)
    for name in LOGS:
        child = run_module(
            Path(sys.executable),
            "qfs.app.replay_main",
            [str(HERE / name), "--roots"],
            variables={"PYTHONHASHSEED": "random"},
            root=compiled,
            directory=Path("/"),
        )
        assert child.code == 0, child.errors
        roots = json.loads(child.output)["roots"]
        assert roots == [frame.root.hex() for frame in log.read(HERE / name).frames]
        record_property("shown", f"golden {name:12} {'compiled=mypyc':34} {roots[-1]}")
    told = watched(HERE / LOGS[0], tmp_path, compiled)
    assert told[0].digests == told[1].digests
    assert [one.noticed["raised"] for one in told] == [0, 0]
    said = [
        subprocess.run(
            [sys.executable, "-S", "-B", "-c", FUNCTIONS],
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split("\n")
        for root in (HERE.parents[1], compiled)
    ]
    assert said[0][0] == said[1][0]
    assert (said[0][1], said[1][1]) == ("False False", "True True")
    assert len(list(compiled.rglob("*.so"))) >= len(CORE)


@pytest.mark.parametrize("name", LOGS)
def test_golden_logs_are_committed_as_they_were_made(name):
    """One byte more or less, and it is another log: the halts of the other tests would not say."""
    files = sorted(path for path in (HERE / name).rglob("*") if path.is_file())
    assert [path.name for path in files] == ["00000001.log"]
    digest = hashlib.sha256(files[0].read_bytes()).hexdigest()
    assert (HERE / "digests.txt").read_text().splitlines().count(f"{digest}  {name}") == 1
