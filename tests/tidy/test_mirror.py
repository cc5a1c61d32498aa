"""Tests mirror the tree: each module has its test file, or is reached from what a test uses.

A module counts as exercised when one of these holds:

- `tests/<room>/test_<file>.py` (or `test_<file>_<aspect>.py`) exists;
- a test imports it, or a name that its package takes from it;
- a module that is exercised imports it, in the same way, or names it as a program to run;
- it is a command of the program, and a test names it on a command line;
- it is one of many of a kind (`packet/kinds`, `scan/matchers`) and a test of its folder exists.

So a module that is found here is used by nothing that is tested: dead, or waiting for its test.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.tidy import tree

MODULES = {
    ".".join(path.relative_to(tree.ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in tree.python_files("qfs", "qfs_cli")
}


def test_every_module_is_exercised_by_a_test() -> None:
    exercised = _closure(_roots())
    assert len(exercised) > 10
    assert sorted(_own_files() - exercised) == []


def test_a_module_that_nothing_names_would_be_found() -> None:
    assert "qfs.kernel.nobody_tests_me" not in _closure(_roots())
    assert not _has_test_file(("qfs", "kernel", "nobody_tests_me"))


def _own_files() -> set[str]:
    return {name for name, path in MODULES.items() if path.name != "__init__.py"}


def _roots() -> set[str]:
    words = _command_lines()
    found = set()
    for path in tree.python_files("tests"):
        found.update(_used(path))
    for name, path in MODULES.items():
        parts = tuple(name.split("."))
        is_command = parts[:2] == ("qfs_cli", "commands") and parts[-1] in words
        if path.name != "__init__.py" and (is_command or _has_test_file(parts)):
            found.add(name)
    return found


def _closure(roots: set[str]) -> set[str]:
    waiting, found = sorted(roots), set(roots)
    while waiting:
        name = waiting.pop()
        path = MODULES[name]
        # What a package's __init__ imports counts by name only: see _resolve.
        new = set() if path.name == "__init__.py" else set(_used(path)) | _programs(path)
        waiting += sorted(new - found)
        found |= new
    return found


@cache
def _used(path: Path) -> tuple[str, ...]:
    """Return our modules that a file imports, each name followed to the module that defines it."""
    return tuple(name for name in _imports(path) if name in MODULES)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _whole(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield from _resolve(node.module, alias.name)


def _resolve(module: str, name: str) -> Iterator[str]:
    if f"{module}.{name}" in MODULES:
        yield from _whole(f"{module}.{name}")
        return
    found = _exports(module).get(name)
    if found is None:  # defined by the __init__ itself, of what it imports: a table of kinds, say
        yield from _whole(module)
        return
    yield module
    yield from found


def _whole(module: str) -> Iterator[str]:
    """Yield a module; of a package that is imported whole, all that its __init__ offers."""
    yield module
    for inside in _exports(module).values():
        yield from inside


@cache
def _exports(module: str) -> dict[str, tuple[str, ...]]:
    """Return the names that a package's __init__ takes from elsewhere, and from where."""
    path = MODULES.get(module)
    if path is None or path.name != "__init__.py":
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                origin = inside if inside in MODULES else node.module
                found[alias.asname or alias.name] = (origin,)
    return found


def _programs(path: Path) -> set[str]:
    """Return the modules of the same folder that a file names in a string."""
    folder = ".".join(path.relative_to(tree.ROOT).parts[:-1])
    words = {
        word
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in re.split(r"[^\w]+", node.value)
    }
    return {f"{folder}.{word}" for word in words if f"{folder}.{word}" in MODULES}


def _has_test_file(parts: tuple[str, ...]) -> bool:
    folder = tree.ROOT / "tests" / "/".join(parts[1:-1] if parts[0] == "qfs" else ("cli",))
    name = parts[-1].lstrip("_")
    own = (*folder.glob(f"test_{name}.py"), *folder.glob(f"test_{name}_*.py"))
    kind = () if len(parts) < 4 else folder.parent.glob(f"test_{parts[-2]}.py")
    return bool([*own, *kind])


def _command_lines() -> set[str]:
    """Return every word that stands alone as a string in a test of the command line."""
    return {
        node.value.replace("-", "_")
        for path in tree.python_files("tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
