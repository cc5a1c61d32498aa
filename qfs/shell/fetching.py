"""Fetches one sdist by name and version from the package index, through pip as it is set up here.

- Index, mirrors, certificates and passwords are pip's own configuration.
- Nothing of the sdist runs: a stand-in answers pip in the back-end's place.
- Source: pip-download(1), PEP 625.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from qfs.errors import EnvironmentFault
from qfs.shell import fetching_standin

_SECONDS = 300
_TAIL = 600


def fetch_sdist(name: str, version: str, to: Path) -> Path:
    """Put the sdist of a release into a folder; returns its path.

    Raises EnvironmentFault if the index does not give it, with what pip said.
    """
    to.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    command += ["--no-build-isolation", "--dest", str(to), f"{name}=={version}"]
    with tempfile.TemporaryDirectory(prefix="qfs-fetch-") as folder:
        shutil.copyfile(fetching_standin.__file__, Path(folder) / "sitecustomize.py")
        environment = {
            **os.environ,
            "PYTHONPATH": folder,
            "QFS_FETCHED_NAME": name,
            "QFS_FETCHED_VERSION": version,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_USE_PEP517": "1",  # or pip before 25.3 runs the setup.py of older projects
        }
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True,
                timeout=_SECONDS, stdin=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise EnvironmentFault(
                f"pip did not fetch the sdist of {name} {version} within {_SECONDS} s",
                way_out="try again, or give the sdist with --source",
            ) from None
    found = sorted(to.iterdir())
    if done.returncode != 0 or len(found) != 1:
        raise EnvironmentFault(
            f"pip fetched no sdist of {name} {version}: {done.stderr.strip()[-_TAIL:]}",
            way_out="see if the release has an sdist, or give the source with --source",
        )
    return found[0]
