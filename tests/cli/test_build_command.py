"""`qfs build` on a command line: exit codes, JSON, bad input."""

import json
from pathlib import Path

import pytest

from qfs.shell.sandbox import find_bubblewrap, find_locale
from tests.cli.processes import Call, Outcome, run_all
from tests.repro.projects import project


def qfs(folder: Path, *words: str) -> Outcome:
    """Run one command line in a folder."""
    (outcome,) = run_all([Call(words, str(folder))])
    return outcome


def test_a_reproducible_project_exits_0_and_without_a_sandbox_2(tmp_path: Path) -> None:
    outcome = qfs(project(tmp_path / "p"), "build", "--kind", "wheel", "--format", "json")
    report = json.loads(outcome.stdout)
    assert report["schema"] == "qfs.build/1"
    assert report["differences"] == []
    assert outcome.code == (0 if report["reproducible"] else 2)
    assert report["reproducible"] is (report["verdict"] == "REPRODUCIBLE")
    assert report["artifacts"][0]["name"] == "p-1-py3-none-any.whl"


def test_what_could_not_vary_may_be_accepted_but_is_still_named(tmp_path: Path) -> None:
    folder = project(tmp_path / "p")
    outcome = qfs(folder, "build", "--kind", "wheel", "--accept-unexercised")
    assert outcome.code == 0
    assert ("REPRODUCIBLE" in outcome.stdout) is not ("not exercised: " in outcome.stdout)


def test_a_project_that_differs_exits_1_and_names_cause_and_fix(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", "import os; files['p/x'] = os.getcwd().encode()")
    outcome = qfs(folder, "build", "--kind", "wheel")
    assert outcome.code == 1
    assert "path of the build folder [build-path]" in outcome.stdout
    assert "fix: write paths relative to the project" in outcome.stdout
    document = json.loads(qfs(folder, "build", "--kind", "wheel", "--format", "json").stdout)
    (found,) = [one for one in document["differences"] if one["pair"] == "bare"]
    assert (found["member"], found["cause"]) == ("p/x", "build-path")


def test_deep_asks_diffoscope_what_has_no_named_cause(tmp_path: Path) -> None:
    code = "import os; files['p/x'] = bytes(2) + bytes(200 + b % 50 for b in os.urandom(64))"
    folder = project(tmp_path / "p", code)
    words = ("build", "--kind", "wheel", "--pairs", "bare", "--no-bisect", "--deep")
    document, text = qfs(folder, *words, "--format", "json"), qfs(folder, *words)
    (answer,) = json.loads(document.stdout)["deep"]
    assert (document.code, text.code, answer["member"]) == (1, 1, "p/x")
    assert bool(answer["said"]) is not bool(answer["problem"])
    assert (answer["said"] or answer["problem"]).splitlines()[0] in text.stdout
    plain = qfs(project(tmp_path / "q"), *words)
    assert "nothing to ask it" in plain.stdout


def test_the_same_project_gives_the_same_report(tmp_path: Path) -> None:
    folder = project(tmp_path / "p")
    words = ("build", "--kind", "wheel", "--format", "json")
    assert qfs(folder, *words).stdout == qfs(folder, *words).stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("build", "nowhere"), "there is no such folder"),
        (("build", "--vary", "LEVEL"), "--vary LEVEL names no value"),
        (("build", "file.txt"), "this is no folder and no .tar.gz"),
        (("build", "empty"), "no pyproject.toml"),
        (("build", "garbage"), "no readable TOML"),
        (("build", "p", "--kind", "egg"), "--kind"),
        (("build", "p", "--timeout", "0"), "--timeout"),
        (("build", "p", "--nonsense"), "--nonsense"),
    ],
)
def test_bad_input_is_one_clear_error_and_changes_nothing(
    words: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    project(tmp_path / "p")
    (tmp_path / "file.txt").write_text("hello", "utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "garbage").mkdir()
    (tmp_path / "garbage/pyproject.toml").write_bytes(b"\xff\x00\x01")
    before = sorted(tmp_path.rglob("*"))
    outcome = qfs(tmp_path, *words)
    assert outcome.code == 2
    assert sentence in outcome.stderr
    assert outcome.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_artefacts_that_differ_are_not_written(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", "import os; files['p/x'] = os.getcwd().encode()")
    assert qfs(folder, "build", "--kind", "wheel", "--outdir", "dist").code == 1
    assert not (folder / "dist").exists()
    careful = project(tmp_path / "careful")
    outcome = qfs(careful, "build", "--kind", "wheel", "--outdir", "dist")
    assert outcome.code == (0 if find_bubblewrap() and find_locale() else 2)
    written = sorted(path.name for path in (careful / "dist").iterdir())
    assert written == ["SHA256SUMS", "p-1-py3-none-any.whl"]


def test_artefacts_are_not_put_beside_the_provenance_of_others(tmp_path: Path) -> None:
    folder = project(tmp_path / "p")
    (folder / "dist").mkdir()
    (folder / "dist/provenance.intoto.json").write_text("{}", encoding="utf-8")
    outcome = qfs(folder, "build", "--kind", "wheel", "--outdir", "dist")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert "dist/provenance.intoto.json: is about an earlier build" in outcome.stderr
    assert [path.name for path in (folder / "dist").iterdir()] == ["provenance.intoto.json"]
