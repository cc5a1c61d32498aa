"""The two ports behind which every signature provider stands.

- The core never imports a provider; ``qfs.shell.providers`` holds the real ones.
- A profile is fixed by the key's record in state, never by the packet.
- ``verify`` answers True or False about the signature alone. A provider that cannot answer raises
  ProviderFault: never a verdict, or replicas would split.
- Source: FIPS 204 §4 (sizes), §5.2 (contexts).
"""

from dataclasses import dataclass
from enum import Enum
from typing import NewType, Protocol

KeyId = NewType("KeyId", bytes)
"""32 bytes: SHA-256 of the key's SubjectPublicKeyInfo in DER."""

KEY_ID_BYTES = 32
NOBODY = KeyId(bytes(KEY_ID_BYTES))
"""The actor of genesis, before any key is known."""


class Profile(Enum):
    """A signature algorithm that a key record may fix; the value is its name on the wire."""

    ML_DSA_87 = "ML-DSA-87"
    ML_DSA_65 = "ML-DSA-65"
    ML_DSA_44 = "ML-DSA-44"


@dataclass(frozen=True, slots=True)
class ProfileSizes:
    """What FIPS 204 table 2 fixes."""

    public_key: int
    """Bytes of the raw public key."""
    signature: int
    """Bytes of a signature."""


SIZES = {
    Profile.ML_DSA_87: ProfileSizes(2592, 4627),
    Profile.ML_DSA_65: ProfileSizes(1952, 3309),
    Profile.ML_DSA_44: ProfileSizes(1312, 2420),
}


class Verifier(Protocol):
    """Checks signatures; stateless, so that several may run in parallel."""

    name: str

    def verify(
        self, profile: Profile, public_key: bytes, message: bytes, signature: bytes, context: bytes
    ) -> bool:
        """Say whether the signature is the key's over the message under the context.

        public_key is raw (SIZES); context is 0..255 bytes. Raises ProviderFault.
        """
        ...


class Signer(Protocol):
    """Signs with one private key, which it never shows."""

    profile: Profile
    public_key: bytes
    """Raw (SIZES)."""

    def sign(self, message: bytes, context: bytes) -> bytes:
        """Return a signature over the message under the context; raises ProviderFault."""
        ...
