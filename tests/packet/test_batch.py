"""Batches: one signature, many packets, each of which travels alone."""

from dataclasses import replace
from typing import Any

import cbor2
import pytest

from qfs import gate
from qfs.canon import Digest
from qfs.canon import encode as canonical
from qfs.crypto import Profile, leaf_hash, root_of
from qfs.errors import RecordError
from qfs.gate import Refusal
from qfs.kernel import Receipt, Tick
from qfs.packet import (
    BATCH_CONTEXT,
    CONTEXT,
    MAX_BATCH,
    BatchPlace,
    batch,
    batch_message,
    decode,
    encode,
    encode_batched,
    packet_id,
    signing_message,
    whole_batch_message,
)
from qfs.shell import providers
from tests.gate.worlds import Run, signer
from tests.packet.test_body import GOOD

BODY = GOOD.to_bytes()


def bodies(run: Run, count: int) -> list[bytes]:
    """The next packets of an operator, each after the one before."""
    made: list[bytes] = []
    for number in range(count):
        previous = packet_id(made[-1]) if made else run.world.head
        seq = run.world.seq + 1 + number
        packet = run.packet("olga", Tick(), seq=seq, previous=previous)
        made.append(packet.to_bytes())
    return made


def envelopes(made: list[bytes], by: str = "olga") -> list[bytes]:
    message, places = batch(made)
    signature = signer(by).sign(message, BATCH_CONTEXT)
    return [
        encode_batched(body, signature, place) for body, place in zip(made, places, strict=True)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
def test_one_signature_admits_every_packet_of_a_batch(count: int) -> None:
    run = Run()
    for data in envelopes(bodies(run, count)):
        assert isinstance(run.submit(data), Receipt)
    assert run.world.seq == count


def test_a_batched_packet_is_the_same_packet_as_one_signed_alone() -> None:
    run = Run()
    body, *_ = bodies(run, 4)
    alone = encode(body, signer("olga").sign(signing_message(body), CONTEXT))
    batched = envelopes(bodies(run, 4))[0]
    assert decode(alone).id == decode(batched).id
    admitted = [gate.verify(data, run.world, run.verifier) for data in (alone, batched)]
    assert admitted[0] == admitted[1]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64])
def test_a_batch_that_travels_whole_is_verified_without_its_paths(count: int) -> None:
    made = [BODY + bytes([number]) for number in range(count)]
    message, places = batch(made)
    assert whole_batch_message(made) == message
    assert places[-1].message(packet_id(made[-1])) == message
    signature = signer("olga").sign(message, BATCH_CONTEXT)
    verifier, key = providers.verifier(), signer("olga").public_key
    spoiled = [*made[:-1], made[-1] + b"x"]
    answers = [
        verifier.verify(Profile.ML_DSA_87, key, whole_batch_message(sent), signature, BATCH_CONTEXT)
        for sent in (made, spoiled, [*made, BODY])
    ]
    assert answers == [True, False, False]


def test_the_message_covers_size_and_root() -> None:
    made = [b"%d" % number for number in range(5)]
    root = root_of([leaf_hash(packet_id(body)) for body in made])
    message, places = batch(made)
    assert message == batch_message(5, root)
    assert [place.message(packet_id(body)) for body, place in zip(made, places, strict=True)] == [
        message
    ] * 5
    assert len({message, batch_message(6, root), batch_message(5, Digest(bytes(32)))}) == 3


def attacks(run: Run) -> dict[str, bytes]:
    made = bodies(run, 4)
    message, places = batch(made)
    signature = signer("olga").sign(message, BATCH_CONTEXT)
    first = places[0]
    alone = signer("olga").sign(signing_message(made[0]), CONTEXT)
    one_message, (one,) = batch(made[:1])
    return {
        "the place of another packet": encode_batched(made[0], signature, places[1]),
        "a path one digest short": encode_batched(
            made[0], signature, replace(first, path=first.path[:-1])
        ),
        "a path one digest long": encode_batched(
            made[0], signature, replace(first, path=(*first.path, first.path[0]))
        ),
        "another size": encode_batched(made[0], signature, replace(first, size=3)),
        "another sibling": encode_batched(
            made[0], signature, replace(first, path=(Digest(bytes(32)), *first.path[1:]))
        ),
        "its own signature for a batch's": encode_batched(made[0], alone, one),
        "a batch's signature for its own": encode(
            made[0], signer("olga").sign(one_message, BATCH_CONTEXT)
        ),
        "a batch signed under the context of packets": encode_batched(
            made[0], signer("olga").sign(message, CONTEXT), first
        ),
        "a batch signed by another": envelopes(made, "sam")[0],
    }


@pytest.mark.parametrize("name", attacks(Run()))
def test_a_batch_that_does_not_hold_the_packet_is_a_bad_signature(name: str) -> None:
    run = Run()
    data = attacks(run)[name]
    assert gate.verify(data, run.world, run.verifier) is Refusal.BAD_SIGNATURE


def test_a_packet_of_a_batch_still_waits_for_its_turn() -> None:
    run = Run()
    made = envelopes(bodies(run, 3))
    assert run.submit(made[1]) is Refusal.WRONG_SEQUENCE
    assert isinstance(run.submit(made[0]), Receipt)
    assert run.submit(made[2]) is Refusal.WRONG_SEQUENCE


NO_PLACE: dict[str, Any] = {
    "no array": 5,
    "two parts": [0, 1],
    "an index outside": [1, 1, []],
    "a negative index": [-1, 1, []],
    "true for an index": [True, 2, []],
    "a batch of nothing": [0, 0, []],
    "a batch too large": [0, MAX_BATCH + 1, []],
    "a digest of 31 bytes": [0, 2, [bytes(31)]],
    "a digest in text": [0, 2, ["x" * 32]],
}


@pytest.mark.parametrize("name", NO_PLACE)
def test_what_is_no_place_in_a_batch_is_refused(name: str) -> None:
    with pytest.raises(RecordError, match="place in a batch"):
        decode(canonical([3, BODY, b"s", NO_PLACE[name]]))


def test_an_envelope_of_a_batch_is_the_array_that_the_specification_says() -> None:
    place = BatchPlace(1, 2, (Digest(b"d" * 32),))
    data = encode_batched(BODY, b"s", place)
    assert cbor2.loads(data) == [3, BODY, b"s", [1, 2, [b"d" * 32]]]
    assert decode(data).place == place


@pytest.mark.parametrize("count", [0, MAX_BATCH + 1])
def test_a_batch_has_one_to_65536_packets(count: int) -> None:
    with pytest.raises(RecordError, match=f"a batch of {count}"):
        whole_batch_message([BODY] * count)
    with pytest.raises(RecordError, match=f"a batch of {count}"):
        batch([b""] * count)


class Counting:
    """The default verifier, counted."""

    name = "counting"

    def __init__(self) -> None:
        self.verifier = providers.verifier()
        self.asked = 0

    def verify(self, *asked: Any) -> bool:
        self.asked += 1
        return self.verifier.verify(*asked)


def test_a_verifier_that_remembers_verifies_a_batch_once() -> None:
    counting = Counting()
    run = Run(verifier=providers.Remembering(counting))
    for data in envelopes(bodies(run, 8)):
        assert isinstance(run.submit(data), Receipt)
    assert counting.asked == 1


def test_a_verifier_that_remembers_forgets_the_oldest_and_never_a_no() -> None:
    counting = Counting()
    remembering = providers.Remembering(counting, kept=2)
    made = signer("olga")
    good = [
        (made.profile, made.public_key, message, made.sign(message, CONTEXT), CONTEXT)
        for message in (b"1", b"2", b"3")
    ]
    for asked in (*good, good[2], good[1], good[0]):
        assert remembering.verify(*asked) is True
    assert counting.asked == 4, "the first was forgotten"
    bad = (made.profile, made.public_key, b"4", good[0][3], CONTEXT)
    assert [remembering.verify(*bad), remembering.verify(*bad)] == [False, False]
    assert counting.asked == 6


@pytest.mark.parametrize("part", ["profile", "key", "message", "signature", "context"])
def test_what_is_remembered_is_all_five_byte_for_byte(part: str) -> None:
    counting, made = Counting(), signer("olga")
    remembering = providers.Remembering(counting)
    message = bytes(32)
    good: dict[str, Any] = {
        "profile": made.profile,
        "key": made.public_key,
        "message": message,
        "signature": made.sign(message, CONTEXT),
        "context": CONTEXT,
    }
    assert remembering.verify(*good.values()) is True
    changed = good | {"profile": Profile.ML_DSA_65}
    if part != "profile":
        changed = good | {part: good[part][:-1] + bytes((good[part][-1] ^ 1,))}
    assert remembering.verify(*changed.values()) is False
    assert counting.asked == 2
    assert remembering.verify(*good.values()) is True
    assert counting.asked == 2
