"""The audit as a use case: zones, entries, ways, allowances, baselines, revisions."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.app.audit import AuditReport, AuditRequest, audit
from qfs.errors import InputError, UsageError

CLOCK = "import time\n\ndef now():\n    return time.time()\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def rules(report: AuditReport) -> list[str]:
    return [f"{each.verdict} {each.rule} {each.path}" for each in report.findings]


def test_a_clean_file_is_clean_and_a_clock_is_a_violation(tmp_path: Path) -> None:
    write(tmp_path, {"good.py": "def f(x: int) -> int:\n    return x + 1\n", "bad.py": CLOCK})
    assert audit(AuditRequest((tmp_path / "good.py",))).exit_code == 0
    report = audit(AuditRequest((tmp_path / "bad.py",)))
    assert report.exit_code == 1
    assert [each.rule for each in report.findings] == ["QFS101"]


def test_only_what_the_zone_reaches_is_judged(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": '[tool.qfs]\nzone = ["app/core"]\n',
            "app/__init__.py": "",
            "app/core/__init__.py": "",
            "app/core/pure.py": "from app.shell import now\n\ndef step():\n    return now()\n",
            "app/shell.py": CLOCK
            + "\ndef later():\n    import random\n    return random.random()\n",
        },
    )
    report = audit(AuditRequest((tmp_path / "app",)))
    assert rules(report) == ["violation QFS101 app/shell.py"]
    names = [step.name for step in report.findings[0].chain]
    assert names == ["app.core.pure:step", "app.shell:now", "time.time"]


def test_each_step_of_a_way_is_a_line_of_its_file(tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "",
        "p/low.py": "def names(xs: list[str]) -> list[str]:\n    # sic\n    return list(set(xs))\n",
        "p/top.py": "from p.low import names\ndef f(xs: list[str]): return names(xs)\n",
    }
    write(tmp_path, files)
    report = audit(AuditRequest((tmp_path / "p",), entries=("p.top:*",)))
    ways = [[(Path(step.path).name, step.line) for step in each.chain] for each in report.findings]
    assert ways == [[("top.py", 2), ("low.py", 3)]]


def test_a_message_goes_on_behind_its_colon_and_leaves_names_as_they_are(tmp_path: Path) -> None:
    code = "import json\nimport time\n\n\ndef f(x: dict) -> str:\n"
    write(tmp_path, {"m.py": f"{code}    return json.dumps(x) + str(time.time())\n"})
    messages = [each.message for each in audit(AuditRequest((tmp_path / "m.py",))).findings]
    assert [message.split(": ")[1].split()[0] for message in messages] == ["JSON", "a", "the"]


def test_an_entry_pattern_judges_what_it_reaches(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": CLOCK + "\ndef entry():\n    return 1\n"})
    assert rules(audit(AuditRequest((tmp_path / "m.py",), entries=("m:entry",)))) == []
    assert len(rules(audit(AuditRequest((tmp_path / "m.py",), entries=("*:n*",))))) == 1


@pytest.mark.parametrize(
    ("asked", "setting", "place"),
    [(("m:none",), "", "--entry"), ((), 'entries = ["m:none"]\n', "entries of")],
)
def test_entries_that_are_not_there_are_an_error_and_no_clean_report(
    tmp_path: Path, asked: tuple[str, ...], setting: str, place: str
) -> None:
    write(tmp_path, {"m.py": CLOCK, "pyproject.toml": f"[tool.qfs]\n{setting}"})
    with pytest.raises(UsageError, match="no function is called m:none") as raised:
        audit(AuditRequest((tmp_path / "m.py",), entries=asked))
    assert place in str(raised.value.place)


def test_a_may_edge_makes_a_possible_finding(tmp_path: Path) -> None:
    code = (
        CLOCK + "\nclass A:\n    def tick(self): return now()\n\ndef use(x):\n    return x.tick()\n"
    )
    write(tmp_path, {"m.py": code})
    report = audit(AuditRequest((tmp_path / "m.py",), entries=("m:use",)))
    assert rules(report) == ["possible QFS101 " + report.findings[0].path]
    assert report.exit_code == 1


def test_what_cannot_be_known_fails_only_when_a_proof_is_required(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": "import somebody\n\ndef f():\n    return somebody.compute()\n"})
    request = AuditRequest((tmp_path / "m.py",))
    assert audit(request).exit_code == 0
    strict = AuditRequest((tmp_path / "m.py",), require_proof=True)
    assert audit(strict).exit_code == 1
    assert audit(strict).count("unknown") == 1


ALLOWANCES = [
    ("with a reason it hides", '  # qfs: allow[QFS101] reason="log line"', [], 1),
    ("by name it hides too", '  # qfs: allow[wall-clock] reason="log line"', [], 1),
    ("without a reason it does not", "  # qfs: allow[QFS101]", ["QFS002", "QFS101"], 0),
    ("without a code it does not", '  # qfs: allow reason="x"', ["QFS002", "QFS101"], 0),
    ("another code does not, and is unused", '  # qfs: allow[QFS201] reason="x"',
     ["QFS001", "QFS101"], 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "comment", "expected", "hidden"), ALLOWANCES, ids=[case[0] for case in ALLOWANCES]
)
def test_an_allowance(
    what: str, comment: str, expected: list[str], hidden: int, tmp_path: Path
) -> None:
    write(tmp_path, {"m.py": CLOCK.replace("time.time()", f"time.time(){comment}")})
    report = audit(AuditRequest((tmp_path / "m.py",)))
    assert sorted(each.rule for each in report.findings) == expected
    assert len(report.suppressed) == hidden


DAYS = [
    ("before its last day", "2027-01-30", [], 1),
    ("on its last day", "2027-01-31", [], 1),
    ("after it", "2027-02-01", ["QFS002", "QFS101"], 0),
    ("on no day in particular", "", [], 1),
]


@pytest.mark.parametrize(("when", "day", "expected", "hidden"), DAYS)
def test_an_allowance_with_a_last_day(
    when: str, day: str, expected: list[str], hidden: int, tmp_path: Path
) -> None:
    comment = '  # qfs: allow[QFS101] reason="log line" until=2027-01-31'
    write(tmp_path, {"m.py": CLOCK.replace("time.time()", f"time.time(){comment}")})
    report = audit(AuditRequest((tmp_path / "m.py",), today=day))
    assert sorted(each.rule for each in report.findings) == expected
    assert len(report.suppressed) == hidden


def test_an_allowance_is_no_proof(tmp_path: Path) -> None:
    comment = '  # qfs: allow[QFS101] reason="log line"'
    write(tmp_path, {"m.py": CLOCK.replace("time.time()", f"time.time(){comment}")})
    assert audit(AuditRequest((tmp_path / "m.py",))).exit_code == 0
    assert audit(AuditRequest((tmp_path / "m.py",), require_proof=True)).exit_code == 1


IGNORES = [
    ("for its file and code", "web/*", '["QFS101"]', [], ["web/m.py"]),
    ("for the beginning of a code", "web/*", '["QFS1"]', [], ["web/m.py"]),
    ("by name, over folders", "*.py", '["wall-clock"]', [], ["core/m.py", "web/m.py"]),
    ("for another code", "web/*", '["QFS2"]', ["QFS001 pyproject.toml"], []),
    ("for files that are not there", "old/*", '["QFS101"]', ["QFS001 pyproject.toml"], []),
    ("for files that were not audited", "notes/*", '["QFS101"]', [], []),
]


@pytest.mark.parametrize(
    ("what", "pattern", "codes", "more", "hidden"), IGNORES, ids=[case[0] for case in IGNORES]
)
def test_a_file_is_ignored(
    what: str, pattern: str, codes: str, more: list[str], hidden: list[str], tmp_path: Path
) -> None:
    table = f'"{pattern}" = {{ codes = {codes}, reason = "it shows the time" }}\n'
    settings = f"[tool.qfs]\n\n[tool.qfs.per-file-ignores]\n{table}"
    write(tmp_path, {"web/m.py": CLOCK, "core/m.py": CLOCK, "notes/n.txt": ""})
    write(tmp_path, {"pyproject.toml": settings})
    report = audit(AuditRequest((tmp_path,)))
    assert [each.path for each in report.suppressed] == hidden
    reported = [f"{each.rule} {each.path}" for each in report.findings]
    clocks = [name for name in ("core/m.py", "web/m.py") if name not in hidden]
    assert sorted(reported) == sorted([*[f"QFS101 {name}" for name in clocks], *more])
    assert [each.line for each in report.findings if each.rule == "QFS001"] == [4] * len(more)
    only = AuditRequest((tmp_path / "web",), require_proof=True)
    assert audit(only).exit_code == 1


MISTAKEN_IGNORES = [
    ("no reason", '"m.py" = { codes = ["QFS101"] }', InputError),
    ("an empty reason", '"m.py" = { codes = ["QFS101"], reason = " " }', InputError),
    ("no codes", '"m.py" = { codes = [], reason = "x" }', InputError),
    ("a list alone", '"m.py" = ["QFS101"]', InputError),
    ("an absolute path", '"/m.py" = { codes = ["QFS101"], reason = "x" }', InputError),
    ("a code that does not exist", '"m.py" = { codes = ["XYZ"], reason = "x" }', UsageError),
]


@pytest.mark.parametrize(("what", "line", "error"), MISTAKEN_IGNORES)
def test_a_mistaken_ignore_is_told(
    what: str, line: str, error: type[Exception], tmp_path: Path
) -> None:
    settings = f"[tool.qfs.per-file-ignores]\n{line}\n"
    write(tmp_path, {"m.py": CLOCK, "pyproject.toml": settings})
    with pytest.raises(error):
        audit(AuditRequest((tmp_path / "m.py",)))


def test_a_baseline_keeps_known_findings_quiet_wherever_they_move(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": CLOCK})
    known = tmp_path / "known.json"
    first = audit(AuditRequest((tmp_path / "m.py",), write_baseline=known))
    assert (first.exit_code, first.baselined) == (0, 1)
    write(tmp_path, {"m.py": "# moved\n\n\n" + CLOCK})
    assert audit(AuditRequest((tmp_path / "m.py",), baseline=known)).exit_code == 0
    write(tmp_path, {"m.py": CLOCK + "\ndef more():\n    return time.time()\n"})
    second = audit(AuditRequest((tmp_path / "m.py",), baseline=known))
    assert [each.function for each in second.findings] == ["m:more"]


def test_since_a_revision_only_changed_files_speak(tmp_path: Path) -> None:
    write(tmp_path, {"old.py": CLOCK, "pyproject.toml": "[tool.qfs]\n"})
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    write(tmp_path, {"new.py": CLOCK})
    report = audit(AuditRequest((tmp_path,), since="HEAD"))
    assert rules(report) == ["violation QFS101 new.py"]
    with pytest.raises(InputError):
        audit(AuditRequest((tmp_path,), since="no-such-revision"))


def test_since_a_revision_outside_of_a_repository_says_so(tmp_path: Path) -> None:
    write(tmp_path, {"old.py": CLOCK, "pyproject.toml": "[tool.qfs]\n"})
    with pytest.raises(InputError, match="not a git repository") as raised:
        audit(AuditRequest((tmp_path,), since="HEAD"))
    assert raised.value.way_out == "audit a folder of a git work tree, or leave out --since"
    subprocess.run(["git", "init", "-q", "--bare", "."], cwd=tmp_path, check=True)
    with pytest.raises(InputError, match="is in no git work tree"):
        audit(AuditRequest((tmp_path,), since="HEAD"))


def test_float_policies_differ_in_what_they_allow(tmp_path: Path) -> None:
    code = "import math\n\ndef f(x: int):\n    return math.sin(x * 0.5)\n"
    write(tmp_path, {"m.py": code})
    found = {
        policy: [
            each.rule for each in audit(AuditRequest((tmp_path / "m.py",), policy=policy)).findings
        ]
        for policy in ("ban", "ieee-basic", "allow")
    }
    assert found == {"ban": ["QFS505", "QFS501"], "ieee-basic": ["QFS505"], "allow": []}


PACKS: list[tuple[tuple[str, ...], str, tuple[str, ...], str, list[str]]] = [
    ((), "", ("core",), "ban", ["QFS101", "QFS501"]),
    (("simulation",), "", ("core", "simulation"), "ieee-basic", ["QFS101"]),
    (("simulation",), "ban", ("core", "simulation"), "ban", ["QFS101", "QFS501"]),
    (("ledger",), "", ("core", "ledger"), "ban", ["QFS101", "QFS501"]),
    (("ledger", "simulation"), "", ("core", "ledger", "simulation"), "ban", ["QFS101", "QFS501"]),
]


@pytest.mark.parametrize(("asked", "policy", "packs", "applied", "found"), PACKS)
def test_core_always_applies_and_a_simulation_may_compute_floats(
    asked: tuple[str, ...],
    policy: str,
    packs: tuple[str, ...],
    applied: str,
    found: list[str],
    tmp_path: Path,
) -> None:
    write(tmp_path, {"m.py": CLOCK + "\ndef f(x: int):\n    return x * 0.5\n"})
    report = audit(AuditRequest((tmp_path / "m.py",), packs=asked, policy=policy))
    assert (report.packs, report.policy) == (packs, applied)
    assert [each.rule for each in report.findings] == found


@pytest.mark.parametrize(
    ("asked", "unreported"), [({}, 0), ({"ignore": ("QFS1",)}, 1), ({"select": ("QFS3",)}, 1)]
)
def test_what_nobody_asked_for_is_counted_and_is_no_proof(
    asked: dict[str, tuple[str, ...]], unreported: int, tmp_path: Path
) -> None:
    write(tmp_path, {"m.py": CLOCK})
    report = audit(AuditRequest((tmp_path / "m.py",), require_proof=True, **asked))  # type: ignore[arg-type]
    assert (report.unreported, len(report.findings)) == (unreported, 1 - unreported)
    assert not report.is_proved
    assert report.exit_code == 1


def test_select_and_ignore_take_codes_names_and_beginnings(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": CLOCK + "\ndef g():\n    return id(1)\n"})
    paths = (tmp_path / "m.py",)
    assert [f.rule for f in audit(AuditRequest(paths, select=("QFS1",))).findings] == ["QFS101"]
    assert [f.rule for f in audit(AuditRequest(paths, ignore=("wall-clock",))).findings] == [
        "QFS302"
    ]


MISTAKES = [
    ("no path", {"paths": ()}, UsageError),
    ("a path that does not exist", {"paths": (Path("no/such/place.py"),)}, InputError),
    ("a policy that does not exist", {"policy": "maybe"}, UsageError),
    ("a pack that does not exist", {"packs": ("nothing",)}, UsageError),
    ("a code that does not exist", {"select": ("QFS999",)}, UsageError),
    ("a baseline that does not exist", {"baseline": Path("no/such/baseline.json")}, InputError),
]


@pytest.mark.parametrize(("what", "change", "error"), MISTAKES, ids=[case[0] for case in MISTAKES])
def test_a_mistake_is_told(
    what: str, change: dict[str, object], error: type[Exception], tmp_path: Path
) -> None:
    write(tmp_path, {"m.py": CLOCK})
    with pytest.raises(error):
        audit(AuditRequest(**{"paths": (tmp_path / "m.py",), **change}))  # type: ignore[arg-type]


def test_an_unreadable_file_is_an_error_and_the_others_are_still_scanned(tmp_path: Path) -> None:
    write(tmp_path, {"bad.py": "def f(:\n", "m.py": CLOCK})
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    report = audit(AuditRequest((tmp_path,)))
    assert report.exit_code == 2
    assert len(report.errors) == 2
    assert [each.rule for each in report.findings] == ["QFS101"]


CELL = '{"cells": [{"cell_type": "code", "source": [\n"import time\\n",\n"time.time()"]}],'
GENERATED = "DATA = b''\n" + "DATA += b'" + "\\x00" * 250 + "'\n"
BAD_INPUT = [
    ("a byte order mark", "m.py", b"\xef\xbb\xbf" + CLOCK.encode(), None),
    ("latin-1, said so", "m.py", b"# coding: latin-1\n# \xe9\n" + CLOCK.encode(), None),
    ("latin-1, not said", "m.py", b"# \xe9\n" + CLOCK.encode(), "unknown encoding"),
    ("an unknown encoding", "m.py", b"# coding: klingon\n", "unknown encoding"),
    ("UTF-16", "m.py", CLOCK.encode("utf-16"), "null byte"),
    ("a null byte", "m.py", CLOCK.encode() + b"\0", "null byte"),
    ("a syntax error", "m.py", b"def f(:\n", "not Python"),
    ("a notebook", "m.ipynb", f'{CELL} "nbformat": 4}}'.encode(), None),
    ("a notebook cut off", "m.ipynb", CELL.encode(), "not a notebook"),
    ("10 MB, generated", "m.py", (CLOCK + GENERATED * 10_000).encode(), None),
    ("more than can be", "m.py", b"#" * (17 * 1024 * 1024), "exceed"),
]


@pytest.mark.parametrize(("what", "name", "data", "why"), BAD_INPUT, ids=[c[0] for c in BAD_INPUT])
def test_odd_bytes_are_read_or_refused_in_one_line(
    what: str, name: str, data: bytes, why: str | None, tmp_path: Path
) -> None:
    write(tmp_path, {"other.py": CLOCK})
    (tmp_path / name).write_bytes(data)
    report = audit(AuditRequest((tmp_path,)))
    found = [(each.rule, Path(each.path).name) for each in report.findings]
    assert ("QFS101", "other.py") in found
    assert (("QFS101", name) in found) == (why is None)
    assert [bool(re.search(why or "", each.message)) for each in report.errors] == [True] * bool(
        why
    )
    assert report.exit_code == (2 if why else 1)
    assert not any("\n" in each.message for each in report.errors)


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": CLOCK})
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "itself.py").symlink_to("itself.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "ring").symlink_to("ring")
    report = audit(AuditRequest((tmp_path,)))
    told = {Path(each.path).name: each.message for each in report.errors}
    assert sorted(told) == ["itself.py", "pipe.py"]
    assert told["pipe.py"] == "not a regular file"
    assert (report.exit_code, [each.rule for each in report.findings]) == (2, ["QFS101"])


# Opening the second file changes the first: what was read is not what is there any more.
CHANGING = """
import sys
from pathlib import Path
from qfs.app.audit import AuditRequest, audit

def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith("b.py"):
        with open("a.py", "a") as file:
            file.write("# more\\n")

sys.addaudithook(hook)
report = audit(AuditRequest((Path("."),)))
print(report.exit_code, [(each.path, each.message) for each in report.errors])
print([(each.path, each.rule) for each in report.findings])
"""


def test_a_file_that_changes_meanwhile_is_one_line_and_the_rest_is_scanned(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x = 1\n", "b.py": CLOCK})
    done = subprocess.run(
        [sys.executable, "-c", CHANGING], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "2 [('a.py', 'changed while it was being audited')]",
        "[('b.py', 'QFS101')]",
    ]


RUN = """
import sys
from pathlib import Path
from qfs.app.audit import AuditRequest, audit
report = audit(AuditRequest(tuple(Path(p) for p in sys.argv[1:]), entries=("*:entry", "*:f*")))
for each in report.findings:
    print(each)
print(report.source_digest, report.rules_digest, report.functions, report.proved)
"""


def test_the_answer_depends_on_neither_hash_seed_nor_order_of_paths(tmp_path: Path) -> None:
    corpus = Path(__file__).parent.parent / "corpus" / "audit" / "found.txt"
    parts = corpus.read_text(encoding="utf-8").split("### ")[1:]
    names = []
    for at, part in enumerate(parts[::4]):
        name = f"m{at}.py"
        write(tmp_path, {name: part.partition("\n")[2]})
        names.append(name)
    answers = []
    for seed, order in (("0", names), ("1", names[::-1]), ("7", sorted(names, key=hash))):
        done = subprocess.run(
            [sys.executable, "-c", RUN, *order],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        answers.append(done.stdout)
    assert answers[0].count(b"\n") > 20
    assert answers[1:] == answers[:1] * 2


def test_a_warm_cache_gives_the_same_report(tmp_path: Path) -> None:
    write(tmp_path, {"src/m.py": CLOCK, "src/bad.py": "def f(:\n"})
    request = AuditRequest((tmp_path / "src",), cache=True, cache_folder=tmp_path / "cache")
    cold, warm = audit(request), audit(request)
    assert cold == warm == audit(AuditRequest((tmp_path / "src",)))
    write(tmp_path, {"src/m.py": "def f():\n    return 1\n"})
    assert audit(request).findings == ()
    (tmp_path / "cache" / "audit.sqlite3").write_bytes(b"garbage" * 1000)
    assert audit(request).findings == ()


def test_each_file_alone_sees_less_than_the_whole_program(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": CLOCK, "b.py": "from a import now\n\ndef step():\n    return now()\n"})
    whole = audit(AuditRequest((tmp_path,), entries=("b:step",)))
    alone = audit(AuditRequest((tmp_path,), entries=("b:step",), per_file=True))
    assert [each.rule for each in whole.findings] == ["QFS101"]
    assert [each.verdict for each in alone.findings] == ["unknown"]


DEEP = [
    ("nine hundred operators", "def f():\n    return " + " + ".join(["1"] * 900) + "\n", 0),
    ("thirty thousand operators", "def f():\n    return " + " + ".join(["1"] * 30_000) + "\n", 2),
    (
        "six hundred branches",
        "def f(n):\n    if n == 0: return 0\n"
        + "".join(f"    elif n == {at}: return {at}\n" for at in range(1, 600)),
        0,
    ),
    ("five thousand brackets", "x = " + "(" * 5000 + ")" * 5000 + "\n", 2),
    ("twenty thousand lines", "".join(f"x{at} = {{'a': [{at}]}}\n" for at in range(20_000)), 0),
]


@pytest.mark.parametrize(("what", "code", "exit_code"), DEEP, ids=[case[0] for case in DEEP])
def test_generated_code_is_judged_or_said_to_be_too_deep(
    what: str, code: str, exit_code: int, tmp_path: Path
) -> None:
    write(tmp_path, {"m.py": code})
    limit = sys.getrecursionlimit()
    assert audit(AuditRequest((tmp_path / "m.py",))).exit_code == exit_code
    assert sys.getrecursionlimit() == limit
