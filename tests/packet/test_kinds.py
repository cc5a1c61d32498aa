"""Kinds of packet: every action survives its payload, and nothing else is read."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from qfs.canon import Digest, decode, encode
from qfs.errors import CanonError, RecordError
from qfs.kernel import Action, Order, Resume, Tick, Transactions, Upgrade
from qfs.packet import KINDS, action_of, payload_of
from qfs.packet.kinds import name_of

TRANSFER = Order("ledger", [3, 1, 5, b"to", "memo", None, True, [1, -2]])
ACTIONS = {
    "transactions": [
        Transactions(((TRANSFER,),)),
        Transactions(((TRANSFER, Order("keys", [1, 1])), (Order("group/name", []),))),
    ],
    "upgrade": [Upgrade("ledger", 2, 1000)],
    "tick": [Tick()],
    "resume": [Resume(Digest(b"h" * 32))],
}


def test_every_kind_has_its_own_number_name_action_and_example() -> None:
    assert [kind.number for kind in KINDS] == [1, 2, 3, 4]
    assert [kind.name for kind in KINDS] == list(ACTIONS)
    assert [kind.action for kind in KINDS] == [type(some[0]) for some in ACTIONS.values()]
    assert [name_of(number) for number in (0, 1, 4, 5)] == [
        "unknown",
        "transactions",
        "resume",
        "unknown",
    ]


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_survives_its_payload(name: str) -> None:
    for action in ACTIONS[name]:
        number, payload = payload_of(action)
        again = action_of(number, payload)
        assert again == action
        assert payload_of(again) == (number, payload)


def outcome(read: Callable[[], Action]) -> object:
    """Return the action, or what is wrong."""
    try:
        return read()
    except CanonError as error:
        return type(error), error.what, error.place


@pytest.mark.parametrize("name", ACTIONS)
def test_what_is_read_at_once_is_what_decoding_and_unpacking_say(name: str) -> None:
    number, payload = payload_of(ACTIONS[name][-1])
    kind = KINDS[number - 1]
    changed = [payload[:size] for size in range(len(payload))] + [payload + b"\0"]
    changed += [
        payload[:at] + bytes((byte,)) + payload[at + 1 :]
        for at in range(len(payload))
        for byte in range(256)
    ]
    for data in changed:
        slowly = outcome(partial(lambda bad: kind.unpack(decode(bad)), data))
        assert outcome(partial(action_of, number, data)) == slowly, data.hex()


NO_PAYLOAD: dict[str, tuple[int, Any]] = {
    "an unknown kind": (5, []),
    "a packet without transactions": (1, []),
    "a transaction without orders": (1, [[]]),
    "an order outside a transaction": (1, [["ledger", [1]]]),
    "transactions in no array": (1, b""),
    "a transaction in no array": (1, [1]),
    "an order of one part": (1, [[["ledger"]]]),
    "an order of three parts": (1, [[["ledger", [1], 1]]]),
    "a machine that is no text": (1, [[[b"ledger", [1]]]]),
    "a machine without a name": (1, [[["", [1]]]]),
    "a machine's name too long": (1, [[["m" * 65, [1]]]]),
    "a record that is no array": (1, [[["ledger", 1]]]),
    "an upgrade without a height": (2, ["ledger", 2]),
    "an upgrade to a version in text": (2, ["ledger", "2", 9]),
    "an upgrade to version true": (2, ["ledger", True, 9]),
    "an upgrade of a machine's name too long": (2, ["m" * 65, 2, 9]),
    "a tick that carries something": (3, [1]),
    "a tick that is null": (3, None),
    "a resume of nothing": (4, []),
    "a resume of a short digest": (4, [b"h" * 31]),
    "a resume of a text": (4, ["h" * 32]),
}


@pytest.mark.parametrize("name", NO_PAYLOAD)
def test_a_payload_that_no_action_has_is_refused(name: str) -> None:
    number, value = NO_PAYLOAD[name]
    with pytest.raises(RecordError):
        action_of(number, encode(value))


@pytest.mark.parametrize("data", [b"", b"\x80\x00", b"\x9f\xff", b"\xa0", b"\xf9\x3c\x00"])
def test_a_payload_that_is_not_canonical_is_refused(data: bytes) -> None:
    for kind in KINDS:
        with pytest.raises(CanonError):
            action_of(kind.number, data)


@pytest.mark.parametrize(
    "action",
    [
        Transactions(()),
        Transactions(((),)),
        Transactions(((Order("", [1]),),)),
        Transactions(((Order("ledger", 1),),)),
        Resume(Digest(b"short")),
    ],
    ids=["no transaction", "no order", "no machine", "no record", "no halt"],
)
def test_an_action_that_its_kind_cannot_carry_is_refused_when_written(action: Any) -> None:
    with pytest.raises(RecordError):
        payload_of(action)


def test_what_is_no_action_has_no_kind() -> None:
    with pytest.raises(RecordError, match="carries a str"):
        payload_of("tick")  # type: ignore[arg-type]
