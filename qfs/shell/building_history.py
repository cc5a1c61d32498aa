"""Takes in the history of a source: for back-ends that read the version from git, and by name.

- A history is copied only where a build requirement is known to ask git; it is then one pack,
  without remotes, hooks, or the log of who did what when.
- A source is named as a folder or address of a git repository, with ``@`` and a tag, branch or
  commit after it.
- Source: git-clone(1), gitrevisions(7), the documentation of the tools named below.
"""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

from qfs.errors import EnvironmentFault, InputError
from qfs.shell.building_source import BuildSystem, required_names

_ASK_GIT = frozenset(
    (
        *("setuptools-scm", "vcs-versioning", "hatch-vcs", "versioningit", "flit-scm", "pbr"),
        *("setuptools-git-versioning", "poetry-dynamic-versioning", "uv-dynamic-versioning"),
        *("dunamai", "versioneer", "meson-python"),
    )
)
_SCM = "SETUPTOOLS_SCM_PRETEND_VERSION"
_TOLD_BY = {
    "setuptools-scm": _SCM,
    "hatch-vcs": _SCM,
    "flit-scm": _SCM,
    "vcs-versioning": "VCS_VERSIONING_PRETEND_VERSION",
    "pdm-backend": "PDM_BUILD_SCM_VERSION",
    "pbr": "PBR_VERSION",
}
PRETENDED = tuple(dict.fromkeys(_TOLD_BY.values()))
"""Variables by which some of these tools are told the version where there is no history."""
_SECONDS = 600


def asks_git(root: Path, system: BuildSystem) -> str:
    """Return what it is that asks git while the tree is built, or "" if nothing is known to."""
    found = sorted(required_names(system) & _ASK_GIT)
    if found:
        return found[0]
    tools = _tools(root)
    match tools:
        case {"pdm": {"version": {"source": "scm"}}}:
            return "pdm-backend"
        case {"versioneer": _}:
            return "versioneer"
    return ""


def copy_history(root: Path, to: Path) -> bool:
    """Put the history of a work tree into an empty folder, as ``.git``; False if it has none.

    Raises InputError if git cannot read it.
    """
    if shutil.which("git") is None or not (root / ".git").exists():
        return False
    _git("clone", "--quiet", "--no-checkout", "--no-local", "--template=", "--", str(root), str(to))
    _git("-C", str(to), "remote", "remove", "origin")
    _git("-C", str(to), "read-tree", "HEAD")
    shutil.rmtree(to / ".git" / "logs", ignore_errors=True)
    (to / ".git" / "refs" / ".keep").touch()  # a repository has this folder, even without a branch
    return True


def missing_history(root: Path, system: BuildSystem) -> str:
    """Return what to do if a staged tree lacks the history that its build asks for, or ""."""
    asking = asks_git(root, system)
    if not asking or (root / ".git").exists() or (root / "PKG-INFO").exists():
        return ""
    told = f", or set {_TOLD_BY[asking]}" if asking in _TOLD_BY else ""
    return (
        f"{asking} asks git, and this tree has no history: build from a clone with its tags or "
        f"from the sdist{told}"
    )


def split_reference(text: str) -> tuple[str, str]:
    """Split ``LOCATION@REFERENCE``; the reference is "" where none is given.

    An ``@`` before the host of an address belongs to the address.
    """
    scheme, mark, rest = text.partition("://")
    host, slash, path = rest.partition("/") if mark else ("", "", text)
    location, at, reference = path.rpartition("@")
    if not at or ":" in reference:
        return text, ""
    return f"{scheme}{mark}{host}{slash}{location}" if mark else location, reference


def clone(location: str, reference: str, to: Path) -> str:
    """Check a tag, branch or commit of a repository out into a folder; returns the commit.

    Raises InputError where git finds no such repository or reference.
    """
    if location.startswith("-") or reference.startswith("-"):
        raise InputError("a git source starts with no dash", place=location)
    _git("clone", "--quiet", "--no-checkout", "--template=", "--", location, str(to))
    at = "HEAD"
    if reference:
        names = [f"refs/tags/{reference}", f"refs/remotes/origin/{reference}", reference]
        at = next((name for name in names if _is_commit(to, name)), reference)
    _git("-C", str(to), "checkout", "--quiet", "--detach", at)
    return _git("-C", str(to), "rev-parse", "HEAD")


def _is_commit(root: Path, name: str) -> bool:
    return bool(
        _git("-C", str(root), "rev-parse", "-q", "--verify", f"{name}^{{commit}}", hard=False)
    )


def version_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables among these that tell a back-end its version."""
    return {
        name: value for name, value in sorted(environment.items()) if name.startswith(PRETENDED)
    }


def _git(*words: str, hard: bool = True) -> str:
    """Run git; returns what it printed, "" if it failed and that is no error."""
    program = shutil.which("git")
    if program is None:
        raise EnvironmentFault("there is no git here", way_out="install git, or give an sdist")
    command = [program, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *words]
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True,
            timeout=_SECONDS, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InputError(f"git did not end within {_SECONDS} s", place=" ".join(words)) from None
    if done.returncode != 0 and hard:
        raise InputError(
            f"git cannot do it: {done.stderr.strip()[-400:]}",
            place=words[-1],
            way_out="name a repository, and after @ one of its tags, branches or commits",
        )
    return done.stdout.strip() if done.returncode == 0 else ""


def _tools(root: Path) -> object:
    """Return the table ``[tool]`` of a tree's pyproject.toml; empty if there is none."""
    try:
        return tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("tool", {})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
