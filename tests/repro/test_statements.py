"""Signed statements, checked by in-toto's own reader and by ``cryptography`` alone."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA87PublicKey
from google.protobuf.json_format import Parse
from hypothesis import given
from hypothesis import strategies as st
from in_toto_attestation.v1.statement_pb2 import Statement as OtherStatement
from securesystemslib.dsse import Envelope

from qfs.crypto import Profile, key_id
from qfs.errors import InputError, ProofError, QFSError
from qfs.repro.statements import PAYLOAD_TYPE, Statement, Subject, opened, pae, sealed
from qfs.shell.providers import signer, verifier

SEED = bytes(range(32))
SIGNER = signer(Profile.ML_DSA_87, SEED)
KEYS = [(Profile.ML_DSA_87, SIGNER.public_key)]
STATEMENT = Statement(
    (Subject("p-1-py3-none-any.whl", (("sha256", "ab" * 32),)),),
    "https://slsa.dev/provenance/v1",
    {"buildDefinition": {"buildType": "x", "é": [1, True, None]}},
)
ENVELOPE = sealed(STATEMENT, SIGNER)


def test_what_was_sealed_comes_back() -> None:
    assert opened(ENVELOPE, KEYS, verifier()) == STATEMENT


def test_both_providers_accept_the_envelope() -> None:
    assert opened(ENVELOPE, KEYS, verifier("pqcrypto")) == STATEMENT


def test_in_totos_own_reader_reads_the_statement() -> None:
    other = Parse(STATEMENT.to_bytes(), OtherStatement())
    assert other.type == "https://in-toto.io/Statement/v1"
    assert dict(other.subject[0].digest) == {"sha256": "ab" * 32}
    assert other.predicate_type == STATEMENT.predicate_type


def test_securesystemslib_reads_the_envelope_and_finds_the_same_bytes_signed() -> None:
    other = Envelope.from_dict(json.loads(ENVELOPE))
    assert other.payload == STATEMENT.to_bytes()
    assert other.pae() == pae(PAYLOAD_TYPE, STATEMENT.to_bytes())
    (signature,) = other.signatures.values()
    assert verifier().verify(*KEYS[0], other.pae(), bytes.fromhex(signature.signature), b"")


def test_the_signature_is_over_the_plain_encoding_so_that_any_library_checks_it() -> None:
    document = json.loads(ENVELOPE)
    payload = base64.b64decode(document["payload"])
    (signature,) = document["signatures"]
    key = MLDSA87PublicKey.from_public_bytes(SIGNER.public_key)
    key.verify(base64.b64decode(signature["sig"]), pae(document["payloadType"], payload))
    assert signature["keyid"] == key_id(*KEYS[0]).hex()


def test_the_encoding_is_that_of_the_specification() -> None:
    # DSSE v1.0.2, protocol.md, the worked example.
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_the_same_statement_gives_the_same_bytes() -> None:
    turned = dict(reversed(list(STATEMENT.predicate.items())))
    again = Statement(STATEMENT.subjects, STATEMENT.predicate_type, turned)
    assert again.to_bytes() == STATEMENT.to_bytes()


def test_another_key_does_not_open_it() -> None:
    other = signer(Profile.ML_DSA_87, bytes(32))
    with pytest.raises(ProofError):
        opened(ENVELOPE, [(Profile.ML_DSA_87, other.public_key)], verifier())


def test_a_changed_payload_does_not_open() -> None:
    document = json.loads(ENVELOPE)
    payload = base64.b64decode(document["payload"]).replace(b"ab", b"ac", 1)
    document["payload"] = base64.b64encode(payload).decode()
    with pytest.raises(ProofError):
        opened(json.dumps(document).encode(), KEYS, verifier())


def test_the_url_safe_alphabet_is_read_too() -> None:
    document = json.loads(ENVELOPE)
    for place in (document, document["signatures"][0]):
        name = "payload" if place is document else "sig"
        place[name] = place[name].replace("+", "-").replace("/", "_")
    assert opened(json.dumps(document).encode(), KEYS, verifier()) == STATEMENT


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"{" * 100_000,
        b'{"payload": 7}',
        b'{"payload": "!!", "payloadType": "x", "signatures": []}',
        b'{"payload": "", "payload": "", "payloadType": "x", "signatures": []}',
        b'{"payload": "", "payloadType": "other", "signatures": []}',
        b'{"payload": "", "payloadType": "application/vnd.in-toto+json", "signatures": 7}',
        b'{"payload": "", "payloadType": "application/vnd.in-toto+json", "signatures": [7]}',
        b" " * (16 * 1024 * 1024 + 1),
    ],
)
def test_bytes_that_are_no_envelope_are_one_clear_error(garbage: bytes) -> None:
    with pytest.raises(InputError):
        opened(garbage, KEYS, verifier())


@pytest.mark.parametrize(
    "payload",
    [b"{}", b"[]", b'{"_type": "other", "subject": [], "predicateType": "", "predicate": {}}'],
)
def test_a_signed_payload_that_is_no_statement_is_refused(payload: bytes) -> None:
    signature = SIGNER.sign(pae(PAYLOAD_TYPE, payload), b"")
    document = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"sig": base64.b64encode(signature).decode()}],
    }
    with pytest.raises(InputError):
        opened(json.dumps(document).encode(), KEYS, verifier())


@given(at=st.integers(0, len(ENVELOPE) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_never_gives_another_statement(at: int, bit: int) -> None:
    changed = bytearray(ENVELOPE)
    changed[at] ^= 1 << bit
    try:
        found = opened(bytes(changed), KEYS, verifier())
    except QFSError:
        return
    assert found == STATEMENT
