"""Which provider: by name, imported when it is asked for.

- A library that is missing or too old is a ProviderFault that names the remedy.
"""

import importlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
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
_MODULES = {
    DEFAULT: "pyca",
    SECOND: "pqcrypto_",
    "fast-mldsa": "fast_mldsa_",
    "openssl": "openssl_",
}
VERIFIERS = tuple(_MODULES)
"""Names that `verifier` knows, the default first."""
OPTIONAL = ("fast-mldsa", "openssl")
"""Those that QFS runs without."""
DETERMINISTIC = ("fast-mldsa", "openssl")
"""Those that sign deterministically, and the same bytes; the first that is there does."""


_INSISTED: ContextVar[bool] = ContextVar("two verifiers", default=False)


@contextmanager
def insisting() -> Iterator[None]:
    """Let every verifier that is made meanwhile be two that must agree."""
    token = _INSISTED.set(True)
    try:
        yield
    finally:
        _INSISTED.reset(token)


def verifier(name: str = DEFAULT, *, paranoid: bool = False) -> Verifier:
    """Return the named verifier; paranoid, or while `insisting`: it and another, which must agree.

    Raises UsageError for an unknown name, ProviderFault for a library that is not usable.
    """
    if name == PARANOID:
        name, paranoid = DEFAULT, True
    first = _verifier(name)
    if not paranoid and not _INSISTED.get():
        return first
    return Paranoid(first, _verifier(SECOND if name == DEFAULT else DEFAULT))


def signer(profile: Profile, seed: bytes) -> Signer:
    """Return a hedged signer over a key's 32-byte seed; raises ProviderFault."""
    made: Signer = _made(DEFAULT, "Signing", profile, seed)
    return made


def deterministic_signer(profile: Profile, seed: bytes, name: str = "") -> Signer:
    """Return a signer whose signatures are a function of seed, message and context.

    For fixtures and reproducible evidence. name: one of DETERMINISTIC; the first that is there.
    Raises ProviderFault without any.
    """
    if not name:
        name = DETERMINISTIC[0] if find_spec("fast_mldsa") is not None else DETERMINISTIC[1]
    made: Signer = _made(name, "Signing", profile, seed, _verifier(DEFAULT))
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
