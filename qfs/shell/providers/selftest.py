"""Known answers and cross-verification of the providers on this machine.

- Known answers are deterministic signatures of a fixed key (``known_answers.json``): byte-identical
  in OpenSSL, Go, fast-mldsa and dilithium-py, so any of them can make the file again.
- A verifier must accept the answer and reject it with one bit flipped in the signature, the
  message, the context or the key. One that cannot answer has failed.
- Every signer's fresh signature must satisfy every verifier.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import resources

from qfs.crypto import Profile, Signer, Verifier
from qfs.errors import ProviderFault
from qfs.shell.providers.choice import (
    DETERMINISTIC,
    OPTIONAL,
    VERIFIERS,
    deterministic_signer,
    signer,
    verifier,
)


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """One key's deterministic signature."""

    seed: bytes
    public_key: bytes
    message: bytes
    context: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried."""

    provider: str
    profile: Profile
    what: str
    """``imports``, ``known answers``, ``signs``, ``verifies what <provider> signs``."""
    detail: str = ""
    """What went wrong; empty when it passed."""
    needed: bool = True
    """False for an optional library that is not installed: then nothing was tried."""


def known_answer(profile: Profile) -> KnownAnswer:
    """Return a profile's known answer."""
    text = resources.files(__package__).joinpath("known_answers.json").read_text("ascii")
    record: dict[str, str] = json.loads(text)[profile.value]
    return KnownAnswer(**{name: bytes.fromhex(value) for name, value in record.items()})


def check_all() -> tuple[Check, ...]:
    """Try every provider on this machine, in the order of their names in `VERIFIERS`."""
    checks: list[Check] = []
    verifiers: list[Verifier] = []
    for name in VERIFIERS:
        try:
            verifiers.append(verifier(name))
        except ProviderFault as fault:
            needed = name not in OPTIONAL
            checks += [Check(name, profile, "imports", fault.what, needed) for profile in Profile]
    for each in verifiers:
        checks += [check_known_answer(each, profile) for profile in Profile]
    present = [each.name for each in verifiers]
    makers: list[tuple[str, Callable[[Profile, bytes], Signer]]] = [("cryptography", signer)]
    makers += [(name, partial(deterministic_signer, name=name)) for name in DETERMINISTIC]
    for signing, make in makers:
        for profile in Profile if signing in present else ():
            checks += _check_signer(signing, make, profile, verifiers)
    return tuple(checks)


def check_known_answer(each: Verifier, profile: Profile) -> Check:
    """Check one verifier against one profile's known answer and its four forgeries."""
    answer = known_answer(profile)
    good = (answer.public_key, answer.message, answer.signature, answer.context)
    forgeries = [
        tuple([_flipped(part) if place == at else part for place, part in enumerate(good)])
        for at in range(4)
    ]
    detail = ""
    try:
        if not each.verify(profile, *good):
            detail = "rejects the known answer"
        for part, forged in zip(("key", "message", "signature", "context"), forgeries, strict=True):
            if each.verify(profile, *forged):
                detail = f"accepts it with another {part}"
    except ProviderFault as fault:
        detail = fault.what
    return Check(each.name, profile, "known answers", detail)


def _check_signer(
    name: str,
    make: Callable[[Profile, bytes], Signer],
    profile: Profile,
    verifiers: list[Verifier],
) -> list[Check]:
    answer = known_answer(profile)
    try:
        signing = make(profile, answer.seed)
        signature = signing.sign(answer.message, answer.context)
    except ProviderFault as fault:
        return [Check(name, profile, "signs", fault.what)]
    same_key = signing.public_key == answer.public_key
    detail = "" if same_key else "makes another public key from the seed"
    checks = [Check(name, profile, "signs", detail)]
    for each in verifiers:
        try:
            good = each.verify(
                profile, answer.public_key, answer.message, signature, answer.context
            )
            detail = "" if good else "rejects it"
        except ProviderFault as fault:
            detail = fault.what
        checks.append(Check(each.name, profile, f"verifies what {name} signs", detail))
    return checks


def _flipped(part: bytes) -> bytes:
    return part[:-1] + bytes((part[-1] ^ 1,))
