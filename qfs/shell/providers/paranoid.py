"""Two verifiers that must agree.

- A disagreement says nothing about the signature and everything about a library: it is a
  ProviderFault, so nothing is recorded and the command ends with exit code 2.
"""

from qfs.crypto import Profile, Verifier
from qfs.errors import ProviderFault


class Paranoid:
    """A verifier that asks two others."""

    def __init__(self, first: Verifier, second: Verifier) -> None:
        self.name = f"{first.name}+{second.name}"
        self.first = first
        self.second = second

    def verify(
        self, profile: Profile, public_key: bytes, message: bytes, signature: bytes, context: bytes
    ) -> bool:
        """Say what both say; raises ProviderFault when they disagree or one cannot answer."""
        first = self.first.verify(profile, public_key, message, signature, context)
        second = self.second.verify(profile, public_key, message, signature, context)
        if first is not second:
            raise ProviderFault(
                f"{self.first.name} says {first}, {self.second.name} says {second}",
                place=f"a {profile.value} signature over {message.hex()[:64]}",
                way_out="run qfs doctor; trust neither until one is mended",
            )
        return first
