"""NIST ACVP, Wycheproof and KAT vectors against every provider: passed, not applicable, failed.

- The numbers are exact: a vector more or less, or an answer that changes, fails here.
- Not applicable is what a provider refuses to answer (ProviderFault) or an interface that QFS does
  not use: HashML-DSA, the internal interface, external mu, hedged sigGen, given chance.
"""

from collections import Counter
from collections.abc import Iterable

import fast_mldsa
import pytest

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


VERIFY = {
    # provider: ACVP sigVer (3 sets), then Wycheproof verify for 87, 65, 44
    "cryptography": [(45, 135, 0), (241, 0, 0), (210, 0, 0), (180, 0, 0)],
    "fast-mldsa": [(45, 135, 0), (241, 0, 0), (210, 0, 0), (180, 0, 0)],
    # Its bug with contexts above 253 bytes is refused as a fault, so nothing is answered wrongly.
    "pqcrypto": [(42, 138, 0), (240, 1, 0), (209, 1, 0), (179, 1, 0)],
}


@pytest.mark.parametrize("name", VERIFY)
def test_a_verifier_answers_the_vectors(name: str) -> None:
    verifier = providers.verifier(name)
    counts = [
        tally([check_verify(verifier, case) for case in vectors.acvp_verify()]),
        *[
            tally([check_verify(verifier, case) for case in vectors.wycheproof_verify(profile)])
            for profile in Profile
        ],
    ]
    assert counts == VERIFY[name]


def test_every_key_that_nist_generated_is_the_one_that_we_make() -> None:
    cases = list(vectors.acvp_keygen())
    assert len(cases) == 75
    for profile, seed, public_key in cases:
        assert providers.signer(profile, seed).public_key == public_key
        assert providers.deterministic_signer(profile, seed).public_key == public_key


@pytest.mark.parametrize("profile", Profile)
def test_the_known_answers_of_the_reference_implementation(profile: Profile) -> None:
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


SIGN = {
    # Wycheproof sign_seed: byte-identical signatures, or the failure that it asks for.
    Profile.ML_DSA_87: (78, 18, 0),
    Profile.ML_DSA_65: (87, 18, 0),
    Profile.ML_DSA_44: (77, 9, 0),
}


@pytest.mark.parametrize("profile", Profile)
def test_deterministic_signatures_are_those_of_wycheproof(profile: Profile) -> None:
    def outcome(case: vectors.SignCase | None) -> str:
        if case is None:
            return "n/a"
        try:
            signer = providers.deterministic_signer(profile, case.seed)
            signature = signer.sign(case.message, case.context)
        except ProviderFault:
            return "passed" if case.signature is None else "failed"
        return "passed" if signature == case.signature else "failed"

    assert tally(outcome(case) for case in vectors.wycheproof_sign(profile)) == SIGN[profile]


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


def test_deterministic_signatures_are_those_of_nist() -> None:
    # ACVP gives the expanded key, which the port does not take: the library is asked directly.
    def outcome(case: tuple[Profile, bytes, bytes, bytes, bytes] | None) -> str:
        if case is None:
            return "n/a"
        _, key, message, context, expected = case
        made = fast_mldsa.SigningKey.from_bytes(key).sign(message, context, deterministic=True)
        return "passed" if made == expected else "failed"

    assert tally(outcome(case) for case in vectors.acvp_sign()) == (45, 315, 0)


def test_the_vectors_say_no_as_often_as_they_should() -> None:
    # A provider that accepts everything would pass the valid half alone.
    good = Counter(case.good for case in vectors.wycheproof_verify(Profile.ML_DSA_87))
    assert good == {True: 71, False: 170}
