"""Back-ends that hang, fork, hide or write elsewhere: stopped, and nothing of them is left.

Each with the sandbox, where the machine has one, and without it.
"""

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from qfs.app.build import BuildRequest, Pairs, build
from qfs.app.build_workshop import workshop_of
from qfs.repro.environment import FIRST
from qfs.repro.members import member
from qfs.shell.building import Built, Failed
from qfs.shell.building import build as build_one
from qfs.shell.sandbox import find_bubblewrap
from tests.repro.projects import backend, project

GOOD = """
import ctypes, json, os, pathlib, signal, subprocess, sys, zipfile

def wheel(folder):
    with zipfile.ZipFile(os.path.join(folder, "p-1-py3-none-any.whl"), "w") as out:
        out.writestr(zipfile.ZipInfo("p/__init__.py"), b"")
    return "p-1-py3-none-any.whl"

MARK = pathlib.Path("mark").read_text()
SLEEP = [sys.executable, "-I", "-S", "-c", "import signal; signal.pause()", MARK]

def away(number):
    for _ in range(number):
        heard, told = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, heard)
                os.execv(SLEEP[0], SLEEP)
            os._exit(0)
        os.close(told)
        os.read(heard, 1)  # the end of it comes when the daemon has become another program

def crowd(number, first=lambda: None):
    ctypes.CDLL(None).prctl(15, MARK[:15].encode())  # the name of all that it forks (PR_SET_NAME)
    for _ in range(number):
        if os.fork() == 0:
            first()
            signal.pause()
    signal.pause()
"""
HOSTILE: dict[str, tuple[str, str]] = {
    "leaves a daemon and builds": ("away(1); return wheel(folder)", ""),
    "leaves many and builds": ("away(40); return wheel(folder)", ""),
    "leaves a daemon and fails": ("away(1); raise ValueError('on purpose')", "on purpose"),
    "leaves a daemon and hangs": ("away(1); signal.pause()", "no end after 2 s"),
    "hangs in a child of its own session": (
        "subprocess.run(SLEEP, start_new_session=True)",
        "no end after 2 s",
    ),
    "does not hear SIGTERM": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); away(1); signal.pause()",
        "no end after 2 s",
    ),
    "forks without end": ("crowd(2_000)", "more than 1024 processes at once: stopped"),
    "forks without end, each time away from itself": (
        "crowd(2_000, os.setsid)",
        "more than 1024 processes at once: stopped",
    ),
}


def marked(mark: str) -> list[str]:
    """Return the processes of this machine that carry a mark on their command line or as name."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes()
            name = (process / "comm").read_bytes().strip()
        except OSError:
            continue
        if mark.encode() in words or mark[:15].encode() == name:
            found.append(words.decode("utf-8", "replace"))
    return found


def none_are_left(mark: str) -> bool:
    """Say whether all marked processes are gone; a killed one needs a moment to go."""
    until = time.monotonic() + 20
    while marked(mark) and time.monotonic() < until:
        time.sleep(0.05)
    return marked(mark) == []


def hook(folder: Path, code: str, *, sandbox: bool, seconds: int) -> Built | Failed:
    """Build with a back-end that does this; nothing that carries its mark may be left."""
    backend(folder, f"{GOOD}def build_wheel(folder, *rest, **options):\n    {code}\n")
    mark = uuid.uuid4().hex
    (folder / "mark").write_text(mark)
    request = BuildRequest(folder, kinds=("wheel",), sandbox=sandbox, seconds=seconds)
    with workshop_of(request) as (workshop, _):
        made = build_one(workshop, FIRST, "wheel")
    assert none_are_left(mark)
    return made


@pytest.mark.parametrize("sandbox", [True, False], ids=["sandbox", "no-sandbox"])
@pytest.mark.parametrize(("code", "sentence"), HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_that_a_back_end_starts_outlives_its_build(
    code: str, sentence: str, sandbox: bool, tmp_path: Path
) -> None:
    seconds = 2 if sentence.startswith("no end") else 60
    made = hook(tmp_path / "p", code, sandbox=sandbox, seconds=seconds)
    if isinstance(made, Failed):
        assert sentence
        assert sentence in f"{made.reason} {made.output}"
    else:
        assert (sentence, made.name) == ("", "p-1-py3-none-any.whl")


CONTROL = "answer = sys.argv[2] + '/output.json'; "
LOG = "log = json.load(open(os.environ['PYTHONPATH'] + '/settings.json'))['log']; "


@pytest.mark.parametrize("sandbox", [True, False], ids=["sandbox", "no-sandbox"])
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (CONTROL + "os.mkfifo(answer); os._exit(0)", "without an answer"),
        (CONTROL + "os.symlink('/etc/passwd', answer); os._exit(0)", "without an answer"),
        (CONTROL + "os.truncate(os.open(answer, 65), 2**30); os._exit(0)", "without an answer"),
        (CONTROL + "open(answer, 'w').write('{}'); os._exit(0)", "gave no answer"),
        (CONTROL + "open(answer, 'w').write('[' * 200_000); os._exit(0)", "gave no answer"),
        (LOG + "open(log, 'ab').write(b'\\xff\\n'); return wheel(folder)", "gave no answer"),
        (LOG + "open(log, 'a').write('7\\n'); return wheel(folder)", "not its own"),
        (LOG + "os.truncate(log, 2**29); return wheel(folder)", "too long"),
        ("os.mkfifo(folder + '/p.whl'); return 'p.whl'", "names no file of its own"),
        ("os.symlink('/etc/passwd', folder + '/p.whl'); return 'p.whl'", "names no file"),
    ],
)
def test_a_back_end_that_spoils_what_is_read_of_it_has_failed(
    code: str, sentence: str, sandbox: bool, tmp_path: Path
) -> None:
    made = hook(tmp_path / "p", code, sandbox=sandbox, seconds=60)
    assert isinstance(made, Failed), made
    assert sentence in made.reason


def test_a_back_end_that_ends_its_guardian_is_ended_itself(tmp_path: Path) -> None:
    code = "subprocess.Popen(SLEEP); os.kill(os.getppid(), signal.SIGKILL); signal.pause()"
    made = hook(tmp_path / "p", code, sandbox=False, seconds=60)
    assert isinstance(made, Failed)
    assert "exit code -9" in made.reason


def test_the_mark_is_seen_while_a_process_carries_it() -> None:
    mark = uuid.uuid4().hex
    code = "import signal; print(flush=True); signal.pause()"
    command = [sys.executable, "-c", code, mark]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()  # it is no copy of this process any more
            assert len(marked(mark)) == 1
        finally:
            process.kill()
    assert marked(mark) == []


WRITER = """
import os, sys
def write(path):
    try:
        with open(path, "ab") as file:
            file.write(b"touched")
        return True
    except OSError:
        return False
def unlink(path):
    try:
        os.unlink(path)
        return True
    except OSError:
        return False
targets = open("targets").read().split("\\n")
touched = [path for path in targets if write(path) or unlink(path)]
files["p/touched"] = "\\n".join(touched).encode()
"""


def test_a_sandboxed_back_end_touches_nothing_outside(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", WRITER)
    outside = tmp_path / "outside"
    outside.write_text("as it was")
    bound = [Path(os.__file__), Path(sys.prefix) / "pyvenv.cfg", Path("/usr/touched")]
    elsewhere = [
        *(outside, folder / "snippet.py", folder / "touched", Path.home() / "touched"),
        *(Path("/etc/hostname"), Path("/etc/passwd"), Path("/var/touched"), Path("/touched")),
    ]
    (folder / "targets").write_text("\n".join(map(str, [*bound, *elsewhere])))
    before = contents([*bound, *elsewhere])
    if find_bubblewrap() is None:
        # Then nothing keeps a back-end from anything, and the report may not hide it.
        report = build(BuildRequest(project(tmp_path / "q"), kinds=("wheel",)))
        assert "network" in {one.name for one in report.not_exercised()}
        return
    report = build(BuildRequest(folder, pairs=Pairs.BARE, kinds=("wheel",), bisect=False))
    assert contents([*bound, *elsewhere]) == before
    name, data = report.artifacts[0].name, report.artifacts[0].data
    written = (member(name, data, "p/touched") or b"none at all").decode().split()
    # What it could write lies in the sandbox's own root, which is gone.
    assert not {str(path) for path in bound} & set(written)


def contents(paths: list[Path]) -> dict[Path, bytes | None]:
    """Return what is in each of the files, None for one that is not there."""
    return {path: path.read_bytes() if path.is_file() else None for path in paths}
