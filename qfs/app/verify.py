"""`qfs verify`: rebuild a published wheel from its source and say how far the two agree.

- The recipe is read off the wheel: back-end and version, date, modes. Two attempts are made, with
  SOURCE_DATE_EPOCH and with the times of the sdist's files; the better one counts.
- Only BIT-FOR-BIT is a reproduction. What cannot be built, or was compiled, is NOT-COMPARABLE, with
  the reason: never a verdict about the artefact.
- Somebody else's back-end runs in the sandbox or not at all.
- An attestation is checked offline, without building anything.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from qfs.app.build import BuildRequest, Progress, provided
from qfs.errors import EnvironmentFault, InputError
from qfs.repro import Cause, Difference, compare
from qfs.repro.environment import DOS_EPOCH, Environment, normalised
from qfs.repro.recipe import Recipe, infer, pinned
from qfs.repro.verdicts import Agreement, agreement
from qfs.shell.building import Built, Failed, Workshop, scratch_folder
from qfs.shell.building import build as build_one
from qfs.shell.building_sdist import unpack
from qfs.shell.building_source import Source, read_build_system, stage
from qfs.shell.files import read_limited
from qfs.shell.sandbox import find_bubblewrap

__all__ = ["Agreement", "VerifyReport", "VerifyRequest", "verify"]

MAX_BYTES = 1024**3  # 1_073_741_824
_ORDER = tuple(Agreement)
_NETWORK = re.compile(
    r"network is unreachable|name resolution|name or service not known|could not resolve host"
    r"|getaddrinfo|no route to host|failed to establish a new connection",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What to verify, and from what."""

    artifact: Path
    """A wheel."""
    source: Path
    """Its sdist, or the folder of its source."""
    seconds: int = 600
    """Time limit of one hook of the back-end."""
    fresh: bool = False
    """Make a fresh Python environment even if the running one has the back-end."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """How far a wheel and its rebuild agree."""

    name: str
    agreement: Agreement
    recipe: Recipe
    attempt: str
    """Which of the attempts agreed best."""
    packages: tuple[str, ...]
    """The back-end and what it needs, as they were here."""
    differences: tuple[Difference, ...]
    reason: str
    """Why the two cannot be compared; empty if they were."""


def verify(request: VerifyRequest, progress: Progress = lambda *_: None) -> VerifyReport:
    """Rebuild and compare.

    Raises InputError for files that cannot be read, EnvironmentFault without a sandbox.
    """
    name = request.artifact.name
    published = read_limited(request.artifact, MAX_BYTES)
    if not name.endswith(".whl"):
        raise InputError(
            "no wheel", place=str(request.artifact), way_out="verify a .whl; an sdist is a source"
        )
    recipe = infer(name, published)
    if not recipe.pure:
        reason = "it was compiled: its bytes depend on the compiler's image, which it does not name"
        return _not_comparable(name, recipe, reason)
    if find_bubblewrap() is None:
        raise EnvironmentFault(
            "rebuilding somebody else's source needs a sandbox",
            way_out="install Debian's package bubblewrap",
        )
    build_request = BuildRequest(
        request.source, kinds=("wheel",), seconds=request.seconds, fresh=request.fresh
    )
    try:
        with _staged(request.source) as source:
            system = read_build_system(source.root)
            system = replace(system, requires=pinned(system.requires, recipe.pins))
            with provided(source, system, build_request) as (workshop, packages):
                wheel = _Published(name, published, recipe, packages)
                return _best(wheel, workshop, progress)
    except EnvironmentFault as fault:
        return _not_comparable(name, recipe, f"its back-end is not to be had: {fault.what}")


@dataclass(frozen=True, slots=True)
class _Published:
    """The wheel that is to be made again."""

    name: str
    data: bytes
    recipe: Recipe
    packages: tuple[str, ...]


def _best(published: _Published, workshop: Workshop, progress: Progress) -> VerifyReport:
    """Make both attempts, in the order of their odds; returns the better one."""
    best: VerifyReport | None = None
    for attempt, environment in _attempts(published.recipe):
        progress(attempt, "wheel", "building")
        made = build_one(workshop, environment, "wheel")
        progress(attempt, "wheel", "failed" if isinstance(made, Failed) else "built")
        report = _judged(published, attempt, made)
        if best is None or _ORDER.index(report.agreement) < _ORDER.index(best.agreement):
            best = report
        if best.agreement is Agreement.BIT_FOR_BIT:
            break
    if best is None:
        raise InputError("no attempt was made", place=published.name)
    return best


def _judged(published: _Published, attempt: str, made: Built | Failed) -> VerifyReport:
    name, reason = published.name, ""
    if isinstance(made, Failed):
        needs_network = _NETWORK.search(made.output) is not None
        cause = Cause.NETWORK if needs_network else Cause.BUILD_FAILS
        reason = "its build needs the network" if needs_network else made.reason
        evidence = f"{made.reason}: {made.output.strip()[-120:]}"
        differences: tuple[Difference, ...] = (Difference(name, "", cause, evidence),)
        found = Agreement.NOT_COMPARABLE
    else:
        sides = replace(made.side, clock=(0, 0)), made.side
        differences = compare(name, published.data, made.data, sides)
        found = agreement(differences)
    return VerifyReport(
        name, found, published.recipe, attempt, published.packages, differences, reason
    )


def _attempts(recipe: Recipe) -> list[tuple[str, Environment]]:
    epoch = max(recipe.epoch, DOS_EPOCH)
    first, _ = normalised(epoch)
    dated = replace(first, label="with the date", umask=recipe.umask)
    kept = replace(dated, label="with file times", source_date_epoch=None, source_time=epoch)
    pairs = [(each.label, each) for each in (dated, kept)]
    return pairs if recipe.one_time else pairs[::-1]


def _not_comparable(name: str, recipe: Recipe, reason: str) -> VerifyReport:
    return VerifyReport(name, Agreement.NOT_COMPARABLE, recipe, "", (), (), reason)


@contextlib.contextmanager
def _staged(source: Path) -> Iterator[Source]:
    """Stage a folder, or the contents of an sdist."""
    with scratch_folder() as folder:
        to = Path(folder) / "source"
        if source.is_dir():
            yield stage(source.resolve(), to)
        elif source.name.endswith(".tar.gz"):
            yield unpack(source.name, read_limited(source, MAX_BYTES), to)
        else:
            raise InputError(
                "neither a folder nor a .tar.gz",
                place=str(source),
                way_out="give the sdist, or the folder of the source",
            )
