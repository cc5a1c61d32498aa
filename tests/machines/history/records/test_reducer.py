"""What the machine records keeps and refuses, and the laws that every machine keeps."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import Digest, decode, encode
from qfs.crypto.ports import KeyId
from qfs.errors import CanonError
from qfs.kernel import Context, Decision
from qfs.machines.history.records import (
    MACHINE,
    Command,
    Event,
    Open,
    Opened,
    Record,
    Recorded,
    Refusal,
    Row,
    Rows,
    State,
)
from qfs.machines.history.records.reducer import decide, evolve
from qfs.machines.history.records.rows import DATA, ROW, STREAM
from qfs.machines.history.records.state import genesis
from tests.kernel.laws import check_machine

ADA = KeyId(b"a" * 32)
ROOT = Digest(b"r" * 32)
BLANK = genesis()
OPENED = evolve(BLANK, Opened("jsonl/1"))
BID = Record("orders", b'{"price": 1}\n', (("price", "1"),))


def row(record: Record) -> Row:
    return Row(record.stream, Digest(sha256(record.data).digest()), record.fields)


def context(seq: int) -> Context:
    return Context(ROOT, seq, ROOT, 0, ADA, bytes(32), "records", 0)


CASES: tuple[tuple[str, State, int, Command, Event | Refusal], ...] = (
    ("a founding order opens", BLANK, 0, Open("jsonl/1"), Opened("jsonl/1")),
    ("no other may", BLANK, 1, Open("jsonl/1"), Refusal.NOT_AT_FOUNDING),
    ("nor a second one", OPENED, 0, Open("jsonl/1"), Refusal.ALREADY_OPEN),
    ("a format has a name", BLANK, 0, Open(""), Refusal.FORMAT_MALFORMED),
    ("the longest name", BLANK, 0, Open("f" * 64), Opened("f" * 64)),
    ("no longer", BLANK, 0, Open("f" * 65), Refusal.FORMAT_MALFORMED),
    ("a record is kept", OPENED, 3, BID, Recorded(3, row(BID))),
    ("not before the opening", BLANK, 3, BID, Refusal.NOT_OPEN),
    ("nor one of no bytes", OPENED, 3, Record("orders", b"", ()), Refusal.NO_DATA),
    (
        "the longest stream",
        OPENED,
        3,
        Record("s" * 1024, b"x", ()),
        Recorded(3, Row("s" * 1024, Digest(sha256(b"x").digest()), ())),
    ),
    ("no longer one", OPENED, 3, Record("s" * 1025, b"x", ()), Refusal.STREAM_TOO_LONG),
)


@pytest.mark.parametrize(("sentence", "state", "seq", "command", "expected"), CASES)
def test_the_machine_answers(
    sentence: str, state: State, seq: int, command: Command, expected: Event | Refusal
) -> None:
    answer = decide(state, command, context(seq))
    if isinstance(expected, Refusal):
        assert answer is expected, sentence
    else:
        assert isinstance(answer, Decision), sentence
        assert answer.events == (expected,)


def test_every_refusal_is_reached_by_a_case() -> None:
    assert {case[-1] for case in CASES if isinstance(case[-1], Refusal)} == set(Refusal)


names = st.sampled_from(["orders", "trades", "s" * 1025])
fields = st.lists(st.tuples(st.sampled_from(["price", "size"]), st.sampled_from(["1", "2"])))
commands = st.one_of(
    st.builds(Open, st.sampled_from(["", "csv/1"])),
    st.builds(Record, names, st.binary(max_size=3), fields.map(tuple)),
)


@given(st.lists(st.tuples(commands, st.integers(0, 3)), max_size=12))
def test_the_machine_keeps_the_laws_of_a_machine(history: list[tuple[Command, int]]) -> None:
    ordered = sorted(history, key=lambda one: one[1])
    given_ = [(Open("csv/1"), 0), *ordered]
    state = check_machine(MACHINE, [(command, context(seq)) for command, seq in given_])
    assert state.format == "csv/1"
    assert state.count == sum(stream.count for _, stream in state.streams.items())


def kept(*records: Record, seq: int = 1) -> Rows:
    rows = Rows(0, 0)
    for record in records:
        rows = rows.add(seq, row(record))
    return rows


PARTING = (
    ("the same", BID, BID, []),
    (
        "another value",
        BID,
        Record("orders", b'{"price": 2}\n', (("price", "2"),)),
        [
            ("price", "1", "2"),
            (DATA, sha256(b'{"price": 1}\n').hexdigest(), sha256(b'{"price": 2}\n').hexdigest()),
        ],
    ),
    (
        "a field less",
        BID,
        Record("orders", BID.data, ()),
        [("price", "1", None)],
    ),
    ("another stream", BID, Record("trades", BID.data, BID.fields), [(STREAM, "orders", "trades")]),
    (
        "a space more",
        BID,
        Record("orders", BID.data + b" ", BID.fields),
        [(DATA, sha256(BID.data).hexdigest(), sha256(BID.data + b" ").hexdigest())],
    ),
)


def test_rows_of_the_same_names_in_another_order_differ_as_a_whole() -> None:
    one = Record("orders", b"x", (("price", "1"), ("price", "2"), ("size", "1")))
    other = Record("orders", b"x", (("price", "1"), ("size", "1"), ("price", "2")))
    here, there = kept(one), kept(other)
    assert here.diff(there) == [((0, ROW), row(one).digest().hex(), row(other).digest().hex())]
    assert here.get((0, ROW)) == row(one).digest().hex()


@pytest.mark.parametrize(("sentence", "one", "other", "expected"), PARTING)
def test_rows_part_at_the_first_record_and_field(
    sentence: str, one: Record, other: Record, expected: list[tuple[str, str | None, str | None]]
) -> None:
    here, there = kept(BID, one, BID), kept(BID, other, BID)
    assert here.diff(there, 9) == [((1, name), a, b) for name, a, b in expected], sentence
    assert here.diff(there) == [((1, name), a, b) for name, a, b in expected[:1]]
    for (number, name), mine, theirs in here.diff(there, 9):
        assert (here.get((number, name)), there.get((number, name))) == (mine, theirs)


def test_rows_that_go_on_and_rows_of_another_packet_differ() -> None:
    assert kept(BID).diff(kept(BID, BID)) == [((1, "price"), None, "1")]
    assert kept(BID).diff(kept(BID, seq=2)) == [((0, ""), "packet 1", "packet 2")]
    later = kept(BID, BID).add(2, row(BID))
    assert (later.seq, later.first, later.get((2, "price")), later.get((1, "price"))) == (
        2,
        2,
        "1",
        None,
    )


def test_a_snapshot_that_no_rows_can_have_written_is_refused() -> None:
    first, *rest = kept(BID).snapshot()
    assert kept().load([first, *rest]) == kept(BID)
    for bad in ([], [encode([1])], [encode([True, 0])], [first, first], rest):
        with pytest.raises(CanonError):
            kept().load(bad)
    assert decode(first) == [1, 0]
