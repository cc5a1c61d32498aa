"""Exports: each table re-adds to the state, in every form."""

import csv
import json
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal, localcontext
from pathlib import Path

import pyarrow.parquet
import pytest

from qfs.app.exporting import Form, Table, beancount_lines, export, history, rows_of
from qfs.app.ledger import state
from qfs.errors import EnvironmentFault, InputError, UsageError
from tests.app.markets import ISSUE, MARKET_DAY, OPEN_A, Market

Sums = dict[tuple[str, str], Decimal]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    made = Market(tmp_path_factory.mktemp("market"))
    made.submit(MARKET_DAY)
    return made


@pytest.fixture(scope="module")
def balances(market: Market) -> Sums:
    rows = state(market.directory).accounts
    return {
        (str(row.id), symbol): Decimal(amount) for row in rows for symbol, amount in row.balances
    }


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_movements_sum_to_every_balance(market: Market, balances: Sums, tmp_path: Path) -> None:
    report = export(market.directory, tmp_path / "m.csv", Table.MOVEMENTS, Form.CSV)
    rows = read_csv(tmp_path / "m.csv")
    assert len(rows) == report.rows > 500
    sums: Sums = defaultdict(Decimal)
    with localcontext() as context:
        context.prec = 60
        for row in rows:
            sums[row["account"], row["token"]] += Decimal(row["change"])
    assert {place: sums[place] for place in balances} == balances
    assert {row["command"] for row in rows} == {"genesis", "issue", "transfer", "burn", "transact"}


def test_accounts_are_the_state(market: Market, balances: Sums, tmp_path: Path) -> None:
    export(market.directory, tmp_path / "a.csv", Table.ACCOUNTS, Form.CSV)
    found = {
        (row["account"], symbol): Decimal(row[symbol])
        for row in read_csv(tmp_path / "a.csv")
        for symbol in ("CHR", "FLX", "PSYNC", "ATR", "RES")
    }
    assert found == balances


def test_transactions_hold_each_answer(market: Market, tmp_path: Path) -> None:
    report = export(market.directory, tmp_path / "t.jsonl", Table.TRANSACTIONS, Form.JSONL)
    lines = (tmp_path / "t.jsonl").read_text("utf-8").splitlines()
    answers = [json.loads(line)["answer"] for line in lines]
    assert len(answers) == report.rows == 426
    assert answers.count("accepted") == 339
    assert "ledger.EXCEEDS_BALANCE" in answers


@pytest.mark.parametrize(
    ("name", "said", "form"),
    [
        ("m.csv", None, "csv"),
        ("m.JSONL", None, "jsonl"),
        ("m.beancount", None, "beancount"),
        ("m.parquet", None, "parquet"),
        ("m.csv", Form.JSONL, "jsonl"),
        ("m", Form.CSV, "csv"),
    ],
)
def test_the_ending_means_the_form_unless_one_is_said(
    market: Market, tmp_path: Path, name: str, said: Form | None, form: str
) -> None:
    assert export(market.directory, tmp_path / name, Table.MOVEMENTS, said).form == form


@pytest.mark.parametrize(("name", "shown"), [("m", "no ending"), ("m.xlsx", ".xlsx")])
def test_an_ending_that_means_no_form_is_an_error(
    market: Market, tmp_path: Path, name: str, shown: str
) -> None:
    with pytest.raises(UsageError, match=f"{shown} means no form\n  -> .*--as.*[.]parquet$"):
        export(market.directory, tmp_path / name, Table.MOVEMENTS)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("table", list(Table))
def test_csv_and_json_lines_say_the_same(market: Market, table: Table, tmp_path: Path) -> None:
    export(market.directory, tmp_path / "x.csv", table, Form.CSV)
    export(market.directory, tmp_path / "x.jsonl", table, Form.JSONL)
    lines = (tmp_path / "x.jsonl").read_text("utf-8").splitlines()
    objects = [{name: str(value) for name, value in json.loads(line).items()} for line in lines]
    assert objects == read_csv(tmp_path / "x.csv")


def test_the_beancount_form_balances_and_asserts_every_balance(
    market: Market, balances: Sums, tmp_path: Path
) -> None:
    export(market.directory, tmp_path / "x.beancount", Table.MOVEMENTS, Form.BEANCOUNT)
    sums: Sums = defaultdict(Decimal)
    entry: Sums = defaultdict(Decimal)
    asserted: Sums = {}
    opened = []
    with localcontext() as context:
        context.prec = 60
        for line in (tmp_path / "x.beancount").read_text("utf-8").splitlines():
            words = line.split()
            if not words:
                assert not any(entry.values()), "every entry sums to zero"
                entry.clear()
            elif line.startswith("  "):
                sums[words[0], words[2]] += Decimal(words[1])
                entry["", words[2]] += Decimal(words[1])
            elif words[1] == "open":
                opened.append(words[2])
            elif words[1] == "balance":
                asserted[words[2], words[6]] = Decimal(words[3])
    assert {place: sums[place] for place in asserted} == asserted
    assert len(asserted) == len(balances)
    assert {account for account, _ in sums} <= set(opened)


def test_a_time_after_the_year_9999_is_no_date(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.submit(market.script(OPEN_A, ISSUE, start_time_us=2**62))
    past = history(market.directory)
    assert len(list(rows_of(past, Table.MOVEMENTS))) == 7
    with pytest.raises(InputError, match="9999"):
        list(beancount_lines(past, "x"))
    with pytest.raises(InputError, match="9999"):
        export(market.directory, tmp_path / "x", Table.MOVEMENTS, Form.BEANCOUNT)
    assert not list(tmp_path.glob("x*"))


def test_what_cannot_be_written_is_an_error_and_leaves_nothing(
    market: Market, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    with pytest.raises(InputError, match="exists"):
        export(market.directory, there, Table.ACCOUNTS, Form.CSV)
    with pytest.raises(InputError, match="cannot be made"):
        export(market.directory, tmp_path / "no" / "folder", Table.ACCOUNTS, Form.CSV)
    for table in (Table.ACCOUNTS, Table.TRANSACTIONS):
        with pytest.raises(UsageError):
            export(market.directory, tmp_path / "new", table, Form.BEANCOUNT)
    with pytest.raises(InputError):
        export(tmp_path, tmp_path / "new", Table.ACCOUNTS, Form.CSV)
    assert {path.name for path in tmp_path.iterdir()} == {"there"}
    assert there.read_text() == "mine"


def test_bean_check_agrees_with_the_export(market: Market, tmp_path: Path) -> None:
    """beancount's own checker: every movement balances, every balance is asserted; then not."""
    checker = Path(sys.executable).with_name("bean-check")
    file = tmp_path / "market.beancount"
    export(market.directory, file, Table.MOVEMENTS, Form.BEANCOUNT)
    text = file.read_text("utf-8")
    lines = text.splitlines(keepends=True)
    posting = next(n for n, line in enumerate(lines) if line.startswith("  Assets:A"))
    spoiled = tmp_path / "spoiled.beancount"
    spoiled.write_text("".join([*lines[:posting], *lines[posting + 1 :]]), "utf-8")
    for path, code in ((file, 0), (spoiled, 1)):
        done = subprocess.run(
            [checker, "--no-cache", path], capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr


@pytest.mark.parametrize("table", Table)
def test_parquet_holds_what_csv_holds(market: Market, tmp_path: Path, table: Table) -> None:
    for form in (Form.CSV, Form.PARQUET):
        export(market.directory, tmp_path / form.value, table, form)
    rows = pyarrow.parquet.read_table(tmp_path / "parquet").to_pylist()
    assert [{name: str(cell) for name, cell in row.items()} for row in rows] == read_csv(
        tmp_path / "csv"
    )
    again = tmp_path / "again"
    export(market.directory, again, table, Form.PARQUET)
    assert again.read_bytes() == (tmp_path / "parquet").read_bytes()


def test_without_pyarrow_the_extra_is_named(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(EnvironmentFault, match=r"qfs-toolchain\[parquet\]"):
        export(market.directory, tmp_path / "x", Table.ACCOUNTS, Form.PARQUET)
    assert not (tmp_path / "x").exists()
