"""Chance: the same for everyone who has the packet, even for every bound."""

from collections import Counter
from hashlib import shake_256

import pytest

from qfs.canon import encode
from qfs.errors import UsageError
from qfs.kernel import Chance

FACTS = (b"ledger", 7, "purpose")


def test_the_bytes_are_shake256_over_the_facts():
    key = encode(["qfs/chance/1", *FACTS])
    assert Chance.of(FACTS).take(100) == shake_256(key).digest(100)
    assert Chance.of(FACTS).take(0) == b""
    assert Chance.of((b"ledger", 8, "purpose")).take(8) != Chance.of(FACTS).take(8)


def test_numbers_are_read_by_place_and_reading_changes_nothing():
    chance = Chance.of(FACTS)
    numbers = [chance.below(6, index) for index in range(600)]
    assert numbers == [chance.below(6, index) for index in range(600)]
    counts = Counter(numbers)
    assert sorted(counts) == [0, 1, 2, 3, 4, 5]
    assert all(60 <= count <= 140 for count in counts.values())


def test_words_above_the_last_whole_multiple_are_left_out():
    """With a bound just above half of 2**64 almost every second word is rejected."""
    bound = 2**63 + 1
    chance = Chance.of(FACTS)
    words = [int.from_bytes(chance.take(8 * 40)[at : at + 8], "little") for at in range(0, 320, 8)]
    wanted = [word for word in words if word < bound]
    assert [chance.below(bound, index) for index in range(len(wanted))] == wanted
    assert 5 < len(wanted) < 35


@pytest.mark.parametrize("bound", [0, -1, 2**64 + 1])
def test_a_bound_out_of_range_is_the_callers_mistake(bound):
    with pytest.raises(UsageError):
        Chance.of(FACTS).below(bound)


@pytest.mark.parametrize("count", [-1, 2**20 + 1])
def test_too_many_bytes_are_the_callers_mistake(count):
    with pytest.raises(UsageError):
        Chance.of(FACTS).take(count)
    assert Chance.of(FACTS).below(1) == 0
    assert Chance.of(FACTS).below(2**64) < 2**64
