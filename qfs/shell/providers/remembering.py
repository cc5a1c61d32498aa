"""A verifier that remembers what was good: the packets of a batch share one signature.

- Verification is a function of its five arguments, so a remembered yes is as good as a new one.
- Only a yes is kept, under a digest of all five; the oldest are forgotten first.
"""

from hashlib import sha256

from qfs.crypto import Profile, Verifier

KEPT = 1024


class Remembering:
    """A verifier in front of another; for one thread."""

    def __init__(self, verifier: Verifier, kept: int = KEPT) -> None:
        self.name = verifier.name
        self.verifier = verifier
        self.kept = kept
        self._good: dict[bytes, None] = {}

    def verify(
        self, profile: Profile, public_key: bytes, message: bytes, signature: bytes, context: bytes
    ) -> bool:
        """Say what the verifier says, or has said; raises ProviderFault as it does."""
        parts = (profile.value.encode("ascii"), public_key, message, signature, context)
        asked = sha256(b"".join([len(part).to_bytes(8, "big") + part for part in parts])).digest()
        if asked in self._good:
            return True
        answer = self.verifier.verify(profile, public_key, message, signature, context)
        if answer is True:
            self._good[asked] = None
            if len(self._good) > self.kept:
                del self._good[next(iter(self._good))]
        return answer
