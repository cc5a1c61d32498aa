"""What can have happened in the machine program, and why it says no."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from qfs.canon import Registry
from qfs.crypto.ports import KeyId
from qfs.machines.trust.program.state import Certificate


class Refusal(Enum):
    """Why the machine says no; a value is its number for ever."""

    DIGEST_MALFORMED = 1
    """A program, certificate or key that is not named by 32 bytes."""
    NOT_IN_GENESIS = 2
    """A certificate is required from the beginning or not at all."""
    ALREADY_REQUIRED = 3
    """The genesis requires one already."""
    CERTIFIERS_MALFORMED = 4
    """No certifier, too many, or not in ascending order."""
    NOTHING_REQUIRED = 5
    """The genesis named no certificate and nobody who may certify."""
    NOT_A_CERTIFIER = 6
    """Who asks may not certify programs for this ledger."""
    ALREADY_CERTIFIED = 7
    """This very certificate stands."""


@dataclass(frozen=True, slots=True)
class Required:
    """The ledger began with a certified program."""

    certificate: Certificate
    certifiers: tuple[KeyId, ...]


@dataclass(frozen=True, slots=True)
class Certified:
    """Another certificate stands."""

    certificate: Certificate


Event: TypeAlias = Required | Certified

EVENTS = Registry("program event").add(1, 1, Required).add(2, 1, Certified)
EFFECTS = Registry("program effect")
