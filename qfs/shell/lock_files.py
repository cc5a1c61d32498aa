"""Runs pip-tools, whose output is the lock file, and pip for the standard form of it.

- The options keep everything that ties a lock file to one machine or one index out of it.
- pip-tools is found beside the interpreter that runs QFS; it is not a dependency of QFS.
- A lock file is replaced whole, and only if it changed.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from qfs.errors import EnvironmentFault, InputError

OPTIONS = (
    *("--quiet", "--generate-hashes", "--no-header", "--no-emit-index-url"),
    *("--no-emit-find-links", "--no-emit-trusted-host", "--no-emit-options"),
    *("--strip-extras", "--allow-unsafe"),
)
_SECONDS = 900
_MAX_BYTES = 16 * 1024 * 1024  # 16_777_216


def compile_inputs(root: Path, source: str, lock: str) -> str:
    """Resolve a requirements file into a lock file; returns ``written`` or ``unchanged``."""
    return _compile(root, (source,), lock)


def compile_build(root: Path, lock: str) -> str:
    """Resolve what the back-end needs to build, hooks included, into a lock file."""
    return _compile(root, ("--all-build-deps", "--only-build-deps", "pyproject.toml"), lock)


def compile_pylock(root: Path, lock: str, pylock: str) -> str:
    """Write what a lock file pins as PEP 751 has it, for this Python and platform.

    pip looks each pinned file up and compares its hash; returns ``written`` or ``unchanged``.
    """
    if importlib.util.find_spec("pip") is None:
        raise EnvironmentFault("pip is not installed", way_out="python -m ensurepip")
    words = ("pip", "--quiet", "lock", "--no-deps", "--require-hashes", "-r", lock, "--output")
    return _write(root, words, pylock, name="pylock.toml", keep=False)


def _compile(root: Path, words: Sequence[str], lock: str) -> str:
    """Run pip-compile on a copy of the lock file, so that pins stay where nothing forces a change.

    Raises EnvironmentFault where pip-tools is missing, fails, or does not end.
    """
    if importlib.util.find_spec("piptools") is None:
        raise EnvironmentFault("pip-tools is not installed", way_out="pip install pip-tools")
    words = ("piptools", "compile", *OPTIONS, *words, "--output-file")
    return _write(root, words, lock, name="lock.txt", keep=True)


def _write(root: Path, words: Sequence[str], target: str, *, name: str, keep: bool) -> str:
    """Let a module's program, whose last word is its output option, write a draft; swap it in.

    keep begins with the file as it stands. Raises EnvironmentFault where the program fails or does
    not end.
    """
    path = root / target
    before = path.read_bytes() if path.is_file() else None
    with tempfile.TemporaryDirectory(prefix="qfs-lock-") as folder:
        draft = Path(folder) / name
        if keep and before is not None:
            draft.write_bytes(before)
        try:
            done = subprocess.run(
                [sys.executable, "-m", *words, str(draft)],
                cwd=root,
                env={**os.environ, "CUSTOM_COMPILE_COMMAND": "qfs lock"},
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EnvironmentFault(
                f"{words[0]} did not end in {_SECONDS} s", place=target
            ) from None
        if done.returncode != 0:
            raise EnvironmentFault(
                f"{words[0]} cannot resolve it:\n{done.stderr.strip()[-1500:]}", place=target
            )
        after = draft.read_bytes()
    if after == before:
        return "unchanged"
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(after)
    part.replace(path)
    return "written"


def read_text(path: Path) -> str:
    """Return a small UTF-8 text file; raises InputError for any other file."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise InputError(f"more than {_MAX_BYTES} bytes", place=str(path))
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"no UTF-8 text ({error})", place=str(path)) from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=str(path)) from error
