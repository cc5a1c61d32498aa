"""`qfs build` as a use case, on real projects and real processes.

What a machine without bubblewrap or libfaketime can't vary, these tests assert to be called so.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from qfs.app.build import (
    BuildReport,
    BuildRequest,
    Pairs,
    Verdict,
    build,
    write_artifacts,
)
from qfs.errors import InputError
from qfs.repro import Cause
from qfs.shell.sandbox import find_bubblewrap, find_faketime, find_locale
from tests.repro.projects import backend, project

WHEEL = ("wheel",)
ABLE = find_bubblewrap() is not None and find_locale() is not None
PASS = Verdict.REPRODUCIBLE if ABLE else Verdict.INCONCLUSIVE


def bare(folder: Path) -> BuildReport:
    """Build the bare pair of a wheel."""
    return build(BuildRequest(folder, pairs=Pairs.BARE, kinds=WHEEL))


def causes(report: BuildReport) -> set[Cause]:
    """Return the causes that a report names."""
    return {difference.cause for _, difference in report.differences}


def test_a_careful_project_is_reproducible_where_everything_could_vary(tmp_path: Path) -> None:
    report = build(BuildRequest(project(tmp_path / "p")))
    assert report.differences == ()
    assert report.verdict is PASS
    assert all(item.first == item.second for item in report.artifacts)
    names = {variation.name for variation in report.not_exercised()}
    missing = set() if find_bubblewrap() else {"network", "user", "host"}
    assert names == missing | (set() if find_locale() else {"locale"})


def test_without_bubblewrap_the_answer_is_inconclusive(tmp_path: Path) -> None:
    report = build(BuildRequest(project(tmp_path / "p"), kinds=WHEEL, sandbox=False))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.clock_moved()
    assert {item.pair for item in report.artifacts} == {"bare"}


def test_a_difference_is_an_answer_even_without_bubblewrap(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", "import os; files['p/x'] = os.getcwd().encode()")
    report = build(BuildRequest(folder, kinds=WHEEL, sandbox=False))
    assert report.verdict is Verdict.DIFFERENT
    assert causes(report) == {Cause.BUILD_PATH}


def test_a_clock_that_a_program_did_not_see_move_makes_the_answer_inconclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = project(tmp_path / "p", "import subprocess; subprocess.run(['/bin/true'], check=True)")
    report = bare(folder)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert not report.clock_moved()
    (clock,) = [item for item in report.variations if item.name == "clock"]
    assert "true" in clock.how


def test_a_python_without_the_moved_clock_makes_the_answer_inconclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    snippet = "import subprocess, sys; subprocess.run([sys.executable, '-I', '-c', ''], check=True)"
    assert not bare(project(tmp_path / "p", snippet)).clock_moved()


MADE_NOW = """
import os, time
open("made", "w").close()
when = time.gmtime(os.stat("made").st_mtime)[:6]
"""
LISTED = """
import pathlib
files["p/l"] = ",".join([path.name for path in pathlib.Path("data").iterdir()]).encode()
"""


@pytest.mark.parametrize(
    ("cause", "snippet"),
    [
        (Cause.TIMESTAMP, "import time; files['p/t'] = repr(time.time()).encode()"),
        (
            Cause.TIMESTAMP,
            "import datetime as d; files['p/t'] = str(d.date.today()).encode()",
        ),
        (Cause.ZIP_MTIME, "import time; when = time.localtime()[:6]"),
        (Cause.ZIP_MTIME, MADE_NOW),
        (Cause.ZIP_MODE, "import os; mode = os.stat('snippet.py').st_mode & 0o777"),
        (Cause.FILE_ORDER, "import os; files['p/l'] = repr(os.listdir('data')).encode()"),
        (Cause.FILE_ORDER, LISTED),
    ],
)
@pytest.mark.parametrize("tools", [True, False], ids=["with-tools", "without-tools"])
def test_a_cause_is_found_with_and_without_the_tools_of_the_machine(
    cause: Cause, snippet: str, tools: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not tools:
        monkeypatch.setenv("PATH", str(tmp_path))
    report = bare(project(tmp_path / "p", snippet))
    assert report.verdict is Verdict.DIFFERENT
    assert cause in causes(report)


@pytest.mark.parametrize("value", [None, "1"])
def test_a_variable_that_the_project_reads_counts_once_it_is_told_to_vary(
    value: str | None, tmp_path: Path
) -> None:
    code = "import os; files['p/x'] = os.environ.get('LEVEL', '6').encode()"
    settings = () if value is None else (("LEVEL", value),)
    folder = project(tmp_path / "p", code)
    request = BuildRequest(folder, pairs=Pairs.BARE, kinds=WHEEL, settings=settings)
    assert causes(build(request)) == (set() if value is None else {Cause.ENVIRONMENT})


def test_the_recipe_fixes_what_a_recipe_can_fix(tmp_path: Path) -> None:
    snippet = "import os; files['p/x'] = (os.getcwd() + os.environ['USER']).encode()"
    report = build(BuildRequest(project(tmp_path / "p", snippet), kinds=WHEEL))
    assert report.verdict is Verdict.DIFFERENT
    pairs = {pair for pair, _ in report.differences}
    assert pairs == {"bare"}


def test_a_build_that_only_one_environment_breaks_is_a_difference(tmp_path: Path) -> None:
    report = bare(project(tmp_path / "p", "import os; assert os.environ['TZ'] == 'UTC0'"))
    assert report.verdict is Verdict.DIFFERENT
    assert causes(report) == {Cause.BUILD_FAILS}


def test_the_network_is_out_of_reach_in_the_sandbox(tmp_path: Path) -> None:
    snippet = """
        import socket
        names = [name for _, name in socket.if_nameindex() if name != "lo"]
        files["p/net"] = repr(names).encode()
    """
    folder = project(tmp_path / "p", snippet)
    report = build(BuildRequest(folder, kinds=WHEEL, pairs=Pairs.BARE))
    (network,) = [item for item in report.variations if item.name == "network"]
    assert network.exercised is (find_bubblewrap() is not None)
    assert (b"[]" in report.artifacts[0].data) or not network.exercised


NEEDS = "def get_requires_for_build_wheel(*a, **k):\n    {}\n"
HANG = "import time\ndef build_wheel(*a, **k):\n    time.sleep(600)\n"
LEAVER = """
import os, time
def build_wheel(folder, *a, **k):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(8)
            open(os.path.join(folder, "left-behind"), "w").close()
        os._exit(0)
    time.sleep(600)
"""


def test_a_back_end_that_hangs_is_stopped(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(InputError, match="no end after 1 s: stopped") as caught:
        build(BuildRequest(backend(tmp_path / "p", HANG), kinds=WHEEL, seconds=1))
    assert "--timeout" in caught.value.way_out
    assert time.monotonic() - started < 60


def test_a_back_end_that_forks_away_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no end after 1 s"):
        build(BuildRequest(backend(tmp_path / "p", LEAVER), kinds=WHEEL, seconds=1))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("def build_wheel(*a, **k):\n    raise ValueError('broken here')\n", "broken here"),
        ("import nowhere_to_be_found\n", "nowhere_to_be_found"),
        ("def build_wheel(*a, **k):\n    return '../../p.whl'\n", "no file of its own"),
        ("def build_wheel(*a, **k):\n    return 'missing.whl'\n", "no file of its own"),
        ("import os\ndef build_wheel(*a, **k):\n    os._exit(7)\n", "exit code 7"),
        ("x = 1\n", "build_wheel"),
        (NEEDS.format("return None"), "no list of requirements"),
        (NEEDS.format("return 'abc'"), "no list of requirements"),
        (NEEDS.format("return [7]"), "no list of requirements"),
        (NEEDS.format("return ['not a ( requirement']"), "cannot say what it needs: Expected"),
        (NEEDS.format("import os; os._exit(0)"), "ended without an answer"),
        (NEEDS.format("import socket; socket.getaddrinfo('x.invalid', 1)"), "cannot say what"),
    ],
)
def test_a_back_end_that_fails_is_one_clear_error(code: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        build(BuildRequest(backend(tmp_path / "p", code), kinds=WHEEL))


def test_a_build_that_misses_the_network_is_told_so(tmp_path: Path) -> None:
    code = "import socket\ndef build_wheel(*a, **k):\n    socket.getaddrinfo('x.invalid', 1)\n"
    with pytest.raises(InputError) as caught:
        build(BuildRequest(backend(tmp_path / "p", code), kinds=WHEEL))
    assert "needs the network" in caught.value.way_out


def test_a_link_out_of_the_tree_is_refused(tmp_path: Path) -> None:
    folder = project(tmp_path / "p")
    (folder / "secret").symlink_to("../../../etc/passwd")
    with pytest.raises(InputError, match="leads out of the tree"):
        build(BuildRequest(folder))


def test_a_link_inside_the_tree_arrives_as_a_link(tmp_path: Path) -> None:
    snippet = "import os; files['p/l'] = os.readlink('link').encode()"
    folder = project(tmp_path / "p", snippet)
    (folder / "link").symlink_to("data/alpha.txt")
    assert bare(folder).differences == ()


@pytest.mark.parametrize(
    ("pyproject", "sentence"),
    [
        ("[build-system\n", "no readable TOML"),
        ("[build-system]\nrequires = 7\n", "PEP 518"),
        ("[build-system]\nrequires = ['not a ( requirement']\n", "no requirement"),
    ],
)
def test_a_build_system_that_says_nonsense_is_one_clear_error(
    pyproject: str, sentence: str, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p")
    (folder / "pyproject.toml").write_text(pyproject, "utf-8")
    with pytest.raises(InputError, match=sentence):
        build(BuildRequest(folder))


def test_artifacts_are_written_where_asked(tmp_path: Path) -> None:
    report = build(BuildRequest(project(tmp_path / "p")))
    written = write_artifacts(report, tmp_path / "out")
    assert sorted(path.name for path in written) == ["p-1-py3-none-any.whl", "p-1.tar.gz"]


def test_the_clock_moves_for_every_process_where_libfaketime_is_there(tmp_path: Path) -> None:
    snippet = "import subprocess; files['p/d'] = subprocess.check_output(['date', '+%Y-%m-%d'])"
    report = bare(project(tmp_path / "p", snippet))
    if find_faketime() is None:
        assert not report.clock_moved()
    else:
        assert causes(report) == {Cause.TIMESTAMP}


def test_the_same_project_gives_the_same_bytes_to_another_qfs(tmp_path: Path) -> None:
    folder = project(tmp_path / "p")
    ours = bare(folder).artifacts[0].first
    program = (
        "import sys; from pathlib import Path; from qfs.app.build import *;"
        "print(build(BuildRequest(Path(sys.argv[1]), Pairs.BARE, ('wheel',))).artifacts[0].first)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ours


def test_a_build_may_sleep_and_wait_while_its_clock_is_moved(tmp_path: Path) -> None:
    snippet = """
        import subprocess, sys, time
        time.sleep(0.01)
        subprocess.run([sys.executable, "-c", ""], timeout=60, check=True)
    """
    assert bare(project(tmp_path / "p", snippet)).differences == ()
