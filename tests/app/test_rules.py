"""Rules of the user's own: found beside the shipped ones, with examples that are run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit
from qfs.app.rules import check_rules, rules
from qfs.errors import InputError

RULE = """
code = "ACME101"
name = "acme-clock"
matcher = "call"
effect = "clock"
targets = ["acme.clock.now"]
what = "ACME's clock is read"
why = "It answers otherwise each time."
instead = "Take the time as an argument."
source = "ACME's handbook"

[[bad]]
code = '''
import acme.clock

def f() -> int:
    return acme.clock.now()
'''

[[good]]
code = '''
def f(now: int) -> int:
    return now
'''
"""
SUMMARIES = """
[acme]
pure = "*"
native = "ACME's own C code: tested on three platforms"
returns = { int = "total" }

["acme.clock"]
pure = "parse"
"""
PROGRAM = """
import acme
import acme.clock

def total(rows: list[int]) -> int:
    return acme.total(rows)

def now() -> int:
    return acme.clock.now()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.qfs]\nrule-folders = ["team/acme"]\n')
    pack = tmp_path / "team" / "acme"
    pack.mkdir(parents=True)
    (pack / "ACME101-acme-clock.toml").write_text(RULE)
    (pack / "summaries.toml").write_text(SUMMARIES)
    (tmp_path / "m.py").write_text(PROGRAM)
    return tmp_path


def test_an_own_pack_reports_and_knows(project: Path) -> None:
    report = audit(AuditRequest((project / "m.py",), require_proof=True))
    said = [(each.rule, each.verdict, each.line, each.message) for each in report.findings]
    assert said == [("ACME101", "violation", 9, "acme.clock.now: ACME's clock is read")]
    assert (report.proved, report.functions) == (2, 3)  # the module's own lines are one
    assert ("native", "ACME's own C code: tested on three platforms") in [
        (each.kind, each.how) for each in report.rests
    ]


def test_an_own_rule_can_be_selected_and_hidden_with_a_reason(project: Path) -> None:
    chosen = audit(AuditRequest((project / "m.py",), select=("ACME",)))
    assert [each.rule for each in chosen.findings] == ["ACME101"]
    hidden = PROGRAM.replace("now()\n", 'now()  # qfs: allow[ACME101] reason="a display"\n')
    (project / "m.py").write_text(hidden)
    report = audit(AuditRequest((project / "m.py",)))
    assert [each.rule for each in report.findings] == []
    assert [each.rule for each in report.suppressed] == ["ACME101"]


def test_the_catalogue_has_own_rules_and_runs_their_examples(project: Path) -> None:
    assert [each.pack for each in rules("ACME101", project)] == ["acme"]
    held = check_rules("ACME101", project)
    assert (held.rules, held.examples, held.failures, held.exit_code) == (1, 2, (), 0)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("return acme.clock.now()", "return 1", [("bad", 1, "is not reported by it")]),
        (
            "import acme.clock\n\ndef f() -> int:\n    return acme.clock.now()",
            "import time\n\ndef f() -> int:\n    return time.time_ns()",
            [("bad", 1, "is not reported by it, but by QFS101")],
        ),
        ("return now\n", "return acme.clock.now()\n", []),
        ("    return now\n", "    import acme.clock\n    return acme.clock.now()\n", None),
        ("def f(now: int)", "def f(now: int", None),
    ],
    ids=["bad is silent", "bad is another's", "unbound is nobody's", "good is bad", "no Python"],
)
def test_an_example_that_does_not_hold_is_named(
    project: Path, old: str, new: str, told: list[tuple[str, int, str]] | None
) -> None:
    assert old in RULE
    (project / "team/acme/ACME101-acme-clock.toml").write_text(RULE.replace(old, new))
    found = check_rules("ACME101", project)
    failures = [(each.kind, each.number, each.why) for each in found.failures]
    if told is None:
        assert [each[:2] for each in failures] == [("good", 1)]
        assert found.exit_code == 1
    else:
        assert failures == told
        assert found.exit_code == (1 if told else 0)


def test_the_command_counts_and_fails(project: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "qfs_cli.main", "rules", *words],
            cwd=project, capture_output=True, text=True, check=False, env=dict(os.environ),
        )  # fmt: skip
        return done.returncode, done.stdout

    assert run("ACME101", "--check") == (0, "1 rules; 2 of 2 examples hold\n")
    path = project / "team/acme/ACME101-acme-clock.toml"
    path.write_text(RULE.replace("return acme.clock.now()", "return 1"))
    code, said = run("acme-clock", "--check")
    assert code == 1
    assert said.splitlines() == [
        "ACME101: bad example 1 is not reported by it",
        "1 rules; 1 of 2 examples hold",
    ]
    code, said = run("ACME101", "--check", "--format", "json")
    assert code == 1
    assert '"why": "is not reported by it"' in said


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("summaries.toml", "[acme]\npures = '*'\n", "acme: no key 'pures'"),
        ("summaries.toml", "[acme.clock]\npure = '*'\n", "acme: no key 'clock'"),
        ("summaries.toml", "acme = 3\n", "'acme' is no table"),
        ("summaries.toml", "[acme]\npure = ['f']\n", "acme: pure is no text"),
        ("summaries.toml", "[acme]\nreturns = 'int'\n", "acme: returns is no table"),
        ("summaries.toml", "[acme]\nreturns = { a.B = 'f' }\n", "returns has no text for 'a'"),
        ("ACME101-acme-clock.toml", RULE.replace('clock"\ntargets', 'time"\ntargets'), "effect"),
        ("ACME102-other.toml", RULE.replace("ACME101", "ACME103"), "another code in its name"),
        ("QFS101-x.toml", RULE.replace("ACME101", "QFS101"), "QFS101 is used twice"),
    ],
    ids=["key", "dotted", "no table", "no text", "no types", "no name", "effect", "name", "code"],
)
def test_a_pack_that_says_what_nobody_reads_is_refused(
    project: Path, name: str, text: str, message: str
) -> None:
    (project / "team/acme" / name).write_text(text)
    with pytest.raises(InputError, match=message):
        audit(AuditRequest((project / "m.py",)))


def test_a_pack_may_not_be_called_like_a_shipped_one(project: Path) -> None:
    (project / "team/acme").rename(project / "team/ledger")
    (project / "pyproject.toml").write_text('[tool.qfs]\nrule-folders = ["team/ledger"]\n')
    with pytest.raises(InputError, match="'ledger' already"):
        audit(AuditRequest((project / "m.py",)))


def test_a_setting_that_nobody_reads_is_refused(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.qfs]\nentry = ["m:total"]\n')
    with pytest.raises(InputError, match="no setting 'entry'") as caught:
        audit(AuditRequest((project / "m.py",)))
    assert "entries" in caught.value.way_out


@pytest.mark.parametrize("code", ["QFS101", "qfs101", "Qfs101", "wall-clock"])
def test_a_rule_is_found_by_its_code_in_any_case_and_by_its_name(code: str) -> None:
    assert [each.code for each in rules(code)] == ["QFS101"]
