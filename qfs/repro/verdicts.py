"""How far a published artefact and its rebuild agree.

- Only the same bytes are a reproduction. The same contents in other wrapping are called just that.
- What lies in ``*.dist-info`` is metadata; everything else is code, data files included.
"""

from collections.abc import Sequence
from enum import Enum

from qfs.repro.causes import Cause
from qfs.repro.difference import Difference


class Agreement(Enum):
    """The answer to a verification, from the best to the worst."""

    BIT_FOR_BIT = "BIT-FOR-BIT"
    CONTENT_IDENTICAL = "CONTENT-IDENTICAL"
    METADATA_DIFFERS = "METADATA-DIFFERS"
    CODE_DIFFERS = "CODE-DIFFERS"
    NOT_COMPARABLE = "NOT-COMPARABLE"


_WRAPPING = frozenset(
    (
        *(Cause.ZIP_MTIME, Cause.ZIP_MODE, Cause.ZIP_ORDER, Cause.ZIP_HOST, Cause.ZIP_METHOD),
        *(Cause.ZIP_FLAGS, Cause.ZIP_EXTRA, Cause.ZIP_COMMENT, Cause.ZIP_LAYOUT, Cause.DEFLATE),
        *(Cause.GZIP_MTIME, Cause.GZIP_NAME, Cause.GZIP_HEADER, Cause.TAR_MTIME, Cause.TAR_MODE),
        *(Cause.TAR_OWNER, Cause.TAR_ORDER, Cause.TAR_FORMAT),
    )
)
"""Causes that lie in the archive around the files."""


def agreement(differences: Sequence[Difference]) -> Agreement:
    """Return how far two artefacts agree, given every difference between them."""
    inside = [each for each in differences if not _is_wrapping(each)]
    if not differences:
        return Agreement.BIT_FOR_BIT
    if not inside:
        return Agreement.CONTENT_IDENTICAL
    if all(".dist-info/" in each.member for each in inside):
        return Agreement.METADATA_DIFFERS
    return Agreement.CODE_DIFFERS


def _is_wrapping(difference: Difference) -> bool:
    """Say whether a difference lies in the outermost archive: an inner one is content."""
    return difference.cause in _WRAPPING and "!" not in difference.member
