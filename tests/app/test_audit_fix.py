"""Fixes: what they make of a file, that they are idempotent, and that a bad one is put back."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit
from qfs.app.audit_fix import fix
from qfs.errors import EnvironmentFault, UsageError

FIXES = Path(__file__).parent.parent / "corpus" / "audit" / "fixes.txt"


def cases() -> list[tuple[str, str, str]]:
    parts = re.split(r"^### (.+)\n", FIXES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    out = []
    for what, text in zip(parts[::2], parts[1::2], strict=True):
        before, _, after = text.partition("--- after\n")
        out.append((what, before, after))
    return out


SAFE = cases()


@pytest.mark.parametrize(("what", "before", "after"), SAFE, ids=[case[0] for case in SAFE])
def test_a_safe_fix(what: str, before: str, after: str, tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text(before, encoding="utf-8")
    request = AuditRequest((source,))
    assert any(each.fix for each in audit(request).findings)
    made = fix(request)
    assert source.read_text(encoding="utf-8") == after
    assert (made.mended, made.put_back) == (1, ())
    assert fix(request).changed == ()


def test_what_changes_results_is_mended_only_when_asked(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    before = '"""Doc."""\n\n\ndef f(n: int):\n    return n / 2, 0.25  # half\n'
    source.write_text(before, encoding="utf-8")
    assert fix(AuditRequest((source,))).changed == ()
    assert source.read_text(encoding="utf-8") == before
    assert fix(AuditRequest((source,)), unsafe=True).mended == 2
    text = source.read_text(encoding="utf-8")
    assert 'return div(n, 2, Rounding.ROUND_HALF_EVEN), Fixed("0.25")  # half' in text
    assert "from qfs.certmath import Fixed, Rounding, div" in text


DIVIDED = [
    ("    n /= 2  # half\n", "    n = div(n, 2, Rounding.ROUND_HALF_EVEN)  # half\n"),
    ("    n /=n+1\n", "    n = div(n, n+1, Rounding.ROUND_HALF_EVEN)\n"),
    ("    n /= (n or 1)\n", "    n = div(n, (n or 1), Rounding.ROUND_HALF_EVEN)\n"),
    ("    things[n] /= 2\n", None),
]


@pytest.mark.parametrize(("line", "mended"), DIVIDED)
def test_an_augmented_division_is_named_where_its_target_is_evaluated_once(
    line: str, mended: str | None, tmp_path: Path
) -> None:
    source = tmp_path / "m.py"
    before = f"def f(n: int, things: list[int]):\n{line}    return n, things\n"
    source.write_text(before, encoding="utf-8")
    made = fix(AuditRequest((source,)), unsafe=True)
    text = source.read_text(encoding="utf-8")
    assert (mended or line) in text
    assert made.mended == (mended is not None)
    assert ("import Rounding, div" in text) == (mended is not None)


CONTEXT = "from qfs.kernel import Context\n\n\ndef f(context: Context, things):\n    return {}\n"
PACKET = [
    ("time", "import time\n", "time.time()", "(context.time_us // 1_000_000)"),
    ("nanoseconds", "from time import time_ns\n", "time_ns()", "(context.time_us * 1000)"),
    (
        "a naive date",
        "from datetime import datetime\n",
        "datetime.now()",
        "(datetime(1970, 1, 1) + timedelta(microseconds=context.time_us))",
    ),
    (
        "an aware date",
        "import datetime as dt\n",
        "dt.datetime.now(dt.timezone.utc)",
        "(dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc) + dt.timedelta(microseconds=",
    ),
    (
        "a number",
        "import random\n",
        "random.randrange(6) + random.randrange(6)",
        'below(6) + context.chance("f random.randrange(6) 2").below(6)',
    ),
    (
        "a choice",
        "import random\n",
        "random.choice(things)",
        'things[context.chance("f random.choice(things)").below(len(things))]',
    ),
    (
        "bytes",
        "import secrets\n",
        "secrets.token_bytes(16)",
        'context.chance("f secrets.token_bytes(16)").take(16)',
    ),
]


@pytest.mark.parametrize(("what", "imports", "old", "new"), PACKET, ids=[c[0] for c in PACKET])
def test_in_a_function_with_a_context_the_packet_gives_time_and_chance(
    what: str, imports: str, old: str, new: str, tmp_path: Path
) -> None:
    source = tmp_path / "m.py"
    source.write_text(imports + CONTEXT.format(old), encoding="utf-8")
    assert fix(AuditRequest((source,))).changed == ()
    made = fix(AuditRequest((source,)), unsafe=True)
    text = source.read_text(encoding="utf-8")
    assert new in text, text
    assert (made.put_back, made.report.count("violation")) == ((), 0)
    if "timedelta" in new and "dt." not in new:
        assert "timedelta" in text.partition("def f")[0]
    assert fix(AuditRequest((source,)), unsafe=True).changed == ()


KEPT = [
    ("no context", "import time\n\ndef f():\n    return time.time()\n"),
    (
        "chance in a loop",
        "import random\n\ndef f(context):\n    return [random.randrange(6) for _ in range(2)]\n",
    ),
    (
        "a zone that is not UTC",
        "from datetime import datetime\n\ndef f(context, zone):\n    return datetime.now(zone)\n",
    ),
    ("a name that is taken", "def f(n: int, div: int):\n    return n / 2\n"),
    (
        "by an exception",
        "def f(n: int):\n    try:\n        g(n)\n    except E as div:\n        return n / 2\n",
    ),
    (
        "by a pattern",
        "def f(n: int, m):\n    match m:\n        case [1, *div]:\n            return n / 2\n",
    ),
    (
        "by the whole of one",
        "def f(n: int, m):\n    match m:\n        case [1] as div:\n            return n / 2\n",
    ),
    (
        "by an import of another",
        "from operator import floordiv as div\ndef f(n: int):\n    return n / 2\n",
    ),
    ("more digits than Fixed has", "def f():\n    return 1e-19\n"),
]


@pytest.mark.parametrize(("what", "code"), KEPT, ids=[case[0] for case in KEPT])
def test_what_has_no_mending_is_kept(what: str, code: str, tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text(code, encoding="utf-8")
    made = fix(AuditRequest((source,)), unsafe=True)
    assert (made.changed, made.put_back) == ((), ())
    assert made.report.count("violation") + made.report.count("possible") >= 1
    assert not any(each.fix for each in made.report.findings)
    assert source.read_text(encoding="utf-8") == code


WRITTEN = "import json\n\n\ndef f(x):\n    return json.dumps({})\n"
UNTYPED = [
    ("list(set(x))", "sorted(set(x)), sort_keys=True"),
    ("{'a': tuple(set(x))}", "{'a': tuple(sorted(set(x)))}"),
]


@pytest.mark.parametrize(("what", "mended"), UNTYPED)
def test_a_set_of_whatever_is_sorted_only_when_asked_and_keys_alone_mend_no_set(
    what: str, mended: str, tmp_path: Path
) -> None:
    source = tmp_path / "m.py"
    source.write_text(WRITTEN.format(what), encoding="utf-8")
    assert fix(AuditRequest((source,))).changed == ()
    made = fix(AuditRequest((source,)), unsafe=True)
    assert source.read_text(encoding="utf-8") == WRITTEN.format(mended)
    assert (made.put_back, made.report.findings) == ((), ())


FLOATS = [
    ("nested", "def f(n: int):\n    return (n + 1) / 0.5 / 2\n",
     'div(div((n + 1), Fixed("0.5"), Rounding.ROUND_HALF_EVEN), 2, Rounding.ROUND_HALF_EVEN)'),
    ("an exponent", "def f(n: int):\n    return 2.5e-3\n", 'Fixed("0.0025")'),
    ("a large one", "def f(n: int):\n    return 1_0.5E3\n", 'Fixed("10500")'),
]  # fmt: skip


@pytest.mark.parametrize(("what", "code", "new"), FLOATS, ids=[case[0] for case in FLOATS])
def test_numbers_become_fixed_ones(what: str, code: str, new: str, tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text(code, encoding="utf-8")
    fix(AuditRequest((source,)), unsafe=True)
    assert new in source.read_text(encoding="utf-8")


ENCODINGS = [
    ("latin-1", b"# coding: latin-1\n# \xe9\ndef f():\n    return '\xe9', list({'b', 'a'})\n"),
    ("a mark", b"\xef\xbb\xbfdef f():\n    return '\xc3\xa9', list({'b', 'a'})\n"),
    ("other line ends", b"def f():\r\n    return list({'b', 'a'})\r\n"),
]


@pytest.mark.parametrize(("what", "data"), ENCODINGS, ids=[case[0] for case in ENCODINGS])
def test_a_fix_keeps_the_bytes_around_it(what: str, data: bytes, tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_bytes(data)
    assert fix(AuditRequest((source,))).mended == 1
    assert source.read_bytes() == data.replace(b"list(", b"sorted(")


TESTED = """from a import half
from b import names

assert str(half(7)) == "3.5"
assert sorted(names()) == ["a", "b"]
"""
HALF = "def half(n: int):\n    return n / 2\n"
NAMES = "def names():\n    return list({'b', 'a'})\n"
OUTCOMES = [
    ("tests that pass before and after", TESTED, (), ("a.py", "b.py")),
    ("a test of the type", TESTED + "assert type(half(7)) is float\n", ("a.py",), ("b.py",)),
    (
        "tests of both",
        TESTED + "assert type(half(7)) is float\nimport inspect, b\n"
        "assert 'list' in inspect.getsource(b)\n",
        ("a.py", "b.py"),
        (),
    ),
]


@pytest.mark.parametrize(
    ("what", "tests", "failing", "changed"), OUTCOMES, ids=[case[0] for case in OUTCOMES]
)
def test_a_mending_that_fails_the_tests_is_put_back_and_the_others_stay(
    what: str, tests: str, failing: tuple[str, ...], changed: tuple[str, ...], tmp_path: Path
) -> None:
    settings = "[tool.qfs]\nexclude = ['tests.py']\n"
    files = {"a.py": HALF, "b.py": NAMES, "tests.py": tests, "pyproject.toml": settings}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    request = AuditRequest((tmp_path,))
    made = fix(request, unsafe=True, test_command=f"{sys.executable} tests.py")
    assert (made.failing, made.changed, made.mended) == (failing, changed, len(changed))
    for name in ("a.py", "b.py"):
        same = (tmp_path / name).read_text(encoding="utf-8") == files[name]
        assert same == (name in failing)
    assert {each.path for each in made.report.findings if each.verdict != "unknown"} == {*failing}


BAD_TESTS = [
    ("they fail already", "python -c 'raise SystemExit(3)'", UsageError),
    ("they are not there", "no-such-program", EnvironmentFault),
    ("no command", " ", UsageError),
    ("no command line", "'", UsageError),
]


@pytest.mark.parametrize(("what", "command", "error"), BAD_TESTS)
def test_nothing_is_mended_by_tests_that_tell_nothing(
    what: str, command: str, error: type[Exception], tmp_path: Path
) -> None:
    source = tmp_path / "b.py"
    source.write_text(NAMES, encoding="utf-8")
    command = command.replace("python", sys.executable)
    with pytest.raises(error):
        fix(AuditRequest((source,)), test_command=command)
    with pytest.raises(UsageError):
        fix(AuditRequest((source,)), diff=True, test_command="true")
    assert source.read_text(encoding="utf-8") == NAMES


def test_an_interruption_leaves_every_file_as_it_was(tmp_path: Path) -> None:
    for name, text in {"a.py": HALF, "b.py": NAMES}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    tests = 'grep -q "return list" b.py || { kill -INT $PPID; sleep 60; }'
    words = ["audit", "--no-cache", "--unsafe-fixes", "--test-command", f"sh -c '{tests}'"]
    run = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    run += "from qfs_cli.main import main; main()"  # who starts tests in the background ignores it
    command = [sys.executable, "-c", run, *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 130
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == HALF
    assert (tmp_path / "b.py").read_text(encoding="utf-8") == NAMES


def test_a_full_disk_leaves_the_source_as_it_was(tmp_path: Path) -> None:
    source = tmp_path / "b.py"
    text = NAMES + "# a comment\n" * 1000
    source.write_text(text, encoding="utf-8")
    # No file may grow beyond 4 KiB: what a disk without room says.
    command = f"ulimit -f 4; {sys.executable} -m qfs_cli.main audit --no-cache --unsafe-fixes b.py"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, b"cannot be written" in done.stderr) == (2, True)
    assert source.read_text(encoding="utf-8") == text
    assert [each.name for each in tmp_path.iterdir()] == ["b.py"]


def test_a_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text(NAMES, encoding="utf-8")
    (tmp_path / "real").chmod(0o750)
    (tmp_path / "b.py").symlink_to("real")
    assert fix(AuditRequest((tmp_path / "b.py",)), unsafe=True).mended == 1
    assert (tmp_path / "b.py").is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8") != NAMES
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o750


def test_differences_are_shown_and_nothing_is_written(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text(SAFE[0][1], encoding="utf-8")
    made = fix(AuditRequest((source,)), diff=True)
    assert "+    return sorted(" in made.diff
    assert source.read_text(encoding="utf-8") == SAFE[0][1]


def test_a_fix_that_does_not_remove_its_findings_is_put_back(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    code = "import json\n\ndef f(x):\n    return [json.dumps(x) for x in (json.dumps(x), x)]\n"
    source.write_text(code, encoding="utf-8")
    made = fix(AuditRequest((source,)))
    left = [each.rule for each in made.report.findings if each.rule == "QFS905"]
    assert (made.put_back == ()) == (left == [])
    if made.put_back:
        assert source.read_text(encoding="utf-8") == code
