"""The machine's own OpenSSL as a provider: the same bytes as two others, or plainly not there."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfs.crypto import SIZES, Profile
from qfs.errors import ProviderFault
from qfs.shell import providers
from qfs.shell.providers import openssl_, selftest
from tests.shell.libcrypto import newer

SEED = b"a secret seed of 32 bytes length"


def test_it_is_an_openssl_with_mldsa() -> None:
    assert openssl_.found().startswith("3.5.")
    for profile in Profile:
        assert selftest.check_known_answer(providers.verifier("openssl"), profile).detail == ""


@given(message=st.binary(max_size=300), context=st.binary(max_size=255))
@settings(max_examples=20)
def test_two_libraries_sign_the_same_bytes(message: bytes, context: bytes) -> None:
    for profile in Profile:
        ours = providers.deterministic_signer(profile, SEED, "openssl")
        other = providers.deterministic_signer(profile, SEED, "fast-mldsa")
        signature = ours.sign(message, context)
        assert ours.public_key == other.public_key
        assert signature == other.sign(message, context)
        asked = (profile, ours.public_key, message, signature, context)
        assert providers.verifier("openssl").verify(*asked) is True


def test_a_lie_is_a_no_and_lengths_are_checked_before_the_library_is_asked() -> None:
    verifier = providers.verifier("openssl")
    profile = Profile.ML_DSA_87
    size = SIZES[profile]
    for key, signature, context in [
        (size.public_key, size.signature, 0),
        (size.public_key, size.signature, 256),
        (size.public_key - 1, size.signature, 0),
        (size.public_key, size.signature + 1, 0),
        (0, 0, 0),
    ]:
        for fill in (b"\0", b"\xff"):
            answer = verifier.verify(profile, fill * key, b"", fill * signature, fill * context)
            assert answer is False


def test_without_the_other_signer_it_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fast_mldsa", None)
    made = providers.deterministic_signer(Profile.ML_DSA_44, SEED)
    assert type(made).__module__ == "qfs.shell.providers.openssl_"
    assert made.sign(b"m", b"c") == made.sign(b"m", b"c")
    assert "not shown" in repr(made)


def test_a_seed_of_a_wrong_length_is_a_fault_that_does_not_show_it() -> None:
    for seed in (b"", SEED[:-1], SEED * 2):
        with pytest.raises(ProviderFault) as raised:
            providers.deterministic_signer(Profile.ML_DSA_87, seed, "openssl")
        assert "secret" not in str(raised.value)


def test_a_signature_that_another_library_rejects_is_not_let_out() -> None:
    class Never:
        name = "never"

        def verify(self, *asked: object) -> bool:
            return False

    signer = openssl_.Signing(Profile.ML_DSA_44, SEED, Never())
    with pytest.raises(ProviderFault, match="never"):
        signer.sign(b"m", b"")


NOT_THERE = {
    "no file": ("/nowhere/libcrypto.so", "no libcrypto is called /nowhere/libcrypto.so"),
    "no library": (__file__, "no libcrypto is called"),
}


@pytest.mark.parametrize("name", NOT_THERE)
def test_where_it_is_not_that_is_said_and_nothing_else_fails(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, said = NOT_THERE[name]
    monkeypatch.setenv(openssl_.VARIABLE, path)
    openssl_.library.cache_clear()
    with pytest.raises(ProviderFault, match=said):
        providers.verifier("openssl")
    assert openssl_.found() == ""
    bad = [check for check in selftest.check_all() if check.detail]
    assert [(one.provider, one.what, one.needed) for one in bad] == [
        ("openssl", "imports", False)
    ] * 3


def test_an_older_one_is_refused_by_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openssl_, "OLDEST", 0x7FFF_FFFF)
    with pytest.raises(ProviderFault, match=r"OpenSSL 3\.5\.\d+ has no ML-DSA"):
        providers.verifier("openssl")


def test_a_library_that_is_none_of_openssl_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (other,) = newer().parent.glob("libcrypt-*.so.*")
    monkeypatch.setenv(openssl_.VARIABLE, str(other))
    with pytest.raises(ProviderFault, match="libcrypto has no OpenSSL_version"):
        providers.verifier("openssl")
    assert openssl_.found() == ""
