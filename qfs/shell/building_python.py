"""The Python environment that holds a back-end: the running one, or one made for the build.

- The running environment serves when it already satisfies every requirement: no network needed.
- Otherwise pip installs the requirements into a fresh environment, before the sandbox closes.
- A fresh environment can be dated: then pip takes no file that was uploaded after that day, where
  the index says when files were uploaded and pip knows the option (26.0 and later).
- Either way the report lists what was in it, because the back-end's version reaches the artefact.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from build import BuildException, check_dependency
from build.env import DefaultIsolatedEnv
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from qfs.errors import EnvironmentFault, InputError

_BEFORE = "PIP_UPLOADED_PRIOR_TO"
_LIST = """
import importlib.metadata as m, json
print(json.dumps(sorted({(d.metadata["Name"], d.version) for d in m.distributions()})))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that can import the back-end."""

    python: str
    """Path of the executable."""
    running: bool
    """Whether it is the environment that QFS itself runs in."""
    environment: DefaultIsolatedEnv | None
    before: str = ""
    """The moment after which nothing may have been uploaded (ISO 8601); empty for no limit."""

    def require(self, requirements: Sequence[str]) -> bool:
        """Make the requirements available; False if the running environment lacks one.

        Raises EnvironmentFault where pip cannot install them.
        """
        if self.environment is None:
            return all(is_satisfied(requirement) for requirement in requirements)
        if requirements:
            _install(self.environment, requirements, self.before)
        return True

    def packages(self, requirements: Sequence[str]) -> tuple[str, ...]:
        """Return the required distributions that are there, as ``name==version``, sorted."""
        if not requirements:
            return ()
        wanted = {canonicalize_name(Requirement(text).name) for text in requirements}
        if self.running:  # in this process: a full list of a large environment takes a second
            return tuple(sorted([f"{name}=={version(name)}" for name in wanted if _is_here(name)]))
        done = subprocess.run(
            [self.python, "-I", "-c", _LIST], capture_output=True, timeout=60, check=True
        )
        found = [(canonicalize_name(name), version) for name, version in json.loads(done.stdout)]
        return tuple(sorted([f"{name}=={version}" for name, version in found if name in wanted]))


@contextlib.contextmanager
def interpreter(
    requirements: Sequence[str], *, fresh: bool, before: str = ""
) -> Iterator[Interpreter]:
    """Give a Python that satisfies the requirements; a fresh one if the running one does not.

    Raises InputError for what is no requirement, EnvironmentFault where pip cannot install them.
    """
    for text in requirements:
        try:
            Requirement(text)
        except InvalidRequirement as error:
            raise InputError(
                f"{text!r} is no requirement ({error})", place="pyproject.toml"
            ) from error
    if not fresh and all(is_satisfied(text) for text in requirements):
        yield Interpreter(sys.executable, running=True, environment=None)
        return
    with DefaultIsolatedEnv() as environment:
        _install(environment, requirements, before)
        yield Interpreter(environment.python_executable, False, environment, before)


def _is_here(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def is_satisfied(requirement: str) -> bool:
    """Say whether the running environment satisfies a requirement, with all that it needs."""
    return next(iter(check_dependency(requirement)), None) is None


@contextlib.contextmanager
def _told(name: str, value: str) -> Iterator[None]:
    """Set a variable of this process while pip runs below it; an empty value changes nothing."""
    previous = os.environ.get(name)
    if value:
        os.environ[name] = value
    try:
        yield
    finally:
        if value and previous is None:
            del os.environ[name]
        elif value and previous is not None:
            os.environ[name] = previous


def _install(environment: DefaultIsolatedEnv, requirements: Sequence[str], before: str) -> None:
    try:
        with _told(_BEFORE, before):
            environment.install(requirements)
    except (BuildException, subprocess.CalledProcessError) as error:
        raise EnvironmentFault(
            f"pip cannot install what the build needs: {', '.join(requirements)}",
            way_out="connect to a package index, or install them beside qfs",
        ) from error
