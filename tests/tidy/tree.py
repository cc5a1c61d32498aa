"""The source tree as the tidy tests see it: which files are ours, by kind.

- A checkout without git works too, so files are found by walking, not by asking git.
- Corpora are somebody's bad code kept on purpose; no rule of the house applies to them.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

OURS = (
    ".ci",
    "audit",
    "benchmarks",
    "changelog.d",
    "docs",
    "examples",
    "qfs",
    "qfs_cli",
    "requirements",
    "rules",
    "tests",
    "tools",
)
CORPORA = ("tests/corpus", "tests/replay/planted", "examples/broken", "benchmarks/corpus")
GENERATED_FOLDERS = (
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    "build",
    "dist",
)
TEXT = (
    ".cfg",
    ".in",
    ".json",
    ".jsonl",
    ".md",
    ".py",
    ".sh",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
)


def relative(path: Path) -> str:
    """Return the path from the top of the tree, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


def python_files(*folders: str) -> list[Path]:
    """Return our Python files under the folders (default: everywhere), in sorted order."""
    return [
        path
        for path in _walk(folders or OURS)
        if path.suffix == ".py" and not relative(path).startswith(CORPORA)
    ]


def text_files() -> list[Path]:
    """Return every text file of the project, in sorted order."""
    top = sorted(path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT)
    named = [ROOT / name for name in ("Makefile", ".ci/run", "LICENSE") if (ROOT / name).exists()]
    inside = [
        path
        for path in _walk(OURS)
        if path.suffix in TEXT and not relative(path).startswith(CORPORA)
    ]
    return [*top, *named, *inside]


def settings() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _walk(folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            inside = path.relative_to(ROOT).parts
            if path.is_file() and not any(part in GENERATED_FOLDERS for part in inside):
                yield path
