"""Histories of others become inputs, and nothing of them is lost on the way."""

import base64
import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.app.foreign import ForeignRequest, replay_foreign
from qfs.app.importers import read
from qfs.errors import InputError

LEDGER = """; the books of a small shop
option "operating_currency" "EUR"

2020-01-01 open Assets:Cash EUR
2020-01-02 * "Baker" "Bread" #food ^r1
  Assets:Cash   -2.50 EUR
    receipt: "r1.pdf"
  Expenses:Food

; half way
2020-01-03 balance Assets:Cash  -2.50 EUR
; the end
"""
HISTORY = {
    "events": [
        {
            "eventId": "1",
            "eventTime": "2026-01-01T00:00:00.000000001Z",
            "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED",
            "taskId": "9007199254740993",
            "workflowExecutionStartedEventAttributes": {"input": {"payloads": [{"data": "MQ=="}]}},
        },
        {"eventId": "2", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED", "attempt": 1.5},
    ]
}


def imported(folder: Path, name: str, text: str) -> tuple[str, list[Any]]:
    """Write a file and import it."""
    path = folder / name
    path.write_bytes(text.encode())
    found = read(path)
    return found.kind, [json.loads(line) for line in found.lines]


def test_a_beancount_ledger_is_its_directives_and_its_text_again(tmp_path: Path) -> None:
    kind, events = imported(tmp_path, "books.beancount", LEDGER)
    assert kind == "beancount"
    assert "".join(event["text"] for event in events) == LEDGER
    assert [(event["date"], event["directive"]) for event in events] == [
        ("", "option"),
        ("2020-01-01", "open"),
        ("2020-01-02", "*"),
        ("2020-01-03", "balance"),
    ]


def test_a_temporal_history_is_its_events_and_large_numbers_stay_whole(tmp_path: Path) -> None:
    kind, events = imported(tmp_path, "history.json", json.dumps(HISTORY, indent=2))
    assert (kind, events) == ("temporal", HISTORY["events"])
    assert [list(event) for event in events] == [list(event) for event in HISTORY["events"]]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1), st.sampled_from([",", ";", "\t"]))
def test_any_table_that_python_writes_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], delimiter: str
) -> None:
    folder = tmp_path_factory.mktemp("table")
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([("a", "b"), *rows])
    kind, events = imported(folder, "table.csv", out.getvalue())
    assert (kind, events) == ("csv", [{"a": a, "b": b} for a, b in rows])


def database(path: Path, *, numbered: bool) -> list[tuple[Any, ...]]:
    """Make a database as the recorders of eventsourcing do; return its rows."""
    rows: list[tuple[Any, ...]] = [
        ("b", 1, "shop:Opened", b'{"name": "B"}'),
        ("a", 1, "shop:Opened", b"\x00\xff"),
        ("b", 2, "shop:Closed", b"[ 1 ]"),
    ]
    first = "notification_id INTEGER PRIMARY KEY AUTOINCREMENT, " if numbered else ""
    key = ", PRIMARY KEY (originator_id, originator_version)) WITHOUT ROWID"
    last = ")" if numbered else key
    with sqlite3.connect(path) as made:
        made.execute(
            f"CREATE TABLE stored_events ({first}originator_id TEXT, originator_version INTEGER,"
            f" topic TEXT, state BLOB{last}"
        )
        names = "originator_id, originator_version, topic, state"
        made.executemany(f"INSERT INTO stored_events ({names}) VALUES (?, ?, ?, ?)", rows)
    made.close()
    return rows


@pytest.mark.parametrize("numbered", [True, False])
def test_stored_events_come_in_the_order_in_which_they_were_recorded(
    numbered: bool, tmp_path: Path
) -> None:
    rows = database(tmp_path / "app.db", numbered=numbered)
    before = (tmp_path / "app.db").read_bytes()
    found = read(tmp_path / "app.db")
    events = [json.loads(line) for line in found.lines]
    expected = rows if numbered else sorted(rows)
    assert [event["originator_id"] for event in events] == [row[0] for row in expected]
    states = [
        base64.b64decode(state["base64"]) if "base64" in state else state["json"].encode()
        for state in (event["state"] for event in events)
    ]
    assert states == [row[3] for row in expected]
    assert (found.kind, (tmp_path / "app.db").read_bytes()) == ("eventsourcing", before)


WRONG = (
    ("rows of other lengths", "a.csv", "a,b\n1\n", "written back"),
    ("a header twice", "a.csv", "a,a\n1,2\n", "written back"),
    ("mixed quoting", "a.csv", 'a,b\n"1",2\n', "written back"),
    ("no history", "a.json", '{"event": []}', "no Temporal history"),
    ("a name twice", "a.json", '{"events": [{"a": 1, "a": 2}]}', "stands twice"),
    ("half a history", "a.json", '{"events": [', "no Temporal history"),
    ("no JSON", "a.jsonl", "1\n{\n", "a.jsonl:2"),
    ("nothing", "a.csv", "", "no inputs"),
    ("half a database", "a.db", "SQLite format 3\x00", "no database|no table"),
)


@pytest.mark.parametrize(("what", "name", "text", "words"), WRONG, ids=[one[0] for one in WRONG])
def test_what_cannot_be_written_back_is_refused(
    what: str, name: str, text: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        imported(tmp_path, name, text)


def test_an_imported_history_is_replayed(tmp_path: Path) -> None:
    (tmp_path / "books.beancount").write_text(LEDGER, encoding="utf-8")
    (tmp_path / "program.py").write_text(
        "def entry(event):\n    return event['directive']\n", encoding="utf-8"
    )
    report = replay_foreign(
        ForeignRequest(
            callable="program:entry", inputs=tmp_path / "books.beancount", folder=tmp_path
        )
    )
    assert (report.exit_code, report.document()["commands"]) == (0, 4)
