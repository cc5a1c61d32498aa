"""`qfs audit` and `qfs rules` as programs: exit codes, formats, nothing written on a mistake."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from qfs_cli.commands.audit import FORMATS
from tests.cli.processes import Call, run_all

CLOCK = (
    "import time\n\ndef helper():\n    return time.time()\n\ndef entry():\n    return helper()\n"
)


def qfs(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qfs_cli.main", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "clock.py").write_text(CLOCK, encoding="utf-8")
    (tmp_path / "good.py").write_text("def f() -> int:\n    return 1\n", encoding="utf-8")
    (tmp_path / "broken.py").write_text("def f(:\n", encoding="utf-8")
    return tmp_path


EXITS = [
    ("a clean file", ["good.py"], 0),
    ("a violation", ["clock.py"], 1),
    ("a file that is no Python", ["broken.py"], 2),
    ("no such file", ["nowhere.py"], 2),
    ("no such format", ["good.py", "--format", "poem"], 2),
    ("no such option", ["good.py", "--quickly"], 2),
    ("inputs for no witness", ["good.py", "--inputs", "good.py"], 2),
    ("a witness without an entry point", ["good.py", "--witness"], 2),
    ("counts in another format", ["good.py", "--statistics", "--format", "json"], 2),
    ("no such rule", ["good.py", "--select", "QFS999"], 2),
    ("no such policy", ["good.py", "--float-policy", "maybe"], 2),
    ("no name of a revision", ["good.py", "--since", ""], 2),
    ("a folder as the output", ["good.py", "--output", "."], 2),
    ("a selected rule that finds nothing", ["clock.py", "--select", "QFS2"], 0),
]


@pytest.mark.parametrize(("what", "arguments", "code"), EXITS, ids=[case[0] for case in EXITS])
def test_the_exit_code(what: str, arguments: list[str], code: int, project: Path) -> None:
    before = sorted(path.name for path in project.iterdir())
    done = qfs("audit", "--no-cache", *arguments, cwd=project)
    assert done.returncode == code, done.stdout + done.stderr
    assert sorted(path.name for path in project.iterdir()) == before


def test_text_draws_the_way(project: Path) -> None:
    done = qfs("audit", "--no-cache", "clock.py", "--entry", "clock:entry", cwd=project)
    assert "clock.py:4:12: VIOLATION QFS101" in done.stdout
    lines = done.stdout.splitlines()
    assert lines[1:4] == [
        "  clock:entry  (clock.py:7)",
        "  └─ clock:helper  (clock.py:4)",
        "     └─ time.time  (clock.py:4)",
    ]


def test_json_keeps_its_schema(project: Path) -> None:
    done = qfs("audit", "--no-cache", ".", "--format", "json", cwd=project)
    content = json.loads(done.stdout)
    assert content["schema"] == "qfs.audit/1"
    assert [error["path"] for error in content["errors"]] == ["broken.py"]
    finding = content["findings"][0]
    assert set(finding) >= {
        "rule", "verdict", "path", "line", "column", "end_line", "end_column", "message", "effect",
        "chain", "fix", "fingerprint",
    }  # fmt: skip
    assert done.stdout == json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    assert str(project) not in done.stdout


def test_sarif_carries_the_way_as_a_code_flow(project: Path) -> None:
    done = qfs("audit", "--no-cache", "clock.py", "--format", "sarif", cwd=project)
    run = json.loads(done.stdout)["runs"][0]
    result = run["results"][0]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "QFS101"
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert steps[-1]["location"]["message"]["text"] == "time.time"
    assert result["partialFingerprints"]


def test_github_gitlab_junit_and_markdown_name_the_place(project: Path) -> None:
    def printed(form: str) -> str:
        return qfs("audit", "--no-cache", "clock.py", "--format", form, cwd=project).stdout

    assert printed("github").startswith("::error file=clock.py,line=4,")
    assert json.loads(printed("gitlab"))[0]["location"]["lines"]["begin"] == 4
    suite = ET.fromstring(printed("junit").encode())
    assert suite.attrib["failures"] == "1"
    assert "| violation | QFS101 | `clock.py:4` |" in printed("markdown")


MIXED = {
    "clock.py": "import time\n\n\ndef entry(x):\n    return time.time(), x.tick(), x.tick()\n",
    "broken.py": "def f(:\n",
}


def test_gitlab_and_junit_say_all_that_their_readers_ask_for(tmp_path: Path) -> None:
    for name, text in MIXED.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def printed(form: str) -> str:
        return qfs("audit", "--no-cache", ".", "--format", form, cwd=tmp_path).stdout

    issues = json.loads(printed("gitlab"))
    assert len({each["fingerprint"] for each in issues}) == len(issues) >= 3
    for each in issues:  # docs.gitlab.com: Code Quality report format
        assert each["description"]
        assert each["check_name"]
        assert each["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert not Path(each["location"]["path"]).is_absolute()
        assert each["location"]["lines"]["begin"] >= 1
    suite = ET.fromstring(printed("junit").encode())  # as Jenkins' junit-10.xsd has it
    cases = suite.findall("testcase")
    assert suite.attrib["name"]
    assert all(each.attrib["name"] for each in cases)
    assert suite.attrib["tests"] == str(len(cases))
    for kind, counted in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert suite.attrib[counted] == str(len(suite.findall(f"testcase/{kind}"))), kind
    assert {part.tag for each in cases for part in each} == {"failure", "error", "skipped"}


MAYBE = """class Salted:
    def tick(self):
        return hash("abc")


def entry(name):
    return globals()[name]().tick()
"""


def test_what_a_witness_saw_is_in_text_and_sarif(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(MAYBE, encoding="utf-8")
    (tmp_path / "names.jsonl").write_text('"Salted"\n', encoding="utf-8")
    words = ("audit", "m.py", "--no-cache", "--entry", "m:entry", "--select", "QFS301")
    words = (*words, "--witness", "--inputs", "names.jsonl")
    text = qfs(*words, cwd=tmp_path)
    assert "CONFIRMED QFS301" in text.stdout
    assert "seen: m:entry at input 0 differs by PYTHONHASHSEED=" in text.stdout
    assert (text.returncode, "1 confirmed" in text.stdout) == (1, True)
    run = json.loads(qfs(*words, "--format", "sarif", cwd=tmp_path).stdout)["runs"][0]
    assert [each["level"] for each in run["results"]] == ["error"]
    assert run["results"][0]["properties"]["verdict"] == "confirmed"
    assert run["results"][0]["properties"]["witness"]["variable"] == "PYTHONHASHSEED"


@pytest.mark.parametrize("form", FORMATS)
def test_no_name_of_a_file_breaks_a_report_or_makes_a_line_of_it(form: str, tmp_path: Path) -> None:
    for name in (b"caf\xe9.py", b"x\nfree.py:1:1: VIOLATION QFS101 made up.py"):
        code = "def f():\n    return list({'b', 'a'})\n"
        (tmp_path / os.fsdecode(name)).write_text(code, encoding="utf-8")
    words = ("audit", "--no-cache", "--format", form)
    audited, fixed = run_all([Call(words, str(tmp_path)), Call((*words, "--fix"), str(tmp_path))])
    assert (audited.code, fixed.code) == (1, 1)
    assert "QFS" in audited.stdout
    assert "\nfree" not in audited.stdout
    assert "�" not in audited.stdout


def test_the_report_goes_to_a_file(project: Path) -> None:
    done = qfs("audit", "--no-cache", "clock.py", "--output", "report.txt", cwd=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "QFS101" in (project / "report.txt").read_text(encoding="utf-8")


def test_rules_lists_them_all_and_shows_one(tmp_path: Path) -> None:
    listed = qfs("rules", cwd=tmp_path)
    assert "QFS401" in listed.stdout
    assert int(listed.stdout.splitlines()[-1].split()[0]) >= 60
    one = qfs("rules", "QFS401", cwd=tmp_path)
    assert "sorted(" in one.stdout
    assert qfs("rules", "wall-clock", cwd=tmp_path).returncode == 0
    assert qfs("rules", "QFS999", cwd=tmp_path).returncode == 2


def test_somebody_at_a_terminal_sees_that_it_goes_on_and_a_pipe_does_not(project: Path) -> None:
    command = [sys.executable, "-m", "qfs_cli.main", "audit", "good.py", "--format", "json"]
    terminal, side = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        shown = subprocess.run(
            command,
            cwd=project,
            env={**os.environ, "TERM": "xterm"},
            stdout=subprocess.PIPE,
            stderr=side,
            check=True,
        )
        os.close(side)
        assert b"auditing" in screen.read(4096)
    piped = qfs("audit", "good.py", "--format", "json", cwd=project)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert shown.stdout.decode() == piped.stdout
