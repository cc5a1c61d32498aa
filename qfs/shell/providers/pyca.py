"""Provider ``cryptography`` (pyca): OpenSSL's ML-DSA in the wheel. The default.

- Signs hedged only, by its maintainers' decision: a signature differs each time, and identities
  do not, since they cover bodies alone.
- A private key goes in as its seed and never comes out: no repr, no attribute, no error shows it.
- Source: FIPS 204 §5.2 and §5.3 (context of at most 255 bytes).
"""

from functools import lru_cache
from typing import TypeAlias

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import mldsa

from qfs.crypto import SIZES, Profile
from qfs.errors import ProviderFault

MAX_CONTEXT = 255

PublicKey: TypeAlias = mldsa.MLDSA44PublicKey | mldsa.MLDSA65PublicKey | mldsa.MLDSA87PublicKey
PrivateKey: TypeAlias = mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey

PUBLIC: dict[Profile, type[PublicKey]] = {
    Profile.ML_DSA_44: mldsa.MLDSA44PublicKey,
    Profile.ML_DSA_65: mldsa.MLDSA65PublicKey,
    Profile.ML_DSA_87: mldsa.MLDSA87PublicKey,
}
PRIVATE: dict[Profile, type[PrivateKey]] = {
    Profile.ML_DSA_44: mldsa.MLDSA44PrivateKey,
    Profile.ML_DSA_65: mldsa.MLDSA65PrivateKey,
    Profile.ML_DSA_87: mldsa.MLDSA87PrivateKey,
}


class Verifying:
    """Verifies with cryptography."""

    name = "cryptography"

    def verify(
        self, profile: Profile, public_key: bytes, message: bytes, signature: bytes, context: bytes
    ) -> bool:
        """Say whether the signature is good; wrong lengths are not. Raises ProviderFault."""
        sizes = SIZES[profile]
        if len(public_key) != sizes.public_key or len(signature) != sizes.signature:
            return False
        if len(context) > MAX_CONTEXT:
            return False
        try:
            _parsed(profile, public_key).verify(signature, message, context)
        except InvalidSignature:
            return False
        except (UnsupportedAlgorithm, InternalError, ValueError, TypeError) as error:
            raise fault(profile, error) from error
        return True


class Signing:
    """Signs with cryptography, hedged."""

    __slots__ = ("_key", "profile", "public_key")

    def __init__(self, profile: Profile, seed: bytes) -> None:
        self.profile = profile
        self._key = private_key(profile, seed)
        self.public_key: bytes = self._key.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"Signing({self.profile.value}, private key not shown)"

    def sign(self, message: bytes, context: bytes) -> bytes:
        """Return a signature; raises ProviderFault."""
        try:
            return self._key.sign(message, context)
        except (UnsupportedAlgorithm, InternalError, ValueError, TypeError) as error:
            raise fault(self.profile, error) from error


@lru_cache(maxsize=1024)
def _parsed(profile: Profile, public_key: bytes) -> PublicKey:
    """Return the library's own key object; parsing costs a twentieth of a verification."""
    return PUBLIC[profile].from_public_bytes(public_key)


def private_key(profile: Profile, seed: bytes) -> PrivateKey:
    """Return the library's own key object over a 32-byte seed; raises ProviderFault."""
    try:
        return PRIVATE[profile].from_seed_bytes(seed)
    except (UnsupportedAlgorithm, InternalError, ValueError, TypeError) as error:
        raise fault(profile, error) from None  # the cause's traceback would hold the seed


def fault(profile: Profile, error: Exception) -> ProviderFault:
    """Return the fault that a library's error is."""
    return ProviderFault(
        f"cryptography cannot do {profile.value}: {error}",
        place="provider cryptography",
        way_out="install cryptography >= 48 with its own OpenSSL; run qfs doctor",
    )
