"""A verifier that remembers what was good: the packets of a batch share one signature.

- Verification is a function of its five arguments, so a remembered yes is as good as a new one.
- Only a yes is kept, under the message and its context, with profile, key and signature beside it:
  all five are compared byte for byte. A fault or a no is asked again.
- The oldest are forgotten first.
"""

from qfs.crypto import Profile, Verifier

KEPT = 64


class Remembering:
    """A verifier in front of another; for one thread."""

    def __init__(self, verifier: Verifier, kept: int = KEPT) -> None:
        self.name = verifier.name
        self.verifier = verifier
        self.kept = kept
        self._good: dict[tuple[bytes, bytes], tuple[Profile, bytes, bytes]] = {}

    def verify(
        self, profile: Profile, public_key: bytes, message: bytes, signature: bytes, context: bytes
    ) -> bool:
        """Say what the verifier says, or has said; raises ProviderFault as it does."""
        known = self._good.get((message, context))
        if known is not None and known == (profile, public_key, signature):
            return True
        answer = self.verifier.verify(profile, public_key, message, signature, context)
        if answer is True:
            self._good.pop((message, context), None)
            self._good[message, context] = (profile, public_key, signature)
            if len(self._good) > self.kept:
                del self._good[next(iter(self._good))]
        return answer
