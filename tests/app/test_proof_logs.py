"""Proof logs: a replay writes what each transaction computed, and explain checks it again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.app.proof_logs import check_file
from qfs.app.replay import ReplayRequest, replay
from qfs.certmath import Operation, ProofLog, Rounding
from qfs.errors import InputError
from tests.app.logs import make_log

QFS = Path(sys.executable).with_name("qfs")
# The ledger's own machine, which also computes a fee that it does not take.
DESK = """
from dataclasses import replace

from qfs import certmath, ledger
from qfs.certmath import Fixed


def decide(state, command, context):
    certmath.mul(Fixed(context.seq), Fixed("0.0025"), log=context.proof)
    return ledger.MACHINE.decide(state, command, context)


MACHINE = replace(ledger.MACHINE, decide=decide)
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a log and a module whose machine computes."""
    make_log(tmp_path / "ledger", 3)
    (tmp_path / "desk.py").write_text(DESK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "desk", raising=False)
    return tmp_path


def wanted(desk: Path) -> ReplayRequest:
    return ReplayRequest(
        desk / "ledger",
        trust_signatures=True,
        machines=("desk:MACHINE",),
        proofs=desk / "proofs",
    )


def qfs(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([QFS, *words], capture_output=True, text=True, check=False)


def test_a_replay_writes_one_log_a_transaction_that_explain_finds_right(desk: Path) -> None:
    report = replay(wanted(desk))
    assert report.exit_code == 0
    files = {path.name: path for path in (desk / "proofs").iterdir()}
    assert {f"{one.packet}-{one.transaction}.proof" for one in report.proofs} == set(files)
    for one in report.proofs:
        checked = check_file(files[f"{one.packet}-{one.transaction}.proof"])
        assert (checked.digest, len(checked.operations)) == (one.digest, one.operations)
        assert checked.exit_code == 0
        fee = f"mul({one.packet}, 0.0025) ROUND_HALF_EVEN = {one.packet * 25 / 10_000}"
        assert {done.text for done in checked.operations} == {fee}


def test_a_folder_with_files_in_it_is_not_written_to(desk: Path) -> None:
    replay(wanted(desk))
    with pytest.raises(InputError, match="holds files already"):
        replay(wanted(desk))


RIGHT = Operation("exp", Rounding.ROUND_FLOOR, (5 * 10**16,), 1_051271096376024039)
WRONG = Operation("exp", Rounding.ROUND_FLOOR, (5 * 10**16,), 1_051271096376024040)
NO_FUNCTION = Operation("gamma", Rounding.ROUND_FLOOR, (1,), 1)
TOO_LARGE = Operation("add", Rounding.ROUND_FLOOR, (1 << 255, 0), 1 << 255)


@pytest.mark.parametrize(
    ("operation", "said", "code"),
    [
        (RIGHT, "   1  right  exp(0.05) ROUND_FLOOR = 1.051271096376024039\n1 of 1 op", 0),
        (WRONG, "   1  WRONG  exp(0.05) ROUND_FLOOR = 1.05127109637602404\n", 1),
        (NO_FUNCTION, "gamma with 1 arguments is no function of certmath", 1),
        (TOO_LARGE, "   1  WRONG  add(", 1),
    ],
)
def test_the_command_says_of_each_operation_whether_it_is_right(
    tmp_path: Path, operation: Operation, said: str, code: int
) -> None:
    log = ProofLog()
    log.record(operation.function, operation.rounding, operation.arguments, operation.result)
    (tmp_path / "a.proof").write_bytes(log.to_bytes())
    done = qfs("explain", "--proof-log", tmp_path / "a.proof")
    assert said in done.stdout
    assert done.returncode == code
    document = json.loads(
        qfs("explain", "--proof-log", tmp_path / "a.proof", "--format", "json").stdout
    )
    assert [one["right"] for one in document["operations"]] == [code == 0]
    assert document["digest"] == log.digest().hex()


def test_a_code_and_a_proof_log_are_not_explained_at_once(tmp_path: Path) -> None:
    done = qfs("explain", "CIR-302.01", "--proof-log", tmp_path / "a.proof")
    assert (done.returncode, "a code and a proof log" in done.stderr) == (2, True)
