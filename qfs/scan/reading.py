"""Reading a file's text: its encoding, and the allowances in its comments.

- An allowance is ``# qfs: allow[QFS401] reason="..."``, optionally ``until=2027-01-31``; several
  codes stand between the brackets, separated by commas.
- It speaks of its own line, or of the next line of code when it stands alone on its line.
- Source: PEP 263 for encodings; the text in a string literal is never an allowance.
"""

import io
import re
import tokenize
from collections.abc import Callable

from qfs.scan.ir import Allowance

_ALLOW = re.compile(
    r"#\s*qfs:\s*allow(?:\[([^\]]*)\])?(?:\s+reason=\"([^\"]*)\")?(?:\s+until=(\d{4}-\d\d-\d\d))?"
)


class Unreadable(ValueError):  # noqa: N818 (it says what the file is)
    """A file that has no facts: the line at which reading stopped, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why


def decode(data: bytes) -> str:
    """Return the text of a source file; raises Unreadable when its bytes are no text."""
    zero = data.find(b"\0")
    if zero >= 0:
        raise Unreadable(data.count(b"\n", 0, zero) + 1, "holds a null byte")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, LookupError) as error:
        raise Unreadable(1, f"unknown encoding: {error}") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, f"not {error.encoding} text: {error.reason}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def recoded(data: bytes) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Return a file as UTF-8 without a mark, and what turns such bytes back into its encoding.

    Line ends stay as they are. Raises Unreadable when the bytes are no text.
    """
    decode(data)
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    text = data.decode(encoding).encode("utf-8", "surrogatepass")
    return text, lambda made: made.decode("utf-8", "surrogatepass").encode(encoding)


def allowances(text: str) -> tuple[Allowance, ...]:
    """Return the allowances of a text, in the order of their lines."""
    out: list[Allowance] = []
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or "qfs:" not in token.string:
            continue
        found = _ALLOW.match(token.string)
        if found is None:
            continue
        row, column = token.start
        alone = not token.line[:column].strip()
        codes = tuple([code.strip() for code in (found[1] or "").split(",") if code.strip()])
        line = _next_code_line(lines, row) if alone else row
        out.append(
            Allowance(line, column + 1, codes, (found[2] or "").strip(), found[3] or "", row)
        )
    return tuple(out)


def _next_code_line(lines: list[str], row: int) -> int:
    for at in range(row, len(lines)):
        text = lines[at].strip()
        if text and not text.startswith("#"):
            return at + 1
    return row
