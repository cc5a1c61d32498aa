"""Reading sources and rule packs from disk: names, links, problems, both homes of the packs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qfs.errors import InputError
from qfs.shell.sources import (
    changed_files,
    module_name,
    read_rule_files,
    read_settings,
    read_sources,
)

ROOT = Path(__file__).parent.parent.parent


def test_a_module_is_named_after_its_packages(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for folder in ("a", "a/b"):
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "a" / "b" / "c.py").touch()
    (tmp_path / "alone.py").touch()
    assert module_name(tmp_path / "a" / "b" / "c.py") == "a.b.c"
    assert module_name(tmp_path / "a" / "b" / "__init__.py") == "a.b"
    assert module_name(tmp_path / "alone.py") == "alone"


def test_a_tree_is_read_once_and_in_order(tmp_path: Path) -> None:
    for name in ("b.py", "a.py", ".venv/x.py", "build/y.py", "sub/c.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    sources, problems = read_sources([tmp_path], tmp_path)
    assert [each.path for each in sources] == ["a.py", "b.py", "sub/c.py"]
    assert problems == []


def test_a_file_that_is_named_in_many_ways_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    ways = [tmp_path / "a.py", tmp_path, tmp_path / "sub" / ".." / "a.py"]
    (tmp_path / "sub").mkdir()
    sources, problems = read_sources(ways, tmp_path)
    assert [each.path for each in sources] == ["a.py"]
    assert problems == []


UNPRINTABLE = (
    ("no UTF-8", b"caf\xe9.py", r"caf\xe9.py"),
    ("a line end", b"a\nb.py", r"a\nb.py"),
    ("a terminal's escape", b"\x1b[31m.py", r"\x1b[31m.py"),
    ("a change of direction", "a\u202eb.py".encode(), r"a\u202eb.py"),
    ("letters of any language", "ünï 名.py".encode(), "ünï 名.py"),
)


@pytest.mark.parametrize(
    ("what", "name", "shown"), UNPRINTABLE, ids=[one[0] for one in UNPRINTABLE]
)
def test_a_name_that_cannot_be_printed_is_shown_escaped(
    what: str, name: bytes, shown: str, tmp_path: Path
) -> None:
    (tmp_path / os.fsdecode(name)).write_text("x = 1\n", encoding="utf-8")
    (source,), problems = read_sources([tmp_path], tmp_path)
    assert (source.path, source.module, problems) == (shown, shown.removesuffix(".py"), [])
    assert source.data == b"x = 1\n"
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert changed_files(tmp_path, "4b825dc642cb6eb9a060e54bf8d69288fbee4904") == [shown]


def test_two_files_that_are_shown_alike_are_not_taken_for_one(tmp_path: Path) -> None:
    for name in (b"\xe9.py", rb"\xe9.py"):
        (tmp_path / os.fsdecode(name)).write_text("x = 1\n", encoding="utf-8")
    sources, problems = read_sources([tmp_path], tmp_path)
    assert len(sources) == 1
    assert [(each.path, "shown like" in each.message) for each in problems] == [(r"\xe9.py", True)]


def test_a_missing_path_is_told_and_a_dangling_link_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    sources, problems = read_sources([tmp_path], tmp_path)
    assert (sources, [each.path for each in problems]) == ([], ["gone.py"])
    with pytest.raises(InputError):
        read_sources([tmp_path / "nowhere"], tmp_path)


def test_settings_come_from_the_nearest_project_that_has_some(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.qfs]\nzone = ["x"]\n', encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    assert read_settings(tmp_path / "in") == (tmp_path, {"zone": ["x"]})
    (tmp_path / "in" / "pyproject.toml").write_text("[tool\n", encoding="utf-8")
    with pytest.raises(InputError):
        read_settings(tmp_path / "in")


def test_the_packs_are_found_in_a_checkout_and_in_an_installed_package(tmp_path: Path) -> None:
    here = read_rule_files()
    assert len(here) > 80
    shutil.copytree(
        ROOT / "qfs", tmp_path / "qfs", ignore=shutil.ignore_patterns("__pycache__", "*.so")
    )
    shutil.copytree(ROOT / "rules", tmp_path / "qfs" / "rules")
    code = (
        "from qfs.app.audit import rulebook; import qfs; print(qfs.__file__);"
        "print(rulebook(('all',)).digest)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    place, digest = done.stdout.split()
    assert Path(place).is_relative_to(tmp_path)
    from qfs.app.audit import rulebook  # noqa: PLC0415 (compared with the copy's answer)

    assert rulebook(("all",)).digest == digest
