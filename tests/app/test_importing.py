"""Histories of other programs, made and read by those programs themselves, as logs and back."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from beancount import loader
from beancount.scripts import example
from eventsourcing.tests.application import BankAccounts
from google.protobuf import json_format
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

from qfs.app.bisection import BisectRequest, bisect
from qfs.app.importing import (
    SNAPSHOT_RECORDS,
    ExportReport,
    ImportReport,
    ImportRequest,
    export_history,
    import_history,
)
from qfs.app.replay import ReplayRequest, replay
from qfs.app.time_travel import world_at
from qfs.crypto import Profile
from qfs.errors import InputError, QFSError, UsageError
from qfs.shell import keystore
from tests.app.logs import make_log

TICKS = "".join(
    [json.dumps({"t": t, "price": t * 7 % 11, "by": "ab"[t % 2]}) + "\n" for t in range(50)]
)


def there_and_back(source: Path, **wishes: object) -> tuple[ImportReport, ExportReport, Path]:
    """Import a file, export it again, and hold the two reports to each other."""
    folder = source.parent / f"{source.name}-log"
    imported = import_history(ImportRequest(source, folder, **wishes))  # type: ignore[arg-type]
    again = source.with_name(f"again-{source.name}")
    exported = export_history(folder, again)
    assert exported.state_root == imported.state_root
    assert (exported.form, exported.records) == (imported.form, imported.records)
    assert replay(ReplayRequest(folder)).exit_code == 0
    return imported, exported, again


def bank(path: Path, monkeypatch: pytest.MonkeyPatch) -> BankAccounts:
    """Return eventsourcing's own example application on an SQLite file."""
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.sqlite")
    monkeypatch.setenv("SQLITE_DBNAME", str(path))
    return BankAccounts()


def test_the_recorder_of_an_eventsourcing_application_comes_back_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "bank.db"
    app = bank(source, monkeypatch)
    ada, bob = (app.open_account(name, f"{name}@bank.example") for name in ("ada", "bob"))
    for number in range(1, 8):
        app.credit_account(ada, Decimal(number))
        app.credit_account(bob, Decimal("0.10"))
    app.close()
    imported, _, again = there_and_back(source)
    # The schema, sixteen events; no row of snapshots.
    assert (imported.form, imported.records, imported.streams) == ("eventsourcing", 17, 3)
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(again)) as other:
        assert list(one.iterdump()) == list(other.iterdump())
        typed = "SELECT rowid, typeof(originator_id), typeof(state), * FROM stored_events"
        assert one.execute(typed).fetchall() == other.execute(typed).fetchall()
    reopened = bank(again, monkeypatch)
    assert reopened.get_balance(ada) == Decimal(28)
    reopened.credit_account(bob, Decimal("0.30"))
    assert reopened.get_balance(bob) == Decimal("1.00")
    reopened.close()


def test_two_recorders_part_at_an_aggregate_s_event_and_attribute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "bank.db"
    app = bank(source, monkeypatch)
    account = app.open_account("ada", "ada@bank.example")
    for number in range(5):
        app.credit_account(account, Decimal(number))
    app.close()
    other = tmp_path / "other.db"
    other.write_bytes(source.read_bytes())
    with closing(sqlite3.connect(other)) as database:
        change = (
            "UPDATE stored_events SET state ="
            " CAST(replace(CAST(state AS TEXT), ?, ?) AS BLOB) WHERE rowid = 4"
        )
        database.execute(change, ('"_data_":"2"', '"_data_":"2.5"'))
        database.commit()
    one, two = there_and_back(source)[0], there_and_back(other)[0]
    assert one.ledger == two.ledger
    report = bisect(BisectRequest(tmp_path / "bank.db-log", tmp_path / "other.db-log"))
    assert (report.machine, report.packet) == ("records", 1)
    assert report.key == "recent[(4, 'state.amount._data_')]"
    assert (report.value_a, report.value_b) == ("'\"2\"'", "'\"2.5\"'")


def test_any_database_with_events_keeps_its_types_and_numbers(tmp_path: Path) -> None:
    source = tmp_path / "odd.sqlite"
    with closing(sqlite3.connect(source)) as database:
        database.executescript(
            'PRAGMA user_version = 7; PRAGMA encoding = "UTF-16le";'
            "CREATE TABLE log (n INTEGER PRIMARY KEY AUTOINCREMENT, originator_id, "
            'originator_version, topic, state, "odd "" name");'
            "CREATE INDEX by_topic ON log (topic); CREATE VIEW seen AS SELECT n FROM log;"
            "CREATE TRIGGER more AFTER INSERT ON log BEGIN UPDATE log SET state = 'lost'; END;"
            "DROP TRIGGER more;"
            "CREATE TABLE kept (k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
        )
        rows = [
            ("a", 1, "x", b"\x00\xff", 0.1),
            ("a", 2, None, "text", -0.0),
            ("b", 2**63 - 1, "é\0z", b'{"a": 1.50}', float("inf")),
        ]
        for row in rows:
            database.execute("INSERT INTO log VALUES (NULL, ?, ?, ?, ?, ?)", row)
        database.execute("DELETE FROM log WHERE n = 2")
        database.execute("INSERT INTO kept VALUES ('k', 5)")
        database.commit()
    _, _, again = there_and_back(source, form="eventsourcing")
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(again)) as other:
        for query in (
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name",
            "SELECT *, typeof(state) FROM log",
            "SELECT * FROM kept",
            "SELECT * FROM sqlite_sequence",
            "PRAGMA user_version",
            "PRAGMA encoding",
        ):
            assert repr(one.execute(query).fetchall()) == repr(other.execute(query).fetchall())


def test_rows_that_are_still_in_the_write_ahead_log_are_read_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    source = tmp_path / "wal.db"
    with closing(sqlite3.connect(source)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE e (originator_id, originator_version, topic, state)")
        database.execute("INSERT INTO e VALUES ('a', 1, 't', '{}')")
        database.commit()
        before = {path.name: path.read_bytes() for path in tmp_path.glob("wal.db*")}
        report = import_history(ImportRequest(source, tmp_path / "log"))
        assert {path.name: path.read_bytes() for path in tmp_path.glob("wal.db*")} == before
        assert report.records == 2


def test_the_ledger_that_beancount_makes_as_its_example_comes_back(tmp_path: Path) -> None:
    source = tmp_path / "example.beancount"
    with source.open("w", encoding="utf-8") as file:
        dates = [example.datetime.date(year, 1, 1) for year in (1980, 2020, 2021)]
        example.write_example_file(*dates, reformat=True, file=file)
    imported, _, again = there_and_back(source)
    assert again.read_bytes() == source.read_bytes()
    entries, errors, _ = loader.load_file(str(source))
    assert errors == []
    assert imported.records > len(entries) > 100


def histories() -> dict[str, bytes]:
    """Return the workflow histories that Temporal's own SDK carries, as it writes them in JSON.

    What stands there as .bin and .json is a list of many histories, for a test of the SDK's own.
    """
    folder = files("temporalio") / "bridge/sdk-core/crates/sdk-core/tests/histories"
    found = {}
    for path in sorted(folder.iterdir(), key=lambda one: one.name):
        stem, _, suffix = path.name.rpartition(".")
        if (folder / f"{stem}.bin").is_file() and (folder / f"{stem}.json").is_file():
            continue
        data = path.read_bytes()
        if suffix == "bin":
            data = json_format.MessageToJson(History.FromString(data)).encode("utf-8")
        found[stem] = data
    return found


def test_every_history_that_temporal_s_own_package_holds_comes_back(tmp_path: Path) -> None:
    events = {}
    for name, data in histories().items():
        source = tmp_path / f"{name}.json"
        source.write_bytes(data)
        imported, _, again = there_and_back(source)
        assert again.read_bytes() == data, name
        history = WorkflowHistory.from_json("any", again.read_text(encoding="utf-8"))
        assert imported.records == len(history.events) + 1, name
        events[name] = len(history.events)
    assert len(events) > 10
    assert sum(events.values()) > 200


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ticks.jsonl", TICKS.encode()),
        ("ticks.ndjson", b'\xef\xbb\xbf{"a": 1, "a": 2}\r\n\n "\\ud800"'),
        ("table.csv", 'a;b\r\n"1\r\n2";ü\r\n\r\n'.encode()),
        ("table.tsv", b"a\tb\n1\t\n"),
    ],
)
def test_a_text_comes_back_to_the_byte(name: str, data: bytes, tmp_path: Path) -> None:
    source = tmp_path / name
    source.write_bytes(data)
    imported, exported, again = there_and_back(source, batch=7)
    assert again.read_bytes() == data
    assert imported.size == exported.size == len(data)
    assert imported.packets == -(-imported.records // 7)


def test_a_field_names_the_streams_and_a_key_of_one_s_own_signs(tmp_path: Path) -> None:
    source, key = tmp_path / "ticks.jsonl", keystore.PrivateKey.generate(Profile.ML_DSA_44)
    source.write_text(TICKS, encoding="utf-8")
    keystore.write_private(tmp_path / "own.pem", key, None)
    report = there_and_back(source, stream="by", key=tmp_path / "own.pem", batch=20)[0]
    assert (report.streams, report.packets, report.own_key) == (2, 3, True)
    assert report.key == key.public.id.hex()
    streams = world_at(tmp_path / "ticks.jsonl-log", None).states["records"].streams
    assert [(name, stream.count) for name, stream in streams.items()] == [('"a"', 25), ('"b"', 25)]


def test_two_runs_part_at_the_first_record_and_field(tmp_path: Path) -> None:
    lines = TICKS.splitlines(keepends=True)
    lines[31] = lines[31].replace('"price": 8', '"price": 8.0')
    lines[45] = lines[45].replace('"by": "b"', '"by": "c"')
    for name, text in (("a", TICKS), ("b", "".join(lines))):
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
        request = ImportRequest(tmp_path / f"{name}.jsonl", tmp_path / name, batch=10)
        import_history(request)
    report = bisect(BisectRequest(tmp_path / "a", tmp_path / "b"))
    assert (report.packet, report.machine, report.key) == (4, "records", "recent[(31, 'price')]")
    assert (report.value_a, report.value_b) == ("'8'", "'8.0'")
    assert report.parts == ("transaction 1, order 0",)
    assert report.a is not None
    assert '"price": 8,' in (report.a.command or "")
    same = bisect(BisectRequest(tmp_path / "a", tmp_path / "a"))
    assert same.identical


def test_a_long_history_keeps_snapshots_from_which_a_bisection_begins(tmp_path: Path) -> None:
    count = SNAPSHOT_RECORDS + 5
    one = [f"{number}\n" for number in range(count)]
    other = [*one[:-2], "-1\n", one[-1]]
    for name, lines in (("a", one), ("b", other)):
        (tmp_path / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        import_history(ImportRequest(tmp_path / f"{name}.jsonl", tmp_path / name))
    kept = [path.name[:20] for path in (tmp_path / "a/snapshots").iterdir()]
    assert [int(name) for name in kept] == [5]
    report = bisect(BisectRequest(tmp_path / "a", tmp_path / "b"))
    assert (report.packet, report.key) == (6, f"recent[({count - 2}, '(value)')]")
    assert report.executed == 2


PEAK = """
import re, sys
from pathlib import Path
from qfs.app.importing import ImportRequest, export_history, import_history
source, folder, again = map(Path, sys.argv[1:])
import_history(ImportRequest(source, folder))
export_history(folder, again)
status = Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) // 1024)
"""


def test_memory_is_that_of_a_packet_however_long_the_history_is(tmp_path: Path) -> None:
    line = json.dumps({"note": "x" * 500_000}) + "\n"
    peaks = []
    for count in (8, 80):
        source = tmp_path / f"{count}.jsonl"
        source.write_text(line * count, encoding="utf-8")
        paths = [str(source), str(tmp_path / f"{count}"), str(tmp_path / f"{count}-again")]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *paths], capture_output=True, text=True, check=True
        )
        peaks.append(int(done.stdout))
    # The longer one has 36 MB more to read, and 72 MB more to keep.
    assert peaks[1] < peaks[0] + 20, peaks


def nothing(folder: Path) -> Path:
    return folder / "nothing.jsonl"


def written(name: str, data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


BAD: tuple[tuple[str, Callable[[Path], Path], dict[str, object], type[QFSError], str], ...] = (
    ("no such file", nothing, {}, InputError, "cannot be read"),
    ("a folder", lambda folder: folder, {"form": "csv"}, InputError, "is no file"),
    (
        "no such file, with a name that tells no format",
        lambda folder: folder / "nothing",
        {},
        InputError,
        "cannot be read",
    ),
    (
        "a stream's field that no record has",
        written("a.jsonl", b'{"id": 1, "at": {"day": 2}}\n' * 30),
        {"stream": "ids"},
        UsageError,
        "no record has the field 'ids'\n  -> the first has id, at.day",
    ),
    ("no format in the name", written("a.txt", b"1\n"), {}, UsageError, "tells no format"),
    ("no such format", written("a.csv", b"1\n"), {"form": "xml"}, UsageError, "is no format"),
    ("no record a packet", written("a.csv", b"1\n"), {"batch": 0}, UsageError, "0 records"),
    ("an empty file", written("a.jsonl", b""), {}, InputError, "no records"),
    ("an empty table", written("a.csv", b""), {}, InputError, "no records"),
    ("a bad line far behind", written("a.jsonl", b"1\n" * 30 + b"{\n"), {}, InputError, "no JSON"),
    (
        "a stream with a long name",
        written("a.jsonl", b'{"s": "' + b"x" * 1025 + b'"}\n'),
        {"stream": "s"},
        InputError,
        "a stream's name",
    ),
    ("no database", written("a.db", b"no database at all" * 99), {}, InputError, "no database"),
    ("a database of nothing", written("a.db", b""), {}, InputError, "no table of events"),
)


@pytest.mark.parametrize(("sentence", "make", "wishes", "kind", "what"), BAD)
def test_a_bad_source_is_one_error_and_makes_nothing(
    sentence: str,
    make: Callable[[Path], Path],
    wishes: dict[str, object],
    kind: type[QFSError],
    what: str,
    tmp_path: Path,
) -> None:
    source = make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    request = ImportRequest(source, tmp_path / "log", **{"batch": 10, **wishes})  # type: ignore[arg-type]
    with pytest.raises(kind, match=what):
        import_history(request)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_makes_nothing_and_names_the_log(tmp_path: Path) -> None:
    (tmp_path / "ticks.jsonl").write_text(TICKS, encoding="utf-8")
    words = [sys.executable, "-m", "qfs_cli.main", "import", "ticks.jsonl", "ticks"]
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 500; exec "$@"', "limited", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error[QFS-ENVIRONMENT]: ticks: write failed: File too large\n"
        "  -> make room, and import again: nothing was made\n"
    )
    assert [one.name for one in tmp_path.iterdir()] == ["ticks.jsonl"]


def test_what_exists_is_not_written_over(tmp_path: Path) -> None:
    source = tmp_path / "ticks.jsonl"
    source.write_text(TICKS, encoding="utf-8")
    import_history(ImportRequest(source, tmp_path / "log"))
    with pytest.raises(UsageError, match="exists"):
        import_history(ImportRequest(source, tmp_path / "log"))
    with pytest.raises(InputError, match="exists"):
        export_history(tmp_path / "log", source)
    with pytest.raises(InputError, match="cannot be made"):
        import_history(ImportRequest(source, tmp_path / "nowhere/log"))
    assert source.read_text(encoding="utf-8") == TICKS


def test_only_an_imported_history_can_be_exported(tmp_path: Path) -> None:
    make_log(tmp_path / "ledger", 3)
    with pytest.raises(UsageError, match="no imported history"):
        export_history(tmp_path / "ledger", tmp_path / "again")
    assert not (tmp_path / "again").exists()
