"""Envelopes: the body's own bytes travel, a signature never changes who the packet is."""

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import encode as canonical
from qfs.crypto import KeyId
from qfs.errors import CanonError, RecordError
from qfs.packet import (
    MAX_COSIGNATURES,
    MAX_ENVELOPE_BYTES,
    MAX_SIGNATURE_BYTES,
    Cosignature,
    Signed,
    decode,
    encode,
    packet_id,
)
from tests.packet.test_body import GOOD

BODY = GOOD.to_bytes()
A, B = Cosignature(KeyId(b"a" * 32), b"sa"), Cosignature(KeyId(b"b" * 32), b"sb")


def test_a_plain_envelope_is_the_array_that_the_specification_says() -> None:
    data = encode(BODY, b"signature")
    assert cbor2.loads(data) == [1, BODY, b"signature"]
    assert decode(data) == Signed(GOOD, BODY, b"signature")


def test_cosignatures_stand_in_the_order_of_their_keys() -> None:
    data = encode(BODY, b"signature", (B, A))
    assert cbor2.loads(data) == [
        2,
        BODY,
        b"signature",
        [[b"a" * 32, b"sa"], [b"b" * 32, b"sb"]],
    ]
    assert decode(data) == Signed(GOOD, BODY, b"signature", (A, B))


def test_another_signature_never_changes_the_identity() -> None:
    one, other = decode(encode(BODY, b"1")), decode(encode(BODY, b"2", (A,)))
    assert one.id == other.id == packet_id(BODY)
    assert one.body == other.body == BODY


def test_a_writer_refuses_a_key_that_signs_twice() -> None:
    with pytest.raises(RecordError, match="ascend"):
        encode(BODY, b"signature", (A, A))


NO_ENVELOPE: dict[str, Any] = {
    "a body alone": [1, BODY],
    "four parts of version 1": [1, BODY, b"s", []],
    "three parts of version 2": [2, BODY, b"s"],
    "version 3": [3, BODY, b"s"],
    "no version": [BODY, b"s"],
    "true for version 1": [True, BODY, b"s"],
    "a body inline": [1, [1], b"s"],
    "no signature": [1, BODY, b""],
    "a signature in text": [1, BODY, "s"],
    "a signature too long": [1, BODY, bytes(MAX_SIGNATURE_BYTES + 1)],
    "no cosignature": [2, BODY, b"s", []],
    "cosignatures in no array": [2, BODY, b"s", b"t"],
    "too many cosignatures": [
        2,
        BODY,
        b"s",
        [[bytes((at,)) * 32, b"s"] for at in range(1, MAX_COSIGNATURES + 2)],
    ],
    "cosignatures out of order": [2, BODY, b"s", [[b"b" * 32, b"s"], [b"a" * 32, b"s"]]],
    "a cosigner twice": [2, BODY, b"s", [[b"a" * 32, b"s"], [b"a" * 32, b"t"]]],
    "a cosigner of 31 bytes": [2, BODY, b"s", [[b"a" * 31, b"s"]]],
    "a cosignature of three parts": [2, BODY, b"s", [[b"a" * 32, b"s", 1]]],
    "an empty cosignature": [2, BODY, b"s", [[b"a" * 32, b""]]],
    "an array without parts": [],
    "a number": 1,
}


@pytest.mark.parametrize("name", NO_ENVELOPE)
def test_an_array_that_is_no_envelope_is_refused(name: str) -> None:
    with pytest.raises(RecordError):
        decode(canonical(NO_ENVELOPE[name]))


def test_sixteen_cosignatures_are_the_most() -> None:
    many = tuple([Cosignature(KeyId(bytes((at,)) * 32), b"s") for at in range(1, 17)])
    assert decode(encode(BODY, b"s", many)).cosignatures == many


def test_an_envelope_too_large_is_refused_unread() -> None:
    with pytest.raises(RecordError, match="at most"):
        decode(bytes(MAX_ENVELOPE_BYTES + 1))


@pytest.mark.parametrize("signature", [b"s" * 9, b"s" * 200, b"s" * 4627])
def test_an_envelope_has_no_byte_too_few_too_many_or_in_a_longer_head(signature: bytes) -> None:
    data = encode(BODY, signature)
    assert decode(data) == Signed(GOOD, BODY, signature)
    heads = {
        1: 1,
        2: len(BODY),
        data.index(signature) - len(canonical(signature)) + len(signature): len(signature),
    }
    bad = [data[:size] for size in range(len(data))] + [data + b"\0"]
    for at, number in heads.items():
        used = len(canonical(number))
        first = data[at] & 0xE0
        for longer in [low for low in range(24, 28) if 1 + (1 << low - 24) > used]:
            head = bytes((first | longer,)) + number.to_bytes(1 << longer - 24)
            bad.append(data[:at] + head + data[at + used :])
    for other in bad:
        with pytest.raises(CanonError):
            decode(other)


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CanonError):
        decode(data)


@given(st.integers(0, 8 * (len(BODY) + 14) - 1))
def test_a_flipped_bit_is_refused_or_another_envelope(bit: int) -> None:
    data = bytearray(encode(BODY, b"signature"))
    data[bit // 8] ^= 1 << bit % 8
    try:
        signed = decode(bytes(data))
    except CanonError:
        return
    assert encode(signed.body, signed.signature, signed.cosignatures) == data
    assert (signed.body, signed.signature) != (BODY, b"signature")
