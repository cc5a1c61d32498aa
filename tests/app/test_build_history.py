"""Projects whose version is in git: what a build keeps of the history, and what it says without.

Real back-ends on real repositories, made in the test; requirements/dev.txt brings the back-ends.
"""

import subprocess
from pathlib import Path

import pytest

from qfs.app.build import BuildRequest, Pairs, build
from qfs.app.build_workshop import staged
from qfs.errors import InputError
from qfs.shell.building_history import clone, split_reference

WHEEL = ("wheel",)
SYSTEMS = {
    "setuptools-scm": """
        [build-system]
        requires = ["setuptools", "setuptools-scm"]
        build-backend = "setuptools.build_meta"
        [tool.setuptools_scm]
        """,
    "hatch-vcs": """
        [build-system]
        requires = ["hatchling", "hatch-vcs"]
        build-backend = "hatchling.build"
        [tool.hatch.version]
        source = "vcs"
        """,
    "versioningit": """
        [build-system]
        requires = ["hatchling", "versioningit"]
        build-backend = "hatchling.build"
        [tool.hatch.version]
        source = "versioningit"
        """,
    "pdm-backend": """
        [build-system]
        requires = ["pdm-backend"]
        build-backend = "pdm.backend"
        [tool.pdm.version]
        source = "scm"
        """,
}
PROJECT = '[project]\nname = "sample"\ndynamic = ["version"]\n'


def git(folder: Path, *words: str) -> str:
    """Run git as somebody, whoever runs the tests; returns what it printed."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def tree(folder: Path, system: str) -> Path:
    """Write a project that takes its version from git."""
    (folder / "sample").mkdir(parents=True)
    lines = [line.strip() for line in SYSTEMS[system].splitlines()]
    (folder / "pyproject.toml").write_text("\n".join(lines) + "\n" + PROJECT, "utf-8")
    (folder / "sample" / "__init__.py").write_text("value = 1\n", "utf-8")
    return folder


def repository(folder: Path, system: str) -> Path:
    """Write the project and commit it as version 1.2."""
    tree(folder, system)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    git(folder, "tag", "v1.2")
    return folder


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_version_of_a_tag_reaches_the_wheel_and_the_sdist_keeps_it(
    system: str, tmp_path: Path
) -> None:
    folder = repository(tmp_path / "p", system)
    made = build(BuildRequest(folder, Pairs.BARE, bisect=False))
    sdist, wheel = made.artifacts
    assert (sdist.name, wheel.name.split("-py")[0]) == ("sample-1.2.tar.gz", "sample-1.2")
    (tmp_path / sdist.name).write_bytes(sdist.data)
    again = build(BuildRequest(tmp_path / sdist.name, Pairs.BARE, WHEEL, bisect=False))
    assert [each.name for each in again.artifacts] == [wheel.name]


@pytest.mark.parametrize("system", SYSTEMS)
def test_without_history_the_error_says_what_is_missing(system: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        build(BuildRequest(tree(tmp_path / "p", system), Pairs.BARE, WHEEL))
    assert caught.value.way_out.startswith(f"{system} asks git, and this tree has no history")


@pytest.mark.parametrize("system", SYSTEMS)
def test_without_history_a_version_that_is_told_is_taken(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if system == "pdm-backend":
        monkeypatch.setenv("PDM_BUILD_SCM_VERSION", "3.4")
    elif system == "versioningit":
        tree(tmp_path / "p", system)
        (tmp_path / "p" / "PKG-INFO").write_text(
            "Metadata-Version: 2.1\nName: sample\nVersion: 3.4\n", "utf-8"
        )
    else:
        monkeypatch.setenv("SETUPTOOLS_SCM_PRETEND_VERSION", "3.4")
    folder = tmp_path / "p" if system == "versioningit" else tree(tmp_path / "p", system)
    report = build(BuildRequest(folder, Pairs.BARE, WHEEL, bisect=False))
    assert report.artifacts[0].name.startswith("sample-3.4-")


def test_the_copied_history_has_no_remote_no_log_and_the_same_head(tmp_path: Path) -> None:
    folder = repository(tmp_path / "p", "hatch-vcs")
    source = staged(folder, tmp_path / "staged")
    assert git(source.root, "rev-parse", "v1.2") == git(folder, "rev-parse", "HEAD")
    assert git(source.root, "status", "--porcelain") == ""
    assert git(source.root, "remote") == ""
    assert not (source.root / ".git" / "logs").exists()
    names = [name for name, _, _ in source.files]
    assert ".git/HEAD" in names
    assert str(tmp_path).encode() not in (source.root / ".git" / "config").read_bytes()


def test_a_tree_whose_back_end_does_not_ask_git_gets_no_history(tmp_path: Path) -> None:
    folder = repository(tmp_path / "p", "hatch-vcs")
    text = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    (folder / "pyproject.toml").write_text(text, "utf-8")
    source = staged(folder, tmp_path / "staged")
    assert [name for name, _, _ in source.files if name.startswith(".git/")] == []


@pytest.mark.parametrize(
    ("text", "location", "reference"),
    [
        ("folder", "folder", ""),
        ("folder@v1", "folder", "v1"),
        ("a/b@feature/x", "a/b", "feature/x"),
        ("https://example.org/p.git", "https://example.org/p.git", ""),
        ("https://example.org/p.git@1.0", "https://example.org/p.git", "1.0"),
        ("ssh://me@example.org/p.git", "ssh://me@example.org/p.git", ""),
        ("ssh://me@example.org/p.git@1.0", "ssh://me@example.org/p.git", "1.0"),
        ("me@example.org:p.git", "me@example.org:p.git", ""),
        ("me@example.org:p.git@1.0", "me@example.org:p.git", "1.0"),
    ],
)
def test_a_git_source_is_a_location_and_a_reference(
    text: str, location: str, reference: str
) -> None:
    assert split_reference(text) == (location, reference)


@pytest.mark.parametrize("reference", ["v1.2", "main", "", "HEAD"])
def test_a_clone_stands_at_the_tag_branch_or_commit(reference: str, tmp_path: Path) -> None:
    folder = repository(tmp_path / "p", "hatch-vcs")
    commit = clone(str(folder), reference, tmp_path / "clone")
    assert commit == git(folder, "rev-parse", "HEAD")
    assert (tmp_path / "clone" / "sample" / "__init__.py").is_file()


@pytest.mark.parametrize(
    ("location", "reference"),
    [("p", "v9"), ("p", "--upload-pack=x"), ("--upload-pack=x", ""), ("nowhere", "v1.2")],
)
def test_a_reference_or_a_repository_that_is_not_there_is_one_clear_error(
    location: str, reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(tmp_path / "p", "hatch-vcs")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        clone(location, reference, tmp_path / "clone")


def test_a_clone_at_an_older_tag_is_built_as_that_version(tmp_path: Path) -> None:
    folder = repository(tmp_path / "p", "hatch-vcs")
    (folder / "sample" / "later.py").write_text("value = 2\n", "utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "two")
    clone(str(folder), "v1.2", tmp_path / "clone")
    report = build(BuildRequest(tmp_path / "clone", Pairs.BARE, WHEEL, bisect=False))
    assert report.artifacts[0].name.startswith("sample-1.2-")
