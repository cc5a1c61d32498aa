"""A source tree as a revision of its repository has it, in a scratch folder.

- ``git archive``: the working tree, the index and the repository stay as they are.
"""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from qfs.errors import EnvironmentFault, UsageError

_SECONDS = 120


def extract(folder: Path, revision: str, to: Path) -> Path:
    """Write the files below the folder, as the revision has them; returns where they are.

    Raises UsageError for no repository or no such revision, EnvironmentFault without git.
    """
    to.mkdir(parents=True)
    try:
        # The revision stands behind an option's end, so that it cannot be an option.
        name = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        archive = _git(folder, "archive", "--format=tar", name.decode().strip())
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(
            f"no revision {revision!r}: {words[-1] if words else 'git failed'}",
            place=str(folder),
            way_out="run in a git repository and name a commit, branch or tag",
        ) from error
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(to, filter="data")
    return to


def _git(folder: Path, *words: str) -> bytes:
    program = shutil.which("git")
    if program is None:
        raise EnvironmentFault("git is not installed", way_out="install git")
    command = [program, "-C", str(folder), *words]
    done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)
    return done.stdout
