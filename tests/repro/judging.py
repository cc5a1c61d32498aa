"""Judges what the explainer answers to the planted projects (tests/repro/planted).

- ACCEPTED maps the corpus's vocabulary to our causes, each with a word that the right fix holds.
- A project is named rightly if such a cause is reported and nothing else is, but for what its
  back-end brings along unasked (``natural``).
"""

import base64
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfs.app.build import BuildReport, BuildRequest, Pairs, build
from qfs.repro import Side
from tests.repro.planted import unpack

HERE = Path(__file__).parent
FIRST_SIGHT = HERE / "first_sight.json"
PAIRS = HERE / "pairs.json"

_SORT = {"hash-seed": "sort"}
_TIME = {"timestamp": "SOURCE_DATE_EPOCH"}
ACCEPTED: dict[str, dict[str, str]] = {
    "time-in-file": _TIME,
    "local-time-in-file": {"timezone": "UTC"},
    "source-date-epoch-ignored": _TIME,
    "version-from-clock": {"version-time": "tag", "timestamp": "tag"},
    "file-time-in-file": {"source-mtime": "file times"},
    "zip-time": {"zip-mtime": "SOURCE_DATE_EPOCH"},
    "zip-local-time": {"timezone": "UTC"},
    "zip-mode": {"zip-mode": "umask 022"},
    "zip-comment": {"zip-comment": "leave"},
    "zip-compression": {"deflate": "one compression level"},
    "archive-order": {"zip-order": "sort", "tar-order": "sort"},
    "nested-zip-time": {"zip-mtime": "SOURCE_DATE_EPOCH"},
    "gzip-time": {"gzip-mtime": "mtime"},
    "tar-time": {"tar-mtime": "SOURCE_DATE_EPOCH"},
    "tar-owner": {"tar-owner": "uid = gid = 0"},
    "tar-mode": {"tar-mode": "0644"},
    "symlink-target": {"build-path": "relative"},
    "metadata-order": _SORT,
    "record-order": {"record-order": "sort"},
    "entry-points-order": _SORT,
    "set-order": _SORT,
    "hash-value": {"hash-seed": "hashlib"},
    "pickle-of-set": _SORT,
    "unsorted-json": _SORT,
    "directory-order": {"file-order": "sort"},
    "build-path": {"build-path": "relative"},
    "temporary-path": {"temp-name": "do not write the temporary name"},
    "pyc-time": {"pyc-mtime": "unchecked-hash"},
    "pyc-path": {"pyc-path": "strip"},
    "user-name": {"user": "do not write"},
    "host-name": {"hostname": "do not write"},
    "kernel-version": {"kernel": "do not write"},
    "home": {"home": "do not write"},
    "environment": {"environment": "read only"},
    "environment-order": {"environment-order": "sort"},
    "cpu-count": {"cpu-count": "cpu_count"},
    "umask-in-file": {"umask": "modes"},
    "locale-order": {"locale": "sort"},
    "locale-names": {"locale": "format"},
    "locale-encoding": {"encoding": "encoding="},
    "random": {"random": "seed"},
    "random-id": {"random": "derive"},
    "address": {"address": "repr"},
    "process-id": {"process-id": "do not write"},
    "parallel-race": {"chance-order": "in order"},
    "database-time": _TIME,
    "image-time": _TIME,
    "compiler-date": _TIME,
    "compiler-path": {"build-path": "prefix-map"},
    "debug-path": {"elf-debug": "prefix-map"},
    "elf-build-id": {"build-id": "--build-id=sha1"},
    "compile-order": {"file-order": "sort"},
    "none": {},
}
"""Cause in the corpus -> our names for it, each with a part of the right fix."""


SETTINGS = {"willow-level": (("ZIP_LEVEL", "1"),)}
"""Project -> what its index asks to be set in one of the builds (`qfs build --vary`)."""


@dataclass(frozen=True)
class Planted:
    """One project of the corpus."""

    file: str
    cause: str
    kind: str
    """``sdist`` or ``wheel``: where the cause shows itself."""
    natural: tuple[str, ...]
    """Causes, in the corpus's words, that the back-end brings along."""

    @property
    def name(self) -> str:
        return self.file.removesuffix(".txt")


@dataclass(frozen=True)
class Judged:
    """What was answered to one project, and how right it was."""

    planted: Planted
    answers: tuple[tuple[str, str], ...]
    """Our causes, each with its fix."""
    found: bool
    named: bool
    mended: bool


@dataclass(frozen=True)
class FoundPair:
    """The two artefacts of a project that were once built, and what is known of their builds."""

    planted: Planted
    name: str
    first: bytes
    second: bytes
    sides: tuple[Side, Side]


def corpus() -> list[Planted]:
    """Return the projects in the order of the index."""
    return [
        Planted(
            each["file"],
            each["cause"],
            "sdist" if each["artifact"] == "sdist" else "wheel",
            tuple([text.partition(" ")[0] for text in each.get("natural", ())]),
        )
        for each in _index()["projects"]
    ]


def sight(planted: Planted, folder: Path) -> list[tuple[str, str]]:
    """Build a project twice, in the bare pair, and return the causes with their fixes."""
    return answers(report(planted, folder))


def report(planted: Planted, folder: Path) -> BuildReport:
    """Build a project twice, in the bare pair; its folder is made and removed."""
    unpack.unpack(planted.file, folder)
    settings = SETTINGS.get(planted.name, ())
    request = BuildRequest(folder, pairs=Pairs.BARE, kinds=(planted.kind,), settings=settings)
    made = build(request)
    shutil.rmtree(folder)
    return made


def answers(made: BuildReport) -> list[tuple[str, str]]:
    """Return each cause of a report once, with its fix."""
    return sorted({(found.cause.value, found.fix) for _, found in made.differences})


def judged(planted: Planted, given: list[tuple[str, str]]) -> Judged:
    """Judge the causes that were answered to one project."""
    accepted = ACCEPTED[planted.cause]
    causes = {cause for cause, _ in given}
    allowed = set(accepted).union(*[ACCEPTED[natural] for natural in planted.natural])
    return Judged(
        planted,
        tuple(given),
        found=bool(given),
        named=bool(causes & set(accepted)) and causes <= allowed,
        mended=any(cause in accepted and accepted[cause] in fix for cause, fix in given),
    )


def first_sight() -> list[Judged]:
    """Return what the classifier answered to each project before it was ever run on one."""
    known = json.loads(FIRST_SIGHT.read_text("utf-8"))
    return [
        judged(one, [(cause, fix) for cause, fix in known[one.name]])
        for one in corpus()
        if one.name in known
    ]


def pairs() -> list[FoundPair]:
    """Return the kept pairs of artefacts, those that can be told by looking alone."""
    known = {one.name: one for one in corpus()}
    return [
        FoundPair(
            known[project],
            kept["name"],
            base64.b85decode(kept["first"]),
            base64.b85decode(kept["second"]),
            (_side(kept["first side"]), _side(kept["second side"])),
        )
        for project, kept in json.loads(PAIRS.read_text("utf-8")).items()
    ]


def _side(text: str) -> Side:
    """Read what is known of a build; the sandbox's paths keep ``|`` in place of each slash."""
    fields = json.loads(text.replace("|", "/"))
    return Side(
        **{name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()},
    )


def _index() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "planted" / "index.json").read_text("utf-8"))
    return found
