"""Lock files of requirements: what can be checked of them without a network.

- Every requirement that is asked for is locked, in a version that satisfies it.
- Every locked line has one exact version and at least one SHA-256.
- Everything locked is there for a reason: its ``# via`` names an input file or a locked package.
- Nothing ties the file to one machine or one index: no addresses, no paths, no options.
- That the index still serves those hashes, or that newer versions exist, needs a network.
- Source: PEP 440, PEP 508, PEP 751, pip's requirements file format.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

CHECKED = (
    "every requirement is locked in a version that satisfies it",
    "every line has an exact version and a SHA-256",
    "everything locked is there for a named reason",
    "no index address, path or option",
)
"""What `problems` checks, as sentences."""
NOT_CHECKED = "without a network: that the index still serves these files, that newer ones exist"
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True, slots=True)
class Locked:
    """One line of a lock file."""

    line: int
    name: str
    """Canonical."""
    version: str
    hashes: tuple[str, ...]
    """SHA-256 of each file of that version, in hexadecimal."""
    via: tuple[str, ...]
    """Names of what needs it: ``-r file``, or a package."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a lock file."""

    file: str
    line: int
    """0 for the whole file."""
    sentence: str


def problems(
    lock: str, text: str, asked: Sequence[tuple[str, str]], inputs: Sequence[str]
) -> tuple[Problem, ...]:
    """Return what is wrong with a lock file, in the order of its lines.

    lock is its name; asked are (place, requirement) pairs; inputs the names that a ``# via`` may
    use for the files that ask.
    """
    found, entries = read(lock, text)
    by_name = {entry.name: entry for entry in entries}
    for place, requirement in asked:
        sentence = _unsatisfied(requirement, by_name)
        if sentence:
            found.append(Problem(lock, 0, f"{place} asks for {requirement}: {sentence}"))
    reasons = frozenset((*inputs, *by_name))
    for entry in entries:
        unknown = [why for why in entry.via if why not in reasons]
        if unknown:
            found.append(
                Problem(lock, entry.line, f"{entry.name} is there for {unknown[0]}, which is not")
            )
        if not entry.via:
            found.append(Problem(lock, entry.line, f"{entry.name} is there for no named reason"))
    return tuple(sorted(found, key=lambda problem: (problem.line, problem.sentence)))


def pylock_problems(name: str, text: str, lock: str, pinned: Sequence[Locked]) -> list[Problem]:
    """Return what is wrong with a ``pylock.toml`` (PEP 751) beside the lock file that it is of.

    Each of its packages is pinned there in the same version, each file by one of its hashes and
    at an address that others can reach. It may hold fewer: it is for one Python and platform.
    """
    try:
        document = Pylock.from_dict(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, PylockValidationError, PylockUnsupportedVersionError) as error:
        return [Problem(name, 0, f"no lock file of PEP 751: {error}")]
    by_name = {entry.name: entry for entry in pinned}
    found = []
    for package in document.packages:
        entry = by_name.get(str(package.name))
        if entry is None or entry.version != str(package.version):
            found.append(f"{package.name} {package.version} is not what {lock} pins")
            continue
        for file in [*(package.wheels or ()), *([package.sdist] if package.sdist else ())]:
            if file.hashes.get("sha256") not in entry.hashes:
                found.append(f"{package.name}: a file whose SHA-256 is not in {lock}")
            if file.url is None or not file.url.startswith(("https://", "http://")):
                found.append(f"{package.name}: a file that only this machine can reach")
    return [Problem(name, 0, sentence) for sentence in found]


def requirements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the logical lines of a requirements file, without comments, each with its number."""
    for number, line, _ in _logical(text):
        if line:
            yield number, line


def read(lock: str, text: str) -> tuple[list[Problem], list[Locked]]:
    """Return what is wrong with the lines of a lock file, each for itself, and the good lines."""
    found: list[Problem] = []
    entries: list[Locked] = []
    for number, line, comments in _logical(text):
        if not line:
            continue
        if line.startswith("-") or "://" in line or " @ " in line:
            found.append(Problem(lock, number, f"ties the file to one place: {line[:60]}"))
            continue
        words = line.split(" --hash", 1)[0].strip()
        try:
            requirement = Requirement(words)
        except InvalidRequirement:
            found.append(Problem(lock, number, f"no requirement: {words[:60]}"))
            continue
        exact = re.fullmatch(r"==([^*,]+)", str(requirement.specifier))
        hashes = tuple(sorted(_HASH.findall(line)))
        if exact is None:
            found.append(Problem(lock, number, f"no exact version: {words[:60]}"))
            continue
        if not hashes:
            found.append(Problem(lock, number, f"no SHA-256: {words[:60]}"))
        name = str(canonicalize_name(requirement.name))
        entries.append(Locked(number, name, exact.group(1), hashes, _via(comments)))
    return found, entries


def _logical(text: str) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Yield (number, joined line, the comments after it)."""
    start, parts, comments = 0, "", list[str]()
    done = False
    for number, raw in enumerate(text.splitlines(), start=1):
        bare = re.split(r"(?:^|\s)#", raw, maxsplit=1)[0].strip()
        if not bare:
            done = bool(parts)
            # An annotation stands below its line, indented; other comments belong to nothing.
            if raw.startswith(" ") and parts:
                comments.append(raw.strip().lstrip("#").strip())
            continue
        if done:
            yield start, parts.strip(), tuple(comments)
            parts, comments = "", []
        start = start if parts else number
        parts += " " + bare.removesuffix("\\").strip()
        done = not bare.endswith("\\")
    if parts:
        yield start, parts.strip(), tuple(comments)


def _via(comments: tuple[str, ...]) -> tuple[str, ...]:
    """Read pip-tools' annotation: ``via x``, or ``via`` and one name a line."""
    if not comments or not comments[0].startswith("via"):
        return ()
    words = [comments[0].removeprefix("via").strip(), *comments[1:]]
    return tuple(
        [
            word if word.startswith("-r ") else str(canonicalize_name(word.split(" ", 1)[0]))
            for word in words
            if word
        ]
    )


def _unsatisfied(text: str, locked: Mapping[str, Locked]) -> str:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return "it is no requirement"
    if requirement.marker is not None and not requirement.marker.evaluate():
        return ""
    entry = locked.get(str(canonicalize_name(requirement.name)))
    if entry is None:
        return "it is not locked"
    try:
        fits = requirement.specifier.contains(Version(entry.version), prereleases=True)
    except InvalidVersion:
        return f"the locked {entry.version!r} is no version"
    return "" if fits else f"the locked {entry.version} does not satisfy it"
