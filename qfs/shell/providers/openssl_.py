"""Provider ``openssl``: the machine's own libcrypto, if it is OpenSSL 3.5 or newer. Optional.

- A third implementation of verification, and a deterministic signer whose bytes are fast-mldsa's.
- The library is the one that ``QFS_LIBCRYPTO`` names, or the system's; an older one, or none, is a
  ProviderFault that says which was found. Debian 13 and Ubuntu 25.10 have 3.5.
- It is called through its C interface, so each call gives up the interpreter's lock.
- A deterministic signature is verified with another library before anybody sees it.
- Sources: OpenSSL 3.5 EVP_SIGNATURE-ML-DSA(7), EVP_PKEY-ML-DSA(7), EVP_PKEY_verify(3).
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from qfs.crypto import SIZES, Profile, Verifier
from qfs.errors import ProviderFault

VARIABLE = "QFS_LIBCRYPTO"
NAMES = ("libcrypto.so.4", "libcrypto.so.3", "libcrypto.4.dylib", "libcrypto.3.dylib")
OLDEST = 0x3050_0000  # 3.5.0: the first with ML-DSA (OpenSSL_version_num)
MAX_CONTEXT = 255
SEED_BYTES = 32
_KEYPAIR = 0x87  # EVP_PKEY_KEYPAIR, openssl/evp.h
_INTEGER, _OCTETS = 1, 5  # OSSL_PARAM_INTEGER, OSSL_PARAM_OCTET_STRING, openssl/core.h

_P, _S, _N = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
_FUNCTIONS: dict[str, tuple[object, list[object]]] = {
    "OpenSSL_version": (_S, [ctypes.c_int]),
    "OpenSSL_version_num": (ctypes.c_ulong, []),
    "ERR_clear_error": (None, []),
    "EVP_PKEY_new_raw_public_key_ex": (_P, [_P, _S, _S, _S, _N]),
    "EVP_PKEY_get_raw_public_key": (ctypes.c_int, [_P, _S, ctypes.POINTER(_N)]),
    "EVP_PKEY_CTX_new_from_name": (_P, [_P, _S, _S]),
    "EVP_PKEY_CTX_new_from_pkey": (_P, [_P, _P, _S]),
    "EVP_PKEY_fromdata_init": (ctypes.c_int, [_P]),
    "EVP_PKEY_fromdata": (ctypes.c_int, [_P, ctypes.POINTER(_P), ctypes.c_int, _P]),
    "EVP_SIGNATURE_fetch": (_P, [_P, _S, _S]),
    "EVP_PKEY_verify_message_init": (ctypes.c_int, [_P, _P, _P]),
    "EVP_PKEY_verify": (ctypes.c_int, [_P, _S, _N, _S, _N]),
    "EVP_PKEY_sign_message_init": (ctypes.c_int, [_P, _P, _P]),
    "EVP_PKEY_sign": (ctypes.c_int, [_P, _S, ctypes.POINTER(_N), _S, _N]),
    "EVP_SIGNATURE_free": (None, [_P]),
    "EVP_PKEY_CTX_free": (None, [_P]),
    "EVP_PKEY_free": (None, [_P]),
}
"""Result and argument types of what is called."""


class _Parameter(ctypes.Structure):
    """OSSL_PARAM, openssl/core.h."""

    _fields_ = (
        ("key", _S),
        ("data_type", ctypes.c_uint),
        ("data", _P),
        ("data_size", _N),
        ("return_size", _N),
    )


class Verifying:
    """Verifies with the machine's OpenSSL."""

    name = "openssl"

    def __init__(self) -> None:
        self._library = library()

    def verify(
        self, profile: Profile, public_key: bytes, message: bytes, signature: bytes, context: bytes
    ) -> bool:
        """Say whether the signature is good; wrong lengths are not. Raises ProviderFault."""
        sizes = SIZES[profile]
        if len(public_key) != sizes.public_key or len(signature) != sizes.signature:
            return False
        if len(context) > MAX_CONTEXT:
            return False
        crypto = self._library
        key = crypto.EVP_PKEY_new_raw_public_key_ex(
            None, profile.value.encode(), None, public_key, len(public_key)
        )
        with _ready(crypto, profile, key) as (ready, algorithm):
            parameters = _parameters({"context-string": context})
            if crypto.EVP_PKEY_verify_message_init(ready, algorithm, parameters) != 1:
                raise _fault(profile, "EVP_PKEY_verify_message_init")
            answer = crypto.EVP_PKEY_verify(ready, signature, len(signature), message, len(message))
        if answer not in (0, 1):
            raise _fault(profile, f"EVP_PKEY_verify, which says {answer}")
        return bool(answer == 1)


class Signing:
    """Signs with the machine's OpenSSL, deterministically."""

    __slots__ = ("_check", "_library", "_seed", "profile", "public_key")

    def __init__(self, profile: Profile, seed: bytes, check: Verifier) -> None:
        self.profile = profile
        self._check = check
        self._seed = seed
        self._library = library()
        self.public_key = self._public()

    def __repr__(self) -> str:
        return f"Signing({self.profile.value}, deterministic, private key not shown)"

    def sign(self, message: bytes, context: bytes) -> bytes:
        """Return the signature once another library has verified it; raises ProviderFault."""
        crypto, size = self._library, SIZES[self.profile].signature
        buffer, written = ctypes.create_string_buffer(size), _N(size)
        with _ready(crypto, self.profile, self._key()) as (ready, algorithm):
            parameters = _parameters({"context-string": context, "deterministic": 1})
            if crypto.EVP_PKEY_sign_message_init(ready, algorithm, parameters) != 1:
                raise _fault(self.profile, "EVP_PKEY_sign_message_init")
            asked = (ready, buffer, ctypes.byref(written), message, len(message))
            if crypto.EVP_PKEY_sign(*asked) != 1:
                raise _fault(self.profile, "EVP_PKEY_sign")
        signature = buffer.raw[: written.value]
        if not self._check.verify(self.profile, self.public_key, message, signature, context):
            raise _fault(self.profile, f"a signature that {self._check.name} accepts")
        return signature

    def _key(self) -> int | None:
        """Return a new EVP_PKEY over the seed."""
        crypto, made = self._library, _P()
        maker = crypto.EVP_PKEY_CTX_new_from_name(None, self.profile.value.encode(), None)
        try:
            if len(self._seed) == SEED_BYTES and crypto.EVP_PKEY_fromdata_init(maker) == 1:
                seed = _parameters({"seed": self._seed})
                crypto.EVP_PKEY_fromdata(maker, ctypes.byref(made), _KEYPAIR, seed)
        finally:
            crypto.EVP_PKEY_CTX_free(maker)
        return made.value

    def _public(self) -> bytes:
        crypto, key = self._library, self._key()
        if not key:
            raise _fault(self.profile, "a key from this seed")
        size = _N(SIZES[self.profile].public_key)
        buffer = ctypes.create_string_buffer(size.value)
        try:
            if crypto.EVP_PKEY_get_raw_public_key(key, buffer, ctypes.byref(size)) != 1:
                raise _fault(self.profile, "EVP_PKEY_get_raw_public_key")
        finally:
            crypto.EVP_PKEY_free(key)
        return buffer.raw[: size.value]


@cache
def library() -> ctypes.CDLL:
    """Return libcrypto, its functions' types declared; raises ProviderFault for one too old."""
    loaded = _load()
    for name in ("OpenSSL_version", "OpenSSL_version_num"):
        _declare(loaded, name)
    if loaded.OpenSSL_version_num() < OLDEST:
        raise ProviderFault(
            f"{version_of(loaded)} has no ML-DSA",
            place="provider openssl",
            way_out=f"install OpenSSL >= 3.5, or name its libcrypto in {VARIABLE}",
        )
    for name in _FUNCTIONS:
        _declare(loaded, name)
    return loaded


def found() -> str:
    """Return the version of the libcrypto that is there, as ``3.5.8``; empty without one."""
    try:
        loaded = _load()
        _declare(loaded, "OpenSSL_version")
    except ProviderFault:
        return ""
    return version_of(loaded).removeprefix("OpenSSL ")


def version_of(loaded: ctypes.CDLL) -> str:
    """Return what the library calls itself, as ``OpenSSL 3.5.8``."""
    text: bytes = loaded.OpenSSL_version(0)
    return " ".join(text.decode("ascii", "replace").split()[:2])


def _load() -> ctypes.CDLL:
    named = os.environ.get(VARIABLE)
    for name in (named,) if named else NAMES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise ProviderFault(
        f"no libcrypto is called {named or ' or '.join(NAMES)}",
        place="provider openssl",
        way_out=f"install OpenSSL >= 3.5, or name its libcrypto in {VARIABLE}",
    )


def _declare(loaded: ctypes.CDLL, name: str) -> None:
    try:
        function = getattr(loaded, name)
    except AttributeError:
        raise ProviderFault(
            f"libcrypto has no {name}", place="provider openssl", way_out="install OpenSSL >= 3.5"
        ) from None
    function.restype, function.argtypes = _FUNCTIONS[name]


@contextmanager
def _ready(
    crypto: ctypes.CDLL, profile: Profile, key: int | None
) -> Iterator[tuple[int | None, int | None]]:
    """Yield a context over a key, which is freed with it, and the algorithm."""
    context = crypto.EVP_PKEY_CTX_new_from_pkey(None, key, None) if key else None
    algorithm = crypto.EVP_SIGNATURE_fetch(None, profile.value.encode(), None)
    try:
        if not context or not algorithm:
            raise _fault(profile, "a key and its algorithm")
        yield context, algorithm
    finally:
        crypto.EVP_SIGNATURE_free(algorithm)
        crypto.EVP_PKEY_CTX_free(context)
        crypto.EVP_PKEY_free(key)
        crypto.ERR_clear_error()


def _parameters(values: dict[str, bytes | int]) -> "ctypes.Array[_Parameter]":
    """Return an OSSL_PARAM array; what it points to lives as long as it does."""
    made = (_Parameter * (len(values) + 1))()
    kept: list[object] = []
    for at, (name, value) in enumerate(values.items()):
        if isinstance(value, bytes):
            held = ctypes.create_string_buffer(value, max(len(value), 1))
            made[at] = _Parameter(name.encode(), _OCTETS, ctypes.addressof(held), len(value), 0)
            kept.append(held)
        else:
            number = ctypes.c_int(value)
            size = ctypes.sizeof(number)
            made[at] = _Parameter(name.encode(), _INTEGER, ctypes.addressof(number), size, 0)
            kept.append(number)
    made.kept = kept  # type: ignore[attr-defined]  # keeps the buffers alive
    return made


def _fault(profile: Profile, what: str) -> ProviderFault:
    return ProviderFault(
        f"OpenSSL cannot do {profile.value}: {what}",
        place="provider openssl",
        way_out="verify with cryptography; run qfs doctor",
    )
