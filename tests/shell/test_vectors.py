"""NIST ACVP, Wycheproof and KAT vectors against every provider: passed, not applicable, failed.

- The numbers are exact: a vector more or less, or an answer that changes, fails here.
- Not applicable is what a provider refuses to answer (ProviderFault) or an interface that QFS does
  not use: HashML-DSA, the internal interface, external mu, hedged sigGen, given chance.
"""

import importlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import fast_mldsa
import pytest
from cryptography.hazmat.primitives.asymmetric import mlkem

from qfs.crypto import Profile, Verifier
from qfs.errors import ProviderFault
from qfs.shell import providers
from tests.shell import vectors

Counts = tuple[int, int, int]
"""(passed, not applicable, failed)."""


def tally(outcomes: Iterable[str]) -> Counts:
    counted = Counter(outcomes)
    assert set(counted) <= {"passed", "n/a", "failed"}
    return counted["passed"], counted["n/a"], counted["failed"]


def check_verify(verifier: Verifier, case: vectors.VerifyCase | None) -> str:
    if case is None:
        return "n/a"
    try:
        answer = verifier.verify(
            case.profile, case.public_key, case.message, case.signature, case.context
        )
    except ProviderFault:
        return "n/a"
    return "passed" if answer is case.good else "failed"


COUNTS = json.loads(Path(__file__).with_name("vector_counts.json").read_text())
"""Provider -> suite -> [passed, not applicable, failed]; `audit/` repeats them."""
REASONS = json.loads(Path(__file__).with_name("vector_reasons.json").read_text())
"""Suite -> why some of it does not apply; `audit/` repeats them."""
VERIFY = ("cryptography", "fast-mldsa", "openssl", "pqcrypto")
Show = Callable[[str, object], None]


def compare(provider: str, suite: str, counts: Counts, record_property: Show) -> None:
    """Compare with what is committed, and let `make test` print it."""
    passed, other, failed = counts
    why = f" ({REASONS[provider][suite]})" if other else ""
    line = f"{provider}: {suite}: {passed} passed, {other} not applicable{why}, {failed} failed"
    record_property("shown", line)
    assert list(counts) == COUNTS[provider][suite]
    assert failed == 0


@pytest.mark.parametrize("name", VERIFY)
def test_a_verifier_answers_the_vectors(name: str, record_property: Show) -> None:
    # What pqcrypto's bug would answer wrongly is refused as a fault: not applicable.
    verifier = providers.verifier(name)
    suites = {
        "ACVP ML-DSA sigVer": list(vectors.acvp_verify()),
        **{
            f"Wycheproof {profile.value} verify": list(vectors.wycheproof_verify(profile))
            for profile in Profile
        },
    }
    for suite, cases in suites.items():
        counts = tally([check_verify(verifier, case) for case in cases])
        compare(name, suite, counts, record_property)


def test_every_key_that_nist_generated_is_the_one_that_we_make(record_property: Show) -> None:
    cases = list(vectors.acvp_keygen())
    assert len(cases) == 75
    for profile, seed, public_key in cases:
        assert providers.signer(profile, seed).public_key == public_key
        assert providers.deterministic_signer(profile, seed).public_key == public_key
        assert providers.deterministic_signer(profile, seed, "openssl").public_key == public_key
    for provider in ("cryptography", "fast-mldsa", "openssl"):
        compare(provider, "ACVP ML-DSA keyGen", (len(cases), 0, 0), record_property)


@pytest.mark.parametrize("profile", Profile)
def test_the_known_answers_of_the_reference_implementation(
    profile: Profile, record_property: Show
) -> None:
    verifiers = [providers.verifier(name) for name in VERIFY]
    cases = list(vectors.kat(profile))
    assert len(cases) == 100
    for case in cases:
        assert case.signature is not None
        assert case.public_key is not None
        signer = providers.deterministic_signer(profile, case.seed)
        assert (
            signer.public_key == case.public_key == providers.signer(profile, case.seed).public_key
        )
        assert signer.sign(case.message, case.context) == case.signature
        for verifier in verifiers:
            assert verifier.verify(
                profile, case.public_key, case.message, case.signature, case.context
            )
    for provider in VERIFY:
        counts = (len(cases), 0, 0)
        compare(provider, f"KAT {profile.value}", counts, record_property)


@pytest.mark.parametrize("profile", Profile)
def test_deterministic_signatures_are_those_of_wycheproof(
    profile: Profile, record_property: Show
) -> None:
    def outcome(name: str, case: vectors.SignCase | None) -> str:
        if case is None:
            return "n/a"
        try:
            signer = providers.deterministic_signer(profile, case.seed, name)
            signature = signer.sign(case.message, case.context)
        except ProviderFault:
            return "passed" if case.signature is None else "failed"
        return "passed" if signature == case.signature else "failed"

    for name in ("fast-mldsa", "openssl"):
        counts = tally(outcome(name, case) for case in vectors.wycheproof_sign(profile))
        compare(name, f"Wycheproof {profile.value} sign_seed", counts, record_property)


def test_hedged_signatures_over_wycheproofs_messages_verify() -> None:
    check = providers.verifier("pqcrypto")
    signed = 0
    for case in vectors.wycheproof_sign(Profile.ML_DSA_87):
        if case is None or case.signature is None or len(case.context) > 253:
            continue
        signer = providers.signer(case.profile, case.seed)
        signature = signer.sign(case.message, case.context)
        assert check.verify(case.profile, signer.public_key, case.message, signature, case.context)
        signed += 1
    assert signed >= 70


def test_deterministic_signatures_are_those_of_nist(record_property: Show) -> None:
    # ACVP gives the expanded key, which the port does not take: the library is asked directly.
    def outcome(case: tuple[Profile, bytes, bytes, bytes, bytes] | None) -> str:
        if case is None:
            return "n/a"
        _, key, message, context, expected = case
        made = fast_mldsa.SigningKey.from_bytes(key).sign(message, context, deterministic=True)
        return "passed" if made == expected else "failed"

    counts = tally(outcome(case) for case in vectors.acvp_sign())
    compare("fast-mldsa", "ACVP ML-DSA sigGen", counts, record_property)


def test_mlkem_1024_is_the_one_of_nist_and_wycheproof(record_property: Show) -> None:
    outcomes = [
        "passed" if mlkem_key(seed) == public else "failed" for seed, public in vectors.mlkem_keys()
    ]
    compare("cryptography", "ACVP ML-KEM-1024 keyGen", tally(outcomes), record_property)
    outcomes = [
        "passed" if mlkem_secret(seed, sealed) == secret else "failed"
        for seed, sealed, secret in vectors.mlkem_secrets()
    ]
    suite = "Wycheproof ML-KEM-1024 decapsulation"
    compare("cryptography", suite, tally(outcomes), record_property)


def test_mlkem_1024_keys_of_other_forms(record_property: Show) -> None:
    # cryptography takes seeds and public keys; pqcrypto, as the second opinion, expanded keys.
    asks = {"cryptography": encapsulates, "pqcrypto": decapsulates}
    for provider, ask in asks.items():
        found: dict[str, list[str]] = {}
        for case in vectors.mlkem_cases():
            found.setdefault(case.suite, []).append(ask(case))
        for suite, outcomes in found.items():
            compare(provider, suite, tally(outcomes), record_property)


def encapsulates(case: vectors.KemCase) -> str:
    if case.encapsulation_key is None:
        return "n/a"
    try:
        mlkem.MLKEM1024PublicKey.from_public_bytes(case.encapsulation_key).encapsulate()
    except ValueError:
        return "failed" if case.good else "passed"
    if not case.good:
        return "failed"
    return "passed" if case.ciphertext is None else "n/a"


def decapsulates(case: vectors.KemCase) -> str:
    if case.decapsulation_key is None:
        return "n/a"
    library = importlib.import_module("pqcrypto.kem.ml_kem_1024")
    try:
        secret = library.decaps(case.decapsulation_key, case.ciphertext or bytes(1568))
    except ValueError:
        return "failed" if case.good else "passed"
    if not case.good:
        return "failed"
    return "passed" if case.secret in (None, secret) else "failed"


def test_every_reason_is_one_for_a_suite_with_something_that_does_not_apply() -> None:
    given = {(name, suite) for name, suites in REASONS.items() for suite in suites}
    needed = {
        (name, suite) for name, suites in COUNTS.items() for suite, one in suites.items() if one[1]
    }
    assert given == needed


def mlkem_key(seed: bytes) -> bytes:
    return mlkem.MLKEM1024PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()


def mlkem_secret(seed: bytes, sealed: bytes) -> bytes | None:
    try:
        return mlkem.MLKEM1024PrivateKey.from_seed_bytes(seed).decapsulate(sealed)
    except ValueError:
        return None


def test_the_vectors_say_no_as_often_as_they_should() -> None:
    # A provider that accepts everything would pass the valid half alone.
    good = Counter(case.good for case in vectors.wycheproof_verify(Profile.ML_DSA_87))
    assert good == {True: 71, False: 170}
