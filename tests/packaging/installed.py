"""A wheel of this tree, built and installed as a user would, without a network.

- The wheel is built from a copy, so that building leaves nothing in the checkout.
- Dependencies come from the interpreter that runs the tests, as links: those alone that pip would
  install with the wheel. What the tests or an extra need is not there.
"""

import os
import shutil
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.tidy import tree

SOURCES = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "qfs",
    "qfs_cli",
    "rules",
)


def build_wheel(folder: Path) -> Path:
    """Return a wheel built from a copy of the sources."""
    copy, out = folder / "source", folder / "dist"
    copy.mkdir()
    for name in SOURCES:
        source = tree.ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.so")
            shutil.copytree(source, copy / name, ignore=ignored)
        else:
            shutil.copy(source, copy / name)
    program = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    run([*program, str(copy)])
    (wheel,) = out.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Return the folder of the programs of a fresh virtual environment that holds the wheel."""
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    python = folder / "bin/python"
    options = ["--no-deps", "--no-index", "--no-compile", "--quiet"]
    run([sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(wheel)])
    (packages,) = (folder / "lib").glob("python*/site-packages")
    for entry in dependencies("qfs-toolchain"):
        if not (packages / entry.name).exists():
            (packages / entry.name).symlink_to(entry)
    return folder / "bin"


def dependencies(name: str) -> list[Path]:
    """Return the files and folders of all that a distribution needs, its extras left out."""
    names, found = [name], []
    for one in names:
        for text in distribution(one).requires or []:
            requirement = Requirement(text)
            marker = requirement.marker
            wanted = requirement.name not in names and (
                marker is None or marker.evaluate({"extra": ""})
            )
            if wanted:
                names.append(requirement.name)
                files = distribution(requirement.name).files or []
                tops = {Path(str(file)).parts[0] for file in files} - {"..", "__pycache__"}
                place = Path(str(distribution(requirement.name).locate_file("")))
                found += [place / top for top in sorted(tops)]
    return found


def run(arguments: list[str], folder: Path | None = None) -> str:
    """Run a program away from the checkout; return what it printed, or fail with it."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    outcome = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout
