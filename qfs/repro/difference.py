"""What a comparison takes and gives: the two builds' environments, and one difference.

Named tuples here and beside: to import what makes dataclasses takes as long as to compare a wheel.
"""

from typing import NamedTuple

from qfs.repro.causes import REMEDIES, Cause


class Difference(NamedTuple):
    """One reason for which two artefacts are not the same bytes."""

    artifact: str
    """File name of the artefact."""
    member: str
    """Path inside the artefact; ``outer!inner`` for an archive in an archive; "" for the whole."""
    cause: Cause
    evidence: str
    """What the first and the second build hold, in at most 160 characters."""

    @property
    def fix(self) -> str:
        """What mends it."""
        return REMEDIES[self.cause].fix


class Side(NamedTuple):
    """What is known of the environment of one build, so that its traces can be recognised.

    An empty string or tuple means unknown.
    """

    paths: tuple[str, ...] = ()
    """Folders of the build, longest first."""
    home: str = ""
    temporary: str = ""
    """Folder for temporary files."""
    host: str = ""
    user: str = ""
    user_number: int = -1
    timezone: str = ""
    locale: str = ""
    hash_seed: str = ""
    clock: tuple[int, int] = (0, 0)
    """First and last second that the build can have seen (Unix time)."""
    source_times: tuple[int, int] = (0, 0)
    """Oldest and newest modification time of a source file (Unix time)."""
    variables: tuple[str, ...] = ()
    """Values of environment variables that differ between the builds on purpose."""
