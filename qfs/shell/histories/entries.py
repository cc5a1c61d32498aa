"""What a reader of histories yields: entries, one after the other, from a file of any size.

- An entry's data are the very bytes of the source that belong to it; those of all entries, in
  their order, are the source again, where the format is a text.
- Its fields are what is in the data, as texts in the record's order, for comparing: numbers stay as
  they were written. No name stands twice; a second ``price`` is ``price#2``.
- A record of more than FIELDS_MAX fields has none: it is compared as a whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from qfs.errors import InputError

RECORD_MAX = 4 * 1024 * 1024  # 4_194_304 bytes of data
FIELDS_MAX = 10_000
_FIELD_BYTES_MAX = 2 * 1024 * 1024  # 2_097_152 characters of names and values together
_BOM = b"\xef\xbb\xbf"

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a history."""

    stream: str
    data: bytes
    fields: Fields


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text file."""

    number: int
    """From 1 on."""
    data: bytes
    """With its end, and with what marks the file's beginning."""
    text: str
    """Without the mark of the beginning, with its end."""


def lines_of(path: Path) -> Iterator[Line]:
    """Yield the lines of a UTF-8 text, ended by LF alone; raises InputError with line and column.

    The first may begin with a byte order mark.
    """
    with path.open("rb") as file:
        number = 0
        while data := file.readline(RECORD_MAX + 1):
            number += 1
            if len(data) > RECORD_MAX:
                raise too_long(path, number)
            bare = data.removeprefix(_BOM) if number == 1 else data
            try:
                text = bare.decode("utf-8")
            except UnicodeDecodeError as error:
                column = len(bare[: error.start].decode("utf-8")) + 1
                raise mistake(path, number, column, "no UTF-8 text", "pass text in UTF-8") from None
            yield Line(number, data, text)


def mistake(path: Path, line: int, column: int, what: str, way_out: str = "") -> InputError:
    """Return the error of a place in a text."""
    return InputError(what, place=f"{path}:{line}:{column}", way_out=way_out)


def too_long(path: Path, line: int) -> InputError:
    """Return the error of a record that has no end within RECORD_MAX bytes."""
    what = f"a record of more than {RECORD_MAX} bytes"
    return mistake(path, line, 1, what, "split it; or a quote was opened and never closed")


def named(fields: Iterable[tuple[str, str]]) -> Fields:
    """Return fields under names of which none stands twice; none at all where they are too many."""
    seen: dict[str, int] = {}
    made: list[tuple[str, str]] = []
    size = 0
    for name, value in fields:
        times = seen[name] = seen.get(name, 0) + 1
        size += len(name) + len(value)
        if len(made) == FIELDS_MAX or size > _FIELD_BYTES_MAX:
            return ()
        made.append((storable(name if times == 1 else f"{name}#{times}"), storable(value)))
    return tuple(made)


def storable(text: str) -> str:
    """Return a text in which lone surrogates, which UTF-8 cannot hold, are written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
