"""Runs the tests of the program that is being mended, in its own folder.

- The exit code is the outcome; no compiled modules are written, so that none is older than a fix.
- Whatever the tests have started and left behind ends with them.
"""

import os
import shlex
import tempfile
from pathlib import Path

from qfs.errors import EnvironmentFault, UsageError
from qfs.shell.perturbed_run import execute

SECONDS = 3600
"""How long the tests may take."""


def run_tests(command: str, folder: Path) -> tuple[int | None, str]:
    """Run a command line; return its exit code, None if it hung, and its last line.

    Raises UsageError for an empty command, EnvironmentFault for one that cannot be started.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"not a command line: {error}", place=command) from None
    if not words:
        raise UsageError("an empty test command", way_out="write --test-command 'pytest -q'")
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory(prefix="qfs-tests-") as place:
        try:
            code, printed = execute(words, variables, folder, SECONDS, Path(place) / "printed")
        except OSError as error:
            raise EnvironmentFault(
                f"cannot be run: {error.strerror}", place=words[0], way_out="check --test-command"
            ) from None
    return code, (printed.splitlines() or ["nothing was printed"])[-1]
