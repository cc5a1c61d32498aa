"""Two recordings of one step part at the line that made the difference."""

import importlib.util
import itertools
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

from qfs.shell.tracing import Event, Parting, Recorder, first_difference


def load(path: Path, source: str) -> ModuleType:
    """Import a program from a file."""
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recorded(module: ModuleType, hidden: int) -> list[Event]:
    """Record one call of `entry` while the program's outside is as given."""
    # A built-in function: no line of it is recorded, and its value is not shown beforehand.
    module.__dict__["OUTSIDE"] = itertools.count(hidden).__next__
    recorder = Recorder()
    # Coverage measures with the same hooks, and takes them back in each new thread.
    before, before_in_threads = sys.gettrace(), threading.gettrace()
    threading.settrace(None)  # type: ignore[arg-type]
    recorder.start()
    try:
        module.entry(3)
    finally:
        recorder.stop()
        sys.settrace(before)
        threading.settrace(before_in_threads)  # type: ignore[arg-type]
    return recorder.events


def parted(folder: Path, body: str) -> Parting | None:
    """Record a step twice, with another outside, and lay the recordings side by side."""
    events = [recorded(load(folder / "program.py", f"\n\n{body}"), hidden) for hidden in (1, 2)]
    return first_difference(events[0], events[1])


CASES = (
    ("a variable", "def entry(x):\n    y = x\n    z = OUTSIDE()\n    return y + z\n", "z", 5),
    ("a return value", "def entry(x):\n    y = x\n    return y + OUTSIDE()\n", "return", 5),
    ("a branch", "def entry(x):\n    if OUTSIDE() > 1:\n        x = 4\n    return 0\n", "", 4),
    (
        "a call within",
        "def inner(x):\n    return x + OUTSIDE()\n\ndef entry(x):\n    return inner(x)\n",
        "return",
        4,
    ),
    (
        "an argument",
        "def inner(x):\n    return 0\n\ndef entry(x):\n    return inner(OUTSIDE())\n",
        "x",
        7,
    ),
    (
        "a list's content",
        "def entry(x):\n    y = []\n    y.append(OUTSIDE())\n    return 0\n",
        "y",
        5,
    ),
)


@pytest.mark.parametrize(("what", "body", "name", "line"), CASES, ids=[one[0] for one in CASES])
def test_the_line_that_made_the_difference_is_named(
    what: str, body: str, name: str, line: int, tmp_path: Path
) -> None:
    found = parted(tmp_path, body)
    assert found is not None
    assert (found.name, found.line, Path(found.file).name) == (name, line, "program.py")


def test_two_equal_recordings_do_not_part(tmp_path: Path) -> None:
    assert parted(tmp_path, "def entry(x):\n    OUTSIDE()\n    return x\n") is None


def test_the_librarys_own_lines_are_not_recorded(tmp_path: Path) -> None:
    module = load(
        tmp_path / "program.py",
        "import json\n\ndef entry(x):\n    return json.loads('[1]')\n",
    )
    assert {Path(event[0]).name for event in recorded(module, 1)} == {"program.py"}
