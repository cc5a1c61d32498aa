"""Providers: two libraries that agree, faults that are no verdicts, secrets that are not shown."""

import importlib
import pickle
import sys
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfs.crypto import SIZES, Profile, Verifier
from qfs.errors import ProviderFault, UsageError
from qfs.shell import providers
from qfs.shell.keystore import PrivateKey
from qfs.shell.providers import Paranoid, pqcrypto_, selftest
from qfs.shell.providers.choice import VERIFIERS

SEED = b"a secret seed of 32 bytes length"
MESSAGE, CONTEXT = b"m" * 32, b"QFS/DRV/v1"


def verifiers() -> list[Verifier]:
    return [providers.verifier(name) for name in VERIFIERS]


@pytest.mark.parametrize("profile", Profile)
def test_every_verifier_accepts_what_every_signer_signs(profile: Profile) -> None:
    for make in (providers.signer, providers.deterministic_signer):
        signer = make(profile, SEED)
        signature = signer.sign(MESSAGE, CONTEXT)
        assert len(signature) == SIZES[profile].signature
        assert len(signer.public_key) == SIZES[profile].public_key
        for verifier in verifiers():
            assert verifier.verify(profile, signer.public_key, MESSAGE, signature, CONTEXT) is True


@given(data=st.data(), profile=st.sampled_from(Profile))
@settings(max_examples=30)
def test_every_verifier_rejects_one_flipped_bit(data: st.DataObject, profile: Profile) -> None:
    signer = providers.deterministic_signer(profile, SEED)
    good = [signer.public_key, MESSAGE, signer.sign(MESSAGE, CONTEXT), CONTEXT]
    part = data.draw(st.integers(0, 3))
    bit = data.draw(st.integers(0, len(good[part]) * 8 - 1))
    changed = bytearray(good[part])
    changed[bit // 8] ^= 1 << bit % 8
    good[part] = bytes(changed)
    public, message, signature, context = good
    for verifier in verifiers():
        assert verifier.verify(profile, public, message, signature, context) is False


LENGTHS = {
    "a key one byte short": (-1, 0, 10),
    "a key one byte long": (1, 0, 10),
    "an empty key": (-2592, 0, 10),
    "a signature one byte short": (0, -1, 10),
    "a signature one byte long": (0, 1, 10),
    "an empty signature": (0, -4627, 10),
    "a round-3 Dilithium-5 signature": (0, 4595 - 4627, 10),
    "a context of 256 bytes": (0, 0, 256),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_wrong_length_is_a_no(name: str) -> None:
    key, signature, context = LENGTHS[name]
    for verifier in verifiers():
        answer = verifier.verify(
            Profile.ML_DSA_87, bytes(2592 + key), MESSAGE, bytes(4627 + signature), bytes(context)
        )
        assert answer is False


@pytest.mark.parametrize("length", [0, 1, 253, 254, 255])
def test_contexts_up_to_255_bytes_verify_with_the_default(length: int) -> None:
    context = bytes(length)
    signer = providers.deterministic_signer(Profile.ML_DSA_87, SEED)
    signature = signer.sign(MESSAGE, context)
    asked = (Profile.ML_DSA_87, signer.public_key, MESSAGE, signature, context)
    assert providers.verifier().verify(*asked)
    # The second provider would call 254 and 255 bytes a bad signature: that is its fault, no no.
    second = providers.verifier(providers.SECOND)
    if length <= 253:
        assert second.verify(*asked)
    else:
        with pytest.raises(ProviderFault, match="contexts of"):
            second.verify(*asked)


def test_the_second_provider_refuses_to_judge_what_it_judges_wrongly() -> None:
    message = bytes(pqcrypto_.MAX_MESSAGE + 1)
    signer = providers.signer(Profile.ML_DSA_44, SEED)
    signature = signer.sign(message, CONTEXT)
    asked = (Profile.ML_DSA_44, signer.public_key, message, signature, CONTEXT)
    assert providers.verifier().verify(*asked)
    with pytest.raises(ProviderFault, match="messages of 1048577 bytes"):
        providers.verifier(providers.SECOND).verify(*asked)


def test_the_two_bugs_of_the_second_provider_are_still_there() -> None:
    # When this fails the library was mended: take the limits out of pqcrypto_.py.
    library = importlib.import_module("pqcrypto.sign.ml_dsa_44")
    invalid = importlib.import_module("pqcrypto").InvalidSignatureError
    signer = providers.signer(Profile.ML_DSA_44, SEED)
    for message, context in ((MESSAGE, bytes(254)), (bytes((1 << 20) + 1), b"")):
        signature = signer.sign(message, context)
        with pytest.raises(invalid):
            library.verify(signer.public_key, message, signature, context)


class Fixed:
    """A verifier that always says the same."""

    def __init__(self, answer: bool | ProviderFault) -> None:
        self.name = f"always-{answer}"
        self.answer = answer

    def verify(self, *asked: object) -> bool:
        if isinstance(self.answer, ProviderFault):
            raise self.answer
        return self.answer


def test_two_verifiers_that_agree_answer_as_one() -> None:
    for answer in (True, False):
        both = Paranoid(Fixed(answer), Fixed(answer))
        assert both.verify(Profile.ML_DSA_87, b"", b"", b"", b"") is answer


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_two_verifiers_that_disagree_are_a_fault_and_no_verdict(first: bool, second: bool) -> None:
    with pytest.raises(ProviderFault, match=f"says {first}, .* says {second}"):
        Paranoid(Fixed(first), Fixed(second)).verify(Profile.ML_DSA_87, b"", b"", b"", b"")


def test_a_fault_of_either_verifier_is_the_fault_of_both() -> None:
    for pair in (
        (Fixed(True), Fixed(ProviderFault("x"))),
        (Fixed(ProviderFault("x")), Fixed(True)),
    ):
        with pytest.raises(ProviderFault):
            Paranoid(*pair).verify(Profile.ML_DSA_87, b"", b"", b"", b"")


def test_paranoid_asks_the_two_libraries() -> None:
    signer = providers.signer(Profile.ML_DSA_87, SEED)
    asked = (MESSAGE, signer.sign(MESSAGE, CONTEXT), CONTEXT)
    for both in (providers.verifier(paranoid=True), providers.verifier("paranoid")):
        assert both.name == "cryptography+pqcrypto"
        assert both.verify(Profile.ML_DSA_87, signer.public_key, *asked)
    assert providers.verifier("pqcrypto", paranoid=True).name == "pqcrypto+cryptography"


def test_whoever_insists_gets_two_libraries_and_nobody_else() -> None:
    with providers.insisting():
        assert providers.verifier().name == "cryptography+pqcrypto"
        assert providers.verifier("fast-mldsa").name == "fast-mldsa+cryptography"
        assert providers.verifier("paranoid").name == "cryptography+pqcrypto"
    assert providers.verifier().name == "cryptography"


def test_an_unknown_provider_is_named_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"liboqs'\s+-> choose one of cryptography, pqcrypto"):
        providers.verifier("liboqs")


@pytest.mark.parametrize("name", [name for name in VERIFIERS if name != "openssl"])
def test_a_missing_library_is_a_fault_that_names_the_remedy(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = {"cryptography": "pyca", "pqcrypto": "pqcrypto_", "fast-mldsa": "fast_mldsa_"}
    monkeypatch.delitem(sys.modules, f"qfs.shell.providers.{modules[name]}", raising=False)
    for module in [one for one in sys.modules if one.startswith(name.replace("-", "_"))]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ProviderFault, match=f"install {name}"):
        providers.verifier(name)


def test_an_old_library_that_returns_a_bool_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    # pqcrypto before 1.0: verify returned False for a bad signature and never raised.
    old = ModuleType("old")
    old.verify = lambda *asked: False  # type: ignore[attr-defined]
    monkeypatch.setitem(pqcrypto_._MODULES, Profile.ML_DSA_44, old)
    with pytest.raises(ProviderFault, match="returned bool"):
        providers.verifier("pqcrypto").verify(
            Profile.ML_DSA_44, bytes(1312), MESSAGE, bytes(2420), CONTEXT
        )


def test_a_seed_of_a_wrong_length_is_a_fault_that_does_not_show_it() -> None:
    for make in (providers.signer, providers.deterministic_signer):
        with pytest.raises(ProviderFault) as raised:
            make(Profile.ML_DSA_87, SEED[:-1])
        assert "secret" not in repr(raised.value) + str(raised.value)
        assert SEED[:-1].hex() not in str(raised.value)


def test_signing_hedged_differs_and_deterministic_signing_does_not() -> None:
    hedged = providers.signer(Profile.ML_DSA_44, SEED)
    fixed = providers.deterministic_signer(Profile.ML_DSA_44, SEED)
    assert hedged.sign(MESSAGE, CONTEXT) != hedged.sign(MESSAGE, CONTEXT)
    assert fixed.sign(MESSAGE, CONTEXT) == fixed.sign(MESSAGE, CONTEXT)


def test_a_deterministic_signature_that_another_library_rejects_is_not_let_out() -> None:
    fast = importlib.import_module("qfs.shell.providers.fast_mldsa_")
    signer = fast.Signing(Profile.ML_DSA_44, SEED, Fixed(False))
    with pytest.raises(ProviderFault, match="rejects its signature"):
        signer.sign(MESSAGE, CONTEXT)


def test_no_private_key_is_shown_or_pickled() -> None:
    key = PrivateKey(Profile.ML_DSA_44, SEED)
    for thing in (
        key,
        key.signer(),
        key.signer(deterministic=True),
    ):
        for text in (repr(thing), str(thing), f"{thing!s}"):
            assert "secret" not in text
            assert SEED.hex() not in text
            assert "not shown" in text
    with pytest.raises(UsageError, match="not pickled"):
        pickle.dumps(key)


def test_two_new_seeds_differ() -> None:
    assert len({providers.new_seed() for _ in range(8)}) == 8
    assert {len(providers.new_seed())} == {32}


def test_the_self_test_passes_here() -> None:
    checks = selftest.check_all()
    assert [check for check in checks if check.detail] == []
    assert len(checks) == 3 * 4 + 3 * 3 * 5


@pytest.mark.parametrize(
    ("verifier", "detail"),
    [
        (Fixed(True), "accepts it with another"),
        (Fixed(False), "rejects the known answer"),
        (Fixed(ProviderFault("gone")), "gone"),
    ],
)
def test_the_self_test_finds_a_verifier_that_lies(verifier: Fixed, detail: str) -> None:
    for profile in Profile:
        assert detail in selftest.check_known_answer(verifier, profile).detail


def test_the_self_test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "qfs.shell.providers.pqcrypto_", raising=False)
    for module in [one for one in sys.modules if one.startswith("pqcrypto")]:
        monkeypatch.setitem(sys.modules, module, None)
    bad = [check for check in selftest.check_all() if check.detail]
    assert [(check.provider, check.what, check.needed) for check in bad] == [
        ("pqcrypto", "imports", True)
    ] * 3
