"""What the wheel holds, and that an installed qfs finds its rule packs as a checkout does."""

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from qfs import __version__
from tests.packaging.installed import build_wheel, install, run
from tests.tidy import tree

INFO = f"qfs_toolchain-{__version__}.dist-info"
DEPENDENCIES = ("typer", "rich", "libcst", "cryptography", "pqcrypto")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of this tree."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of a virtual environment that holds the wheel."""
    return install(wheel, tmp_path_factory.mktemp("venv"))


def members(wheel: Path) -> list[str]:
    """Return the names of the wheel's members."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def text(wheel: Path, name: str) -> str:
    """Return a member of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name).decode("utf-8")


def test_the_wheel_holds_every_module_and_nothing_else_of_ours(wheel: Path) -> None:
    modules = [tree.relative(path) for path in tree.python_files("qfs", "qfs_cli")]
    held = [name for name in members(wheel) if name.endswith(".py")]
    assert held == sorted(modules)


def test_the_wheel_holds_every_rule_under_its_package(wheel: Path) -> None:
    rules = [
        path.relative_to(tree.ROOT).as_posix() for path in (tree.ROOT / "rules").rglob("*.toml")
    ]
    assert len(rules) >= 15
    assert {f"qfs/{rule}" for rule in rules} <= set(members(wheel))
    for rule in rules:
        assert text(wheel, f"qfs/{rule}") == (tree.ROOT / rule).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["qfs/py.typed", "qfs_cli/py.typed", f"{INFO}/licenses/LICENSE"])
def test_the_wheel_holds_what_users_look_for(wheel: Path, name: str) -> None:
    assert name in members(wheel)


def test_the_wheel_holds_neither_tests_nor_evidence(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in members(wheel)}
    assert tops == {"qfs", "qfs_cli", INFO}


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    metadata = text(wheel, f"{INFO}/METADATA")
    assert "Name: qfs-toolchain\n" in metadata
    assert "License-Expression: Apache-2.0\n" in metadata
    assert "Requires-Python: >=3.11\n" in metadata
    for name in DEPENDENCIES:
        assert f"Requires-Dist: {name}" in metadata
    assert "qfs = qfs_cli.__main__:main" in text(wheel, f"{INFO}/entry_points.txt")
    assert "Tag: py3-none-any" in text(wheel, f"{INFO}/WHEEL")


def test_an_installed_qfs_runs_from_its_wheel(programs: Path, tmp_path: Path) -> None:
    assert run([str(programs / "qfs"), "--version"], tmp_path) == f"qfs {__version__}\n"
    place = run([str(programs / "python"), "-c", "import qfs; print(qfs.__file__)"], tmp_path)
    assert Path(place.strip()).is_relative_to(programs.parent.resolve())


def test_an_installed_qfs_explains_with_nothing_but_its_dependencies(
    programs: Path, tmp_path: Path
) -> None:
    python = str(programs / "python")
    needs = ("pytest", "hypothesis", "pygls", "textual", "pyarrow")
    for name in needs:
        found = f"import importlib.util as u; print(u.find_spec('{name}'))"
        assert run([python, "-c", found], tmp_path) == "None\n"
    assert "LOG_CORRUPT" in run([str(programs / "qfs"), "explain", "302.01"], tmp_path)
    assert "QFS-INPUT" in run([str(programs / "qfs"), "explain"], tmp_path)


def test_rules_are_found_alike_in_a_checkout_and_in_a_wheel(programs: Path, tmp_path: Path) -> None:
    checkout = Path(sys.executable).with_name("qfs")
    rules = ("rules", "--format", "json")
    from_wheel = run([str(programs / "qfs"), *rules], tmp_path)
    assert from_wheel == run([str(checkout), *rules], tmp_path)
    for path in (tree.ROOT / "rules").rglob("QFS*.toml"):
        assert path.name.split("-")[0] in from_wheel


def test_without_its_rules_an_installed_qfs_says_so(wheel: Path, tmp_path: Path) -> None:
    programs = install(wheel, tmp_path / "venv")
    (packages,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    shutil.rmtree(packages / "qfs/rules")
    program = f"import subprocess; print(subprocess.call(['{programs / 'qfs'}', 'rules']))"
    assert run([sys.executable, "-c", program], tmp_path).strip().endswith("2")
