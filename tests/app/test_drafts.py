"""Drafts in JSON: every canonical value has one, and what is none is refused by name."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.app.drafts import FIELDS, read_draft, shown, value_of
from qfs.canon import ArrayKind, TypedArray, Value
from qfs.crypto import KeyId
from qfs.errors import InputError
from qfs.kernel import Tick
from qfs.packet import KINDS, action_of

KEY = KeyId(b"k" * 32)
DRAFT: dict[str, Any] = {
    "ledger": "00" * 32,
    "seq": 1,
    "time_us": 5,
    "seed": "11" * 32,
    "previous": "22" * 32,
    "kind": "tick",
    "payload": [],
}


def read(**changes: Any) -> Any:
    return read_draft(json.dumps(DRAFT | changes).encode(), "draft.json", KEY)


def test_a_draft_is_a_packet_for_the_signers_key() -> None:
    packet = read()
    assert (packet.seq, packet.time_us, packet.key) == (1, 5, KEY)
    assert (packet.seed, packet.previous) == (b"\x11" * 32, b"\x22" * 32)
    assert action_of(packet.kind, packet.payload) == Tick()
    assert sorted(DRAFT) == sorted(FIELDS)


def test_every_kind_can_be_drafted() -> None:
    payloads = {
        "transactions": [[["ledger", [1, 1, {"bytes": "00ff"}, None, True, "ψ", -5]]]],
        "upgrade": ["ledger", 2, 9],
        "tick": [],
        "resume": [{"bytes": "00" * 32}],
    }
    assert [read(kind=name, payload=payload).kind for name, payload in payloads.items()] == [
        kind.number for kind in KINDS
    ]


values: st.SearchStrategy[Value] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.just(TypedArray.of(ArrayKind.I16, [1, -2])),
    lambda inside: st.lists(inside, max_size=3),
    max_leaves=8,
)


@given(values)
def test_what_is_shown_can_be_drafted(value: Value) -> None:
    assert value_of(json.loads(json.dumps(shown(value)))) == value


NO_DRAFT: dict[str, dict[str, Any]] = {
    "a ledger that is no hexadecimal": {"ledger": "zz"},
    "a ledger of 31 bytes": {"ledger": "00" * 31},
    "a ledger that is a number": {"ledger": 5},
    "a sequence number in text": {"seq": "1"},
    "a sequence number that is a float": {"seq": 1.0},
    "a sequence number of 0": {"seq": 0},
    "a kind that is none": {"kind": "transfer"},
    "a kind by its number": {"kind": 3},
    "a payload of another kind": {"payload": [1]},
    "a float in the payload": {"kind": "upgrade", "payload": ["ledger", 2.0, 9]},
    "an object in the payload": {"kind": "transactions", "payload": [[["m", [{"x": 1}]]]]},
    "bytes that are no hexadecimal": {"kind": "resume", "payload": [{"bytes": "0"}]},
    "bytes and more": {"kind": "resume", "payload": [{"bytes": "00", "x": 1}]},
    "an array of no kind": {
        "kind": "transactions",
        "payload": [[["m", [{"array": "F64", "values": []}]]]],
    },
    "an array of texts": {
        "kind": "transactions",
        "payload": [[["m", [{"array": "U8", "values": ["1"]}]]]],
    },
    "an array whose value does not fit": {
        "kind": "transactions",
        "payload": [[["m", [{"array": "U8", "values": [256]}]]]],
    },
    "an integer beyond 256 bits": {"kind": "transactions", "payload": [[["m", [1 << 257]]]]},
    "a field too many": {"algorithm": "none"},
}


@pytest.mark.parametrize("name", NO_DRAFT)
def test_what_is_no_draft_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(InputError) as raised:
        read(**NO_DRAFT[name])
    assert raised.value.place.startswith("draft.json")


@pytest.mark.parametrize(
    "text", [b"", b"\xff", b"[]", b"{", b"{}", b'{"seq": 1, "seq": 2}', b"[" * 100_000]
)
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(InputError, match=r"draft\.json"):
        read_draft(text, "draft.json", KEY)
