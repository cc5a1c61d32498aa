"""Signature providers: libraries that others wrote, behind the core's two ports.

- ``cryptography`` (OpenSSL inside) is the default: verifies, and signs hedged (FIPS 204 §3.4).
- ``pqcrypto`` is the independent second: verifies. Its two bugs are refused as faults of the
  provider, never answered with a verdict (``pqcrypto_.py``).
- ``fast-mldsa`` (extra ``deterministic``) signs reproducibly, and so does ``openssl``, where the
  machine's own is 3.5 or newer; each signature is verified with ``cryptography`` before it is let
  out.
- ``paranoid`` asks two; if they disagree that is a ProviderFault, or replicas would split.
- A library is imported when it is asked for: what needs no provider runs without any.
"""

from qfs.shell.providers.choice import (
    DEFAULT,
    PARANOID,
    SECOND,
    VERIFIERS,
    deterministic_signer,
    insisting,
    new_seed,
    signer,
    verifier,
)
from qfs.shell.providers.paranoid import Paranoid
from qfs.shell.providers.remembering import Remembering

__all__ = [
    "DEFAULT",
    "PARANOID",
    "SECOND",
    "VERIFIERS",
    "Paranoid",
    "Remembering",
    "deterministic_signer",
    "insisting",
    "new_seed",
    "signer",
    "verifier",
]
