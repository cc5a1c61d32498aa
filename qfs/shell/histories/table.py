"""CSV: a header and rows of as many fields; quoted fields may hold line ends.

- The header is the first record; its fields are numbered. A row's fields are named by the header.
- The delimiter is the one of ``, ; TAB |`` that stands most often in the header's line.
- A blank line goes with the record behind it. Source: RFC 4180, in the dialect of Python's reader.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from qfs.errors import InputError
from qfs.shell.histories.entries import (
    RECORD_MAX,
    Entry,
    Line,
    lines_of,
    mistake,
    named,
    too_long,
)

_DELIMITERS = ",;\t|"


class _Taken:
    """The lines that the reader has taken for the row at hand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[Line] = []
        self.delimiter = ""
        self.size = 0
        self._source = lines_of(path)

    def first(self) -> None:
        """Look at the header's line for the delimiter."""
        line = next(self._source, None)
        if line is None:
            return
        counts = [line.text.count(mark) for mark in _DELIMITERS]
        self.delimiter = _DELIMITERS[counts.index(max(counts))]
        self._source = _before(line, self._source)

    def texts(self) -> Iterator[str]:
        """Yield the lines' texts, keeping each until `data` is asked."""
        for line in self._source:
            self.lines.append(line)
            self.size += len(line.data)
            if self.size > RECORD_MAX:
                raise too_long(self.path, self.begun)
            yield line.text

    @property
    def begun(self) -> int:
        """Number of the row's first line."""
        return next((line.number for line in self.lines if line.text.strip("\r\n")), 1)

    def data(self) -> bytes:
        """Return the bytes of the lines taken, and forget them."""
        data = b"".join([line.data for line in self.lines])
        self.lines, self.size = [], 0
        return data

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of a character of the row."""
        for line in self.lines:
            if line.number < self.begun:
                continue
            if offset < len(line.text):
                return line.number, offset + 1
            offset -= len(line.text)
        last = self.lines[-1]
        return last.number, len(last.text.rstrip("\r\n")) + 1


def entries(path: Path) -> Iterator[Entry]:
    """Yield the header and a record a row; raises InputError with line and column."""
    taken = _Taken(path)
    taken.first()
    header: list[str] | None = None
    rows = csv.reader(taken.texts(), delimiter=taken.delimiter or ",", strict=True)
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise _broken(taken, error) from None
        if row is None:
            break
        if not row:
            continue
        if header is None:
            header = row
            numbered = [(str(number), name) for number, name in enumerate(row, start=1)]
            yield Entry("", taken.data(), named(numbered))
            continue
        if len(row) != len(header):
            raise _uneven(taken, len(row), len(header))
        yield Entry("", taken.data(), named(zip(header, row, strict=True)))
    if taken.lines:
        yield Entry("", taken.data(), ())


def _before(line: Line, rest: Iterator[Line]) -> Iterator[Line]:
    yield line
    yield from rest


def _broken(taken: _Taken, error: csv.Error) -> InputError:
    text = _row_text(taken)
    offset = _starts(text, taken.delimiter)[1]
    line, column = taken.place(offset)
    way_out = "quote a field whole, and double the quotes in it"
    return mistake(taken.path, line, column, f"no CSV: {error}", way_out)


def _uneven(taken: _Taken, found: int, wanted: int) -> InputError:
    starts, _ = _starts(_row_text(taken), taken.delimiter)
    offset = starts[wanted] if found > wanted else len(_row_text(taken))
    line, column = taken.place(offset)
    way_out = "give every row as many fields as the header"
    what = f"a row of {found} fields under a header of {wanted}"
    return mistake(taken.path, line, column, what, way_out)


def _row_text(taken: _Taken) -> str:
    return "".join([line.text for line in taken.lines if line.number >= taken.begun])


def _starts(text: str, delimiter: str) -> tuple[list[int], int]:
    """Return where each field of a row begins, and where its quoting breaks or is left open."""
    starts = [0]
    at, opened = 0, -1
    while at < len(text):
        mark = text[at]
        if opened >= 0:
            if mark == '"' and text[at + 1 : at + 2] == '"':
                at += 1
            elif mark == '"':
                opened = -1
                if text[at + 1 : at + 2] not in ("", delimiter, "\r", "\n"):
                    return starts, at + 1
        elif mark == '"' and at == starts[-1]:
            opened = at
        elif mark == delimiter:
            starts.append(at + 1)
        at += 1
    return starts, max(opened, 0)
