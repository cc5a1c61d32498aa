"""What one may ask of the machine program."""

from dataclasses import dataclass
from typing import TypeAlias

from qfs.canon import Registry
from qfs.crypto.ports import KeyId
from qfs.machines.trust.program.state import Certificate


@dataclass(frozen=True, slots=True)
class Require:
    """Require a certificate of the program; in genesis alone."""

    certificate: Certificate
    """The first one."""
    certifiers: tuple[KeyId, ...]
    """Principals that may certify the next ones: 1 .. CERTIFIERS_MAX, ascending."""


@dataclass(frozen=True, slots=True)
class Certify:
    """Certify another program, or the same anew; a certifier alone may."""

    certificate: Certificate


Command: TypeAlias = Require | Certify

COMMANDS = Registry("program command").add(1, 1, Require).add(2, 1, Certify)
