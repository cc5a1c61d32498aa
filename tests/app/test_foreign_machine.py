"""A log of machines that QFS does not ship: replayed, and searched for what they depend on."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qfs.app.foreign import ForeignRequest, replay_foreign
from qfs.app.foreign_machine import program_of
from qfs.app.replay import ReplayRequest, replay
from qfs.errors import ContractError, InputError
from tests.app.logs import make_log

ROOT = Path(__file__).resolve().parents[2]
# The ledger's own machine, except that a setting of the environment makes it say no.
DESK = """
import os
from dataclasses import replace

from qfs import ledger


def decide(state, command, context):
    closed = os.environ.get("DESK_CLOSED")
    answer = ledger.MACHINE.decide(state, command, context)
    if closed and context.seq > 1:
        return next(iter(ledger.Refusal))
    return answer


MACHINE = replace(ledger.MACHINE, decide=decide)
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a log and a module that holds a machine."""
    make_log(tmp_path / "ledger", 8)
    (tmp_path / "desk.py").write_text(DESK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "desk", raising=False)
    return tmp_path


def test_a_log_is_derived_with_the_users_machine(desk: Path) -> None:
    request = ReplayRequest(desk / "ledger", trust_signatures=True, machines=("desk:MACHINE",))
    assert replay(request).exit_code == 0
    assert program_of(("desk",), desk).machines != program_of((), desk).machines


def test_the_variable_and_the_line_of_a_users_machine_are_named(desk: Path) -> None:
    report = replay_foreign(
        ForeignRequest(
            log=desk / "ledger",
            machines=("desk:MACHINE",),
            perturb=True,
            folder=desk,
            jobs=2,
            other_pythons=False,
        )
    )
    found = report.document()["divergence"]
    assert (found["environment"], found["packet"]) == ("$DESK_CLOSED", 2)
    assert found["command"].startswith("transaction 0, order 0: Issue(")
    assert found["key"].startswith("ledger.")
    assert found["cause"]["path"] == "desk.py"
    assert "DESK_CLOSED" in found["cause"]["source"]


def test_the_command_replays_a_log_of_the_users_machine(desk: Path) -> None:
    words = [sys.executable, "-m", "qfs_cli.main", "replay", "ledger", "--trust-signatures"]
    outcome = subprocess.run(
        [*words, "--machine", "desk:MACHINE"],
        capture_output=True,
        text=True,
        check=False,
        cwd=desk,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.endswith("identical   yes\n")


# What the machine does at packet 3 -> the exit code, and how it is named.
MISDEEDS = (
    ("raises", "raise RuntimeError('no desk')", 3, "CIR-302.06 DECIDE_FAILED at packet 3"),
    ("hangs", "exec('while True: pass')", 2, "hung        did not end within 2 s, at input 3"),
    ("exhausts its memory", "bytearray(10**10)", 2, "memory      exhausted its memory"),
    ("ends the process", "os._exit(0)", 2, "crashed     exit code 0 at input 3"),
    ("forks", "os.fork() or os._exit(0)", 1, "note        forked: input 3: os.fork"),
    (
        "starts a program",
        "os.posix_spawn('/bin/true', ['true'], {})",
        1,
        "note        subprocess: input 3",
    ),
    (
        "writes to the log's folder",
        "open(os.path.dirname(__file__) + '/ledger/log/00000001.log', 'ab').close()",
        1,
        "note        wrote-beside-inputs: input 3: 00000001.log",
    ),
)


@pytest.mark.parametrize(
    ("deed", "code", "words"), [case[1:] for case in MISDEEDS], ids=[case[0] for case in MISDEEDS]
)
def test_a_machine_that_does_more_than_decide_is_named(
    deed: str, code: int, words: str, desk: Path
) -> None:
    lines = DESK.replace("    closed =", f"    if context.seq == 3:\n        {deed}\n    closed =")
    (desk / "desk.py").write_text(lines, encoding="utf-8")
    before = (desk / "ledger/log/00000001.log").read_bytes()
    words_ = [sys.executable, "-m", "qfs_cli.main", "replay", "ledger", "--trust-signatures"]
    outcome = subprocess.run(
        [*words_, "--machine", "desk:MACHINE", "--timeout", "2", "--memory", str(2**31)],
        capture_output=True,
        text=True,
        check=False,
        cwd=desk,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert (outcome.returncode, words in outcome.stdout, outcome.stderr) == (code, True, ""), (
        outcome
    )
    assert (desk / "ledger/log/00000001.log").read_bytes() == before


WRONG = (
    ("absent", InputError, "no machine can be imported"),
    ("desk:ABSENT", InputError, "no machine can be imported"),
    ("desk:decide", ContractError, "is no machine"),
)


@pytest.mark.parametrize(("name", "error", "words"), WRONG)
def test_what_is_no_machine_is_refused(
    name: str, error: type[Exception], words: str, desk: Path
) -> None:
    with pytest.raises(error, match=words):
        program_of((name,), desk)


# What the machine does with what it is given -> the sentence that it breaks, None for no harm.
TOUCHES = (
    ("reads it all", "repr((state, command, context))", None),
    (
        "changes the state",
        "object.__setattr__(state, 'used', state.used.use(context.seq, [bytes(16)]))",
        "a_machine_leaves_the_state_before_as_it_is",
    ),
    (
        "changes a balance in place",
        "core = state.accounts.newest(); core.columns.keep(3, 7); core.root = None",
        "a_machine_leaves_the_state_before_as_it_is",
    ),
    (
        "changes the command",
        "object.__setattr__(command, 'amount', 2)",
        "a_machine_leaves_its_command_as_it_is",
    ),
    (
        "changes the context",
        "object.__setattr__(context, 'time_us', 0)",
        "a_machine_leaves_its_context_as_it_is",
    ),
)
TOUCHING = """
from dataclasses import replace

from qfs import ledger


def decide(state, command, context):
    if context.seq == 3:
        {deed}
    return ledger.MACHINE.decide(state, command, context)


MACHINE = replace(ledger.MACHINE, decide=decide)
"""


@pytest.mark.parametrize(
    ("deed", "sentence"), [case[1:] for case in TOUCHES], ids=[case[0] for case in TOUCHES]
)
def test_a_machine_that_changes_its_input_is_named(
    desk: Path, deed: str, sentence: str | None
) -> None:
    make_log(desk / "signed", 5, signed=True)
    (desk / "desk.py").write_text(TOUCHING.format(deed=deed), encoding="utf-8")
    report = replay(ReplayRequest(desk / "signed", machines=("desk:MACHINE",)))
    if sentence is None:
        assert (report.exit_code, report.halt) == (0, None)
        return
    assert report.exit_code == 3
    assert report.halt is not None
    assert (report.halt.code, report.halt.seq) == ("302.04", 3)
    assert f"invariant={sentence}" in report.halt.facts
    assert {"machine=ledger", "transaction=0", "order=0"} <= set(report.halt.facts)


FEW = (TOUCHES[0], TOUCHES[1], TOUCHES[3])


@pytest.mark.parametrize(
    ("deed", "sentence"), [case[1:] for case in FEW], ids=[case[0] for case in FEW]
)
def test_a_machine_that_changes_its_input_is_named_where_environments_are_varied(
    desk: Path, deed: str, sentence: str | None
) -> None:
    make_log(desk / "signed", 5, signed=True)
    (desk / "desk.py").write_text(TOUCHING.format(deed=deed), encoding="utf-8")
    report = replay_foreign(
        ForeignRequest(
            log=desk / "signed",
            machines=("desk:MACHINE",),
            perturb=True,
            only=("PYTHONHASHSEED",),
            folder=desk,
            other_pythons=False,
        )
    )
    said = report.document()
    if sentence is None:
        assert (report.exit_code, said["identical"], said["halt"]) == (0, True, None)
        return
    assert (report.exit_code, said["identical"], said["divergence"]) == (3, False, None)
    assert said["halt"]["what"].startswith("input 3: HaltedLog: CIR-302.04 INVARIANT_BROKEN: ")
    assert f"invariant={sentence}" in said["halt"]["what"]


def test_a_machine_that_changes_its_input_in_one_environment_is_named_with_it(desk: Path) -> None:
    make_log(desk / "signed", 5, signed=True)
    (desk / "desk.py").write_text(
        TOUCHING.format(deed="os.environ['USER'] == 'qfs' or " + TOUCHES[3][1]).replace(
            "from dataclasses", "import os\nfrom dataclasses", 1
        ),
        encoding="utf-8",
    )
    report = replay_foreign(
        ForeignRequest(
            log=desk / "signed",
            machines=("desk:MACHINE",),
            perturb=True,
            only=("USER",),
            folder=desk,
            other_pythons=False,
        )
    )
    found = report.document()["divergence"]
    assert report.exit_code == 1
    assert (found["environment"], found["packet"]) == ("USER", 3)
    assert found["actual"] == "raises qfs.app.worlds.HaltedLog"


def test_a_state_whose_copy_has_another_root_is_named(desk: Path) -> None:
    make_log(desk / "signed", 5, signed=True)
    deed = "slots = state.used.core.slots; slots[2] = (2, [bytes(16)])"
    (desk / "desk.py").write_text(TOUCHING.format(deed=deed), encoding="utf-8")
    request = ReplayRequest(desk / "signed", machines=("desk:MACHINE",))
    report = replay(request)
    assert report.exit_code == 3
    assert report.halt is not None
    assert report.halt.facts == ("invariant=ledger.a_copy_of_the_state_has_its_root", "seq=5")
    assert replay(replace(request, trust_signatures=True)).exit_code == 0
