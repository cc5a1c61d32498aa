"""A workflow's history as Temporal writes it in JSON: ``{"events": [...]}``, a record an event.

- What stands between two events, and before the first, goes with the event behind it; what stands
  behind the last is a record without fields: so the file is the same again, to the byte.
- The file is read whole; a server keeps no history above 50 MiB.
- Source: temporal/api/history/v1 in protobuf's JSON mapping, ``temporal workflow show -o json``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qfs.errors import InputError
from qfs.shell.files import read_limited
from qfs.shell.histories.entries import RECORD_MAX, Entry, mistake, too_long
from qfs.shell.histories.flat import DECODER, Pairs, flat

BYTES_MAX = 128 * 1024 * 1024  # 134_217_728
_IDS = frozenset({"eventId", "event_id"})
"""Protobuf's readers take both spellings, and the SDKs write both."""
_BLANK = " \t\r\n"
_BOM = "\ufeff"


def entries(path: Path) -> Iterator[Entry]:
    """Yield a record an event; raises InputError with line and column."""
    data = read_limited(path, BYTES_MAX)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        raise _mistake(path, before, len(before), "no UTF-8 text") from None
    try:
        yield from _events(path, text)
    except RecursionError:
        raise mistake(path, 1, 1, "JSON that is nested too deep") from None


def _events(path: Path, text: str) -> Iterator[Entry]:
    start = 0
    for value, end in _elements(path, text):
        if not isinstance(value, Pairs) or _IDS.isdisjoint([name for name, _ in value]):
            raise _mistake(path, text, end - 1, "no event of a Temporal history")
        data = text[start:end].encode("utf-8")
        if len(data) > RECORD_MAX:
            raise too_long(path, text.count("\n", 0, start) + 1)
        yield Entry("", data, flat(value))
        start = end
    if start == 0:
        raise _mistake(path, text, 0, "no events in it")
    yield Entry("", text[start:].encode("utf-8"), ())


def _elements(path: Path, text: str) -> Iterator[tuple[Any, int]]:
    """Yield each event and where it ends; the whole text is read, to its end."""
    at = _mark(path, text, len(_BOM) if text.startswith(_BOM) else 0, "{")
    first = True
    while first or _peek(text, at) == ",":
        at = at if first else _mark(path, text, at, ",")
        first = False
        name, at = _value(path, text, at)
        at = _mark(path, text, at, ":")
        if name != "events":
            at = _value(path, text, at)[1]
            continue
        at = _mark(path, text, at, "[")
        while _peek(text, at) != "]":
            value, at = _value(path, text, at)
            yield value, at
            if _peek(text, at) != "]":
                at = _mark(path, text, at, ",")
        at = _mark(path, text, at, "]")
    at = _mark(path, text, at, "}")
    if text[at:].strip(_BLANK):
        raise _mistake(path, text, at, "something behind the history's end")


def _value(path: Path, text: str, at: int) -> tuple[Any, int]:
    at = _skip(text, at)
    try:
        return DECODER.raw_decode(text, at)
    except ValueError as error:
        where = int(getattr(error, "pos", at))
        raise _mistake(path, text, where, f"no JSON: {getattr(error, 'msg', error)}") from None


def _mark(path: Path, text: str, at: int, mark: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != mark:
        raise _mistake(path, text, at, f"{mark!r} was expected")
    return at + 1


def _peek(text: str, at: int) -> str:
    at = _skip(text, at)
    return text[at : at + 1]


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _BLANK:
        at += 1
    return at


def _mistake(path: Path, text: str, at: int, what: str) -> InputError:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    way_out = 'pass {"events": [...]}, as `temporal workflow show --output json` prints'
    return mistake(path, line, column, what, way_out)
