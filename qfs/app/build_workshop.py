"""What is built and with what: the request, the staged source, the provided back-end.

- The request of `qfs build`; `qfs verify` makes one too.
- A staged source is a copy in a folder of our own, with its history if its build asks git.
- What is missing is an error that says what to install or where to build.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from qfs.errors import EnvironmentFault, InputError, UsageError
from qfs.repro.environment import FIRST
from qfs.shell.building import Failed, Workshop, extra_requirements, scratch_folder
from qfs.shell.building_ahead import Ahead
from qfs.shell.building_history import (
    asks_git,
    copy_history,
    missing_history,
    version_variables,
)
from qfs.shell.building_python import interpreter
from qfs.shell.building_sdist import unpack
from qfs.shell.building_source import (
    BuildSystem,
    Source,
    read_build_system,
    required_names,
    stage,
)
from qfs.shell.files import read_limited
from qfs.shell.sandbox import (
    find_bubblewrap,
    find_faketime,
    find_locale,
    find_rust,
    interpreter_mounts,
    seen,
)

MAX_BYTES = 1024**3  # 1_073_741_824
RUSTY = frozenset(("maturin", "setuptools-rust"))
"""Build requirements that call Rust's compiler."""

_NETWORK = re.compile(
    r"network is unreachable|name resolution|name or service not known|could not resolve host"
    r"|getaddrinfo|no route to host|failed to establish a new connection",
    re.IGNORECASE,
)


class Pairs(Enum):
    """Which pairs of builds are compared."""

    BOTH = "both"
    BARE = "bare"
    NORMALISED = "normalised"


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build and how."""

    path: Path
    pairs: Pairs = Pairs.BOTH
    kinds: tuple[str, ...] = ("sdist", "wheel")
    fresh: bool = False
    """Make a fresh Python environment even if the running one would do."""
    sandbox: bool = True
    """Use bubblewrap where it is there."""
    seconds: int = 600
    """Time limit of one hook of the back-end."""
    bisect: bool = True
    """Whether to build on, one variation at a time, for what looking cannot explain."""
    repack: bool = False
    """Compare canonical forms, and give those: what an archive adds around its files is dropped."""
    settings: tuple[tuple[str, str], ...] = ()
    """Environment variables, each with the value that only the second bare build is told."""
    before: str = ""
    """A fresh environment gets nothing uploaded after this moment (ISO 8601); empty: no limit."""
    epoch: int | None = None
    """SOURCE_DATE_EPOCH of the normalised pair; None for that of the environment or of git."""


@contextlib.contextmanager
def workshop_of(
    request: BuildRequest, ahead: Ahead | None = None
) -> Iterator[tuple[Workshop, tuple[str, ...]]]:
    """Stage the source and provide its back-end; gives the workshop and the back-end's packages.

    ahead is what may be begun as soon as there is a back-end.
    """
    if not request.kinds or request.seconds < 1:
        raise UsageError("nothing to build: name at least one kind, and a time limit above 0 s")
    with scratch_folder() as name:
        source = staged(source_path(request.path), Path(name) / "source")
        with provided(source, read_build_system(source.root), request, ahead) as made:
            yield made


def staged(path: Path, to: Path) -> Source:
    """Copy the files of an sdist or of a tree, and its history if its build is known to ask git.

    Raises InputError for what is neither, or holds no project.
    """
    if path.is_file():
        return unpack(path.name, read_limited(path, MAX_BYTES), to)
    if asks_git(path, read_build_system(path)):
        copy_history(path, to)
    return stage(path, to)


@contextlib.contextmanager
def provided(
    source: Source, system: BuildSystem, request: BuildRequest, ahead: Ahead | None = None
) -> Iterator[tuple[Workshop, tuple[str, ...]]]:
    """Provide the back-end of a staged source; gives the workshop and the back-end's packages.

    The running environment serves if it has all that the back-end says it needs; what is built
    ahead in one that turns out to lack something is called off. Raises InputError for a back-end
    that cannot say it.
    """
    ahead = ahead or Ahead((), lambda *_: None)
    with contextlib.ExitStack() as running:
        made = _equipped(running, source, system, request, ahead)
        if made is not None:
            yield made
            return
    with contextlib.ExitStack() as fresh:
        made = _equipped(fresh, source, system, replace(request, fresh=True), ahead)
        if made is None:
            raise EnvironmentFault("pip installed what the build needs, and it is not there")
        yield made


def _equipped(
    stack: contextlib.ExitStack,
    source: Source,
    system: BuildSystem,
    request: BuildRequest,
    ahead: Ahead,
) -> tuple[Workshop, tuple[str, ...]] | None:
    """Equip a workshop; None if the running environment lacks what the back-end also needs."""
    python = stack.enter_context(
        interpreter(system.requires, fresh=request.fresh, before=request.before)
    )
    bubblewrap = find_bubblewrap() if request.sandbox else None
    mounts = interpreter_mounts(python.python) if bubblewrap is not None else []
    rust = find_rust() if required_names(system) & RUSTY else None
    if rust is not None:
        mounts += seen(rust)
    workshop = Workshop(
        folder=source.root.parent,
        source=source,
        system=system,
        python=python.python,
        bubblewrap=bubblewrap,
        faketime=find_faketime(),
        locales=find_locale(),
        seconds=request.seconds,
        mounts=tuple(mounts),
        rust=rust,
        variables=version_variables(os.environ),
    )
    stack.callback(ahead.call_off)
    if python.running:  # a fresh one may yet get what the back-end asks for
        ahead.begin(workshop)
    needed = list(system.requires)
    for kind in request.kinds:
        asked = extra_requirements(workshop, FIRST, kind)
        if isinstance(asked, Failed):
            raise cannot_be_built(asked, workshop)
        more = [item for item in asked if item not in needed]
        if not python.require(more):
            return None
        needed += more
    if not python.running:
        ahead.begin(workshop)
    return workshop, python.packages(needed)


def cannot_be_built(failed: Failed, workshop: Workshop) -> InputError:
    """Return the error for a source whose build ends without an artefact."""
    usual = failed.way_out or "mend the project until `python -m build` works, then build again"
    if needs_network(failed.output):
        usual = "its build needs the network, which is cut off: fetch what it needs before it"
    if required_names(workshop.system) & RUSTY and workshop.rust is None:
        usual = "it compiles Rust, and there is no rustc with a cargo here: install Rust"
    return InputError(
        f"the {failed.kind} cannot be built: {failed.reason}\n{failed.output}".rstrip(),
        place=workshop.system.backend,
        way_out=missing_history(workshop.source.root, workshop.system) or usual,
    )


def needs_network(output: str) -> bool:
    """Say whether what a build printed shows that it missed the network."""
    return _NETWORK.search(output) is not None


def source_path(path: Path) -> Path:
    """Return the path of a folder or an sdist, resolved; raises InputError for anything else."""
    if not path.exists():
        raise InputError("there is no such folder", place=str(path))
    if not path.is_dir() and not path.name.endswith(".tar.gz"):
        raise InputError(
            "this is no folder and no .tar.gz",
            place=str(path),
            way_out="name the folder with pyproject.toml, or an sdist",
        )
    return path.resolve()
