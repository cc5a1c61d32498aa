"""How deep a value is kept: deep where it is narrow, less deep where it is wide."""

from collections.abc import Callable

import pytest

from qfs.scan.domain import depth
from qfs.scan.domain.depth import WEIGHT_MAX, bounded
from qfs.scan.domain.values import (
    ANY,
    FUNCTION,
    INT,
    PARTIAL,
    SEQUENCE,
    STR,
    TUPLE,
    Value,
    sequence,
    table,
)


def nested(levels: int, make: Callable[[Value], Value]) -> Value:
    value = INT
    for _level in range(levels):
        value = make(value)
    return value


def lists(value: Value) -> Value:
    return sequence(value)


def dozen(value: Value) -> Value:
    return ((TUPLE, (value,) * 12),)


def held(value: Value) -> tuple[int, int]:
    """Return how many levels of containers a value has, and how many atoms in all."""
    levels, atoms = 0, len(value)
    for atom in value:
        parts = atom[1] if atom[0] == TUPLE else (atom[2],) if atom[0] == SEQUENCE else ()
        for part in parts:
            below, more = held(part)
            levels, atoms = max(levels, below + 1), atoms + more
    return levels, atoms


@pytest.mark.parametrize(
    ("value", "levels"),
    [
        (nested(2, lists), 2),
        (nested(9, lists), depth.DEPTH_MAX + 1),
        (nested(2, dozen), 2),
        (nested(5, dozen), 3),
    ],
)
def test_what_is_narrow_is_kept_deeper_than_what_is_wide(value: Value, levels: int) -> None:
    kept = bounded(value)
    assert held(kept)[0] == levels
    assert held(kept)[1] <= WEIGHT_MAX or levels == 1
    assert bounded(kept) == kept
    assert (kept == value) == (held(value)[0] == levels)


def test_what_is_cut_is_unknown_and_what_can_be_called_counts_not() -> None:
    assert held(bounded(nested(9, lists)))[1] == held(nested(depth.DEPTH_MAX + 1, lists))[1]
    innermost = bounded(nested(9, lists))
    for _level in range(depth.DEPTH_MAX + 1):
        innermost = innermost[0][2]
    assert innermost == ANY
    functions: Value = tuple([(FUNCTION, number, None, -1) for number in range(20)])
    filled: Value = ((PARTIAL, functions, (table(STR, functions),), ()),)
    assert bounded(sequence(filled)) == sequence(filled)
