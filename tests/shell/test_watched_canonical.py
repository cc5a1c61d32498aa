"""What a value is told as: the same exactly for what a program cannot tell apart."""

import itertools
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.shell.watched_canonical import Teller, TooLargeError, first_difference


class Colour(IntEnum):
    RED = 1


@dataclass
class Trade:
    price: Any


class Slotted:
    __slots__ = ("a",)

    def __init__(self, a: int) -> None:
        self.a = a


def digest(value: Any) -> str:
    """Return the digest of one value."""
    teller = Teller()
    teller.tell(value)
    return teller.digest()


SAME = (
    ({1, 2, 3}, {3, 2, 1}),
    (frozenset({"a", "b"}), frozenset({"b", "a"})),
    ([{("a", 1)}], [{("a", 1)}]),
    (Trade(1), Trade(1)),
    (Slotted(1), Slotted(1)),
    (deque([1, 2]), deque([1, 2])),
    (Decimal("1.0"), Decimal("1.0")),
)
DIFFERENT = (
    (1, True),
    (1, 1.0),
    (0.0, -0.0),
    ("1", 1),
    (b"a", "a"),
    ([1], (1,)),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({1}, frozenset({1})),
    ([[1], 2], [[1, 2]]),
    ([1, [2]], [1, 2]),
    (Trade(1), Trade(2)),
    (Slotted(1), Slotted(2)),
    (Decimal("1.0"), Decimal("1.00")),
    (Colour.RED, 1),
    (OrderedDict(a=1), {"a": 1}),
    (float("nan"), float("inf")),
    ("\ud800", "?"),
    (ValueError("a"), ValueError("b")),
    (None, 0),
    (Random(1), Random(2)),
    (itertools.count(1), itertools.count(2)),
    (deque([1]), deque([2])),
)


@pytest.mark.parametrize(("a", "b"), SAME)
def test_values_that_a_program_cannot_tell_apart_are_told_alike(a: Any, b: Any) -> None:
    assert digest(a) == digest(b)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_values_that_a_program_can_tell_apart_differ(a: Any, b: Any) -> None:
    assert digest(a) != digest(b)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON, JSON)
def test_two_json_values_are_told_alike_exactly_if_their_texts_are(a: Any, b: Any) -> None:
    assert (digest(a) == digest(b)) == (repr(a) == repr(b))


def test_a_value_that_holds_itself_is_told() -> None:
    one: list[Any] = [1]
    one.append(one)
    other: list[Any] = [1]
    other.append([1, other])
    assert digest(one) != digest(other)


def test_what_cannot_be_compared_is_noted_and_named() -> None:
    teller = Teller(paths=True)
    teller.tell({"lock": threading.Lock(), "x": 1}, "state")
    assert teller.notes == {"opaque": "state['lock']: a _thread.lock cannot be compared"}


def test_an_address_in_a_text_is_noted() -> None:
    teller = Teller()
    teller.tell(["rejected by <Book object at 0x7f1234567890>"])
    assert "address" in teller.notes


def test_a_value_without_end_is_refused() -> None:
    with pytest.raises(TooLargeError):
        Teller(nodes_max=10).tell(list(range(11)))


def test_a_number_of_a_million_digits_is_told_whatever_the_limit() -> None:
    assert digest(10**10_000) != digest(10**10_000 + 1)


def test_the_first_difference_is_a_path() -> None:
    tellers = []
    for price in (1, 2):
        teller = Teller(paths=True)
        teller.tell({"trades": [Trade(0), Trade(price)]}, "result")
        tellers.append(teller.leaves)
    assert first_difference(*tellers) == ("result['trades'][1].price", "int 1", "int 2")
    assert first_difference(tellers[0], tellers[0]) is None
