"""Build comparison: two artefacts in, every difference out, each with its cause and its fix.

- Pure: takes bytes and what is known of the two builds; opens no file and starts no process.
- ``compare`` returns nothing if, and only if, the two byte strings are equal.
- A difference that nothing explains is named ``UNKNOWN``, never left out.
- Source: https://reproducible-builds.org/docs/, PEP 427, PEP 517, APPNOTE.TXT 6.3.10, RFC 1952.
"""

from qfs.repro.archive import ArchiveError, Limits
from qfs.repro.causes import REMEDIES, Cause, Remedy
from qfs.repro.compare import compare
from qfs.repro.difference import Difference, Side

__all__ = [
    "REMEDIES",
    "ArchiveError",
    "Cause",
    "Difference",
    "Limits",
    "Remedy",
    "Side",
    "compare",
]
