"""Two artefacts in, every difference out.

- Nothing is returned if, and only if, the bytes are equal.
- A difference that merely follows from another one (RECORD's hashes, a build-id) is dropped when
  that other one is there.
- Archives in archives are opened up to MAX_DEPTH.
"""

from qfs.repro import zips
from qfs.repro.archive import DEFAULT_LIMITS, GZIP_MAGIC, ZIP_MAGIC, ArchiveError, Limits
from qfs.repro.causes import CONSEQUENCES, Cause
from qfs.repro.content import explain
from qfs.repro.difference import Difference, Side

MAX_DEPTH = 3
Finding = tuple[str, Cause, str]
"""Member, cause, evidence."""


def compare(
    artifact: str,
    first: bytes,
    second: bytes,
    sides: tuple[Side, Side] = (Side(), Side()),
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Difference, ...]:
    """Return every difference between two builds of one artefact, in the order of its members.

    Raises ArchiveError for an archive that is corrupt, unsafe or larger than the limits.
    """
    if first == second:
        return ()
    comparer = Comparer(artifact, sides, limits)
    found = comparer.files("", first, second, 0) or [("", Cause.UNKNOWN, _sizes(first, second))]
    if any(cause not in CONSEQUENCES for _, cause, _ in found):
        found = [item for item in found if item[1] not in CONSEQUENCES]
    return tuple(
        [
            Difference(artifact, member, cause, evidence[:160])
            for member, cause, evidence in dict.fromkeys(found)
        ]
    )


class Comparer:
    """Walks two files side by side; archives open themselves through ``files``."""

    def __init__(self, artifact: str, sides: tuple[Side, Side], limits: Limits) -> None:
        self.artifact = artifact
        self.sides = sides
        self.limits = limits

    def files(self, member: str, first: bytes, second: bytes, depth: int) -> list[Finding]:
        """Return the differences of one file, itself an archive or not."""
        if first == second:
            return []
        place = f"{self.artifact}!{member}" if member else self.artifact
        kinds = (_kind(first), _kind(second))
        if depth >= MAX_DEPTH or kinds[0] != kinds[1] or kinds[0] == "file":
            return [(member, *why) for why in explain(member, first, second, self.sides)]
        inner = f"{member}!" if member else ""
        try:
            if kinds[0] == "zip":
                return zips.differences(self, inner, first, second, depth)
            from qfs.repro import tars  # noqa: PLC0415 (a wheel need not wait for it)

            return tars.differences(self, inner, first, second, depth)
        except ArchiveError as error:
            if depth == 0:
                raise ArchiveError(error.what, place=place, way_out=error.way_out) from error
            return [(member, *why) for why in explain(member, first, second, self.sides)]


def _kind(data: bytes) -> str:
    if data[:4] == ZIP_MAGIC:
        return "zip"
    return "gzip" if data[:2] == GZIP_MAGIC else "file"


def _sizes(first: bytes, second: bytes) -> str:
    at = next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
    return f"{len(first)} and {len(second)} bytes, first different byte at {at}"
