"""Calls diffoscope, the program that compares anything with anything, where it is installed.

- A process of its own, in a folder of its own, bounded in time and in what it may say.
- It is found beside the running Python or on PATH, and tried before it is relied on.
- What it could not do is said; it is never an answer.
- Source: diffoscope(1), version 332.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

_PROBE_SECONDS = 60
_DIFFERENT = 1


def find_diffoscope() -> str | None:
    """Return the path of a diffoscope that starts, or None."""
    beside = str(Path(sys.executable).parent)
    program = shutil.which("diffoscope", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
    return program if program is not None and _starts(program) else None


@cache
def _starts(program: str) -> bool:
    command = [program, "--version"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def difference(
    program: str, name: str, first: bytes, second: bytes, *, seconds: int, characters: int
) -> tuple[str, str]:
    """Return what diffoscope says of two versions of a file, and why it says nothing, if so.

    At most so many characters, after at most so many seconds; one of the two texts is empty.
    """
    with tempfile.TemporaryDirectory(prefix="qfs-deep-") as folder:
        paths = []
        for side, data in (("first", first), ("second", second)):
            path = Path(folder) / side / name
            path.parent.mkdir()
            path.write_bytes(data)
            paths.append(f"{side}/{name}")
        command = [program, "--no-progress", "--text", "said.txt", "--text-color", "never"]
        command += ["--exclude-directory-metadata", "yes"]
        command += ["--max-text-report-size", str(characters), *paths]
        code, complaint = _run(command, folder, seconds)
        said = _read(Path(folder) / "said.txt", characters)
    if code is None:
        return "", f"no end after {seconds} s: stopped"
    if code != _DIFFERENT or not said:
        return "", f"exit code {code}: {complaint or 'it sees no difference'}"
    return said, ""


def _run(command: list[str], folder: str, seconds: int) -> tuple[int | None, str]:
    """Run a command; returns its exit code, None if it did not end, and its last complaint."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": folder}
    with (Path(folder) / "complaints.txt").open("w+b") as complaints:
        process = subprocess.Popen(
            command, cwd=folder, env={**environment, "TMPDIR": folder}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=complaints, start_new_session=True,
        )  # fmt: skip
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        complaints.seek(0)
        lines = complaints.read(10_000).decode("utf-8", "replace").splitlines()
    return code, lines[-1] if lines else ""


def _read(path: Path, characters: int) -> str:
    """Return a text without what a terminal would obey: an artefact may hold anything."""
    try:
        text = path.read_text("utf-8", "replace")[:characters].rstrip()
    except OSError:
        return ""
    return "".join(
        [c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text]
    )
