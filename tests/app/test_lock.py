"""`qfs lock`: pip-tools resolves without a network here, from a wheel that the test makes."""

import zipfile
from pathlib import Path

import pytest

from qfs.app.lock import check, lock
from qfs.errors import EnvironmentFault, InputError
from tests.tidy import tree


def wheel(folder: Path, name: str, version: str, requires: str = "") -> None:
    """Write an empty wheel."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    need = f"Requires-Dist: {requires}\n" if requires else ""
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as out:
        out.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{need}"
        )
        out.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        out.writestr(f"{info}/RECORD", "")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project that asks for a wheel in a folder that pip knows of, and no index."""
    wheel(tmp_path / "wheels", "outer", "1.0", "inner>=2")
    wheel(tmp_path / "wheels", "inner", "2.1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    folder = tmp_path / "project/requirements"
    folder.mkdir(parents=True)
    (folder / "runtime.in").write_text("outer\n", "utf-8")
    return folder.parent


def test_what_was_locked_passes_its_check_and_ties_to_no_machine(root: Path) -> None:
    report = lock(root)
    assert report.problems == ()
    assert report.files == (("requirements/runtime.txt", "written"),)
    text = (root / "requirements/runtime.txt").read_text("utf-8")
    assert "outer==1.0 \\\n    --hash=sha256:" in text
    assert "inner==2.1" in text
    assert str(root.parent) not in text
    assert lock(root).files == (("requirements/runtime.txt", "unchanged"),)


def test_a_new_wish_makes_the_lock_stale_until_it_is_locked_again(root: Path) -> None:
    lock(root)
    (root / "requirements/runtime.in").write_text("outer\ninner<2.1\n", "utf-8")
    (problem,) = check(root).problems
    assert "the locked 2.1 does not satisfy it" in problem.sentence


def test_included_files_count(root: Path) -> None:
    (root / "requirements/dev.in").write_text("-r runtime.in\n", "utf-8")
    assert lock(root).problems == ()
    (root / "requirements/runtime.in").write_text("outer\nmissing\n", "utf-8")
    files = [each.file for each in check(root).problems]
    assert files == ["requirements/dev.txt", "requirements/runtime.txt"]


def test_a_project_without_its_lock_is_told_so(root: Path) -> None:
    (problem,) = check(root).problems
    assert problem.sentence == "there is no such lock file"


def test_what_cannot_be_resolved_writes_nothing(root: Path) -> None:
    (root / "requirements/runtime.in").write_text("nowhere-to-be-found\n", "utf-8")
    with pytest.raises(EnvironmentFault, match="cannot resolve"):
        lock(root)
    assert sorted(path.name for path in (root / "requirements").iterdir()) == ["runtime.in"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("--prefer-binary\n", "tie the lock to one place"),
        ("-r missing.in\n", "cannot be read"),
        ("-r runtime.in\n", "nested deeper"),
    ],
)
def test_an_input_file_that_makes_no_sense_is_one_clear_error(
    text: str, sentence: str, root: Path
) -> None:
    (root / "requirements/runtime.in").write_text(text, "utf-8")
    (root / "requirements/runtime.txt").write_text("", "utf-8")
    with pytest.raises(InputError, match=sentence):
        check(root)


def test_the_locks_of_this_tree_fit() -> None:
    report = check(tree.ROOT)
    assert report.problems == ()
    assert {name for name, _ in report.files} >= {
        "requirements/build.txt",
        "requirements/dev.txt",
        "requirements/runtime.txt",
    }
