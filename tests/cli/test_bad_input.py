"""A file that is not what a command needs: one clear error that names it, and nothing changed.

- `tests/cli/sound.py` has a sound call of every command that reads a path; its paths are marked.
- Here each path in turn is replaced by what it must not be, everything else staying sound.
"""

import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.processes import Call, Outcome, run_all
from tests.cli.sound import ANSWERS, CALLS, FINE, NOT_READ, REPORTED, ROOT, prepare
from tests.cli.test_exit_codes import is_clear
from tools.command_tree import Command, commands

HUGE_BYTES = 1 << 40  # a terabyte of nothing: sparse, so it costs no space on the disk

ALL = {one.name: one for one in commands()}
READERS = [name for name, one in ALL.items() if any(p.takes is Path for p in one.parameters)]


@dataclass(frozen=True, slots=True)
class Case:
    """A sound call with one path spoiled."""

    command: str
    kind: str
    name: str
    """What the spoiled file is called."""


def spoil(kind: str, number: int, sound: Path, folder: Path) -> str | None:
    """Put what the path must not be into the folder; return its name, or None if it cannot be."""
    name = f"spoiled-{number}-{kind.replace(' ', '-')}{''.join(sound.suffixes)}"
    path = folder / name
    match kind:
        case "missing":
            return name
        case "garbage":
            _write(path, bytes(range(255, 0, -1)) * 9, sound)
        case "empty":
            _write(path, b"", sound)
        case "truncated" if sound.is_file():
            whole = sound.read_bytes()
            _write(path, whole[: len(whole) * 3 // 5], sound)
        case "oversized" if sound.is_file():
            _write(path, b"", sound)
            with path.open("r+b") as file:
                file.truncate(HUGE_BYTES)
        case "unreadable" if sound.is_file():
            shutil.copy(sound, path)
            path.chmod(0)
        case "unreadable":
            path.mkdir(mode=0)
        case "a folder" if sound.is_file():
            path.mkdir()
        case "a loop of links":
            path.symlink_to(name)
        case _:
            return None
    return name


def _write(path: Path, data: bytes, sound: Path) -> None:
    """Write a file with the mode of the sound one: a private key's is checked before it is read."""
    path.write_bytes(data)
    path.chmod(stat.S_IMODE(sound.stat().st_mode) & 0o666)


KINDS = (
    "missing",
    "garbage",
    "empty",
    "truncated",
    "oversized",
    "unreadable",
    "a folder",
    "a loop of links",
)


def contents(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return what could change in a folder: names, modes, sizes and times of last change.

    The user's cache is left out: it is what `--no-cache` is about, and may come and go.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if ".cache" in path.relative_to(folder).parts:
            continue
        status = path.lstat()
        found[path.relative_to(folder).as_posix()] = (
            status.st_mode,
            status.st_size,
            status.st_mtime_ns,
        )
    return found


def reads_nothing(name: str) -> bool:
    """Say whether each path of a command is one that it makes."""
    paths = [one for one in ALL[name].parameters if one.takes is Path]
    return all((name, one.name) in NOT_READ for one in paths)


def words(call: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """Return a call's words without the marks."""
    root = (folder / "root.txt").read_text(encoding="utf-8")
    return tuple(root if word == ROOT else word.lstrip("@>") for word in call)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which every sound call works."""
    folder = tmp_path_factory.mktemp("sound")
    prepare(folder)
    return folder


def test_a_spoiled_path_is_one_clear_error_and_changes_nothing(sound: Path, tmp_path: Path) -> None:
    cases, calls = [], []
    for number, name in enumerate(READERS):
        folder = tmp_path / str(number)
        shutil.copytree(sound, folder, symlinks=True)
        made = spoiled_calls(name, folder)
        assert made != [] or reads_nothing(name), name
        cases += [case for case, _ in made]
        calls += [call for _, call in made]
    before = contents(tmp_path)
    outcomes = run_all(calls)
    after = contents(tmp_path)
    for path in tmp_path.glob("*/spoiled-*-unreadable*"):
        path.chmod(0o700)
    wrong = [
        (" ".join(outcome.words), case.kind, outcome.code, outcome.stdout[:300], outcome.stderr)
        for case, outcome in zip(cases, outcomes, strict=True)
        if not is_good(case, outcome)
    ]
    assert wrong == []
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert {f"{READERS[int(name.split('/')[0])]}: {name}" for name in changed} == set()


def spoiled_calls(name: str, folder: Path) -> list[tuple[Case, Call]]:
    """Return the command's sound calls with one path spoiled, in every way."""
    made: list[tuple[Case, Call]] = []
    for call in CALLS[name]:
        for number, word in enumerate(call):
            for kind in KINDS if word.startswith("@") else ():
                if (name, word, kind) in FINE:
                    continue
                spoiled = spoil(kind, len(made), folder / word[1:], folder)
                if spoiled is None:
                    continue
                changed = (*call[:number], spoiled, *call[number + 1 :])
                line = Call((*ALL[name].words, *words(changed, folder)), str(folder))
                made.append((Case(name, kind, spoiled), line))
    return made


def is_good(case: Case, outcome: Outcome) -> bool:
    """Say whether a spoiled path was answered as every command must."""
    if case.command in REPORTED:
        return outcome.code == 2 and case.name in outcome.stdout + outcome.stderr
    return outcome.code == 2 and is_clear(outcome) and case.name in outcome.stderr


def test_every_call_is_sound_before_a_path_is_spoiled(sound: Path, tmp_path: Path) -> None:
    calls, answers = [], []
    for name in READERS:
        for call in CALLS[name]:
            folder = tmp_path / str(len(calls))
            answers.append(ANSWERS.get(name, 0))
            shutil.copytree(sound, folder, symlinks=True)
            calls.append(Call((*ALL[name].words, *words(call, folder)), str(folder)))
    outcomes = run_all(calls)
    assert [one for one, code in zip(outcomes, answers, strict=True) if one.code != code] == []


@pytest.mark.parametrize("name", READERS)
def test_every_path_that_a_command_reads_is_spoiled_by_some_call(name: str) -> None:
    read = [p for p in ALL[name].parameters if p.takes is Path and (name, p.name) not in NOT_READ]
    spoiled = [paths_of(call, ALL[name]) for call in CALLS[name]]
    for one in read:
        if one.is_option:
            assert any(one.name in paths for paths in spoiled), one.name
    positional = sum(not one.is_option for one in read)
    assert max(paths.count("") for paths in spoiled) >= positional


def paths_of(call: tuple[str, ...], command: Command) -> list[str]:
    """Return the option before each path that a call reads; nothing before an argument."""
    takes_value = [one.name for one in command.options if not one.is_flag]
    return [
        call[number - 1] if number and call[number - 1] in takes_value else ""
        for number, word in enumerate(call)
        if word.startswith("@")
    ]


def test_the_lists_name_only_what_exists() -> None:
    parameters = {(name, p.name) for name, one in ALL.items() for p in one.parameters}
    assert set(NOT_READ) <= parameters
    assert set(CALLS) == set(READERS)
    assert {name for name, _, _ in FINE} <= set(READERS)
    assert all(
        len(reason.split()) > 3
        for reason in (*NOT_READ.values(), *FINE.values(), *REPORTED.values())
    )
