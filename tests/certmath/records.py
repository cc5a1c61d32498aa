"""A record with a ``Fixed`` field, at module level because annotations are resolved there."""

from dataclasses import dataclass

from qfs.certmath import Fixed


@dataclass(frozen=True, slots=True)
class Price:
    amount: Fixed
