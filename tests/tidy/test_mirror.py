"""Tests mirror the tree: each module has its test file, or a test that uses what it defines.

A module counts as exercised when one of these holds:

- `tests/<room>/test_<file>.py` (or `test_<file>_<aspect>.py`) exists;
- some test imports the module, or imports a name that the module defines from its package;
- it is a command of the program and a test names it on a command line;
- it is one of many of a kind (`packet/kinds`, `scan/matchers`) and a test of its folder exists.
"""

import ast
from pathlib import Path

from tests.tidy import tree


def test_every_module_is_exercised_by_a_test() -> None:
    uses = _uses()
    files = [path for path in tree.python_files("qfs", "qfs_cli") if path.name != "__init__.py"]
    assert len(files) > 10
    assert [tree.relative(path) for path in files if not _exercised(path, uses)] == []


def test_a_module_that_no_test_names_would_be_found() -> None:
    assert not _exercised(tree.ROOT / "qfs/kernel/nobody_tests_me.py", _uses())


def _exercised(path: Path, uses: dict[str, set[str]]) -> bool:
    parts = path.relative_to(tree.ROOT).with_suffix("").parts
    package, module = ".".join(parts[:-1]), ".".join(parts)
    if module in uses or parts[-1] in uses.get(package, set()):
        return True
    if _has_test_file(parts):
        return True
    if path.exists() and _defined(path) & uses.get(package, set()):
        return True
    return parts[:2] == ("qfs_cli", "commands") and parts[-1] in _command_lines()


def _has_test_file(parts: tuple[str, ...]) -> bool:
    folder = tree.ROOT / "tests" / "/".join(parts[1:-1] if parts[0] == "qfs" else ("cli",))
    name = parts[-1].lstrip("_")
    own = (*folder.glob(f"test_{name}.py"), *folder.glob(f"test_{name}_*.py"))
    kind = () if len(parts) < 4 else folder.parent.glob(f"test_{parts[-2]}.py")
    return bool([*own, *kind])


def _uses() -> dict[str, set[str]]:
    """Return each module that a test imports, with the names that tests take from it."""
    found: dict[str, set[str]] = {}
    for path in tree.python_files("tests"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found.setdefault(alias.name, set())
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.setdefault(node.module, set()).update(alias.name for alias in node.names)
    return found


def _defined(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def _command_lines() -> set[str]:
    """Return every word that stands alone as a string in a test of the command line."""
    return {
        node.value.replace("-", "_")
        for path in tree.python_files("tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
