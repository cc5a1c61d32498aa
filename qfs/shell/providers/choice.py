"""Which provider: by name, imported when it is asked for.

- A library that is missing or too old is a ProviderFault that names the remedy.
"""

import importlib
import secrets
from typing import Any

from qfs.crypto import Profile, Signer, Verifier
from qfs.errors import ProviderFault, UsageError
from qfs.shell.providers.paranoid import Paranoid

DEFAULT = "cryptography"
SECOND = "pqcrypto"
PARANOID = "paranoid"
"""A name too: the default and the second, which must agree."""
SEED_BYTES = 32
_ROOM = "qfs.shell.providers"
_MODULES = {DEFAULT: "pyca", SECOND: "pqcrypto_", "fast-mldsa": "fast_mldsa_"}
VERIFIERS = tuple(_MODULES)
"""Names that `verifier` knows, the default first."""
OPTIONAL = ("fast-mldsa",)
"""Those that QFS runs without."""


def verifier(name: str = DEFAULT, *, paranoid: bool = False) -> Verifier:
    """Return the named verifier; paranoid: it and another one, which must agree.

    Raises UsageError for an unknown name, ProviderFault for a library that is not usable.
    """
    if name == PARANOID:
        name, paranoid = DEFAULT, True
    first = _verifier(name)
    return Paranoid(first, _verifier(SECOND if name == DEFAULT else DEFAULT)) if paranoid else first


def signer(profile: Profile, seed: bytes) -> Signer:
    """Return a hedged signer over a key's 32-byte seed; raises ProviderFault."""
    made: Signer = _made(DEFAULT, "Signing", profile, seed)
    return made


def deterministic_signer(profile: Profile, seed: bytes) -> Signer:
    """Return a signer whose signatures are a function of seed, message and context.

    For fixtures and reproducible evidence. Raises ProviderFault without the extra.
    """
    made: Signer = _made("fast-mldsa", "Signing", profile, seed, _verifier(DEFAULT))
    return made


def new_seed() -> bytes:
    """Return 32 bytes from the operating system, the seed of a new key (FIPS 204 §3.6.1)."""
    return secrets.token_bytes(SEED_BYTES)


def _verifier(name: str) -> Verifier:
    if name not in _MODULES:
        choices = ", ".join([*VERIFIERS, PARANOID])
        raise UsageError(f"no provider is called {name!r}", way_out=f"choose one of {choices}")
    made: Verifier = _made(name, "Verifying")
    return made


def _made(name: str, what: str, *arguments: object) -> Any:
    """Import the provider and make one of its two things."""
    try:
        return getattr(importlib.import_module(f"{_ROOM}.{_MODULES[name]}"), what)(*arguments)
    except ImportError as error:
        raise ProviderFault(
            f"the library {name} cannot be imported: {error}",
            place="providers",
            way_out=f"install {name}, or choose another provider; qfs doctor shows what works",
        ) from error
