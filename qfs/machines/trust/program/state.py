"""What the machine program remembers."""

from dataclasses import dataclass

from qfs.canon import Digest
from qfs.crypto.ports import KeyId

CERTIFIERS_MAX = 64
"""Bound on the list of certifiers, so that no genesis can make it arbitrarily long."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of a program, as an order names it."""

    program: Digest
    """What `qfs certify` calls ``audit.source_digest``: over every source file of the program."""
    document: Digest
    """SHA-256 of the signed envelope's bytes."""
    signer: KeyId
    """The key that signed it."""


@dataclass(frozen=True, slots=True)
class State:
    """The whole state; a value."""

    certifiers: tuple[KeyId, ...]
    """Principals that may certify the next program, ascending; empty before the genesis' order."""
    certificate: Certificate | None
    """The one that stands; None before the genesis' order."""


def genesis() -> State:
    """Return the state before any command: a program is required, and none is certified."""
    return State((), None)
