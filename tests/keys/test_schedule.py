"""When a key is to be rotated: its last quarter, whatever the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.crypto import KeyId, Profile
from qfs.keys import KeyRecord, Role, due_from, rotations
from tests.gate.worlds import Run, name_of
from tests.keys.test_refusals import rotate


def record(active_from: int | None, expires: int | None) -> KeyRecord:
    return KeyRecord(
        Profile.ML_DSA_87, bytes(2592), KeyId(bytes(32)), (Role.ROOT,), 3, active_from, expires
    )


@pytest.mark.parametrize(
    ("active_from", "expires", "due"),
    [
        (1, 101, 76),
        (10, 11, 11),
        (10, 14, 13),
        (None, 103, 78),
        (1, None, None),
    ],
)
def test_a_key_is_due_in_its_last_quarter(
    active_from: int | None, expires: int | None, due: int | None
) -> None:
    assert due_from(record(active_from, expires)) == due


@given(st.integers(1, 2**40), st.integers(1, 2**40))
def test_a_key_is_due_while_it_lives(start: int, length: int) -> None:
    due = due_from(record(start, start + length))
    assert due is not None
    assert start <= due <= start + length
    assert 4 * (start + length - due) <= length < 4 * (start + length - due + 1)


def test_only_the_newest_key_of_a_line_is_listed_while_it_may_sign() -> None:
    run = Run()
    (short,) = rotations(run.keys, 1)
    assert (short.from_seq, short.expires) == (4, 4)
    assert run.ask("sam", rotate(name_of("sam"), "sam2", expires=10), "sam2") == "yes"
    first, due = rotations(run.keys, 2)
    assert (first, due.key, due.from_seq, due.expires) == (short, name_of("sam2"), 8, 10)
    assert rotations(run.keys, 9) == (due,)
    assert rotations(run.keys, 10) == ()
