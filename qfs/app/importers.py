"""Histories that others have kept, as the inputs of a replay: one JSON value an event.

- JSON Lines, CSV, a Temporal history (JSON), an SQLite database of the package ``eventsourcing``,
  a beancount ledger; told by the file's name and content.
- Nothing is lost: what was read is written back and compared before it is handed on, byte for byte
  for JSON Lines, CSV and beancount, value for value (order of keys included) for the other two.
- Numbers stay texts where the format has texts (CSV, beancount); 64-bit numbers of a Temporal
  history are texts there already.
- Source: RFC 4180; eventsourcing 9 ``SQLiteRecorder``; beancount v3 language syntax.
"""

import base64
import csv
import io
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from qfs.errors import InputError

BYTES_MAX = 1024**3  # 1_073_741_824
_DIRECTIVE = re.compile(r"(\d{4}[-/]\d{2}[-/]\d{2})\s+(\S+)|([a-z]+)\b")
_TABLES = ("stored_events", "stored_event")
_SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Imported:
    """The events of a file."""

    kind: str
    lines: tuple[str, ...]
    """One JSON value each."""

    def text(self) -> str:
        """Return them as JSON Lines."""
        return "".join([f"{line}\n" for line in self.lines])


def read(path: Path) -> Imported:
    """Import a file; raises InputError for what cannot be read, or not be written back."""
    try:
        if path.stat().st_size > BYTES_MAX:
            raise InputError(
                f"more than {BYTES_MAX} bytes", place=str(path), way_out="split the file"
            )
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=str(path), way_out="pass a readable file"
        ) from error
    if data.startswith(_SQLITE):
        return _eventsourcing(path)
    text = _decoded(data, path)
    if not text.strip():
        raise InputError("no inputs", place=str(path), way_out="write one JSON value a line")
    return _reader(path, text)(text, path)


def _reader(path: Path, text: str) -> Callable[[str, Path], Imported]:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return _csv
    if suffix in (".beancount", ".bean"):
        return _beancount
    if suffix == ".json" and text.lstrip().startswith("{"):
        return _temporal
    return _json_lines


def _decoded(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            "no UTF-8 text", place=f"{path}: byte {error.start}", way_out="pass text in UTF-8"
        ) from error


def _json_lines(text: str, path: Path) -> Imported:
    lines = text.removesuffix("\n").split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"no JSON value: {error}",
                place=f"{path}:{number}",
                way_out="write one JSON value a line",
            ) from error
    return Imported("jsonl", tuple([line.rstrip("\r") for line in lines]))


def _csv(text: str, path: Path) -> Imported:
    """Read rows as objects of texts, in the dialect that writes the same bytes."""
    for dialect in _dialects(text):
        rows = list(csv.reader(io.StringIO(text, newline=""), **dialect))
        out = io.StringIO(newline="")
        csv.writer(out, **dialect).writerows(rows)
        same = out.getvalue() in (text, f"{text}{dialect['lineterminator']}")
        if same and rows and len(set(rows[0])) == len(rows[0]):
            head, *body = rows
            if all(len(row) == len(head) for row in body):
                made = [dict(zip(head, row, strict=True)) for row in body]
                return Imported("csv", tuple([_dumped(row) for row in made]))
    raise InputError(
        "no CSV with a header that can be written back as it is",
        place=str(path),
        way_out="one header of different names, as many fields in each row, one way of quoting",
    )


def _dialects(text: str) -> list[dict[str, Any]]:
    ends = ["\r\n"] if "\r\n" in text else ["\n"]
    quoting = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)
    first = text.split("\n", 1)[0]
    delimiters = [one for one in ",;\t|" if one in first] or [","]
    return [
        {"delimiter": delimiter, "lineterminator": end, "quoting": how}
        for delimiter in delimiters
        for end in ends
        for how in quoting[:2]
    ]


def _temporal(text: str, path: Path) -> Imported:
    """Read a workflow's history, one event a line; what else stands in it goes with the first."""
    try:
        whole = json.loads(text, parse_float=Decimal, object_pairs_hook=_pairs)
        events = whole["events"]
        lines = [_dumped(event) for event in events]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"no Temporal history: {error}",
            place=str(path),
            way_out='pass {"events": [...]}, as `temporal workflow show --output json` prints',
        ) from error
    again = [json.loads(line, parse_float=Decimal, object_pairs_hook=_pairs) for line in lines]
    if not lines or again != events or [list(one) for one in again] != [list(e) for e in events]:
        raise InputError("cannot be written back as it is", place=str(path), way_out="report it")
    return Imported("temporal", tuple(lines))


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError(f"a name stands twice among {sorted(made)}")
    return made


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_number)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        shown = float(value)
        if Decimal(repr(shown)) == value:
            return shown
        raise ValueError(f"{value} is no binary float; write it as a text")
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def _eventsourcing(path: Path) -> Imported:
    """Read stored events in the order in which they were recorded; the database is not written."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            table = _table(database, path)
            names, rows = _rows(database, table)
    except sqlite3.Error as error:
        raise InputError(
            f"no database can be read: {error}",
            place=str(path),
            way_out="pass the SQLite file of an eventsourcing application",
        ) from error
    lines = [_dumped({n: _told(v) for n, v in zip(names, row, strict=True)}) for row in rows]
    again = [tuple([_untold(value) for value in json.loads(line).values()]) for line in lines]
    if again != rows or not rows:
        raise InputError(
            "no events, or not to be written back", place=str(path), way_out="record an event"
        )
    return Imported("eventsourcing", tuple(lines))


def _table(database: sqlite3.Connection, path: Path) -> str:
    listed = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    names = [str(row[0]) for row in listed]
    for name in names:
        if name in _TABLES or name.endswith("_events"):
            return name
    raise InputError(
        f"no table of events among {', '.join(names) or 'none'}",
        place=str(path),
        way_out="pass the SQLite file of an eventsourcing application",
    )


def _rows(database: sqlite3.Connection, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns' names and every row, in the order of recording where it was kept."""
    select = f'SELECT * FROM "{table}"'  # noqa: S608 (the name is one of the database's own)
    try:
        found = database.execute(f"{select} ORDER BY rowid")
    except sqlite3.OperationalError:
        # A table without row numbers keeps only the order within one aggregate.
        found = database.execute(f"{select} ORDER BY originator_id, originator_version")
    names = [str(column[0]) for column in found.description]
    return names, [tuple(row) for row in found.fetchall()]


def _told(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        text = value.decode("utf-8")
        json.loads(text)
    except (UnicodeDecodeError, ValueError):
        return {"base64": base64.b64encode(value).decode("ascii")}
    # The text itself, so that not a space of it is lost.
    return {"json": text}


def _untold(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["base64"]) if "base64" in value else value["json"].encode()
    return value


def _beancount(text: str, path: Path) -> Imported:
    """Read a ledger directive by directive; comments and blank lines go with what follows."""
    lines: list[str] = []
    open_lines: list[str] = []
    begun = 1
    head: tuple[str, str] | None = None
    for number, line in enumerate([*text.splitlines(keepends=True), None], start=1):
        found = None if line is None else _DIRECTIVE.match(line)
        if (line is None or found is not None) and head is not None:
            lines.append(_directive(head, open_lines, begun))
            open_lines, head, begun = [], None, number
        if line is None:
            break
        if found is not None:
            head = (found[1] or "", found[2] or found[3])
        open_lines.append(line)
    if open_lines:
        # What stands behind the last directive, or a file of comments alone.
        lines.append(_directive(("", "comment"), open_lines, begun))
    if "".join([json.loads(line)["text"] for line in lines]) != text:
        raise InputError("cannot be written back as it is", place=str(path), way_out="report it")
    return Imported("beancount", tuple(lines))


def _directive(head: tuple[str, str], lines: list[str], begun: int) -> str:
    date, kind = head
    return _dumped({"date": date, "directive": kind, "line": begun, "text": "".join(lines)})
