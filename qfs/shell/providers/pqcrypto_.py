"""Provider ``pqcrypto``: an independent implementation, the second opinion. Verifies only.

- Bug 1 (1.0.0): it rejects contexts of 254 and 255 bytes, which FIPS 204 §5.2 allows. It fails
  Wycheproof ``mldsa_87_verify`` tcId 4 and NIST ACVP sigVer tgId 5 tcId 67 therefore.
- Bug 2 (1.0.0): it rejects messages of more than 1,048,576 bytes.
- Both are a ProviderFault here: the library cannot answer, and a wrong "no" would split replicas.
  QFS signs 32 bytes under contexts of at most 16, so no packet meets either.
- Before 1.0 its verify returned a bool and never raised; a caller that expects an exception would
  accept everything, so any answer but None is a ProviderFault.
- It signs only with expanded keys, hedged, and slowly: QFS never signs with it.
"""

import importlib
from typing import Any

from qfs.crypto import SIZES, Profile
from qfs.errors import ProviderFault

MAX_CONTEXT = 253
MAX_MESSAGE = 1_048_576  # 1 MiB

_MODULES: dict[Profile, Any] = {
    Profile.ML_DSA_44: importlib.import_module("pqcrypto.sign.ml_dsa_44"),
    Profile.ML_DSA_65: importlib.import_module("pqcrypto.sign.ml_dsa_65"),
    Profile.ML_DSA_87: importlib.import_module("pqcrypto.sign.ml_dsa_87"),
}
_INVALID: type[Exception] = importlib.import_module("pqcrypto").InvalidSignatureError


class Verifying:
    """Verifies with pqcrypto."""

    name = "pqcrypto"

    def verify(
        self, profile: Profile, public_key: bytes, message: bytes, signature: bytes, context: bytes
    ) -> bool:
        """Say whether the signature is good; wrong lengths are not.

        Raises ProviderFault for what the library is known to answer wrongly, and for its errors.
        """
        sizes = SIZES[profile]
        if len(public_key) != sizes.public_key or len(signature) != sizes.signature:
            return False
        if MAX_CONTEXT < len(context) <= 255:
            raise _fault(f"contexts of {len(context)} bytes (its limit is {MAX_CONTEXT})")
        if len(context) > 255:
            return False
        if len(message) > MAX_MESSAGE:
            raise _fault(f"messages of {len(message)} bytes (its limit is {MAX_MESSAGE})")
        try:
            answer = _MODULES[profile].verify(public_key, message, signature, context)
        except _INVALID:
            return False
        except (ValueError, TypeError, RuntimeError) as error:
            raise _fault(f"{profile.value}: {error}") from error
        if answer is not None:
            raise _fault(f"the interface of 1.0: verify returned {type(answer).__name__}")
        return True


def _fault(what: str) -> ProviderFault:
    return ProviderFault(
        f"pqcrypto cannot do {what}",
        place="provider pqcrypto",
        way_out="verify with cryptography alone, or install pqcrypto >= 1.0; run qfs doctor",
    )
