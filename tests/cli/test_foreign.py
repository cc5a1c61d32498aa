"""`qfs replay --callable` and `--command` on the command line."""

import json
from pathlib import Path

from tests.cli.processes import Call, run_all

PROGRAM = (
    "def entry(names):\n    return [name for name in set(names)]\n\ndef steady(x):\n    return x\n"
)
SIM = "open('out.txt', 'w').write('done')\n"


def prepared(folder: Path) -> str:
    """Write a program, its inputs and a whole program; return the folder."""
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    (folder / "sim.py").write_text(SIM, encoding="utf-8")
    (folder / "inputs.jsonl").write_text('["a", "b", "c", "d", "e"]\n', encoding="utf-8")
    return str(folder)


def test_the_exit_code_and_the_report_say_what_was_found(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    head = ("replay", "--inputs", "inputs.jsonl", "--callable")
    diverging, steady, sealed, whole = run_all(
        [
            Call((*head, "program:entry", "--perturb", "--format", "json"), folder),
            Call((*head, "program.py:steady"), folder),
            Call((*head, "program:steady", "--sealed"), folder),
            Call(("replay", "--command", "python sim.py", "--watch", "out.txt"), folder),
        ]
    )
    assert (diverging.code, diverging.stderr) == (1, "")
    told = json.loads(diverging.stdout)
    assert (told["schema"], told["identical"]) == ("qfs.replay/1", False)
    assert told["divergence"]["environment"] == "PYTHONHASHSEED"
    assert told["divergence"]["cause"]["path"] == "program.py"
    assert folder not in diverging.stdout
    for one in (steady, sealed, whole):
        assert (one.code, one.stderr) == (0, ""), one
        assert one.stdout.endswith("identical   yes\n")
    told = ["in one environment: --perturb" in one.stdout for one in (steady, sealed, whole)]
    assert told == [True, False, True]


def test_a_text_report_names_variable_line_and_rule(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    words = ("replay", "--inputs", "inputs.jsonl", "--callable", "program:entry", "--perturb")
    (outcome,) = run_all([Call(words, folder)])
    assert "because of PYTHONHASHSEED=" in outcome.stdout
    assert "program.py:2: return [name for name in set(names)]" in outcome.stdout
    assert "QFS401" in outcome.stdout
    assert outcome.stdout.endswith("identical   no\n")


def test_a_log_and_a_program_are_not_replayed_at_once(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    both, neither = run_all(
        [
            Call(("replay", "log", "--callable", "program:steady"), folder),
            Call(("replay",), folder),
        ]
    )
    assert (both.code, neither.code) == (2, 2)
    assert "a log and a program" in both.stderr
    assert "what is to be replayed" in neither.stderr


def test_state_that_was_not_said_and_native_packages_are_named_with_a_way_out(
    tmp_path: Path,
) -> None:
    code = (
        "import pyarrow.parquet\nBOOK = []\n\n"
        "def entry(x):\n    BOOK.append(x)\n    return len(BOOK)\n"
    )
    (tmp_path / "stateful.py").write_text(code, encoding="utf-8")
    (tmp_path / "inputs.jsonl").write_text("1\n2\n", encoding="utf-8")
    words = ("replay", "--inputs", "inputs.jsonl", "--callable", "stateful:entry")
    hidden, said = run_all(
        [Call(words, str(tmp_path)), Call((*words, "--state-attr", "BOOK"), str(tmp_path))]
    )
    assert "  kept in   module global BOOK\n  or say    --state-attr BOOK, if" in hidden.stdout
    assert (hidden.code, said.code) == (1, 0)
    natives = [line for line in said.stdout.splitlines() if line.startswith("native      pyarrow")]
    assert len(natives) == 1
    assert " modules: cannot be watched or sealed" in natives[0]
