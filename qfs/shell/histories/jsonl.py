"""JSON Lines: one JSON value a line; a blank line goes with the record behind it.

- Source: RFC 8259; https://jsonlines.org (lines end with LF, CR before it is white space).
"""

from collections.abc import Iterator
from pathlib import Path

from qfs.shell.histories.entries import Entry, lines_of, mistake
from qfs.shell.histories.flat import DECODER, flat

_BLANK = " \t\r\n"


def entries(path: Path) -> Iterator[Entry]:
    """Yield a record a line; raises InputError with line and column."""
    before = b""
    for line in lines_of(path):
        text = line.text.strip(_BLANK)
        if not text:
            before += line.data
            continue
        try:
            fields = flat(DECODER.decode(text))
        except ValueError as error:
            raise mistake(
                path,
                line.number,
                _column(line.text, error),
                f"no JSON value: {getattr(error, 'msg', error)}",
                "write one JSON value a line",
            ) from None
        except RecursionError:
            raise mistake(path, line.number, 1, "JSON that is nested too deep") from None
        yield Entry("", before + line.data, fields)
        before = b""
    if before:
        yield Entry("", before, ())


def _column(text: str, error: ValueError) -> int:
    return len(text) - len(text.lstrip(_BLANK)) + int(getattr(error, "colno", 1))
