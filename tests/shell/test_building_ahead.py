"""Builds that are begun side by side: when they run may change, what they are told may not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qfs.app.build import BuildRequest, Verdict, build
from qfs.app.build_workshop import workshop_of
from qfs.errors import InputError
from qfs.repro.environment import FIRST, VARIATIONS, varied
from qfs.shell.building import Built, Workshop
from qfs.shell.building_ahead import BYTES_MAX, Ahead
from qfs.shell.sandbox import find_bubblewrap
from tests.repro.projects import backend, project

BOXED = find_bubblewrap() is not None
SECOND = varied(FIRST, VARIATIONS, "second")
BOTH = [(FIRST, "wheel"), (SECOND, "wheel")]
HANGS_IN_THE_SECOND = """
import os, signal
def build_wheel(*rest, **options):
    if os.environ["TZ"] == "UTC0":
        raise ValueError("on purpose")
    signal.pause()
"""


@contextmanager
def begun(folder: Path, *, sandbox: bool = True) -> Iterator[tuple[Workshop, Ahead, list[str]]]:
    """Begin both builds of a pair; gives the workshop, the builds and what was told of them."""
    told: list[str] = []
    ahead = Ahead(BOTH, lambda label, kind, state: told.append(f"{label} {kind} {state}"))
    request = BuildRequest(folder, kinds=("wheel",), sandbox=sandbox)
    with workshop_of(request, ahead) as (workshop, _):
        yield workshop, ahead, told


def test_what_is_begun_is_there_to_be_taken_once_and_is_what_it_would_be_later(
    tmp_path: Path,
) -> None:
    with begun(project(tmp_path / "p")) as (_, ahead, told):
        made = [ahead.take(*one) for one in BOTH]
        assert [ahead.take(*one) for one in BOTH] == [None, None]
    assert [isinstance(one, Built) for one in made] == [BOXED, BOXED]
    both = ["first wheel built", "second wheel built"]
    assert sorted(line for line in told if line.endswith("built")) == (both if BOXED else [])
    report = build(BuildRequest(project(tmp_path / "q"), kinds=("wheel",), sandbox=False))
    found = {one.data for one in made if isinstance(one, Built)}
    assert found == ({report.artifacts[0].data} if BOXED else set())


@pytest.mark.parametrize(
    ("name", "size", "sandbox"),
    [
        ("nothing.txt", 0, False),
        ("fast.c", 0, True),
        ("deep/er/FAST.PYX", 0, True),
        ("large.bin", BYTES_MAX, True),
    ],
)
def test_nothing_is_begun_without_a_sandbox_for_a_compiler_or_from_a_large_source(
    name: str, size: int, sandbox: bool, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()
    os.truncate(folder / name, size)
    with begun(folder, sandbox=sandbox) as (_, ahead, told):
        assert [ahead.take(*one) for one in BOTH] == [None, None]
    assert told == []


def test_what_is_called_off_has_ended_and_its_folder_is_free(tmp_path: Path) -> None:
    code = "import signal\ndef build_wheel(*rest, **options):\n    signal.pause()\n"
    with begun(backend(tmp_path / "p", code)) as (workshop, ahead, _):
        ahead.call_off()
        assert [ahead.take(*one) for one in BOTH] == [None, None]
        assert [path.name for path in workshop.folder.iterdir()] == ["source"]


def test_a_first_build_that_fails_waits_for_no_second_one(tmp_path: Path) -> None:
    folder = backend(tmp_path / "p", HANGS_IN_THE_SECOND)
    with pytest.raises(InputError, match="on purpose"):
        build(BuildRequest(folder, kinds=("wheel",)))


@pytest.mark.parametrize("program", ["", "import subprocess; subprocess.run(['/bin/true'])"])
def test_a_program_whose_file_times_nobody_moves_makes_the_second_build_wait(
    program: str, tmp_path: Path
) -> None:
    report = build(BuildRequest(project(tmp_path / "p", program), kinds=("wheel",)))
    (clock,) = [one for one in report.variations if one.name == "clock"]
    assert ("2.5 s between the builds" in clock.how) is bool(program)
    assert report.verdict is not Verdict.DIFFERENT
