"""The world: one root, one snapshot, one first difference."""

import itertools

import pytest

from qfs.canon import encode
from qfs.errors import CanonError
from qfs.halt import Code, Halt
from qfs.kernel import Genesis, Tick, Upgrade, apply, diverge, found, restore_world
from tests.kernel.toys import GENESIS, MACHINES, Put, Take, Write, admitted, asks


def grown(*actions):
    world = found(MACHINES, GENESIS)
    for action in actions:
        world, _ = apply(MACHINES, (), world, admitted(world, action))
    return world


BUSY = (
    asks((Put("pear", 3), Write("hello"))),
    Upgrade("shelf", 2, 9),
    asks((Take("pear", 3),), (Put("fig", 2),)),
)


def test_a_snapshot_brings_back_the_world():
    world = grown(*BUSY)
    data = b"".join(world.snapshot())
    back = restore_world(MACHINES, data)
    assert (back.root, b"".join(back.snapshot())) == (world.root, data)
    assert (len(back.outbox), back.schedule) == (1, world.schedule)
    packet = admitted(world, asks((Put("plum", 1),)))
    assert apply(MACHINES, (), world, packet)[0].root == apply(MACHINES, (), back, packet)[0].root


def test_snapshots_are_the_same_bytes_whatever_the_way_there():
    one = found(MACHINES, GENESIS)
    packet = admitted(one, asks((Put("pear", 1), Put("fig", 1), Put("plum", 1))))
    straight, _ = apply(MACHINES, (), one, packet)
    detour = asks((Put("plum", 5), Take("plum", 5)), (Put("kiwi", 1), Take("moon", 1)))
    apply(MACHINES, (), one, admitted(one, detour))
    again, _ = apply(MACHINES, (), one, packet)
    assert b"".join(straight.snapshot()) == b"".join(again.snapshot())


def test_every_flipped_bit_of_a_snapshot_is_noticed():
    data = b"".join(grown(*BUSY).snapshot())
    for at in range(len(data)):
        spoiled = bytearray(data)
        spoiled[at] ^= 1 << (at % 8)
        with pytest.raises((CanonError, Halt)) as caught:
            restore_world(MACHINES, bytes(spoiled))
        if isinstance(caught.value, Halt):
            assert caught.value.code in (Code.SNAPSHOT_CORRUPT, Code.VERSION_MISSING)


def test_true_is_no_format_number():
    data = b"".join(grown().snapshot())
    assert data[4:6] == b"\x89\x01"
    with pytest.raises(CanonError):
        restore_world(MACHINES, data[:5] + b"\xf5" + data[6:])


def test_every_truncated_snapshot_is_refused():
    data = b"".join(grown(*BUSY).snapshot())
    for size in range(len(data)):
        with pytest.raises((CanonError, Halt)):
            restore_world(MACHINES, data[:size])
    with pytest.raises(CanonError):
        restore_world(MACHINES, data + (1).to_bytes(4, "little") + encode(1))


WAYS = [
    ("a value", (asks((Put("pear", 3),)),), (asks((Put("pear", 4),)),), ("shelf", "goods", "pear")),
    ("a key", (asks((Put("pear", 1),)),), (asks((Put("fig", 1),)),), ("shelf", "goods", "fig")),
    ("another machine", (asks((Write("a"),)),), (asks((Write("b"),)),), ("audit", "lines", 0)),
    (
        "a count",
        (asks((Put("pear", 2),)),),
        (asks((Put("pear", 1), Put("pear", 1))),),
        ("shelf", "moves", None),
    ),
    ("the schedule", (Upgrade("shelf", 2, 9),), (Upgrade("shelf", 2, 8),), ("world", "head", None)),
    ("the length", (Tick(),), (Tick(), Tick()), ("world", "seq", None)),
]


@pytest.mark.parametrize(
    ("here", "there", "where"), [case[1:] for case in WAYS], ids=[case[0] for case in WAYS]
)
def test_the_first_difference_is_named(here, there, where):
    one, other = grown(*here), grown(*there)
    found_ = diverge(one, other)
    assert (found_.machine, found_.field, found_.key) == where
    assert diverge(one, one) is None


def test_two_ledgers_differ_in_their_identity():
    other = found(MACHINES, Genesis("other", GENESIS.machines))
    assert diverge(grown(), other).field == "ledger"


def test_the_root_covers_every_part():
    """Worlds that differ in one part each have a root each."""
    worlds = [
        grown(),
        found(MACHINES, Genesis("other", GENESIS.machines)),
        found(MACHINES, Genesis("toys", (("audit", 1), ("shelf", 2)))),
        found(MACHINES, Genesis("toys", (("shelf", 1),))),
        grown(Tick()),
        grown(asks()),
        grown(asks((Put("pear", 1),))),
        grown(asks((Write("hello"),))),
        grown(asks((Put("pear", 1), Take("pear", 1)))),
        grown(Upgrade("shelf", 2, 9)),
    ]
    for one, other in itertools.combinations(worlds, 2):
        assert one.root != other.root


def test_worlds_of_one_process_share_nothing_that_changes():
    one, other = found(MACHINES, GENESIS), found(MACHINES, GENESIS)
    grown_, _ = apply(MACHINES, (), one, admitted(one, asks((Put("pear", 1),))))
    assert other.states["shelf"].goods.newer is None
    assert len(grown_.states["shelf"].goods) == 1
