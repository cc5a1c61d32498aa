"""The triage of findings on programs from PyPI: whole, and counted as it says."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.audit_noise import HERE, confirmed, outcome, programs, triage
from qfs.app.audit import AuditRequest, audit


def test_every_line_says_why_and_what_is_true_names_a_case() -> None:
    names = {each["name"] for each in programs()}
    cases = {path.stem for path in (HERE / "cases").glob("*.py")}
    lines = triage().values()
    for line in lines:
        assert line["program"] in names
        assert line["why"].strip(), line["place"]
        assert line["true"] is (line["case"] in cases), line["place"]
    assert {line["case"] for line in lines if line["true"]} == cases


def test_every_version_that_is_fetched_is_pinned_by_a_hash() -> None:
    text = (HERE / "requirements.txt").read_text(encoding="utf-8")
    pins = re.findall(
        r"^[a-z].*==\S+ \\\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)+)", text, re.MULTILINE
    )
    assert len(pins) == len(re.findall(r"^[a-z]", text, re.MULTILINE)) >= len(programs())


def test_a_finding_counts_as_true_only_with_a_line_and_a_case_that_held(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("import time\n\ndef f():\n    return time.time()\n")
    report = audit(AuditRequest((tmp_path / "m.py",)))
    (finding,) = report.findings
    line = {"program": "p", "place": "m.py:4", "rule": "QFS101", "true": True, "case": "c"}
    program = {"name": "p"}

    def counts(lines: dict[str, object], held: frozenset[str]) -> tuple[int, int, int, int]:
        made = outcome(program, report, lines, held)
        return (len(made.true), len(made.false), len(made.untriaged), len(made.stale))

    held = frozenset({"c"})
    assert counts({finding.fingerprint: line}, held) == (1, 0, 0, 0)
    assert counts({finding.fingerprint: line}, frozenset()) == (0, 1, 0, 0)
    assert counts({finding.fingerprint: {**line, "true": False}}, held) == (0, 1, 0, 0)
    assert counts({}, held) == (0, 0, 1, 0)
    assert counts({"gone": line}, held) == (0, 0, 1, 1)
    clean = replace(report, findings=())
    assert outcome(program, clean, {}, held).noise == 0


@pytest.mark.parametrize(
    ("case", "library", "differs"),
    [
        (
            "es_clock",
            "import time\ndef datetime_now_with_tzinfo():\n    return time.time_ns()\n",
            True,
        ),
        ("es_clock", "def datetime_now_with_tzinfo():\n    return 0\n", False),
    ],
)
def test_a_case_holds_where_its_two_runs_print_two_things(
    tmp_path: Path, case: str, library: str, differs: bool
) -> None:
    package = tmp_path / "library" / "eventsourcing"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()  # else one that is installed would come first
    (package / "domain.py").write_text(library)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert confirmed(case, tmp_path / "library", scratch) is differs
