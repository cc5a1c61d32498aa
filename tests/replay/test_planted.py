"""Each planted cause is named, and what only looks alike is not reported.

- Two sets: ours (`programs.py`), and whatever stands in `planted/` with its `index.json`, which
  was written by somebody who had not seen the detector.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from qfs.app.foreign import ForeignReport, ForeignRequest, replay_foreign
from tests.replay.programs import ALIKE, PLANTED, Program

FOLDER = Path(__file__).parent / "planted"
INDEX = FOLDER / "index.json"
OFFICIAL: list[dict[str, Any]] = (
    json.loads(INDEX.read_text(encoding="utf-8")) if INDEX.exists() else []
)
# What a cause may be called by who plants it -> what the report says.
CALLED = {
    "PYTHONHASHSEED": (
        "hash",
        "set-order",
        "set order",
        "pickled set",
        "dict from set",
        "summation",
    ),
    "addresses": ("id", "identity", "address", "repr"),
    "allocator": ("id", "identity", "address", "repr"),
    "directory-order": ("directory", "glob", "listdir", "filesystem", "file order"),
    "clock": ("clock", "time", "date"),
    "random": ("random", "entropy", "uuid", "chance"),
    "TZ": ("tz", "time zone", "timezone", "time-zone"),
    "LC_ALL": ("locale", "lc_all", "encoding"),
    "USER": ("user",),
    "HOME": ("home", "user"),
    "cpu-count": ("cpu",),
    "threads": ("thread", "race", "as_completed", "concurrency", "arrival"),
    "history": ("global", "default", "cache", "history", "state", "order of calls"),
    "gc": ("gc", "weakref", "collector"),
    "optimize": ("optimi", "assert", "-o"),
    "int-digits": ("digit",),
    "python": ("python", "version", "float", "sum"),
    "hostname": ("host",),
    "process-id": ("pid", "process"),
    "cwd": ("cwd", "working", "directory"),
    "umask": ("umask",),
    "recursion-limit": ("recursion",),
    "TMPDIR": ("tmp", "temp"),
    "environment-order": ("environ",),
    "$": ("environ", "env"),
}


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


@pytest.mark.parametrize("number", range(len(OFFICIAL)) or [None])
def test_a_program_of_the_index_gets_its_cause(number: int | None, tmp_path: Path) -> None:
    if number is None:
        assert not INDEX.exists()
        return
    one = OFFICIAL[number]
    given = one.get("inputs") or [None]
    inputs = tmp_path / "inputs.jsonl"
    if isinstance(given, str):
        inputs = FOLDER / given
    else:
        inputs.write_text("".join(json.dumps(value) + "\n" for value in given), encoding="utf-8")
    report = replay_foreign(
        ForeignRequest(
            callable=f"{one['file']}:{one['callable']}",
            inputs=inputs,
            perturb=True,
            folder=FOLDER,
            jobs=2,
        )
    )
    wanted = str(one.get("cause") or "none").lower()
    if wanted in ("none", "deterministic", "look-alike"):
        assert (report.exit_code, report.identical) == (0, True), report.document()
        return
    assert report.perturbed is not None, report.document()
    assert report.perturbed.divergence is not None, report.document()
    assert is_called(report, wanted), (wanted, report.document()["divergence"])


def is_called(report: ForeignReport, wanted: str) -> bool:
    """Say whether the report means what the planter wrote."""
    assert report.perturbed is not None
    assert report.perturbed.divergence is not None
    found = report.perturbed.divergence
    key = "$" if found.variable.startswith("$") else found.variable
    words = (*CALLED.get(key, ()), found.variable.lower(), found.effect)
    places = " ".join(found.places).lower()
    return any(word in wanted for word in words) or wanted in places


def test_the_words_for_a_cause_are_told_apart() -> None:
    assert not set(CALLED["clock"]) & set(CALLED["PYTHONHASHSEED"])
    assert len(PLANTED) >= 25
    assert len(ALIKE) >= 10
