"""Each planted cause is named, and what only looks alike is not reported.

- Two sets: ours (`programs.py`), and whatever stands in `planted/` with its `index.json`, which
  was written by somebody who had not seen the detector.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from qfs.app.foreign import ForeignReport, ForeignRequest, replay_foreign
from qfs.shell.perturbation import Machine, variables
from tests.replay.corpus import FOLDER, MEANT, Judged, Planted, judge, programs
from tests.replay.programs import ALIKE, PLANTED, Program

CORPUS = programs()
# Some programs of one run each, in the order in which they were planted; all of them at night, and
# in `python -m benchmarks replay_corpus`.
SAMPLE = (
    CORPUS
    if os.environ.get("QFS_PROFILE") == "nightly"
    else [one for one in CORPUS if not one.chance][9::13]
)
# Its declared state is the clock's statistic itself, and declared state is compared.
CLOCK_IN_ITS_STATE = "ok_monotonic_unused.py"


def replayed(program: Program, folder: Path) -> ForeignReport:
    """Write a program down and perturb it."""
    (folder / "program.py").write_text(program.source, encoding="utf-8")
    inputs = folder / "given" / "inputs.jsonl"
    inputs.parent.mkdir()
    inputs.write_text("\n".join(program.inputs) + "\n", encoding="utf-8")
    return replay_foreign(
        ForeignRequest(
            callable="program:entry",
            inputs=inputs,
            perturb=True,
            folder=folder,
            jobs=2,
            other_pythons=program.variable == "python",
        )
    )


@pytest.mark.parametrize("program", PLANTED, ids=lambda program: program.name)
def test_a_planted_cause_is_named(program: Program, tmp_path: Path) -> None:
    report = replayed(program, tmp_path)
    if program.variable == "python" and not another_python(report):
        # One Python alone cannot show a difference between two, and the report says so.
        assert "python" not in report.document()["plan"]["variables"]
        return
    assert report.exit_code == 1
    assert report.perturbed is not None
    assert report.perturbed.divergence is not None
    assert report.perturbed.divergence.variable in program.variable.split("|")
    if program.line:
        assert report.cause is not None
        assert any(text in report.cause.source for text in program.line.split("|")), report.cause
    if program.rules:
        assert report.cause is not None
        assert report.cause.rule in program.rules


def another_python(report: ForeignReport) -> bool:
    """Say whether this machine has a second Python of another version."""
    return report.perturbed is not None and "python" in report.perturbed.variables


@pytest.mark.parametrize("program", ALIKE, ids=lambda program: program.name)
def test_what_only_looks_alike_is_not_reported(program: Program, tmp_path: Path) -> None:
    report = replayed(program, tmp_path)
    assert (report.exit_code, report.identical) == (0, True), report.document()


@pytest.mark.parametrize("program", SAMPLE, ids=lambda program: program.file)
def test_a_program_of_the_corpus_gets_its_cause(program: Planted) -> None:
    judged = judge(program)
    if program.planted:
        assert judged.named, judged
    else:
        assert judged.detected is (program.file == CLOCK_IN_ITS_STATE), judged


def test_a_statistic_of_the_clock_is_reported_only_where_it_is_declared_state() -> None:
    program = next(one for one in CORPUS if one.file == CLOCK_IN_ITS_STATE)
    rest = replace(program, state=tuple(name for name in program.state if name != "_slowest_ns"))
    assert len(rest.state) == len(program.state) - 1
    assert (judge(program).variable, judge(rest).variable) == ("clock", "")


def test_every_word_of_the_corpus_is_known_and_no_other() -> None:
    index = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    assert {*MEANT, "none"} == set(index["vocabulary"])
    known = {variable.name for variable in variables(Machine(("a", "b"), "tr", True, True), ("X",))}
    meant = {word.partition(":")[0] for words in MEANT.values() for word in words}
    assert meant - {"history", "$"} <= known
    assert len({program.cause for program in CORPUS if program.planted}) >= 25
    assert sum(not program.planted for program in CORPUS) >= 10
    assert {path.name for path in FOLDER.glob("*.py")} == {program.file for program in CORPUS}


def test_a_wrong_cause_is_not_taken_for_the_right_one() -> None:
    program = next(one for one in CORPUS if one.cause == "mutable-default")
    for variable, named in (
        ("history: mutable default", True),
        ("history: module global", False),
        ("clock", False),
        ("", False),
    ):
        judged = Judged(program, variable, program.line, 1, 1, ())
        assert (judged.named, judged.at_line) == (named, named)
