"""beancount files: a record a directive; comments and blank lines go with the directive behind.

- Fields: ``date``, ``directive``, ``text`` (the rest of the line); postings under their account,
  metadata under their key, other lines under their number. Texts, as they were written.
- The grammar is not checked beyond the beginning of each line: ``bean-check`` does that.
- Source: the language syntax of beancount v3, and its lexer.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from qfs.shell.histories.entries import (
    RECORD_MAX,
    Entry,
    Line,
    lines_of,
    mistake,
    named,
    too_long,
)

_DATED = re.compile(r"(\d{4}[-/]\d{1,2}[-/]\d{1,2})[ \t]+(\S+)[ \t]*(.*)")
_PLAIN = re.compile(r"(option|include|plugin|pushtag|poptag|pushmeta|popmeta)\b[ \t]*(.*)")
_SKIPPED = re.compile(r"[;*:#!&?%]")
"""What the lexer takes for a comment, or for a heading of org-mode, at a line's beginning."""
_POSTING = re.compile(r"(?:[*!&#?%A-Z][ \t]+)?([^\W\d_a-z][^\s:]*(?::[^\s:]+)+)[ \t]*(.*)")
_METADATA = re.compile(r"([a-z][\w-]+):[ \t]*(.*)")


def entries(path: Path) -> Iterator[Entry]:
    """Yield a record a directive; raises InputError with line and column."""
    lines: list[Line] = []
    begun, size, directives = False, 0, 0
    for line in lines_of(path):
        kind = _kind(path, line)
        if begun and kind != "inside":
            directives += 1
            tail = _tail(lines)
            yield _entry(lines[: len(lines) - tail])
            lines, begun = lines[len(lines) - tail :], False
            size = sum([len(one.data) for one in lines])
        begun = begun or kind == "directive"
        lines.append(line)
        size += len(line.data)
        if size > RECORD_MAX:
            raise too_long(path, lines[0].number)
    if not begun and not directives:
        way_out = "pass the text of a beancount ledger"
        raise mistake(path, 1, 1, "no directive of beancount", way_out)
    if lines:
        yield _entry(lines)


def _kind(path: Path, line: Line) -> str:
    """Say what a line begins: a directive, something inside one, or a comment between two."""
    text = line.text.rstrip("\r\n")
    if not text.strip() or text[0] in " \t":
        return "inside"
    if _DATED.match(text) or _PLAIN.match(text):
        return "directive"
    if _SKIPPED.match(text):
        return "between"
    way_out = "begin a line with a date, a keyword or ;"
    raise mistake(path, line.number, 1, "a line that begins no directive of beancount", way_out)


def _tail(lines: list[Line]) -> int:
    """Return how many blank lines at the end go with what follows."""
    count = 0
    while count < len(lines) and not lines[-1 - count].text.strip():
        count += 1
    return count


def _entry(lines: list[Line]) -> Entry:
    data = b"".join([line.data for line in lines])
    texts = [line.text.strip() for line in lines]
    return Entry("", data, named(_fields([text for text in texts if text])))


def _fields(texts: list[str]) -> Iterator[tuple[str, str]]:
    number = 0
    begun = False
    for text in texts:
        dated, plain = (None, None) if begun else (_DATED.match(text), _PLAIN.match(text))
        if dated is not None:
            yield from zip(("date", "directive", "text"), dated.groups(), strict=True)
        elif plain is not None:
            yield from zip(("directive", "text"), plain.groups(), strict=True)
        begun = begun or dated is not None or plain is not None
        if not begun or dated is not None or plain is not None:
            continue
        number += 1
        found = _METADATA.match(text) or _POSTING.match(text)
        if found is None or text.startswith(";"):
            yield f"line {number}", text
        else:
            yield found[1], found[2]
