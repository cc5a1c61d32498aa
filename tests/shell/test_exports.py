"""Files for other programs: whole or not at all."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from qfs.errors import InputError
from qfs.shell.exports import csv_lines, json_lines, write_new

ROWS = [(1, 'with "quotes", a comma'), (2**64, "two\nlines"), (0, "ψ")]


def test_another_reader_reads_the_table_back(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    size = write_new(path, csv_lines(("id", "text"), iter(ROWS)))
    assert size == path.stat().st_size
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["id", "text"], *[[str(i), t] for i, t in ROWS]]
    assert [tuple(json.loads(line).values()) for line in json_lines(("a", "b"), ROWS)] == ROWS


def test_a_file_that_fails_half_way_is_not_there(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "half"
        raise InputError("no more")

    with pytest.raises(InputError, match="no more"):
        write_new(tmp_path / "x", broken())
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_stays(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists"):
        write_new(path, ["yours"])
    assert path.read_text() == "mine"
