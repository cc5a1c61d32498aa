"""Tables: values to those who hold them, one root a content, proofs that need nothing else."""

import random
from dataclasses import dataclass, replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import Digest, decode, encode, pack, unpack
from qfs.crypto.ports import KeyId
from qfs.errors import CanonError, ContractError, ProofError, RecordError
from qfs.kernel import Proof, Step, Store, Table, verify_proof


@dataclass(frozen=True, slots=True)
class Row:
    owner: bytes
    amount: int


def numbers(rows: dict[int, int]) -> Table[int, int]:
    table = Table.of(int, int)
    for key, value in rows.items():
        table = table.set(key, value)
    return table


# ---- a value -----------------------------------------------------------------------------------

steps = st.lists(st.tuples(st.integers(-5, 40), st.integers(0, 3)), max_size=120)


@given(steps, st.data())
def test_every_version_stays_what_it_was(history, data):
    """A table and a dict go through the same history; any old version may be read at any time."""
    table, model = Table.of(int, int), {}
    versions = [(table, {})]
    for key, value in history:
        if value == 0:
            table = table.delete(key)
            model = {name: old for name, old in model.items() if name != key}
        else:
            table = table.set(key, value)
            model = model | {key: value}
        versions.append((table, model))
    for _ in range(5):
        old, known = versions[data.draw(st.integers(0, len(versions) - 1))]
        assert old.items() == sorted(known.items())
        assert (len(old), 3 in old, old.get(3), old.get(3, "none")) == (
            len(known),
            3 in known,
            known.get(3),
            known.get(3, "none"),
        )
        assert old.keys(2, 9) == [key for key in sorted(known) if 2 <= key < 9]
        assert old.seal() == numbers(known).seal()


@given(steps)
def test_the_root_depends_on_the_content_alone(history):
    """Whatever the order of events, and however often it was sealed on the way."""
    table = Table.of(int, int)
    for at, (key, value) in enumerate(history):
        table = table.set(key, value) if value else table.delete(key)
        if at % 7 == 0:
            table.seal()
    content = dict(table.items())
    keys = sorted(content)
    random.Random(len(keys)).shuffle(keys)
    assert table.seal() == numbers({key: content[key] for key in keys}).seal()
    assert table == numbers(content)


def test_deleting_what_is_not_there_changes_nothing():
    table = numbers({1: 1})
    assert table.delete(2) is table


def test_a_refused_change_costs_the_one_who_refuses():
    """restore makes a version the newest again, so that its next reader pays nothing."""
    old = numbers({1: 1})
    new = old.set(1, 2).set(3, 3).delete(1)
    assert new.get(1) is None
    old.restore()
    assert old.newer is None
    assert (old.items(), new.items()) == ([(1, 1)], [(3, 3)])


def test_a_long_chain_of_old_versions_is_read_and_freed():
    first = numbers({0: 0})
    table = first
    for number in range(50_000):
        table = table.set(number % 100, number)
    assert first.items() == [(0, 0)]
    del table, first


def test_roots_differ_where_contents_differ():
    tables = [
        Table.of(int, int),
        numbers({0: 0}),
        numbers({0: 1}),
        numbers({1: 0}),
        numbers({0: 0, 1: 0}),
        numbers(dict.fromkeys(range(17), 0)),
        Table.of(bytes, int).set(b"\x00", 0),
        Table.of(str, int).set("\x00", 0),
        Table.of(tuple[int, int], int).set((0, 0), 0),
        Table.of(int, bool).set(0, False),
    ]
    roots = [table.seal() for table in tables]
    assert len(dict.fromkeys(roots)) == len(roots)


def test_the_root_is_that_of_the_written_format():
    """By hand from the module's words: one row is a page of one row."""
    key, value = encode(7), encode([b"o", 5])
    row = sha256(b"\x03" + key).digest() + sha256(b"\x00" + key + value).digest()
    table = Table.of(int, Row).set(7, Row(b"o", 5))
    assert table.seal() == sha256(b"\x01" + (1).to_bytes(8, "little") + row).digest()
    assert Table.of(int, Row).seal() == sha256(b"\x01" + bytes(8)).digest()


# ---- exact types -------------------------------------------------------------------------------

KEYS = [
    (int, [0, -1, 2**255], [True, "0", b"0", 1.0, (0,)]),
    (bytes, [b"", b"a"], ["a", 1, bytearray(b"a")]),
    (str, ["", "a"], [b"a", 1]),
    (KeyId, [KeyId(b"k" * 32)], ["k", 1]),
    (tuple[int, str], [(1, "a")], [(True, "a"), (1, b"a"), (1,), (1, "a", 2), [1, "a"], 1]),
]


@pytest.mark.parametrize(("kind", "good", "bad"), KEYS, ids=["int", "bytes", "str", "new", "pair"])
def test_a_key_is_of_exactly_the_declared_type(kind, good, bad):
    table = Table.of(kind, int)
    for key in good:
        assert table.set(key, 1).get(key) == 1
    for key in bad:
        for call in (
            lambda key=key: table.get(key),
            lambda key=key: table.set(key, 1),
            lambda key=key: table.delete(key),
            lambda key=key: key in table,
            lambda key=key: table.keys(key),
            lambda key=key: table.prove(key),
        ):
            with pytest.raises(ContractError, match="a key of this table is"):
                call()


@pytest.mark.parametrize("kind", [float, bool, Row, list, tuple, tuple[int, ...], tuple[Row, int]])
def test_a_type_that_cannot_be_a_key_is_refused(kind):
    with pytest.raises(ContractError, match="no type of keys"):
        Table.of(kind, int)


def test_a_value_is_of_exactly_the_declared_type():
    with pytest.raises(ContractError, match="a value is int, not bool"):
        Table.of(int, int).set(1, True)
    with pytest.raises(ContractError):
        Table.of(int, float)
    deep = Table.of(int, Row).set(1, Row(b"o", True))
    with pytest.raises(RecordError, match="amount is int"):
        deep.seal()


def test_a_table_has_no_hash_and_no_order_of_its_own():
    table = numbers({1: 1})
    with pytest.raises(TypeError):
        hash(table)
    with pytest.raises(TypeError):
        iter(table)
    assert isinstance(table, Store)
    assert repr(table) == f"Table(1 rows, {table.seal().hex()[:16]})"


# ---- snapshots and differences -----------------------------------------------------------------


@given(st.dictionaries(st.integers(0, 10**6), st.integers(0, 9), max_size=80))
def test_a_snapshot_brings_the_table_back(rows):
    table = numbers(rows)
    records = list(table.snapshot())
    back = Table.of(int, int).load(records)
    assert (back.items(), back.seal()) == (sorted(rows.items()), table.seal())
    assert list(back.snapshot()) == records
    assert back.set(5, 5).seal() == table.set(5, 5).seal()


@pytest.mark.parametrize(
    "records",
    [
        [[2, 0], [1, 0]],
        [[1, 0], [1, 0]],
        [[1, 0, 0]],
        [1],
        [[True, 0]],
        [[1, True]],
        [["1", 0]],
    ],
    ids=["order", "twice", "three", "no row", "True", "a true value", "a text key"],
)
def test_records_that_no_snapshot_holds_are_refused(records):
    with pytest.raises(CanonError):
        Table.of(int, int).load([encode(record) for record in records])


@given(
    st.dictionaries(st.integers(0, 60), st.integers(0, 2), max_size=60),
    st.dictionaries(st.integers(0, 60), st.integers(0, 2), max_size=60),
)
def test_a_difference_names_the_smallest_keys(here, there):
    one, other = numbers(here), numbers(there)
    wanted = [
        (key, here.get(key), there.get(key))
        for key in sorted(here | there)
        if here.get(key) != there.get(key)
    ]
    assert one.diff(other, limit=1000) == wanted
    assert one.diff(other) == wanted[:1]


def test_two_versions_of_one_table_can_be_compared():
    old = numbers(dict.fromkeys(range(100), 0))
    new = old.set(5, 1).set(70, 1).delete(3)
    assert old.diff(new, 9) == [(3, 0, None), (5, 0, 1), (70, 0, 1)]


# ---- proofs ------------------------------------------------------------------------------------

SIZES = [0, 1, 2, 16, 17, 40, 300, 2000]


@pytest.mark.parametrize("size", SIZES)
def test_a_proof_shows_what_is_there_and_what_is_not(size):
    table = numbers({3 * n: n for n in range(size)})
    root = table.seal()
    for key in [-1, 0, 1, 3, 3 * size // 2, 3 * size - 3, 3 * size]:
        proof = unpack(Proof, decode(encode(pack(table.prove(key)))))
        assert verify_proof(root, proof) == size
        assert decode(proof.key) == key
        expected = None if table.get(key) is None else encode(table.get(key))
        assert proof.value == expected


def test_a_proof_shows_its_own_version():
    old = numbers({n: n for n in range(100)})
    new = old.set(7, 8)
    verify_proof(old.seal(), old.prove(7))
    with pytest.raises(ProofError, match="leads to"):
        verify_proof(new.seal(), old.prove(7))


def lies(proof: Proof, other: Proof) -> list[tuple[str, Proof]]:
    first, *rest = proof.steps
    rows = [proof.page[at : at + 64] for at in range(0, len(proof.page), 64)]
    return [
        ("another value", replace(proof, value=encode(99))),
        ("no value", replace(proof, value=None)),
        ("another key", replace(proof, key=other.key)),
        ("another page", replace(proof, page=other.page)),
        ("an empty page", replace(proof, page=b"")),
        ("a cut page", replace(proof, page=proof.page[:-1])),
        ("a page without the row", replace(proof, page=proof.page[64:], value=None)),
        ("a page too large", replace(proof, page=bytes(64 * 17))),
        ("rows out of order", replace(proof, page=b"".join(reversed(rows)))),
        ("a step left out", replace(proof, steps=tuple(rest))),
        ("a step twice", replace(proof, steps=(first, first, *rest))),
        ("no steps", replace(proof, steps=())),
        ("another count", replace(proof, steps=(Step(first.count + 1, first.siblings), *rest))),
        ("a count of none", replace(proof, steps=(Step(0, first.siblings), *rest))),
        ("cut siblings", replace(proof, steps=(Step(first.count, first.siblings[:-32]), *rest))),
        ("many steps", replace(proof, steps=(first,) * 65)),
        ("a key that is no value", replace(proof, key=b"\xff")),
        ("a value that is none", replace(proof, value=b"")),
    ]


def test_a_lie_in_a_proof_is_found():
    table = numbers({n: n for n in range(300)})
    proof, other = table.prove(7), table.prove(8)
    verify_proof(table.seal(), proof)
    for name, lie in lies(proof, other):
        with pytest.raises(ProofError):
            pytest.fail(f"{name}: {verify_proof(table.seal(), lie)}")


def test_every_flipped_bit_of_a_proof_is_found():
    table = numbers({n: n for n in range(300)})
    root = table.seal()
    data = encode(pack(table.prove(7)))
    for at in range(len(data)):
        spoiled = bytearray(data)
        spoiled[at] ^= 1 << (at % 8)
        with pytest.raises((ProofError, CanonError)):
            verify_proof(root, unpack(Proof, decode(bytes(spoiled))))


def test_an_absent_key_cannot_be_proved_by_an_inner_node():
    """Leaf, page and node hashes have prefixes of their own: none passes for another."""
    table = numbers({n: n for n in range(300)})
    honest = table.prove(7)
    forged = Proof(honest.key, None, b"", honest.steps[:0])
    with pytest.raises(ProofError):
        verify_proof(Digest(table.seal()), forged)


def test_many_keys_are_looked_up_at_once_in_any_version():
    older = Table.of(int, str).set(1, "a").set(2, "b")
    newer = older.set(2, "c").set(3, "d")
    assert newer.get_many([3, 2, 9, 1, 2]) == ["d", "c", None, "a", "c"]
    assert older.get_many([3, 2, 9, 1]) == [None, "b", None, "a"]
    assert newer.get_many([]) == []
