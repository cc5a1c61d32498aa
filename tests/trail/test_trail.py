"""The trail as a value: entries chain, the root is RFC 9162's, and no tampering reads back."""

from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import Digest, Value, encode, pack
from qfs.crypto import KeyId, leaf_hash, root_of
from qfs.errors import CanonError, ProofError
from qfs.kernel import Order, Receipt, Resume, Tick, Transactions, Upgrade
from qfs.kernel.receipt import Refused
from qfs.trail import (
    MAX_ENTRY_BYTES,
    NOT_THIS_TRAIL,
    Checkpoint,
    Entry,
    Fact,
    Kind,
    Trail,
    of_genesis,
    of_receipt,
    origin_of,
    read,
)

LEDGER = Digest(b"l" * 32)
PACKET = Digest(b"p" * 32)
ACTOR = KeyId(b"a" * 32)


def fact(number: int, **changes: Any) -> Fact:
    made = Fact(Kind.ORDER, number, PACKET, number * 10, ACTOR, "keys", "", encode([number]))
    return replace(made, **changes)


def trail_of(count: int) -> tuple[Trail, list[Entry]]:
    trail, entries = Trail.of(LEDGER), []
    for number in range(count):
        trail, entry = trail.append(fact(number))
        entries.append(entry)
    return trail, entries


def test_an_entry_is_the_array_that_the_specification_says() -> None:
    _, (entry, second) = trail_of(2)
    assert cbor2.loads(entry.to_bytes())[:6] == [1, 0, LEDGER, 1, 0, PACKET]
    assert cbor2.loads(entry.to_bytes())[6:10] == [0, ACTOR, "keys", ""]
    assert entry.content == encode([0])
    assert second.previous == entry.hash() == leaf_hash(entry.to_bytes())


@pytest.mark.parametrize("count", [0, 1, 2, 3, 8, 13])
def test_a_trail_reads_back_to_the_same_root(count: int) -> None:
    trail, entries = trail_of(count)
    again, found = read(LEDGER, [entry.to_bytes() for entry in entries])
    assert again == trail
    assert list(found) == entries
    assert trail.frontier.root() == root_of([entry.hash() for entry in entries])
    assert trail.checkpoint() == Checkpoint(origin_of(LEDGER), count, trail.frontier.root())


def tampered() -> dict[str, list[bytes]]:
    _, entries = trail_of(4)
    data = [entry.to_bytes() for entry in entries]
    other = replace(entries[1], actor=KeyId(b"x" * 32)).to_bytes()
    unlike = cbor2.loads(data[1])
    return {
        "an entry changed": [data[0], other, *data[2:]],
        "an entry left out": [data[0], *data[2:]],
        "the first entry left out": data[1:],
        "two entries swapped": [data[0], data[2], data[1], data[3]],
        "an entry twice": [*data[:2], *data[1:]],
        "an entry of another version": [data[0], encode([2, *unlike[1:]])],
        "content that is not the one digested": [data[0], encode([*unlike[:11], b"\x01"])],
        "an entry of eleven parts": [data[0], encode(unlike[:11])],
        "an entry of an unknown kind": [data[0], encode([*unlike[:3], 9, *unlike[4:]])],
        "bytes that are none": [data[0], b"\xff"],
        "a trailing byte": [data[0], data[1] + b"\0"],
        "an entry too large": [data[0], bytes(MAX_ENTRY_BYTES + 1)],
    }


@pytest.mark.parametrize("name", tampered())
def test_a_tampered_trail_does_not_read_back(name: str) -> None:
    with pytest.raises(ProofError, match=r"entry \d"):
        read(LEDGER, tampered()[name])


def test_a_checkpoint_that_is_judged_falsely_does_not_read_back() -> None:
    trail, entries = trail_of(3)
    record: list[Value] = [2, 1, b"d" * 32, 3, trail.frontier.root()]
    good = trail.append(fact(9, kind=Kind.CHECKPOINT, content=encode(record)))[1]
    assert good.answer == ""
    data = [entry.to_bytes() for entry in entries]
    assert read(LEDGER, [*data, good.to_bytes()])[1][-1] == good
    for lie in (
        replace(good, answer=NOT_THIS_TRAIL),
        trail.append(fact(9, content=encode([*record[:3], 2, record[4]])))[1],
        trail.append(fact(9, content=b"\xff"))[1],
    ):
        with pytest.raises(ProofError, match="entry 3"):
            read(LEDGER, [*data, replace(lie, kind=Kind.CHECKPOINT).to_bytes()])


def test_a_trail_of_another_ledger_does_not_read_back() -> None:
    _, entries = trail_of(2)
    with pytest.raises(ProofError, match="entry 0"):
        read(Digest(b"m" * 32), [entry.to_bytes() for entry in entries])


def test_content_too_large_for_a_tile_leaves_its_digest() -> None:
    small = fact(0, content=encode(bytes(60_000)))
    large = fact(0, content=encode(bytes(70_000)))
    kept = Trail.of(LEDGER).append(small)[1]
    cut = Trail.of(LEDGER).append(large)[1]
    assert (kept.content, cut.content) == (small.content, b"")
    assert Entry.from_bytes(cut.to_bytes()) == cut
    longest = fact(2**63 - 1, machine="\U0001f511" * 64, content=encode(bytes(63_995)))
    assert len(Trail.of(LEDGER).append(longest)[1].to_bytes()) <= MAX_ENTRY_BYTES


# Which facts a log has.

RECORD: Value = [3, 1, b"key"]
GROUPS = (
    (Order("ledger", [1, 1]), Order("keys", RECORD)),
    (Order("keys", [4, 1]), Order("keys", [5, 1])),
    (Order("ledger", [2, 1]),),
)


def receipt(*answers: Refused | None) -> Receipt:
    return Receipt(
        seq=7,
        packet=PACKET,
        root=LEDGER,
        answers=answers,
        orders=0,
        cost=0,
        effects=(),
        activated=(),
    )


def facts(action: Any, *answers: Refused | None) -> list[tuple[Kind, str, str, bytes]]:
    found = of_receipt(receipt(*answers), 99, ACTOR, action, {"keys": {}})
    assert all(
        (one.seq, one.packet, one.time_us, one.actor) == (7, PACKET, 99, ACTOR) for one in found
    )
    return [(one.kind, one.machine, one.answer, one.content) for one in found]


def test_orders_to_audited_machines_leave_entries_refused_ones_too() -> None:
    no = Refused(1, "keys", "KEY_KNOWN")
    assert facts(Transactions(GROUPS), None, no, None) == [
        (Kind.ORDER, "keys", "", encode(RECORD)),
        (Kind.ORDER, "keys", "KEY_KNOWN", encode([4, 1])),
        (Kind.ORDER, "keys", "KEY_KNOWN", encode([5, 1])),
    ]


def test_upgrades_and_resumes_leave_entries_and_ticks_none() -> None:
    upgrade, halted = Upgrade("ledger", 2, 50), Digest(b"h" * 32)
    no = Refused(0, "ledger", "HEIGHT_NOT_AHEAD")
    assert facts(upgrade, None) == [(Kind.UPGRADE, "ledger", "", encode(pack(upgrade)))]
    assert facts(upgrade, no) == [
        (Kind.UPGRADE, "ledger", "HEIGHT_NOT_AHEAD", encode(pack(upgrade)))
    ]
    assert facts(Resume(halted)) == [
        (Kind.HALT, "", "", encode([halted])),
        (Kind.RESUME, "", "", encode([halted])),
    ]
    assert facts(Tick()) == []


def test_founding_orders_are_the_first_entries() -> None:
    found = of_genesis(LEDGER, [Order("ledger", [1, 1]), Order("keys", RECORD)], {"keys": {}})
    assert [(one.kind, one.seq, one.packet, one.machine) for one in found] == [
        (Kind.ORDER, 0, LEDGER, "keys")
    ]


# Checkpoints.

POINT = Checkpoint("qfs/trail/00", 12, Digest(bytes(range(32))))
TEXT = "qfs/trail/00\n12\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


def test_a_checkpoint_is_three_lines() -> None:
    assert POINT.to_text() == TEXT
    assert Checkpoint.from_text(TEXT) == POINT
    assert Checkpoint.from_text(TEXT + "\n— qfs/trail/00 c2lnbmF0dXJl\n") == POINT


NO_CHECKPOINT = {
    "nothing": "",
    "two lines": "qfs/trail/00\n12\n",
    "an extension line": TEXT + "extension\n",
    "no origin": TEXT.replace("qfs/trail/00", ""),
    "a size with a leading zero": TEXT.replace("12\n", "012\n"),
    "a negative size": TEXT.replace("12\n", "-12\n"),
    "a size with a space": TEXT.replace("12\n", "12 \n"),
    "a size of twenty digits": TEXT.replace("12\n", "1" * 20 + "\n"),
    "a size in other digits": TEXT.replace("12\n", "\u0661\u0662\n"),
    "a root of 31 bytes": TEXT.replace("Hh8=", "Hg=="),
    "a root with stray bits": TEXT.replace("Hh8=", "Hh9="),
    "a root in base64url": TEXT.replace("AAEC", "AA-_"),
    "a root without padding": TEXT.replace("=", ""),
    "a root in other letters": TEXT.replace("AAEC", "ÄÄEC"),
}


@pytest.mark.parametrize("name", NO_CHECKPOINT)
def test_a_text_that_is_no_checkpoint_is_refused(name: str) -> None:
    with pytest.raises(CanonError):
        Checkpoint.from_text(NO_CHECKPOINT[name])


@given(st.text(max_size=80))
def test_random_text_is_refused_or_reads_back(text: str) -> None:
    try:
        point = Checkpoint.from_text(text)
    except CanonError:
        return
    assert text.startswith(point.to_text().rstrip("\n"))


@given(st.binary(max_size=200))
def test_random_bytes_are_no_entry(data: bytes) -> None:
    with pytest.raises(CanonError):
        Entry.from_bytes(data)
