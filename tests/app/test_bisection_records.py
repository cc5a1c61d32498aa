"""Histories of runs that draw ids and read a clock: where they part, those fields left out."""

import json
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from eventsourcing.tests.application import BankAccounts

from qfs.app.bisection import BisectReport, BisectRequest, bisect
from qfs.app.importing import ImportRequest, import_history
from qfs.errors import UsageError

CHANCE = ("originator_id", "*timestamp")


def recorded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, credits_: Sequence[tuple[int, str]]
) -> Path:
    """Run eventsourcing's own bank over credits, (account, amount); return its imported log."""
    source = folder / f"{name}.db"
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.sqlite")
    monkeypatch.setenv("SQLITE_DBNAME", str(source))
    app = BankAccounts()
    accounts: list[UUID] = [app.open_account(one, f"{one}@bank.example") for one in ("ada", "bob")]
    for account, amount in credits_:
        app.credit_account(accounts[account], Decimal(amount))
    app.close()
    import_history(ImportRequest(source, folder / name, batch=3))
    return folder / name


def lines(folder: Path, name: str, *rows: dict[str, object], **wishes: str) -> Path:
    source = folder / f"{name}.jsonl"
    source.write_text("".join([json.dumps(row) + "\n" for row in rows]), encoding="utf-8")
    import_history(ImportRequest(source, folder / name, **wishes))  # type: ignore[arg-type]
    return folder / name


def compared(a: Path, b: Path, *ignore: str) -> BisectReport:
    return bisect(BisectRequest(a, b, ignore=ignore))


SAME = [(0, "1.50"), (1, "2"), (0, "3"), (1, "4")]


@pytest.mark.parametrize(
    ("other", "ignore", "number", "field"),
    [
        (SAME, (), 1, "originator_id"),
        (SAME, ("originator_id",), 1, "state.timestamp._data_"),
        (SAME, CHANCE, None, ""),
        ([*SAME[:2], (0, "3.01"), SAME[3]], CHANCE, 5, "state.amount._data_"),
        ([*SAME[:2], (1, "3"), SAME[3]], CHANCE, 5, "(stream)"),
        (SAME[:3], CHANCE, 6, "b has ended"),
    ],
    ids=[
        "nothing left out",
        "ids left out",
        "ids and times left out",
        "another amount",
        "another account",
        "shorter",
    ],
)
def test_two_runs_of_one_application_part_where_they_differ_besides_chance(
    tmp_path, monkeypatch, other, ignore, number, field
):
    one = recorded(tmp_path, monkeypatch, "one", SAME)
    two = recorded(tmp_path, monkeypatch, "two", other)
    report = compared(one, two, *ignore)
    if number is None:
        assert (report.identical, report.exit_code) == (True, 0)
        counts = dict(report.left_out)
        assert counts["originator_id"] == 2 * 6
        assert counts["*timestamp"] >= 2 * 6
    elif field.endswith("ended"):
        assert (report.exit_code, report.parts[0], report.machine) == (1, field, None)
    else:
        assert report.exit_code == 1
        if ignore:
            assert report.key == f"recent[{(number, field)!r}]"
            assert report.packet == 1 + number // 3
        else:
            assert (report.packet, report.left_out) == (1, ())


CASES = [
    ("a name", "id", {"id": 1, "x": 5}, {"id": 2, "x": 5}, ""),
    ("all that is in it", "meta", {"meta": {"id": [1]}}, {"meta": {"id": [2]}}, ""),
    ("an element of a list", "legs[1]", {"legs": [1, 2]}, {"legs": [1, 3]}, ""),
    ("any element", "legs[*].id", {"legs": [{"id": 2}]}, {"legs": [{"id": 3}]}, ""),
    ("not what begins alike", "id", {"id": 1, "idle": 5}, {"id": 2, "idle": 6}, "idle"),
    ("not another one", "x", {"id": 1, "x": 5}, {"id": 2, "x": 6}, "id"),
    ("one that is missing", "x", {"id": 1, "x": 5}, {"id": 1}, ""),
]


@pytest.mark.parametrize(
    ("pattern", "one", "other", "differs"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_pattern_leaves_out_a_field_and_all_that_is_in_it(tmp_path, pattern, one, other, differs):
    logs = (lines(tmp_path, "a", one), lines(tmp_path, "b", other))
    report = compared(*logs, pattern)
    assert report.key == (f"recent[(0, '{differs}')]" if differs else None)
    assert report.identical is not bool(differs)
    assert report.left_out[0][1] >= 1


def test_streams_that_a_field_left_out_names_stand_for_each_other(tmp_path):
    def run(name: str, accounts: str, last: str) -> Path:
        rows = [{"id": who * 3, "x": n} for n, who in enumerate(accounts)]
        return lines(tmp_path, name, *rows, {"id": last * 3, "x": 9}, stream="id")

    one = run("one", "abab", "a")
    alike, other = run("alike", "cdcd", "c"), run("other", "efef", "f")
    assert compared(one, alike, "id").identical
    assert compared(one, other, "id").key == "recent[(4, '(stream)')]"
    assert compared(one, alike).field == "id"


def test_a_record_of_which_nothing_is_left_out_is_compared_to_the_byte(tmp_path):
    one = lines(tmp_path, "a", {"x": 1})
    (tmp_path / "b.jsonl").write_text('{"x":  1}\n', encoding="utf-8")
    import_history(ImportRequest(tmp_path / "b.jsonl", tmp_path / "b"))
    report = compared(one, tmp_path / "b", "y")
    assert (report.key, report.left_out) == ("recent[(0, '(data)')]", (("y", 0),))


def test_what_is_no_pair_of_histories_is_refused(tmp_path, monkeypatch):
    one = lines(tmp_path, "a", {"x": 1})
    two = recorded(tmp_path, monkeypatch, "two", SAME)
    with pytest.raises(UsageError, match="jsonl and eventsourcing"):
        compared(one, two, "x")
    with pytest.raises(UsageError, match="an empty pattern"):
        compared(one, one, "")


def test_the_command_says_what_it_left_out(tmp_path):
    logs = [lines(tmp_path, "a", {"id": 1, "x": 5}), lines(tmp_path, "b", {"id": 2, "x": 6})]
    done = subprocess.run(
        [sys.executable, "-m", "qfs_cli.main", "bisect", *map(str, logs), "--ignore", "id"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[1:6] == [
        "executed    2",
        "left out    id: 2 values",
        "differ      at packet 1",
        "  in        transaction 0, order 0",
        "state       records: recent[(0, 'x')]",
    ]
    assert done.stdout.splitlines()[-2:] == [
        "  -> to look behind this field: --ignore x",
        "identical   no",
    ]
