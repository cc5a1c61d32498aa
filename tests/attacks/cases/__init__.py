"""The attacks, a family a module; importing this package lists them all."""

from tests.attacks.attack import ATTACKS
from tests.attacks.cases import committed, packets, registry, secrets, trails

__all__ = ["ATTACKS", "committed", "packets", "registry", "secrets", "trails"]
