"""Each reader keeps every byte, tells every field, and names the place that it cannot read."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qfs.errors import InputError
from qfs.shell.histories import FORMATS, Entry
from qfs.shell.histories.entries import FIELDS_MAX, RECORD_MAX, Fields

READERS = {one.name: one.entries for one in FORMATS}
BIG = "9" * 5000

KEPT: tuple[tuple[str, str, str, list[list[tuple[str, str]]]], ...] = (
    (
        "numbers as written",
        "jsonl",
        '{"a": 1.50, "b": -0, "c": 1E5}\n',
        [[("a", "1.50"), ("b", "-0"), ("c", "1E5")]],
    ),
    ("any integer", "jsonl", BIG + "\n", [[("(value)", BIG)]]),
    (
        "what Python writes for no number",
        "jsonl",
        "[NaN, -Infinity]\n",
        [[("[0]", "NaN"), ("[1]", "-Infinity")]],
    ),
    ("a text is no number", "jsonl", '{"a": "1"}\n{"a": 1}\n', [[("a", '"1"')], [("a", "1")]]),
    ("a name that stands twice", "jsonl", '{"a": 1, "a": 2}\n', [[("a", "1"), ("a#2", "2")]]),
    (
        "what is inside",
        "jsonl",
        '{"a": {"b": [1, {"c": null}]}, "d": [], "e": {}}\n',
        [[("a.b[0]", "1"), ("a.b[1].c", "null"), ("d", "[]"), ("e", "{}")]],
    ),
    (
        "names that look like ways",
        "jsonl",
        '{"a.b": 1, "": 2, "(data)": true}\n',
        [[('["a.b"]', "1"), ('[""]', "2"), ('["(data)"]', "true")]],
    ),
    (
        "texts of any language",
        "jsonl",
        '{"ключ": "值\u2028\u0085😀"}\n',
        [[("ключ", '"值\u2028\u0085😀"')]],
    ),
    ("half a pair of surrogates", "jsonl", '"\\ud800"\n', [[("(value)", '"\\ud800"')]]),
    ("the mark of the beginning", "jsonl", "\ufeff1\n", [[("(value)", "1")]]),
    (
        "blank lines, before and behind",
        "jsonl",
        "\n \n1\n\n2\n\n\r\n",
        [[("(value)", "1")], [("(value)", "2")], []],
    ),
    (
        "ends of two kinds, and none",
        "jsonl",
        "1\r\n2\n3",
        [[("(value)", "1")], [("(value)", "2")], [("(value)", "3")]],
    ),
    (
        "a table",
        "csv",
        "t,price\n1,1.50\n2,\n",
        [
            [("1", "t"), ("2", "price")],
            [("t", "1"), ("price", "1.50")],
            [("t", "2"), ("price", "")],
        ],
    ),
    (
        "quoted commas, quotes and lines",
        "csv",
        'a,b\r\n"x,y","say ""no""\r\nor yes"\r\n',
        [[("1", "a"), ("2", "b")], [("a", "x,y"), ("b", 'say "no"\r\nor yes')]],
    ),
    (
        "a mark, semicolons and no last end",
        "csv",
        "\ufeffa;b\n1,5;2",
        [[("1", "a"), ("2", "b")], [("a", "1,5"), ("b", "2")]],
    ),
    (
        "columns of one name",
        "csv",
        "a\ta\n1\t2\n",
        [[("1", "a"), ("2", "a")], [("a", "1"), ("a#2", "2")]],
    ),
    ("blank lines between rows", "csv", "a\n\n1\n\n\n", [[("1", "a")], [("a", "1")], []]),
    ("a zero byte", "csv", "a|b\n\0|1\n", [[("1", "a"), ("2", "b")], [("a", "\0"), ("b", "1")]]),
    (
        "a ledger",
        "beancount",
        (
            '; books\noption "title" "Shop"\n\n2020-01-01 open Assets:Cash EUR ; all\n'
            '2020-01-02 * "Baker" #food\n  receipt: "r1"\n'
            "  Assets:Cash  -2.50 EUR\n  ! Expenses:Brot\n"
            "  ; a word\n\n* heading\n2020-1-3 balance Assets:Cash  -2.50 EUR\n; end"
        ),
        [
            [("directive", "option"), ("text", '"title" "Shop"')],
            [("date", "2020-01-01"), ("directive", "open"), ("text", "Assets:Cash EUR ; all")],
            [
                ("date", "2020-01-02"),
                ("directive", "*"),
                ("text", '"Baker" #food'),
                ("receipt", '"r1"'),
                ("Assets:Cash", "-2.50 EUR"),
                ("Expenses:Brot", ""),
                ("line 4", "; a word"),
            ],
            [("date", "2020-1-3"), ("directive", "balance"), ("text", "Assets:Cash  -2.50 EUR")],
            [],
        ],
    ),
    (
        "a workflow",
        "temporal",
        '\n{"next": [], "events" : [ {"eventId": "1", "at": 1.0},\n  {"eventId":"2"} ], "x":1}\n',
        [[("eventId", '"1"'), ("at", "1.0")], [("eventId", '"2"')], []],
    ),
)


def read(folder: Path, form: str, data: bytes | str) -> list[Entry]:
    path = folder / "history"
    path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    return list(READERS[form](path))


def told(entries: list[Entry]) -> list[Fields]:
    return [entry.fields for entry in entries]


@pytest.mark.parametrize(("sentence", "form", "text", "fields"), KEPT)
def test_every_field_is_told_and_every_byte_is_kept(
    sentence: str, form: str, text: str, fields: list[list[tuple[str, str]]], tmp_path: Path
) -> None:
    entries = read(tmp_path, form, text)
    assert told(entries) == [tuple(one) for one in fields], sentence
    assert b"".join([entry.data for entry in entries]) == text.encode("utf-8")
    assert all(entry.data for entry in entries)


SPOILED: tuple[tuple[str, str, bytes, str, str], ...] = (
    ("a comma too many", "jsonl", b'1\n{"a": 1,}\n', "2:9", "no JSON value"),
    ("behind the mark of the beginning", "jsonl", b"\xef\xbb\xbf\n  [1\n", "2:5", "no JSON value"),
    ("two values", "jsonl", b"1 2\n", "1:3", "Extra data"),
    ("cut off", "jsonl", b'{"a": 1}\n{"a"', "2:5", "delimiter"),
    ("no UTF-8", "jsonl", '1\n"é'.encode() + b'\xff"\n', "2:3", "no UTF-8 text"),
    ("a line end of 1984", "jsonl", b"1\r2\r3", "1:3", "Extra data"),
    ("too deep", "jsonl", b"[" * 200_000 + b"]" * 200_000, "1:1", "nested too deep"),
    ("too long", "jsonl", b'1\n"' + b"x" * RECORD_MAX + b'"\n', "2:1", "more than"),
    ("a field too few", "csv", b"a,b\n1,2\n3\n", "3:2", "a row of 1 fields"),
    ("a field too many", "csv", b'a,b\n\n"1\n",2,3\n', "4:5", "a row of 3 fields"),
    ("a quote left open", "csv", b'a,b\n1,2\n3,"4\n5,6\n', "3:3", "unexpected end"),
    ("a quote in a field", "csv", b'a,b\n1,"2"3\n', "2:6", "expected after"),
    ("no UTF-8 in a field", "csv", b"a,b\n1,\xe9\n", "2:3", "no UTF-8 text"),
    ("a quote never closed", "csv", b'a\n"' + b"x\n" * 100_000, "2:1", "field limit"),
    (
        "too long a row",
        "csv",
        b'a\n"' + b'\n","'.join([b"x" * 100_000] * 45) + b'"\n',
        "2:1",
        "more than",
    ),
    ("a field too large for a table", "csv", b"a,b\n1," + b"x" * 200_000 + b"\n", "2:", "limit"),
    ("no directive", "beancount", b"; nothing\n", "1:1", "no directive"),
    ("no ledger", "beancount", b"2020-01-01 open A:B\nhello\n", "2:1", "begins no directive"),
    ("no history", "temporal", b"[]", "1:1", "'{' was expected"),
    ("no events", "temporal", b'{"events": []}', "1:1", "no events"),
    ("events of another kind", "temporal", b'{"events": [\n{"id": 1}]}', "2:9", "no event of"),
    ("cut off", "temporal", b'{"events": [\n{"eventId": "1"},\n{"ev', "3:2", "no JSON"),
    ("cut off behind an event", "temporal", b'{"events": [{"eventId": "1"}', "1:29", "',' was"),
    ("something behind", "temporal", b'{"events": [{"eventId": "1"}]}\n{}', "1:31", "behind"),
    ("no UTF-8 in it", "temporal", b'{\n"\xff', "2:2", "no UTF-8 text"),
    ("too deep an event", "temporal", b'{"events": ' + b"[" * 200_000, "1:1", "nested too deep"),
)


@pytest.mark.parametrize(
    ("sentence", "form", "data", "place", "what"), SPOILED, ids=[f"{s[1]}: {s[0]}" for s in SPOILED]
)
def test_what_cannot_be_read_is_named_by_line_and_column(
    sentence: str, form: str, data: bytes, place: str, what: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, form, data)
    assert error.value.place.startswith(f"{tmp_path / 'history'}:{place}"), error.value
    assert what in error.value.what


def test_a_record_of_too_many_fields_is_kept_and_compared_as_a_whole(tmp_path: Path) -> None:
    most = "[" + ",".join(["0"] * FIELDS_MAX) + "]\n"
    more = "[" + ",".join(["0"] * (FIELDS_MAX + 1)) + "]\n"
    entries = read(tmp_path, "jsonl", most + more)
    assert [len(entry.fields) for entry in entries] == [FIELDS_MAX, 0]
    assert [entry.data.decode() for entry in entries] == [most, more]


def test_a_file_is_read_a_record_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("1\n" * 10 + "no value\n", encoding="utf-8")
    entries: Iterator[Entry] = READERS["jsonl"](path)
    assert [next(entries).data for _ in range(10)] == [b"1\n"] * 10
    with pytest.raises(InputError):
        next(entries)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
once = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@once
@given(st.lists(st.lists(texts, min_size=2, max_size=2), min_size=1, max_size=6), st.data())
def test_any_table_that_another_writer_makes_is_the_same_again(
    tmp_path: Path, rows: list[list[str]], data: st.DataObject
) -> None:
    ends = data.draw(st.sampled_from(["\n", "\r\n"]))
    quoting = data.draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    path = tmp_path / "history"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator=ends, quoting=quoting)
        writer.writerow(["left", "right, with a comma"])
        writer.writerows(rows)
    entries = list(READERS["csv"](path))
    assert b"".join([entry.data for entry in entries]) == path.read_bytes()
    kept = [[value for _, value in entry.fields] for entry in entries[1:] if entry.fields]
    assert kept == rows


@once
@given(st.binary(max_size=60), st.sampled_from(["jsonl", "csv", "beancount", "temporal"]))
def test_any_bytes_are_kept_whole_or_refused(tmp_path: Path, data: bytes, form: str) -> None:
    try:
        entries = read(tmp_path, form, data)
    except InputError as error:
        place = error.place
    else:
        place = f"{tmp_path / 'history'}:"
        assert b"".join([entry.data for entry in entries]) == data
    assert place.startswith(f"{tmp_path / 'history'}:")
