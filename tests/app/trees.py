"""Small source trees for certificates and evidence."""

from pathlib import Path

PYPROJECT = """\
[project]
name = "small"
version = "1"

[tool.qfs]
zone = ["small"]
"""
CLEAN = """\
'Adds.'


def add(a: int, b: int) -> int:
    'Return the sum.'
    return a + b
"""
DIRTY = """\
'Asks.'

import time


def now() -> float:
    'Return the time.'
    return time.time()
"""


def small(folder: Path, code: str = CLEAN) -> Path:
    """Write a source tree of one module with a lock file; returns its folder."""
    (folder / "small").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    (folder / "small/__init__.py").write_text(code, "utf-8")
    (folder / "requirements").mkdir()
    (folder / "requirements/runtime.txt").write_text("", "utf-8")
    return folder
