"""Pythons are found by starting them; a child gets what it is given and nothing else."""

import json
import os
import sys
from pathlib import Path

import pytest

from qfs.shell.interpreters import (
    Interpreter,
    Unusable,
    find_interpreters,
    run_module,
    this_interpreter,
)


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def claims(label: str, version: str, implementation: str = "CPython") -> str:
    facts = {
        "implementation": implementation,
        "version": [int(part) for part in version.split(".")[:2]],
        "label": label,
        "build": [label],
    }
    return f"echo '{json.dumps(facts)}'"


def test_this_python_is_found_on_path():
    found = find_interpreters(str(Path(sys.executable).parent), Path("/nowhere"))
    assert this_interpreter().label in [one.label for one in found]
    assert this_interpreter().label.endswith(sys.version.split()[0] + sys.abiflags)


FOUND = [
    ("a new one", "python3.12", claims("CPython 3.12.9", "3.12"), ["CPython 3.12.9"]),
    ("an old one", "python3.9", claims("CPython 3.9.1", "3.9"), []),
    ("an old one that does not start", "python3.9", "exit 1", []),
    ("another implementation", "python3.11", claims("PyPy 3.11.0", "3.11", "PyPy"), []),
    ("one that does not start", "python3.13", "exit 1", ["CPython 3.13 unusable"]),
    ("one that talks nonsense", "python3.13", "echo hello", ["CPython 3.13 unusable"]),
    ("another program", "python3.12-config", claims("CPython 3.12.9", "3.12"), []),
]


@pytest.mark.parametrize(
    ("name", "text", "labels"), [case[1:] for case in FOUND], ids=[case[0] for case in FOUND]
)
def test_what_is_found_on_path(tmp_path, monkeypatch, name, text, labels):
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    script(tmp_path / "bin" / name, text)
    found = [
        one
        for one in find_interpreters(str(tmp_path / "bin"), tmp_path)
        if isinstance(one, Unusable) or tmp_path in one.path.parents
    ]
    said = [f"{one.label} unusable" if isinstance(one, Unusable) else one.label for one in found]
    assert said == labels


def test_pyenv_versions_are_found_and_their_shims_are_not(tmp_path, monkeypatch):
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    root = tmp_path / ".pyenv"
    for version in ("3.12.4", "3.13.1", "3.9.0"):
        script(root / "versions" / version / "bin/python3", claims(f"CPython {version}", version))
    script(root / "shims" / "python3.12", "exit 127")
    found = find_interpreters(f"{root / 'shims'}{os.pathsep}/missing", tmp_path)
    mine = [one.label for one in found if isinstance(one, Interpreter) and root in one.path.parents]
    assert mine == ["CPython 3.12.4", "CPython 3.13.1"]
    assert not [one for one in found if isinstance(one, Unusable)]


def test_a_child_has_the_variables_that_it_was_given_and_no_site_packages(tmp_path):
    (tmp_path / "asked.py").write_text(
        "import json, os, sys\n"
        "print(json.dumps([sorted(os.environ), sys.argv[1:], 'site' in sys.modules,"
        " [p for p in sys.path if 'site-packages' in p], os.getcwd()]))"
    )
    child = run_module(
        Path(sys.executable),
        "asked",
        ["one", "--two"],
        variables={"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        root=tmp_path,
        directory=Path("/"),
    )
    assert child.code == 0, child.errors
    assert json.loads(child.output) == [
        ["LC_ALL", "PYTHONHASHSEED"],
        ["one", "--two"],
        False,
        [],
        "/",
    ]
    assert not list(tmp_path.rglob("*.pyc"))
