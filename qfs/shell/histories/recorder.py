"""The SQLite file of an application of the package ``eventsourcing``: a record a row of any table.

- The first record is the schema; then each table's rows in the order of recording, with their row
  numbers and each value's own type. A new database is made of them again: the same tables, rows,
  types and versions; pages and statistics are the library's own business.
- Rows of events belong to their aggregate's stream, others to their table's. What is JSON in a
  value is told field by field.
- The source is opened read-only; with a write-ahead log beside it, a copy of both is read.
- Source: eventsourcing 9 ``SQLiteRecorder``; https://www.sqlite.org/lang.html.
"""

import shutil
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qfs.canon import Value, decode, encode
from qfs.errors import CanonError, InputError
from qfs.shell.histories.entries import RECORD_MAX, Entry, named
from qfs.shell.histories.flat import DECODER, flat

_EVENTS = ("originator_id", "originator_version", "topic", "state")
_SEQUENCE = "sqlite_sequence"
_PRAGMAS = ("user_version", "application_id")
_WAY_OUT = "pass the SQLite file of an eventsourcing application"


def entries(path: Path) -> Iterator[Entry]:
    """Yield the schema and every row; raises InputError naming table and row."""
    try:
        with TemporaryDirectory(prefix="qfs-recorder-") as folder:
            place, mode = path.resolve(), "immutable=1"
            if path.with_name(f"{path.name}-wal").exists():
                place, mode = _copied(path, Path(folder)), "mode=ro"
            with closing(sqlite3.connect(f"{place.as_uri()}?{mode}", uri=True)) as database:
                yield from _database(database, path)
    except sqlite3.Error as error:
        raise InputError(
            f"no database can be read: {error}", place=str(path), way_out=_WAY_OUT
        ) from None


def rebuilt(path: Path, data: Iterable[bytes]) -> None:
    """Make a database of the data of entries; raises InputError for what `entries` did not make."""
    parts = iter(data)
    try:
        head: Any = decode(next(parts, b""))
        with closing(sqlite3.connect(path)) as database:
            encoding, *versions, schema = head
            database.execute(f"PRAGMA encoding = '{encoding}'")
            for name, number in zip(_PRAGMAS, versions, strict=True):
                database.execute(f"PRAGMA {name} = {int(number)}")
            for kind, sql in schema:
                if kind == "table":
                    database.execute(sql)
            counted = False
            for part in parts:
                row: Any = decode(part)
                if row[0] == _SEQUENCE and not counted:
                    counted = True
                    database.execute(f"DELETE FROM {_SEQUENCE}")  # noqa: S608 (a constant)
                _insert(database, row)
            # Behind the rows: a trigger would fire on them, an index would only slow them.
            for kind, sql in schema:
                if kind != "table":
                    database.execute(sql)
            database.commit()
    except (sqlite3.Error, struct.error, CanonError, ValueError, TypeError) as error:
        raise InputError(f"no database can be made of it: {error}", place=str(path)) from None


def _copied(path: Path, folder: Path) -> Path:
    for beside in (path, path.with_name(f"{path.name}-wal")):
        shutil.copyfile(beside, folder / beside.name)
    return folder / path.name


def _database(database: sqlite3.Connection, path: Path) -> Iterator[Entry]:
    listed = database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY rowid").fetchall()
    schema = [[kind, name, sql] for kind, name, sql in listed if not name.startswith("sqlite_")]
    tables = [(name, sql) for kind, name, sql in schema if kind == "table"]
    if any(name == _SEQUENCE for _, name, _ in listed):
        tables.append((_SEQUENCE, ""))  # last: inserting into the others counts on
    columns = {name: _columns(database, name) for name, _ in tables}
    if not any(all(one in names for one in _EVENTS) for names in columns.values()):
        raise InputError(
            f"no table of events among {', '.join(columns) or 'none'}",
            place=str(path),
            way_out=_WAY_OUT,
        )
    versions = [int(database.execute(f"PRAGMA {name}").fetchone()[0]) for name in _PRAGMAS]
    encoding = str(database.execute("PRAGMA encoding").fetchone()[0])
    head: list[Value] = [encoding, *versions, [[kind, sql] for kind, _, sql in schema]]
    yield Entry("(schema)", encode(head), named([(name, sql) for _, name, sql in schema]))
    for name, sql in tables:
        yield from _rows(database, path, name, sql, columns[name])


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    """Return a table's columns; raises InputError for one that is computed."""
    found = database.execute(f"PRAGMA table_xinfo({_quoted(table)})").fetchall()
    if any(column[6] for column in found):
        raise InputError("a column that is computed", place=table, way_out=_WAY_OUT)
    return [str(column[1]) for column in found]


def _rows(
    database: sqlite3.Connection, path: Path, table: str, sql: str, columns: list[str]
) -> Iterator[Entry]:
    numbered = "WITHOUT ROWID" not in " ".join(sql.upper().split())
    what = ", ".join([_quoted(name) for name in columns])
    wanted = f"rowid, {what}" if numbered else f"NULL, {what}"
    order = " ORDER BY rowid" if numbered else ""
    stream_at = columns.index("originator_id") if "originator_id" in columns else None
    query = f"SELECT {wanted} FROM {_quoted(table)}{order}"  # noqa: S608 (the database's own names)
    for number, *values in database.execute(query):
        try:
            data = encode([table, number, [*columns], [_told(value) for value in values]])
        except CanonError as error:
            raise InputError(f"row {number}: {error.what}", place=f"{path}: {table}") from None
        if len(data) > RECORD_MAX:
            what = f"row {number} has more than {RECORD_MAX} bytes"
            raise InputError(what, place=f"{path}: {table}")
        stream = table if stream_at is None else str(_shown(values[stream_at]))
        pairs = zip(columns, values, strict=True)
        fields = [field for name, value in pairs for field in _fields(name, value)]
        yield Entry(stream, data, named(fields))


def _told(value: Any) -> Any:
    """Return a value of SQLite's five types in canonical form; a float by its eight bytes."""
    return [struct.pack(">d", value)] if isinstance(value, float) else value


def _fields(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, bytes | str):
        try:
            text = value if isinstance(value, str) else value.decode("utf-8")
            inside = DECODER.decode(text)
        except (ValueError, RecursionError):
            inside = None
        if isinstance(inside, list):
            parts = flat(inside)
            for way, leaf in parts:
                yield (f"{name}{way}" if way.startswith("[") else f"{name}.{way}"), leaf
            if parts:
                return
    yield name, _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value.hex()
    return "NULL" if value is None else str(value)


def _insert(database: sqlite3.Connection, row: Any) -> None:
    table, number, columns, values = row
    plain = [struct.unpack(">d", one[0])[0] if isinstance(one, list) else one for one in values]
    names = [_quoted(name) for name in columns]
    if number is not None:
        names, plain = ["rowid", *names], [number, *plain]
    marks = ", ".join(["?"] * len(plain))
    database.execute(
        f"INSERT INTO {_quoted(table)} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608
        plain,
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
