"""Provider ``fast-mldsa`` (extra ``deterministic``): signs reproducibly, and verifies.

- A deterministic signature (FIPS 204 §3.4, rnd = 0) can leak the key under a fault attack, so each
  is verified with another library before anybody sees it.
- The library is young and unaudited: never the default, never alone.
"""

import importlib
from typing import Any

from qfs.crypto import SIZES, Profile, Verifier
from qfs.errors import ProviderFault

_SETS = {Profile.ML_DSA_44: "MlDsa44", Profile.ML_DSA_65: "MlDsa65", Profile.ML_DSA_87: "MlDsa87"}


class Verifying:
    """Verifies with fast-mldsa."""

    name = "fast-mldsa"

    def __init__(self) -> None:
        self._library = _library()

    def verify(
        self, profile: Profile, public_key: bytes, message: bytes, signature: bytes, context: bytes
    ) -> bool:
        """Say whether the signature is good; wrong lengths are not. Raises ProviderFault."""
        sizes = SIZES[profile]
        if len(public_key) != sizes.public_key or len(signature) != sizes.signature:
            return False
        if len(context) > 255:
            return False
        try:
            key = self._library.VerificationKey.from_bytes(public_key)
            answer: bool = key.verify(signature, message, context)
        except (ValueError, TypeError, RuntimeError) as error:
            raise _fault(profile, str(error)) from error
        return answer


class Signing:
    """Signs with fast-mldsa, deterministically."""

    __slots__ = ("_check", "_key", "profile", "public_key")

    def __init__(self, profile: Profile, seed: bytes, check: Verifier) -> None:
        self.profile = profile
        self._check = check
        try:
            public, self._key = getattr(_library(), _SETS[profile]).key_gen(seed)
        except (ValueError, TypeError, RuntimeError) as error:
            raise _fault(profile, str(error)) from None  # the cause's traceback holds the seed
        self.public_key: bytes = public.to_bytes()

    def __repr__(self) -> str:
        return f"Signing({self.profile.value}, deterministic, private key not shown)"

    def sign(self, message: bytes, context: bytes) -> bytes:
        """Return the signature once another library has verified it; raises ProviderFault."""
        try:
            signature: bytes = self._key.sign(message, context, deterministic=True)
        except (ValueError, TypeError, RuntimeError) as error:
            raise _fault(self.profile, str(error)) from error
        if not self._check.verify(self.profile, self.public_key, message, signature, context):
            raise _fault(self.profile, f"{self._check.name} rejects its signature")
        return signature


def _library() -> Any:
    """Return the library: imported when it is needed, since it is an extra."""
    return importlib.import_module("fast_mldsa.rust")


def _fault(profile: Profile, what: str) -> ProviderFault:
    return ProviderFault(
        f"fast-mldsa cannot do {profile.value}: {what}",
        place="provider fast-mldsa",
        way_out="sign with cryptography; run qfs doctor",
    )
