"""Packet bodies: their bytes, their identity, and every byte string that is none."""

from dataclasses import FrozenInstanceError, replace
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import Digest, encode
from qfs.crypto import KeyId
from qfs.errors import CanonError, RecordError
from qfs.kernel import Tick
from qfs.packet import (
    CONTEXT,
    MAX_BODY_BYTES,
    MAX_NUMBER,
    Packet,
    decode_body,
    draft,
    packet_id,
    signing_message,
)

LEDGER = Digest(bytes(range(32)))
BEFORE = Digest(b"p" * 32)
SEED = b"s" * 32
KEY = KeyId(b"k" * 32)
GOOD = Packet(LEDGER, 7, 1_700_000_000_000_000, SEED, BEFORE, KEY, 3, b"\x80")


def fields(**changes: object) -> list[Any]:
    """The nine positions of GOOD's body, some changed."""
    names = ["version", "ledger", "seq", "time_us", "seed", "previous", "key", "kind", "payload"]
    values = dict(zip(names, [1, *[getattr(GOOD, name) for name in names[1:]]], strict=True))
    return list((values | changes).values())


def test_a_body_is_the_array_that_the_specification_says() -> None:
    body = GOOD.to_bytes()
    assert cbor2.loads(body) == fields()
    assert body == cbor2.dumps(fields(), canonical=True)
    assert decode_body(body) == GOOD


def test_the_identity_is_the_hash_of_the_body_alone_and_is_what_is_signed() -> None:
    body = GOOD.to_bytes()
    assert packet_id(body) == sha256(body).digest() == signing_message(body)
    assert CONTEXT == b"QFS/DRV/v1"


def test_a_packet_is_immutable() -> None:
    with pytest.raises(FrozenInstanceError):
        GOOD.seq = 8  # type: ignore[misc]


def test_a_draft_carries_the_action_of_its_kind() -> None:
    drafted = draft(
        ledger=LEDGER,
        seq=7,
        time_us=GOOD.time_us,
        seed=SEED,
        previous=BEFORE,
        key=KEY,
        action=Tick(),
    )
    assert drafted == GOOD


@pytest.mark.parametrize("name", ["ledger", "seq", "time_us", "seed", "previous", "key", "kind"])
def test_every_field_is_part_of_the_identity(name: str) -> None:
    value = getattr(GOOD, name)
    other = value + 1 if type(value) is int else bytes((value[0] ^ 1,)) + value[1:]
    changed = replace(GOOD, **{name: other})
    assert packet_id(changed.to_bytes()) != packet_id(GOOD.to_bytes())


NO_FIELDS: dict[str, list[Any]] = {
    "version 0": fields(version=0),
    "version 2": fields(version=2),
    "true for version 1": fields(version=True),
    "a version of 80 bits": fields(version=1 << 79),
    "a ledger of 31 bytes": fields(ledger=bytes(31)),
    "a ledger in text": fields(ledger="0" * 32),
    "sequence number 0": fields(seq=0),
    "a negative sequence number": fields(seq=-1),
    "a sequence number that overflows": fields(seq=MAX_NUMBER + 1),
    "a sequence number in bytes": fields(seq=b"\x07"),
    "true for a sequence number": fields(seq=True),
    "a time before 1970": fields(time_us=-1),
    "a time that overflows": fields(time_us=1 << 63),
    "no time": fields(time_us=None),
    "a seed of 33 bytes": fields(seed=bytes(33)),
    "no previous packet": fields(previous=b""),
    "a shortened key id": fields(key=bytes(20)),
    "kind 0": fields(kind=0),
    "a kind in text": fields(kind="tick"),
    "an empty payload": fields(payload=b""),
    "a payload that is no byte string": fields(payload=[]),
    "eight fields": fields()[:-1],
    "ten fields": [*fields(), 0],
    "an algorithm field": [*fields(), "ML-DSA-44"],
    "nothing in it": [],
}


@pytest.mark.parametrize("name", NO_FIELDS)
def test_an_array_that_is_no_body_is_refused(name: str) -> None:
    with pytest.raises(RecordError):
        decode_body(encode(NO_FIELDS[name]))


def ambiguous() -> dict[str, bytes]:
    """Byte strings that lenient CBOR readers take for GOOD or its like."""
    good = GOOD.to_bytes()
    return {
        "a truncated body": good[:-1],
        "a trailing byte": good + b"\0",
        "an indefinite array": b"\x9f" + good[1:] + b"\xff",
        "a long head for the array": b"\x98\x09" + good[1:],
        "a long head for the version": good[:1] + b"\x18\x01" + good[2:],
        "a float for the version": good[:1] + b"\xf9\x3c\x00" + good[2:],
        "an undefined version": good[:1] + b"\xf7" + good[2:],
        "a tagged body": b"\xd9\xd9\xf7" + good,
        "a map of its fields": cbor2.dumps(dict(enumerate(fields()))),
        "a map with a key twice": b"\xa2\x00\x01\x00\x02",
        "a map out of order": b"\xa2\x01\x01\x00\x02",
        "a body in 40 arrays": b"\x81" * 40 + good,
        "a length bomb": b"\x9b" + b"\xff" * 8,
        "a byte string bomb": b"\x89\x01\x5b" + b"\xff" * 8,
        "nothing": b"",
        "text": b"{}",
    }


@pytest.mark.parametrize("name", ambiguous())
def test_bytes_that_no_writer_makes_are_refused(name: str) -> None:
    with pytest.raises(CanonError):
        decode_body(ambiguous()[name])


def test_a_body_of_eight_mebibytes_is_the_largest() -> None:
    room = MAX_BODY_BYTES - len(replace(GOOD, payload=bytes(1 << 20)).to_bytes()) + (1 << 20)
    largest = replace(GOOD, payload=bytes(room))
    assert len(largest.to_bytes()) == MAX_BODY_BYTES
    assert decode_body(largest.to_bytes()) == largest
    with pytest.raises(RecordError, match="at most 8388608"):
        replace(GOOD, payload=bytes(room + 1)).to_bytes()
    with pytest.raises(RecordError, match="at most 8388608"):
        decode_body(bytes(MAX_BODY_BYTES + 1))


packets = st.builds(
    Packet,
    ledger=st.binary(min_size=32, max_size=32),
    seq=st.integers(1, MAX_NUMBER),
    time_us=st.integers(0, MAX_NUMBER),
    seed=st.binary(min_size=32, max_size=32),
    previous=st.binary(min_size=32, max_size=32),
    key=st.binary(min_size=32, max_size=32),
    kind=st.integers(1, MAX_NUMBER),
    payload=st.binary(min_size=1, max_size=200),
)


@given(packets)
def test_every_packet_survives_its_bytes(packet: Packet) -> None:
    assert decode_body(packet.to_bytes()) == packet


@given(packets, st.data())
def test_a_flipped_bit_is_another_packet_or_none(packet: Packet, data: st.DataObject) -> None:
    body = bytearray(packet.to_bytes())
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    body[bit // 8] ^= 1 << bit % 8
    try:
        other = decode_body(bytes(body))
    except CanonError:
        return
    assert other.to_bytes() == body
    assert other != packet


@pytest.mark.parametrize(("seq", "time_us"), [(7, 5), (1 << 8, 1 << 16), (24, 1 << 40)])
def test_every_head_has_one_length(seq: int, time_us: int) -> None:
    # Any head that says the same number in more bytes, at any place, is refused.
    good = replace(GOOD, seq=seq, time_us=time_us)
    body = good.to_bytes()
    assert decode_body(body) == good
    places = [at for at in range(len(body)) if body[at] & 31 < 28]
    for at in places:
        low = body[at] & 31
        number = low if low < 24 else int.from_bytes(body[at + 1 : at + 1 + (1 << low - 24)])
        rest = body[at + 1 + (0 if low < 24 else 1 << low - 24) :]
        for longer in range(24 if low < 24 else low + 1, 28):
            head = bytes((body[at] & 0xE0 | longer,)) + number.to_bytes(1 << longer - 24)
            try:
                found = decode_body(body[:at] + head + rest)
            except CanonError:
                continue
            assert found != good
            assert found.to_bytes() == body[:at] + head + rest


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_or_canonical(data: bytes) -> None:
    try:
        packet = decode_body(data)
    except CanonError:
        return
    assert packet.to_bytes() == data
