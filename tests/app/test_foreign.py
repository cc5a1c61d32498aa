"""Programs that know nothing of QFS: how they are called and compared, and what they may not do."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from qfs.app.foreign import ForeignReport, ForeignRequest, replay_foreign
from qfs.errors import InputError, UsageError
from qfs.shell.perturbed_run import ENTRIES_MAX

MEGABYTE = 1024 * 1024


def replayed(
    folder: Path, source: str, inputs: list[Any], target: str = "program:entry", **options: Any
) -> ForeignReport:
    """Write a program and its inputs down and replay it, two runs and a second pass."""
    (folder / "program.py").write_text(source, encoding="utf-8")
    given = folder / "given"
    given.mkdir(exist_ok=True)
    (given / "inputs.jsonl").write_text(
        "".join(f"{json.dumps(one)}\n" for one in inputs), encoding="utf-8"
    )
    request = {"inputs": given / "inputs.jsonl", "folder": folder, **options}
    return replay_foreign(ForeignRequest(callable=target, **request))


def digest(report: ForeignReport) -> str:
    """Return the digest over every result."""
    assert report.perturbed is not None, report.failed
    return report.perturbed.digest


WAYS = (
    ("one parameter", "def entry(x):\n    return [x]\n", [5]),
    ("a list for one parameter", "def entry(x):\n    return x\n", [[5]]),
    ("a list over parameters", "def entry(x, y):\n    return [x]\n", [[5, 0]]),
    ("an object over parameters", "def entry(x, y):\n    return [x]\n", [{"y": 0, "x": 5}]),
    ("arguments", "def entry(x, y=0):\n    return [x]\n", [{"args": [5]}]),
    ("keywords", "def entry(*, x):\n    return [x]\n", [{"kwargs": {"x": 5}}]),
    ("a coroutine", "async def entry(x):\n    return [x]\n", [5]),
)


@pytest.mark.parametrize(("way", "source", "inputs"), WAYS, ids=[way for way, _, _ in WAYS])
def test_an_input_reaches_the_parameters(
    way: str, source: str, inputs: list[Any], tmp_path: Path
) -> None:
    report = replayed(tmp_path, source, inputs)
    assert report.exit_code == 0, report.document()
    plain = replayed(tmp_path, "def entry(x):\n    return [5]\n", [5])
    assert digest(report) == digest(plain)


def test_a_generator_is_run_to_its_end(tmp_path: Path) -> None:
    source = "def entry(x):\n    yield x\n    yield x + {}\n"
    one = replayed(tmp_path, source.format(1), [5])
    other = replayed(tmp_path, source.format(2), [5])
    assert one.exit_code == other.exit_code == 0
    assert digest(one) != digest(other)


def test_a_callable_of_nothing_is_called_once(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("def entry():\n    return 7\n", encoding="utf-8")
    report = replay_foreign(ForeignRequest(callable="program:entry", folder=tmp_path))
    assert (report.exit_code, report.document()["commands"]) == (0, 1)


ACCOUNT = """
class Account:
    def __init__(self):
        self.balance = 0
    def apply(self, amount):
        self.balance += amount
"""


@pytest.mark.parametrize(
    "target", ["program:Account", "program:Account.apply", "program.py:Account"]
)
def test_an_instance_is_made_anew_and_its_attributes_are_state(target: str, tmp_path: Path) -> None:
    report = replayed(tmp_path, ACCOUNT, [5, -2], target)
    assert report.exit_code == 0, report.document()
    other = replayed(tmp_path, ACCOUNT, [5, -3], target)
    assert digest(report) != digest(other)


COUNTER = "SEEN = []\n\ndef entry(x):\n    SEEN.append(x)\n    return len(SEEN)\n"


def test_declared_state_of_a_module_is_put_back_and_undeclared_state_is_named(
    tmp_path: Path,
) -> None:
    declared = replayed(tmp_path, COUNTER, [1, 2], state=("SEEN",))
    assert declared.exit_code == 0, declared.document()
    hidden = replayed(tmp_path, COUNTER, [1, 2])
    assert hidden.exit_code == 1
    found = hidden.document()["divergence"]
    assert (found["environment"], found["kept_in"]) == ("history", ["module global SEEN"])
    assert found["cause"]["source"] == "SEEN.append(x)"


MEAN = "SEEN = []\n\ndef entry(x):\n    SEEN.append(x)\n    return [sum(SEEN), len(SEEN) // 2]\n"


def test_the_second_pass_is_shown_after_the_whole_of_the_first(tmp_path: Path) -> None:
    found = replayed(tmp_path, MEAN, [0, 0, 5]).document()["divergence"]
    assert (found["command"], found["key"]) == (0, "result[0]")
    assert (found["expected"], found["actual"]) == ("int 0", "int 5")


CHECKED = (
    "import os\nKEPT = os.environ.get('LIB_MODE', 'a')\n"
    "if KEPT not in ('a', 'b'):\n    raise ValueError\n"
)


@pytest.mark.parametrize(("place", "exit_code"), [("site-packages", 0), ("own", 1)])
def test_a_value_that_a_library_refuses_is_not_varied_and_what_the_program_refuses_is(
    place: str, exit_code: int, tmp_path: Path
) -> None:
    (tmp_path / place).mkdir()
    (tmp_path / place / "lib.py").write_text(CHECKED, encoding="utf-8")
    source = (
        f"import os, sys\nsys.path.insert(0, os.path.abspath({place!r}))\nimport lib\n"
        "\ndef entry(x):\n    return lib.KEPT\n"
    )
    report = replayed(tmp_path, source, [1], perturb=True)
    assert report.exit_code == exit_code, report.document()
    assert report.perturbed is not None
    said = dict(report.perturbed.not_exercised).get("$LIB_MODE", "")
    assert said.startswith("a library refuses another value") is (exit_code == 0)


@pytest.mark.parametrize("environment", ["venv", "of-another-name"])
def test_an_environment_of_python_in_the_folder_is_none_of_the_program(
    environment: str, tmp_path: Path
) -> None:
    (tmp_path / environment / "lib").mkdir(parents=True)
    (tmp_path / environment / "pyvenv.cfg").write_text("home = /usr/bin\n", encoding="utf-8")
    for number in range(ENTRIES_MAX):
        (tmp_path / environment / "lib" / f"{number}.py").touch()
    (tmp_path / "sim.py").write_text("print(1)\n", encoding="utf-8")
    report = replay_foreign(ForeignRequest(folder=tmp_path, command="python sim.py"))
    assert report.exit_code == 0, report.document()


MISDEEDS = (
    ("raised", "def entry(x):\n    return 1 // x\n", [1, 0], 0, "input 1: ZeroDivisionError"),
    ("input-changed", "def entry(x):\n    x.append(1)\n    return 1\n", [[]], 0, "input 0"),
    (
        "forked",
        (
            "import os\n\ndef entry(x):\n    child = os.fork()\n    if child:\n"
            "        os.waitpid(child, 0)\n    return x\n"
        ),
        [1, 2],
        0,
        "input 0: os.fork",
    ),
    (
        "wrote-beside-inputs",
        (
            "import os, pathlib\n\ndef entry(x):\n    pathlib.Path(x, 'made').write_text('a')\n"
            "    return 1\n"
        ),
        ["(given)"],
        1,
        "made",
    ),
    (
        "opaque",
        "import threading\n\ndef entry(x):\n    return threading.Lock()\n",
        [1],
        2,
        "_thread.lock",
    ),
)


@pytest.mark.parametrize(
    ("kind", "source", "inputs", "code", "words"), MISDEEDS, ids=[one[0] for one in MISDEEDS]
)
def test_what_a_program_does_besides_is_named(
    kind: str, source: str, inputs: list[Any], code: int, words: str, tmp_path: Path
) -> None:
    given = [str(tmp_path / "given") if one == "(given)" else one for one in inputs]
    report = replayed(tmp_path, source, given)
    notes = {one["kind"]: one["text"] for one in report.document()["notes"]}
    assert words in notes[kind]
    assert report.exit_code == code


SUICIDE = """
import os

REAL = int(open("/proc/self/stat").read().split()[0])

def entry(signal):
    os.kill(REAL, signal)
"""
FAULTS = (
    ("hung", "import time\n\ndef entry(x):\n    while x:\n        pass\n", [0, 1], "at input 1"),
    ("memory", "def entry(x):\n    return len(bytearray(x))\n", [1, 900 * MEGABYTE], "at input 1"),
    ("crashed", SUICIDE, [0, 11], "SIGSEGV"),
    ("crashed", "import os\n\ndef entry(x):\n    os._exit(3)\n", [0], "exit code 3"),
    ("unloadable", "import no_such_module\n", [0], "no_such_module"),
    ("unloadable", "def another(x):\n    pass\n", [0], "entry"),
    ("unloadable", "def entry(x:\n", [0], "SyntaxError"),
)  # fmt: skip


@pytest.mark.parametrize(("reason", "source", "inputs", "words"), FAULTS)
def test_a_run_that_does_not_end_well_is_inconclusive_and_named(
    reason: str, source: str, inputs: list[Any], words: str, tmp_path: Path
) -> None:
    report = replayed(tmp_path, source, inputs, timeout_s=2, memory_bytes=512 * MEGABYTE)
    assert report.failed is not None
    assert (report.failed.reason, report.exit_code, report.identical) == (reason, 2, False)
    assert words in report.failed.words


def test_a_program_that_always_raises_is_no_clean_replay(tmp_path: Path) -> None:
    report = replayed(tmp_path, "def entry(x):\n    raise KeyError(x)\n", [1, 2])
    assert (report.exit_code, report.identical) == (2, False)


def test_the_same_request_gives_the_same_bytes(tmp_path: Path) -> None:
    source = "def entry(x):\n    return list({'a', 'b', x})\n"
    texts = [
        json.dumps(replayed(tmp_path, source, ["c"], perturb=True, other_pythons=False).document())
        for _ in range(2)
    ]
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]


def test_the_real_folder_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("as it was", encoding="utf-8")
    source = (
        "from pathlib import Path\n\ndef entry(x):\n    Path('made').write_text('a')\n"
        "    Path('data.txt').write_text(x)\n    return Path('data.txt').read_text()\n"
    )
    report = replayed(tmp_path, source, ["changed"])
    assert report.exit_code == 0, report.document()
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "__pycache__").exists()
    assert (tmp_path / "data.txt").read_text(encoding="utf-8") == "as it was"


def sim(folder: Path, body: str) -> None:
    """Write a program that is run whole."""
    head = "import os, time\nos.makedirs('out', exist_ok=True)\n"
    (folder / "sim.py").write_text(head + body, encoding="utf-8")


def test_a_command_is_compared_by_the_files_that_it_writes(tmp_path: Path) -> None:
    sim(tmp_path, "open('out/trades.csv', 'w').write('\\n'.join({'a', 'b', 'c', 'd'}))\n")
    report = replay_foreign(
        ForeignRequest(
            command="python sim.py",
            watch=("out",),
            perturb=True,
            folder=tmp_path,
            other_pythons=False,
            jobs=2,
        )
    )
    found = report.document()["divergence"]
    assert report.exit_code == 1
    assert (found["file"], found["environment"]) == ("out/trades.csv", "PYTHONHASHSEED")
    assert found["key"].startswith("line ")
    assert found["cause"]["rule"] == "QFS403"
    assert not (tmp_path / "out").exists()


COMMANDS = (
    ("a program that writes the same", "open('out/a', 'w').write('a')\n", 0),
    ("a program that prints the clock", "print(time.time())\n", 1),
    ("a program that complains of the clock", "os.write(2, str(time.time()).encode())\n", 0),
    ("a program that fails", "raise SystemExit(4)\n", 2),
)


@pytest.mark.parametrize(("what", "body", "code"), COMMANDS, ids=[one[0] for one in COMMANDS])
def test_a_command_ends_with_its_exit_code(what: str, body: str, code: int, tmp_path: Path) -> None:
    sim(tmp_path, body)
    only = ("clock",)
    report = replay_foreign(
        ForeignRequest(
            command="python sim.py", watch=("out",), perturb=True, only=only, folder=tmp_path
        )
    )
    assert report.exit_code == code, report.document()


@pytest.mark.parametrize("perturb", [False, True])
def test_a_watched_path_at_which_nothing_is_left_is_no_answer(
    perturb: bool, tmp_path: Path
) -> None:
    sim(tmp_path, "open('out/a', 'w').write(str(time.time()))\n")
    report = replay_foreign(
        ForeignRequest(
            command="python sim.py", watch=("oot",), perturb=perturb, only=("TZ",), folder=tmp_path
        )
    )
    assert (report.exit_code, report.identical) == (2, False)
    (question,) = report.document()["inconclusive"]
    assert question == "not compared: the program leaves nothing at oot"


def test_a_file_that_only_one_run_writes_is_said_to_be_so(tmp_path: Path) -> None:
    sim(tmp_path, "open(f'out/{int(time.time())}', 'w').write('a')\n")
    report = replay_foreign(
        ForeignRequest(
            command="python sim.py", watch=("out",), perturb=True, only=("clock",), folder=tmp_path
        )
    )
    found = report.document()["divergence"]
    assert found["file"].startswith("out/")
    assert {found["expected"], found["actual"]} == {"written", "not written"}


NAMES = "open('names', 'wb').write(b'caf\\xc3\\xa9')\n"
LINES = (
    (
        "the variable that is read, of two",
        "a = os.environ.get('LOOKBACK', '20')\nb = os.environ.get('USER')\nprint(a, b)\n",
        "USER",
        (4, "QFS601"),
    ),
    (
        "a seed of the process",
        "import random\nrandom.seed(os.getpid())\nprint(random.random())\n",
        "process-id",
        (4, "QFS602"),
    ),
    (
        "the line that raised, not the first that opens a file",
        NAMES + "def read():\n    return open('names').read()\nread()\n",
        "LC_ALL",
        (5, "QFS701"),
    ),
)


@pytest.mark.parametrize(
    ("what", "body", "variable", "named"), LINES, ids=[one[0] for one in LINES]
)
def test_the_line_of_a_command_that_parts_is_named(
    what: str, body: str, variable: str, named: tuple[int, str], tmp_path: Path
) -> None:
    sim(tmp_path, body)
    report = replay_foreign(
        ForeignRequest(
            command="python sim.py", watch=("out",), perturb=True, only=(variable,), folder=tmp_path
        )
    )
    found = report.document()["divergence"]
    assert found["environment"] == variable
    assert (found["cause"]["line"], found["cause"]["rule"]) == named, what


NEWEST = "lambda one: os.path.getmtime('prices/' + one)"
COUNTED = "n = int(open('count').read()) if os.path.exists('count') else 0\n"
FOLDERS = (
    (
        "inputs, the oldest first",
        f"open('out/a', 'w')\nprint(sorted(['new', 'old'], key={NEWEST}))\n",
        "file-times",
        (4, "QFS701"),
    ),
    ("inputs by their names", "print(sorted(os.listdir('prices')))\n", "file-times", None),
    (
        "the age of what it has made itself",
        "open('out/a', 'w')\nos.utime('out/a', (1, 1))\nprint(os.stat('out/a').st_mtime)\n",
        "file-times",
        None,
    ),
    (
        "a count that the last run has kept",
        f"{COUNTED}open('count', 'w').write(str(n + 1))\nprint(n)\n",
        "left-behind",
        (3, "QFS701"),
    ),
    (
        "a line added to what the last run has written",
        "os.listdir('prices')\nopen('out/log', 'a').write('begun\\n')\n",
        "left-behind",
        (4, "QFS701"),
    ),
    ("a file written anew", "open('out/a', 'w').write('a')\n", "left-behind", None),
    (
        "a folder that is cleared first",
        "import shutil\nshutil.rmtree('out')\nos.makedirs('out')\nopen('out/a', 'x').write('a')\n",
        "left-behind",
        None,
    ),
)


@pytest.mark.parametrize(
    ("what", "body", "variable", "named"), FOLDERS, ids=[one[0] for one in FOLDERS]
)
def test_the_folder_in_which_a_command_runs_is_varied(
    what: str, body: str, variable: str, named: tuple[int, str] | None, tmp_path: Path
) -> None:
    sim(tmp_path, body)
    (tmp_path / "prices").mkdir()
    for number, name in enumerate(("new", "old", "of that day")):
        (tmp_path / "prices" / name).touch()
        os.utime(tmp_path / "prices" / name, (10**9 - 86_400 * number,) * 2)
    report = replay_foreign(
        ForeignRequest(
            command="python sim.py", watch=("out",), perturb=True, only=(variable,), folder=tmp_path
        )
    )
    found = report.document()["divergence"]
    if named is None:
        assert (report.exit_code, found) == (0, None), report.document()
        return
    assert found["environment"] == variable
    assert (found["cause"]["line"], found["cause"]["rule"]) == named, what
    assert sorted(one.name for one in tmp_path.iterdir()) == ["prices", "sim.py"]


def test_a_program_in_another_language_is_compared_as_well(tmp_path: Path) -> None:
    (tmp_path / "sim.sh").write_text("mkdir -p out; echo $HOME > out/home\n", encoding="utf-8")
    report = replay_foreign(
        ForeignRequest(
            command="sh sim.sh", watch=("out",), perturb=True, only=("HOME",), folder=tmp_path
        )
    )
    found = report.document()["divergence"]
    assert (found["environment"], found["file"]) == ("HOME", "out/home")


WRONG = (
    ("nothing to run", {}, UsageError, "what is to be replayed"),
    ("two things to run", {"callable": "a:b", "command": "c"}, UsageError, "one of them"),
    ("no callable", {"callable": "program"}, UsageError, "names no callable"),
    ("no such file", {"callable": "absent.py:f"}, InputError, "no such file"),
    ("an empty command", {"command": " "}, UsageError, "empty command"),
    ("a watched callable", {"callable": "a:b", "watch": ("out",)}, UsageError, "without --command"),
    ("a path outside", {"command": "true", "watch": ("../out",)}, UsageError, "below the working"),
    ("an absolute path", {"command": "true", "watch": ("/out",)}, UsageError, "below the working"),
    ("a watched nothing", {"command": "true", "watch": ("",)}, UsageError, "below the working"),
    ("a sealed command", {"command": "true", "sealed": True}, UsageError, "cannot be sealed"),
    ("inputs that are absent", {"callable": "a:b", "inputs": "absent"}, InputError, "No such file"),
    ("inputs that are no JSON", {"callable": "a:b", "inputs": "bad"}, InputError, "bad:2"),
    ("inputs that are no text", {"callable": "a:b", "inputs": "bytes"}, InputError, "byte 0"),
    ("no inputs", {"callable": "a:b", "inputs": "none"}, InputError, "no inputs"),
)


@pytest.mark.parametrize(
    ("what", "request_", "error", "words"), WRONG, ids=[one[0] for one in WRONG]
)
def test_a_request_that_makes_no_sense_is_refused(
    what: str, request_: dict[str, Any], error: type[Exception], words: str, tmp_path: Path
) -> None:
    (tmp_path / "bad").write_text("1\n{\n", encoding="utf-8")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "none").write_bytes(b"")
    if "inputs" in request_:
        request_ = {**request_, "inputs": tmp_path / request_["inputs"]}
    with pytest.raises(error, match=words):
        replay_foreign(ForeignRequest(folder=tmp_path, **request_))


def test_a_sealed_run_says_what_was_refused_where_and_what_to_do(tmp_path: Path) -> None:
    source = "import time\n\ndef entry(x):\n    return time.time() if x else 0\n"
    report = replayed(tmp_path, source, [0, 1, 1], sealed=True)
    assert report.exit_code == 1
    first, second = report.refusals
    assert (first["call"], first["input"], second["input"]) == ("time.time", 1, 2)
    assert first["place"] == "program.py:4 in entry"
    assert "context.time_us" in first["instead"]
    clean = replayed(tmp_path, "def entry(x):\n    return x\n", [1], sealed=True)
    assert (clean.exit_code, clean.identical) == (0, True)
