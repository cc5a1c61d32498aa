"""The rules of the house over the whole tree, with a written list of reasoned exceptions."""

from pathlib import Path

import pytest

from tests.tidy import checks, tree
from tests.tidy.exceptions import EXCEPTIONS

CODE = ("qfs", "qfs_cli", "tools")
HOUSE: dict[str, tuple[checks.Check, list[Path]]] = {
    "file_is_too_long": (checks.file_is_too_long, tree.python_files()),
    "function_is_too_long": (checks.function_is_too_long, tree.python_files()),
    "module_docstring_is_missing": (
        checks.module_docstring_is_missing,
        [
            path
            for path in tree.python_files()
            if path.name != "__init__.py" or not tree.relative(path).startswith("tests/")
        ],
    ),
    "assert_outside_tests": (checks.assert_outside_tests, tree.python_files(*CODE)),
    "wide_except": (checks.wide_except, tree.python_files()),
    "makes_admitted": (
        checks.makes_admitted,
        [
            path
            for path in tree.python_files()
            if not tree.relative(path).startswith(("qfs/gate/", "tests/"))
        ],
    ),
    "suppression_without_code": (checks.suppression_without_code, tree.python_files()),
    "path_of_one_machine": (checks.path_of_one_machine, tree.text_files()),
    "private_host": (checks.private_host, tree.text_files()),
    "index_address": (checks.index_address, tree.text_files()),
    "expanded_name": (checks.expanded_name, tree.text_files()),
}
# The two files that hold the rules' own examples.
OWN = ("tests/tidy/checks.py", "tests/tidy/test_checks_bite.py")


@pytest.mark.parametrize("rule", HOUSE)
def test_the_tree_keeps_the_rule(rule: str) -> None:
    check, paths = HOUSE[rule]
    excused = {path for name, path, _ in EXCEPTIONS if name == rule}
    breaches = [
        f"{tree.relative(path)}:{line}: {sentence}"
        for path in paths
        if tree.relative(path) not in (*excused, *OWN)
        for line, sentence in check(path.read_text(encoding="utf-8"))
    ]
    assert breaches == []


@pytest.mark.parametrize(("rule", "path", "reason"), EXCEPTIONS)
def test_an_exception_is_still_needed_and_says_why(rule: str, path: str, reason: str) -> None:
    check, _ = HOUSE[rule]
    assert len(check((tree.ROOT / path).read_text(encoding="utf-8"))) == 1
    assert len(reason.split()) > 5


def test_the_deterministic_zone_holds_no_suppression_of_the_audit() -> None:
    zone = tree.settings()["tool"]["qfs"]["zone"]
    files = [
        path for path in tree.python_files("qfs") if tree.relative(path).startswith(tuple(zone))
    ]
    assert len(files) > 10
    assert {
        tree.relative(path): found
        for path in files
        if (found := checks.audit_suppression(path.read_text(encoding="utf-8")))
    } == {}


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_requirements_are_locked_by_hash(name: str) -> None:
    lock = (tree.ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert checks.unlocked_requirement(lock) == []
    assert "==" in lock


def test_each_dependency_has_its_reason() -> None:
    reasons = (tree.ROOT / "docs/adr/0008-dependencies.md").read_text(encoding="utf-8")
    named = {
        name.strip()
        for row in reasons.splitlines()
        if row.startswith("| ")
        for name in row.split("|")[1].split(",")
    }
    asked = [
        line.split("#")[0].split(">")[0].split("=")[0].strip()
        for file in ("runtime.in", "dev.in")
        for line in (tree.ROOT / "requirements" / file).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "-"))
    ]
    assert [name for name in asked if name not in named] == []


def test_what_an_installed_qfs_needs_is_written_once() -> None:
    runtime = (tree.ROOT / "requirements/runtime.in").read_text(encoding="utf-8").splitlines()
    asked = [line for line in runtime if line and not line.startswith("#")]
    assert tree.settings()["project"]["dependencies"] == asked


def test_each_folder_of_tests_is_a_package_so_that_file_names_may_repeat() -> None:
    folders = sorted({path.parent for path in tree.python_files("tests")})
    assert [
        tree.relative(folder) for folder in folders if not (folder / "__init__.py").exists()
    ] == []
