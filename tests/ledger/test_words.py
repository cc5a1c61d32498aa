"""Machine words, and what stands on them: sums of two, places by id, records side by side."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.errors import ContractError
from qfs.kernel import Decision
from qfs.ledger import MACHINE, Batch
from qfs.ledger.columns import Columns
from qfs.ledger.index import NOWHERE, Index
from qfs.ledger.sums import HIGH, add, halves, negated, number
from qfs.ledger.words import bytes_of, signed, unsigned, words_of
from tests.ledger.books import ALICE, context, market, root
from tests.ledger.test_batch import pay

MOST = 2**124 - 1
EDGES = [
    sign * (2**bits + step)
    for bits in (0, 31, 32, 62, 63, 64, 95, 96, 123)
    for step in (-1, 0, 1)
    for sign in (1, -1)
]
numbers = st.sampled_from([*EDGES, MOST, -MOST, 0]) | st.integers(-MOST, MOST)
ids = st.integers(0, 40) | st.sampled_from([2**62, 2**63 - 1, 2**63, 2**64 - 1])


@given(one=numbers, other=numbers)
def test_a_sum_of_two_words_each_is_the_sum(one: int, other: int) -> None:
    low, high = add(*halves(one), *halves(other))
    assert number(low, high) == one + other
    assert -(2**63) <= low < 2**63
    assert abs(high) <= 2 * HIGH


@given(one=numbers)
def test_a_number_comes_back_from_its_halves_and_from_its_negation(one: int) -> None:
    assert number(*halves(one)) == one
    assert number(*negated(*halves(one))) == -one
    assert b"".join(half.to_bytes(8, "little", signed=True) for half in halves(one)) == (
        one.to_bytes(16, "little", signed=True)
    )


@pytest.mark.parametrize("number_", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_number_without_a_sign_comes_back_from_its_word(number_: int) -> None:
    assert unsigned(signed(number_)) == number_
    assert pack("<q", signed(number_)) == pack("<Q", number_)


def test_bytes_are_little_endian_on_a_machine_of_either_order() -> None:
    data = bytes(range(16))
    swapped = data[7::-1] + data[:7:-1]
    assert words_of(data).tolist() == [0x0706050403020100, 0x0F0E0D0C0B0A0908]
    assert bytes(bytes_of(words_of(data))) == data
    assert bytes(words_of(data, little=False)) == swapped
    assert bytes(bytes_of(words_of(swapped), little=False)) == data


@pytest.mark.parametrize("dense", [True, False], ids=["table", "dict"])
@given(steps=st.lists(st.tuples(ids | st.integers(0, 2**64 - 1), st.booleans()), max_size=120))
def test_an_index_answers_as_a_dict_does(dense: bool, steps: list[tuple[int, bool]]) -> None:
    index, model = Index(dense=dense), dict[int, int]()
    for place, (account, goes) in enumerate(steps):
        if account not in model:
            index.put(account, place)
            model[account] = place
        elif goes:
            index.drop(account)
            del model[account]
    asked = [account for account, _ in steps] + [0, 7, 2**64 - 1]
    expected = [model.get(account, NOWHERE) for account in asked]
    assert [index.get(account) for account in asked] == expected
    assert list(index.find(pack(f"<{len(asked)}Q", *asked))) == expected
    assert list(index.each([-1, 2**64, *asked])) == [NOWHERE, NOWHERE, *expected]


@pytest.mark.parametrize("dense", [True, False], ids=["table", "dict"])
def test_ids_made_to_meet_are_found_all_the_same(dense: bool) -> None:
    """All of them name the same row of the table; what it has no row for stands in the dict."""
    meeting = [(n << 16) ^ (n << 45) for n in range(300)]
    index = Index(dense=dense)
    assert index.fill([signed(one) for one in meeting], 3, 8) == 300
    assert [index.get(one) for one in meeting] == list(range(3, 2403, 8))
    assert bool(index.others)
    index.drop(meeting[7])
    index.drop(meeting[-1])
    assert [index.get(meeting[at]) for at in (7, -1, 8)] == [NOWHERE, NOWHERE, 67]
    index.put(meeting[7], 11)
    assert index.get(meeting[7]) == 11


@pytest.mark.parametrize("dense", [True, False], ids=["table", "dict"])
def test_an_id_that_stands_twice_is_counted_once(dense: bool) -> None:
    assert Index(dense=dense).fill([5, 6, 5], 3, 8) == 2


def test_columns_keep_their_records_while_they_grow() -> None:
    columns = Columns(b"", 0)
    records = [bytes([n % 251 + 1]) * 128 for n in range(600)]
    for record in records:
        columns.open(record)
    assert bytes(columns.raw()[: 600 * 128]) == b"".join(records)
    assert columns.taken() == list(range(38))
    columns.close()
    columns.keep(3, -5)
    assert (columns.count, columns.balance(3)) == (599, -5)
    assert columns.taken() == [0, 37]
    assert columns.record(599) == bytes(128)


def test_a_balance_that_no_row_explains_is_found_when_the_event_is_derived_again() -> None:
    book = market()
    root(book.state)
    answer = MACHINE.decide(book.state, Batch.of([pay()]), context(ALICE, book.seq))
    assert isinstance(answer, Decision)
    assert answer.after is not None
    columns = answer.after.accounts.newest().columns
    columns.keep(8 * 7 + 3, columns.balance(8 * 7 + 3) + 1)
    with pytest.raises(ContractError, match="judged"):
        MACHINE.evolve(book.state, answer.events[0])
