"""`qfs build --deep`, with the real diffoscope where it starts; where not, that it is said."""

from pathlib import Path

import pytest

from qfs.app import build_deep
from qfs.app.build import BuildReport, BuildRequest, Pairs, build
from qfs.app.build_deep import CHARACTERS, MISSING, Deep, deepened
from qfs.repro import Cause
from qfs.shell import deep
from tests.repro.projects import project

# A content that tells nothing: no printable byte, and other ones under another HOME.
OPAQUE = """
import hashlib, os
seed = os.environ["HOME"].encode()
def opaque(name):
    block = hashlib.sha512(seed + name.encode()).digest() * 4
    return bytes(2) + bytes(128 + byte // 2 for byte in block)
"""
ABLE = deep.find_diffoscope() is not None


def built(folder: Path, snippet: str, kind: str = "wheel") -> BuildReport:
    """Build the bare pair of what nobody explains, without looking for the variation to blame."""
    path = project(folder, OPAQUE + snippet)
    return build(BuildRequest(path, pairs=Pairs.BARE, kinds=(kind,), bisect=False))


def unnamed(report: BuildReport) -> list[str]:
    return [found.member for _, found in report.differences if found.cause is Cause.UNKNOWN]


@pytest.mark.parametrize(("kind", "member"), [("wheel", "p/x.bin"), ("sdist", "p-1/p/x.bin")])
def test_diffoscope_says_what_is_in_a_member_that_nobody_explains(
    kind: str, member: str, tmp_path: Path
) -> None:
    report = built(tmp_path / "p", "files['p/x.bin'] = opaque('x')", kind)
    assert unnamed(report) == [member]
    (answer,) = deepened(report)
    assert (answer.pair, answer.member) == ("bare", member)
    if not ABLE:
        assert (answer.said, answer.problem) == ("", MISSING)
        return
    assert answer.problem == ""
    assert "first/x.bin" in answer.said
    assert "00000000: 0000" in answer.said


def test_what_has_a_name_is_not_shown_to_it(tmp_path: Path) -> None:
    code = "files['p/x.bin'] = opaque('x'); files['p/where'] = os.getcwd().encode()"
    report = built(tmp_path / "p", code)
    assert {found.cause for _, found in report.differences} == {Cause.UNKNOWN, Cause.BUILD_PATH}
    assert [answer.member for answer in deepened(report)] == ["p/x.bin"]


def test_what_is_too_much_is_cut_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_deep, "MEMBERS_MAX", 1)
    code = "for n in range(4): files[f'p/{n}.bin'] = opaque(str(n)) * 99"
    shown, left = deepened(built(tmp_path / "p", code))
    assert len(shown.said) <= CHARACTERS
    assert len(shown.said) > CHARACTERS // 2 or shown.problem == MISSING
    assert left.problem == "NOT SHOWN: 3 more"


def test_an_identical_pair_leaves_it_nothing_to_say(tmp_path: Path) -> None:
    report = build(BuildRequest(project(tmp_path / "p"), pairs=Pairs.BARE, kinds=("wheel",)))
    assert deepened(report) == ()


def a_program(folder: Path, text: str) -> Path:
    path = folder / "bin/diffoscope"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


PROGRAMS: dict[str, tuple[str, str]] = {
    "fails": ("echo 'no such comparator' >&2; exit 2", "exit code 2: no such comparator"),
    "sees nothing": ("exit 0", "exit code 0: it sees no difference"),
    "says nothing": ("exit 1", "exit code 1: it sees no difference"),
    "never ends": ("setsid sleep 600 & sleep 600", "no end after 1 s: stopped"),
}


@pytest.mark.parametrize(("text", "problem"), PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_diffoscope_that_gives_no_answer_is_no_answer(
    text: str, problem: str, tmp_path: Path
) -> None:
    program = str(a_program(tmp_path, text))
    assert deep.difference(program, "x", b"1", b"2", seconds=1, characters=9) == ("", problem)


def test_what_a_terminal_would_obey_is_taken_out(tmp_path: Path) -> None:
    program = str(a_program(tmp_path, r"printf 'a\033[2Jb\tc\n\n' > said.txt; exit 1"))
    said = deep.difference(program, "x", b"1", b"2", seconds=9, characters=99)
    assert said == ("a\N{REPLACEMENT CHARACTER}[2Jb\tc", "")


def test_a_diffoscope_that_does_not_start_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = built(tmp_path / "p", "files['p/x.bin'] = opaque('x')")
    broken = a_program(tmp_path, "exit 3")
    monkeypatch.setenv("PATH", str(broken.parent))
    monkeypatch.setattr(deep.sys, "executable", str(tmp_path / "python"))
    assert deep.find_diffoscope() is None
    (answer,) = deepened(report)
    assert answer == Deep("bare", "p-1-py3-none-any.whl", "p/x.bin", "", MISSING)
