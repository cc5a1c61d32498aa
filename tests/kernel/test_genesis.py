"""Genesis: one record, one identity; anything else is no genesis."""

import pytest

from qfs.canon import encode
from qfs.errors import CanonError, RecordError
from qfs.kernel import Genesis, Order

WHOLE = Genesis(
    "house", (("group/sub-machine", 3), ("keys", 1)), (Order("keys", [1, 1, b"key", [1]]),)
)


def test_a_genesis_comes_back_with_its_identity():
    back = Genesis.from_bytes(WHOLE.to_bytes())
    assert (back, back.digest()) == (WHOLE, WHOLE.digest())


@pytest.mark.parametrize(
    "other",
    [
        Genesis("home", WHOLE.machines, WHOLE.orders),
        Genesis("house", WHOLE.machines[:1], WHOLE.orders),
        Genesis("house", (("group/sub-machine", 4), ("keys", 1)), WHOLE.orders),
        Genesis("house", WHOLE.machines),
    ],
    ids=["name", "machines", "version", "orders"],
)
def test_another_genesis_is_another_ledger(other):
    assert other.digest() != WHOLE.digest()


@pytest.mark.parametrize(
    ("name", "machines"),
    [
        ("", ()),
        ("x" * 65, ()),
        ("x", (("b", 1), ("a", 1))),
        ("x", (("a", 1), ("a", 2))),
        ("x", (("a", 0),)),
        ("x", (("A", 1),)),
        ("x", (("a/b/c", 1),)),
        ("x", (("outbox", 1),)),
        ("x", (("", 1),)),
    ],
)
def test_a_genesis_keeps_its_own_rules(name, machines):
    with pytest.raises(RecordError):
        Genesis(name, machines)


@pytest.mark.parametrize(
    "value",
    [
        7,
        [],
        [2, "x", [], []],
        [True, "x", [], []],
        [1, b"x", [], []],
        [1, "x", [["a"]], []],
        [1, "x", [["a", True]], []],
        [1, "x", [], [["a"]]],
        [1, "x", [], [[1, []]]],
        [1, "x", [], [], []],
    ],
)
def test_other_canonical_bytes_are_no_genesis(value):
    with pytest.raises(CanonError):
        Genesis.from_bytes(encode(value))
