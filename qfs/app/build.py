"""Use case: build a project several times in different environments and explain what differs.

- REPRODUCIBLE only if every pair is identical and everything that must vary did vary.
- INCONCLUSIVE if nothing differs but the clock, or the sandbox, was not to be had: never a pass.
- Identical bytes are compared; nothing is normalised before the comparison.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from qfs.app.build_workshop import (
    BuildRequest,
    Pairs,
    cannot_be_built,
    source_path,
    workshop_of,
)
from qfs.repro import REMEDIES, Cause, Difference, compare
from qfs.repro.bisect import REPEAT, SOFT, Trace, blamed, culprits, traces
from qfs.repro.dates import written
from qfs.repro.environment import (
    FIRST,
    RESIDUAL,
    VARIATIONS,
    Environment,
    normalised,
    varied,
)
from qfs.repro.repack import repacked
from qfs.repro.text import why_texts_differ
from qfs.shell.building import Built, Failed, Workshop
from qfs.shell.building import build as build_one
from qfs.shell.building_ahead import Ahead
from qfs.shell.building_clock import clock_shift
from qfs.shell.building_source import commit_time
from qfs.shell.sandbox import find_bubblewrap, probe

__all__ = [
    "REMEDIES",
    "Artifact",
    "BuildReport",
    "BuildRequest",
    "Pairs",
    "Variation",
    "Verdict",
    "build",
    "write_artifacts",
]

KERNEL_GAP = 2.5
"""Seconds between two builds whose files the kernel dates: zip times have steps of 2 s."""
DEFAULT_EPOCH = 1_580_601_600  # 2020-02-02T00:00:00Z, as hatchling has it
Progress = Callable[[str, str, str], None]
"""Called with the environment, the kind of artefact and what happens to it, from any thread."""


class Verdict(Enum):
    """The answer to one check."""

    REPRODUCIBLE = "REPRODUCIBLE"
    DIFFERENT = "DIFFERENT"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artefact that was built twice."""

    pair: str
    name: str
    first: str
    """SHA-256 of the first build, in hexadecimal."""
    second: str
    """SHA-256 of the second build; empty if it failed."""
    data: bytes
    """The bytes of the first build."""
    again: bytes = b""
    """The bytes of the second one, where they are others."""


@dataclass(frozen=True, slots=True)
class Variation:
    """One thing that was, or was not, different between the builds of a pair."""

    name: str
    exercised: bool
    how: str
    held: bool = False
    """Whether the recipe held it on purpose, because no bare pair was asked for."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What came of it."""

    verdict: Verdict
    artifacts: tuple[Artifact, ...]
    variations: tuple[Variation, ...]
    differences: tuple[tuple[str, Difference], ...]
    """Each with the pair that it was found in."""
    backend: str
    packages: tuple[str, ...]
    """The back-end and what it needs, ``name==version``."""

    def not_exercised(self) -> tuple[Variation, ...]:
        """Return what stands between an identical pair and a pass."""
        return tuple([item for item in self.variations if not item.exercised])

    def kept(self) -> tuple[Artifact, ...]:
        """Return the artefacts to give away: the normalised pair's, or the bare one's."""
        pairs = [artifact.pair for artifact in self.artifacts]
        wanted = "normalised" if "normalised" in pairs else "bare"
        return tuple([artifact for artifact in self.artifacts if artifact.pair == wanted])

    def clock_moved(self) -> bool:
        """Say whether the clock moved, without which no two builds can be compared."""
        return all(item.exercised for item in self.variations if item.name == "clock")


def build(request: BuildRequest, progress: Progress = lambda *_: None) -> BuildReport:
    """Build and compare; raises InputError for a source that cannot be read or built at all."""
    root = source_path(request.path)
    probe(boxed=request.sandbox)
    pairs = _pairs(request, root, boxed=request.sandbox and find_bubblewrap() is not None)
    both = [pair.first for pair in pairs] + [pair.second for pair in pairs]
    ahead = Ahead([(each, kind) for each in both for kind in request.kinds], progress)
    with workshop_of(request, ahead) as (workshop, packages):
        runs = _Runs(workshop, request, pairs, progress, ahead)
        artifacts, differences = runs.run()
        variations = runs.variations()
    return BuildReport(
        _verdict(differences, variations),
        tuple(artifacts),
        variations,
        tuple(differences),
        workshop.system.backend,
        packages,
    )


def build_once(path: Path) -> tuple[str, bytes, tuple[str, ...]]:
    """Build the wheel once, in the recipe's first environment; returns name, bytes, packages.

    Raises InputError for a source that cannot be read or built.
    """
    root = source_path(path)
    with workshop_of(BuildRequest(root, kinds=("wheel",))) as (workshop, packages):
        environment, _ = normalised(source_epoch(root, None))
        made = build_one(workshop, environment, "wheel")
    if isinstance(made, Failed):
        raise cannot_be_built(made, workshop)
    return made.name, made.data, packages


def write_artifacts(report: BuildReport, folder: Path) -> tuple[Path, ...]:
    """Write the artefacts to give away into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for artifact in report.kept():
        (folder / artifact.name).write_bytes(artifact.data)
    return tuple([folder / artifact.name for artifact in report.kept()])


def _verdict(
    differences: Sequence[tuple[str, Difference]], variations: Sequence[Variation]
) -> Verdict:
    if differences:
        return Verdict.DIFFERENT
    if all(variation.exercised for variation in variations):
        return Verdict.REPRODUCIBLE
    return Verdict.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class Pair:
    """Two environments whose artefacts are compared."""

    label: str
    first: Environment
    second: Environment


class _Runs:
    """The builds of all pairs: all first ones, then, when the clock has moved, all second ones."""

    def __init__(
        self,
        workshop: Workshop,
        request: BuildRequest,
        pairs: Sequence[Pair],
        progress: Progress,
        ahead: Ahead,
    ) -> None:
        self.workshop = workshop
        self.ahead = ahead
        self.pairs = pairs
        self.request = request
        self.progress = progress
        self.shift = pairs[0].second.clock_shift
        self.epoch = source_epoch(request.path.resolve(), request.epoch)
        self.waited = False
        self.clock_seen = True
        self.programs: dict[str, None] = {}
        self.still: dict[str, None] = {}

    def run(self) -> tuple[list[Artifact], list[tuple[str, Difference]]]:
        """Build every pair and compare; raises InputError if a first build gives no artefact."""
        firsts = {
            (pair.label, kind): self._first(pair.first, kind)
            for pair in self.pairs
            for kind in self.request.kinds
        }
        self._wait_for_the_kernel([made for made in firsts.values() if made.programs])
        artifacts: list[Artifact] = []
        differences: list[tuple[str, Difference]] = []
        for pair in self.pairs:
            for kind in self.request.kinds:
                first, second = firsts[pair.label, kind], self._build(pair.second, kind)
                found = self._named(pair, kind, first, _differences(first, second))
                differences += [(pair.label, each) for each in found]
                again, other = "", b""
                if isinstance(second, Built):
                    again = _sha256(second.data)
                    other = second.data if second.data != first.data else b""
                    self.programs |= dict.fromkeys(second.programs)
                    self.still |= dict.fromkeys(second.still)
                    self.clock_seen = self.clock_seen and second.clock_moved
                artifacts.append(
                    Artifact(pair.label, first.name, _sha256(first.data), again, first.data, other)
                )
        return artifacts, differences

    def _named(
        self, pair: Pair, kind: str, first: Built, found: list[Difference]
    ) -> Sequence[Difference]:
        """Name what looking left open, by builds in which one thing changes at a time."""
        if not self.request.bisect or not any(each.cause in SOFT for each in found):
            return found
        members = frozenset([each.member for each in found if each.cause in SOFT])

        def tried(names: tuple[str, ...]) -> Trace:
            label = f"{pair.label} with {', '.join(names) if names else 'nothing changed'}"
            settings = self.request.settings
            environment = varied(pair.first, names, label, settings, shift=self.shift)
            return traces(_differences(first, self._build(environment, kind)))

        by_chance = tried(())
        names = VARIATIONS if pair.label == "bare" else RESIDUAL
        changed = {REPEAT: by_chance, **culprits(names, members, by_chance, tried)}
        return blamed(found, changed)

    def _first(self, environment: Environment, kind: str) -> Built:
        made = self._build(environment, kind)
        if isinstance(made, Failed):
            raise cannot_be_built(made, self.workshop)
        return made

    def _build(self, environment: Environment, kind: str) -> Built | Failed:
        """Return what was built ahead, or build it now."""
        made = self.ahead.take(environment, kind)
        if made is None:
            self.progress(environment.label, kind, "building")
            made = build_one(self.workshop, environment, kind)
            state = "failed" if isinstance(made, Failed) else "built"
            self.progress(environment.label, kind, state)
        if isinstance(made, Built) and self.request.repack:
            return replace(made, data=repacked(made.name, made.data, self.epoch))
        return made

    def variations(self) -> tuple[Variation, ...]:
        """Return what varied, and what this machine could not vary."""
        boxed = self.workshop.bubblewrap is not None
        bare = any(pair.label == "bare" for pair in self.pairs)
        found = [
            Variation("clock", *self._clock()),
            Variation(
                "network",
                boxed,
                "there is none in the sandbox" if boxed else "bubblewrap is not there to cut it",
            ),
        ]
        if self.workshop.rust is not None:
            how = "it keeps the machine's clock: a macro that asks for the time is not found"
            found.append(Variation("clock-of-rustc", exercised=False, how=how))
        for name in VARIATIONS:
            if not bare and name not in RESIDUAL:
                found.append(Variation(name, exercised=True, how="by the recipe", held=True))
            elif name in ("user", "host") and not boxed:
                found.append(Variation(name, exercised=False, how="bubblewrap is not there"))
            elif name == "locale" and self.workshop.locales is None:
                how = "C.UTF-8 and C; another needs Debian's package locales"
                found.append(Variation(name, exercised=False, how=how))
            elif name != "clock":
                found.append(Variation(name, exercised=True, how=_told(name)))
        return tuple(sorted(found, key=lambda variation: variation.name))

    def _clock(self) -> tuple[bool, str]:
        days = self.shift // 86_400
        if not self.clock_seen:
            return False, "the back-end's Python never reported the moved clock"
        files = f"; {KERNEL_GAP} s between the builds for file times" if self.waited else ""
        if self.workshop.faketime is not None and self.still:
            names = ", ".join(sorted(self.still))
            return False, f"{days} days, by libfaketime; not for {names}: linked statically"
        if self.workshop.faketime is not None:
            return True, f"{days} days, for every process, by libfaketime{files}"
        how = f"{days} days, for Python processes, by a shim{files}"
        if self.programs:
            return False, f"{how}; not for {', '.join(sorted(self.programs))}: install faketime"
        return True, f"{how}; no other program ran"

    def _wait_for_the_kernel(self, with_programs: Sequence[Built]) -> None:
        """Let time pass if programs other than Python may read file times, which nobody moves."""
        if with_programs:
            self.ahead.call_off()  # what ran at the same time has the same file times
            time.sleep(KERNEL_GAP)
            self.waited = True


def _differences(first: Built, second: Built | Failed) -> list[Difference]:
    if isinstance(second, Failed):
        evidence = f"{second.reason}: {second.output.strip()[-100:]}"
        return [Difference(first.name, "", Cause.BUILD_FAILS, evidence)]
    sides = first.side, second.side
    found: list[Difference] = []
    if first.name != second.name:
        found += [
            Difference(first.name, "", _of_a_name(cause), evidence)
            for cause, evidence in why_texts_differ(first.name, second.name, sides, name=True)
        ]
    return found + list(compare(first.name, first.data, second.data, sides))


def _of_a_name(cause: Cause) -> Cause:
    """Return the cause of a difference between two artefacts' names: name, version and tags."""
    return Cause.VERSION_TIME if cause is Cause.TIMESTAMP else cause


def _told(name: str) -> str:
    """Say how a variation differs between the two environments of the bare pair."""
    first, second = FIRST, varied(FIRST, (name,), "second")
    told = {
        "path": f"{first.folder} and {second.folder}",
        "timezone": f"{first.timezone} and {second.timezone}",
        "locale": f"{first.locale} and {second.locale}",
        "umask": f"{first.umask:03o} and {second.umask:03o}",
        "hash-seed": f"{first.hash_seed} and {second.hash_seed}",
        "file-order": "by name, forward and backward",
        "source-times": f"from {written(first.source_time)} and {written(second.source_time)}",
        "user": f"{first.user} ({first.user_number}) and {second.user} ({second.user_number})",
        "host": f"{first.host} and {second.host}",
        "home": f"{first.home} and {second.home}",
        "processors": f"all and {second.processors}",
        "process-numbers": f"{second.process_numbers} apart",
        "kernel": "its own release and 2.6",
        "variables": f"QFS_VARIATION={first.variable} and {second.variable}",
        "variable-order": "as given, forward and backward",
    }
    return told[name]


def _pairs(request: BuildRequest, root: Path, *, boxed: bool) -> list[Pair]:
    pairs = []
    shift = clock_shift(int(time.time()))
    if request.pairs is not Pairs.NORMALISED or not boxed:
        second = varied(FIRST, VARIATIONS, "second", request.settings, shift=shift)
        pairs.append(Pair("bare", FIRST, second))
    if request.pairs is not Pairs.BARE and boxed:
        epoch = source_epoch(root, request.epoch)
        pairs.append(Pair("normalised", *normalised(epoch, shift)))
    return pairs


def source_epoch(root: Path, given: int | None) -> int:
    """Return SOURCE_DATE_EPOCH: as given, from the environment, of the last commit, or 2020."""
    for text in (str(given or ""), os.environ.get("SOURCE_DATE_EPOCH", ""), commit_time(root)):
        if text.isdecimal():
            return int(text)
    return DEFAULT_EPOCH


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
