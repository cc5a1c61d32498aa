"""`qfs verify`: rebuild a published wheel from its source and say how far the two agree.

- The recipe is read off the wheel: back-end and version, date, modes. Up to three attempts are
  made: with SOURCE_DATE_EPOCH, with the times of the sdist's files, and with these and a clock that
  stands at the time at which the wheel was made; the best one counts.
- Only BIT-FOR-BIT is a reproduction. What cannot be built, or was compiled, is NOT-COMPARABLE, with
  the reason: never a verdict about the artefact.
- Somebody else's back-end runs in the sandbox or not at all.
- The source is an sdist, a folder, or a git repository at one of its tags or commits; without one,
  and only when asked to, the sdist of the same release is fetched from the package index.
- An attestation is checked offline, without building anything.
"""

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from qfs.app.build import BuildRequest, Progress
from qfs.app.build_workshop import MAX_BYTES, needs_network, provided, source_path, staged
from qfs.errors import EnvironmentFault, InputError
from qfs.repro import Cause, Difference, compare
from qfs.repro.dates import written
from qfs.repro.environment import DOS_EPOCH, Environment, normalised
from qfs.repro.recipe import Recipe, infer, pinned
from qfs.repro.verdicts import Agreement, agreement
from qfs.shell.building import Built, Failed, Workshop, scratch_folder
from qfs.shell.building import build as build_one
from qfs.shell.building_history import PRETENDED, clone, split_reference
from qfs.shell.building_source import BuildSystem, Source, read_build_system
from qfs.shell.fetching import fetch_sdist
from qfs.shell.files import read_limited
from qfs.shell.sandbox import find_bubblewrap

__all__ = ["Agreement", "VerifyReport", "VerifyRequest", "verify"]

_ORDER = tuple(Agreement)


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What to verify, and from what."""

    artifact: Path
    """A wheel."""
    source: Path | str | None
    """Its sdist, the folder of its source, or a git repository with @ and a reference.

    None: the sdist is fetched, by the name and version of the wheel.
    """
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
    source: str
    """What it was rebuilt from, with the sdist's SHA-256 or the commit."""
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
    try:
        parse_wheel_filename(name)
    except InvalidWheelFilename as error:
        raise InputError(f"no file name of a wheel ({error})", place=name) from error
    recipe = infer(name, published)
    if not recipe.pure:
        reason = "it was compiled: its bytes depend on the compiler's image, which it does not name"
        return _not_comparable(name, recipe, reason)
    if find_bubblewrap() is None:
        raise EnvironmentFault(
            "rebuilding somebody else's source needs a sandbox",
            way_out="install Debian's package bubblewrap",
        )
    with scratch_folder() as folder:
        origin = _origin(request, Path(folder))
        wheel = _Published(name, published, recipe, origin.told, ())
        try:
            return _rebuilt(request, wheel, origin, progress)
        except EnvironmentFault as fault:
            reason = f"its back-end is not to be had: {fault.what}"
            return replace(_not_comparable(name, recipe, reason), source=origin.told)


def _rebuilt(
    request: VerifyRequest, wheel: "_Published", origin: "_Origin", progress: Progress
) -> VerifyReport:
    """Rebuild from a source that is at hand; raises EnvironmentFault without its back-end.

    Where the wheel shows when it was built, its back-end's own requirements are those of that day.
    """
    build_request = BuildRequest(
        origin.path, kinds=("wheel",), seconds=request.seconds, fresh=request.fresh
    )
    with scratch_folder() as folder:
        source = staged(source_path(origin.path), Path(folder) / "source")
        system = read_build_system(source.root)
        if not wheel.recipe.one_time:
            dated = replace(build_request, before=_day_after(wheel.recipe.newest))
            with contextlib.suppress(EnvironmentFault):
                return _in_workshop(source, system, dated, wheel, progress)
        return _in_workshop(source, system, build_request, wheel, progress)


def _in_workshop(
    source: Source,
    system: BuildSystem,
    request: BuildRequest,
    wheel: "_Published",
    progress: Progress,
) -> VerifyReport:
    """Rebuild with the back-end that the wheel names; a hook that fails is a finding."""
    system = replace(system, requires=pinned(system.requires, wheel.recipe.pins))
    told: dict[str, str] = {}
    if not any((source.root / name).exists() for name in (".git", "PKG-INFO")):
        told = dict.fromkeys(PRETENDED, str(parse_wheel_filename(wheel.name)[1]))
    try:
        with provided(source, system, request) as (workshop, packages):
            wheel = replace(wheel, packages=packages)
            workshop_told = replace(workshop, variables={**told, **workshop.variables})
            return _best(wheel, workshop_told, progress)
    except InputError as error:
        failed = Failed("wheel", "it cannot be built", error.what)
        return _judged(wheel, "", failed)


def _day_after(second: int) -> str:
    date, _, clock = written(second + 86_400).partition(" ")
    return f"{date}T{clock}Z"


@dataclass(frozen=True, slots=True)
class _Published:
    """The wheel that is to be made again."""

    name: str
    data: bytes
    recipe: Recipe
    source: str
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Origin:
    """A source on this machine."""

    path: Path
    told: str
    """Its name with a digest of it, or with its commit."""


def _best(published: _Published, workshop: Workshop, progress: Progress) -> VerifyReport:
    """Make the attempts, in the order of their odds; returns the best one."""
    first, *others = _attempts(published.recipe, workshop.source.times)
    best, closest = _attempt(published, workshop, first, progress), first
    for environment in others:
        if best.agreement is Agreement.BIT_FOR_BIT:
            return best
        report = _attempt(published, workshop, environment, progress)
        if _distance(report) < _distance(best):
            best, closest = report, environment
    if {found.cause for found in best.differences} == {Cause.ZIP_MODE}:
        # It was not built from this sdist: its modes are the umask's, as in a checkout.
        label = f"{closest.label}, plain modes"
        plain = replace(closest, label=label, keeps_modes=False)
        return min(best, _attempt(published, workshop, plain, progress), key=_distance)
    return best


def _attempt(
    published: _Published, workshop: Workshop, environment: Environment, progress: Progress
) -> VerifyReport:
    progress(environment.label, "wheel", "building")
    made = build_one(workshop, environment, "wheel")
    progress(environment.label, "wheel", "failed" if isinstance(made, Failed) else "built")
    return _judged(published, environment.label, made)


def _distance(report: VerifyReport) -> tuple[int, int]:
    return _ORDER.index(report.agreement), len(report.differences)


def _judged(published: _Published, attempt: str, made: Built | Failed) -> VerifyReport:
    name, reason = published.name, ""
    if isinstance(made, Failed):
        missed = needs_network(made.output)
        cause = Cause.NETWORK if missed else Cause.BUILD_FAILS
        reason = "its build needs the network" if missed else made.reason
        evidence = f"{made.reason}: {made.output.strip()[-120:]}"
        differences: tuple[Difference, ...] = (Difference(name, "", cause, evidence),)
        found = Agreement.NOT_COMPARABLE
    else:
        sides = made.side._replace(clock=(0, 0)), made.side
        differences = compare(name, published.data, made.data, sides)
        found = agreement(differences)
    return VerifyReport(
        name,
        found,
        published.recipe,
        attempt,
        published.source,
        published.packages,
        differences,
        reason,
    )


def _attempts(recipe: Recipe, times: Mapping[str, int]) -> list[Environment]:
    """Return the environments to try, in the order of their odds; times are the sdist's."""
    epoch = max(recipe.epoch, DOS_EPOCH)
    first, _ = normalised(epoch)
    dated = replace(first, label="with the date", umask=recipe.umask, keeps_modes=True)
    zone = recipe.zone(times)
    kept = replace(
        dated,
        label="with file times",
        source_date_epoch=None,
        source_time=epoch,
        timezone=_posix(zone),
    )
    made = max(recipe.built - zone, DOS_EPOCH)
    then = replace(kept, label="as if at its time", stands=made, zone=zone)
    return [dated, kept] if recipe.one_time else [kept, then, dated]


def _posix(zone: int) -> str:
    """Return TZ for a time zone that is so many seconds east of UTC."""
    hours, minutes = divmod(abs(zone) // 60, 60)
    return f"UTC{'-' if zone > 0 else ''}{hours}:{minutes:02}" if zone else "UTC0"


def _not_comparable(name: str, recipe: Recipe, reason: str) -> VerifyReport:
    return VerifyReport(name, Agreement.NOT_COMPARABLE, recipe, "", "", (), (), reason)


def _origin(request: VerifyRequest, folder: Path) -> _Origin:
    """Have the source on this machine: fetch or check it out where it is not.

    Raises EnvironmentFault if the index does not give it, InputError if git does not.
    """
    if request.source is None:
        name, version, *_ = parse_wheel_filename(request.artifact.name)
        return _file(fetch_sdist(str(name), str(version), folder / "fetched"))
    path = Path(request.source)
    if path.is_dir():
        return _Origin(path.resolve(), str(path))
    if path.exists():
        return _file(path)
    location, reference = split_reference(str(request.source))
    if not reference and "://" not in location:
        raise InputError(
            "there is no such file, folder or repository",
            place=location,
            way_out="give the sdist, a folder, or a git repository with @ and a tag or commit",
        )
    commit = clone(location, reference, folder / "clone")
    return _Origin(folder / "clone", f"{request.source}, commit {commit}")


def _file(path: Path) -> _Origin:
    digest = hashlib.sha256(read_limited(path, MAX_BYTES)).hexdigest()
    return _Origin(path, f"{path.name}, SHA-256 {digest}")
