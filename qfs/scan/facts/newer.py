"""Syntax newer than the running Python, put into words that it reads, place for place.

- LibCST's parser reads PEP 695 and 696 (type parameters, ``type X = ...``), PEP 701 (quotes and
  backslashes within f-strings), PEP 750 (t-strings) and PEP 758 (``except A, B:``).
- What it found is written over in the text with as many characters, so that every line, and
  every column before the end of an ``except``, stays where it was.
- A text without a sign of any of them, or nested so deeply that a native parser may crash, is not
  tried; one that still is no Python for this interpreter is refused as before.
"""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

_NEWER: Final = re.compile(
    r"^\s*type\s+\w|\b(def|class)\s+\w+\s*\[|^\s*except\b[^(\n]*,|\b[rR]?[fFtT][rR]?[\"']",
    re.MULTILINE,
)
_BRACKET: Final = re.compile(r"[(\[{)\]}]")
_DEPTH_MAX: Final = 100
_LINE_MAX: Final = 4_000
_OTHER: Final = {'"': "'", "'": '"'}


def in_older_words(text: str) -> str | None:
    """Return a text of the same shape in older syntax, or None when there is nothing to replace."""
    if not _NEWER.search(text) or _too_deep(text):
        return None
    import libcst  # noqa: PLC0415 (a tenth of a second, for the one file in a thousand)
    from libcst.metadata import MetadataWrapper, PositionProvider  # noqa: PLC0415

    try:
        wrapper = MetadataWrapper(libcst.parse_module(text), unsafe_skip_copy=True)
    except libcst.ParserSyntaxError:
        return None
    places = wrapper.resolve(PositionProvider)
    starts = [0, *accumulate([len(line) for line in text.splitlines(keepends=True)])]
    edits = _Edits(text, starts, places)
    edits.visit(wrapper.module, [])
    return edits.applied() if edits.found else None


def _too_deep(text: str) -> bool:
    """Say whether a text could exhaust the stack of LibCST's parser, which is native code."""
    depth = deepest = 0
    for found in _BRACKET.finditer(text):
        depth += 1 if found[0] in "([{" else -1
        deepest = max(deepest, depth)
    return deepest > _DEPTH_MAX or max([len(line) for line in text.split("\n")]) > _LINE_MAX


class _Edits:
    """What must be written over, found in one walk."""

    def __init__(self, text: str, starts: Sequence[int], places: Any) -> None:
        self.text = text
        self.starts = starts
        self.places = places
        self.found: list[tuple[int, int, str]] = []

    def span(self, node: Any) -> tuple[int, int]:
        """Return where a node starts and ends in the text."""
        place = self.places[node]
        return (
            self.starts[place.start.line - 1] + place.start.column,
            self.starts[place.end.line - 1] + place.end.column,
        )

    def visit(self, node: Any, quotes: list[str]) -> None:
        """Look at a node and what is in it; quotes are those of the f-strings around."""
        kind = type(node).__name__
        if kind == "TypeParameters":
            start, end = self.span(node)
            self.found.append((start, end, " " * (end - start)))
            return
        if kind == "TypeAlias":
            start, value = self.span(node)[0], self.span(node.value)[0]
            self.found.append((start, value, f"{node.name.value} =".ljust(value - start)))
        elif kind == "ExceptHandler" and type(node.type).__name__ == "Tuple" and not node.type.lpar:
            start, end = self.span(node.type)
            self.found += [(start - 1, start, "("), (end, end, ")")]
        elif kind == "SimpleString" and quotes:
            self._string(node, quotes)
        elif kind in {"FormattedString", "TemplatedString"}:
            quotes = self._formatted(node, quotes)
        for child in () if kind == "TypeAlias" else node.children:
            self.visit(child, quotes)

    def _string(self, node: Any, quotes: list[str]) -> None:
        """Give a text within an f-string other quotes, and no backslash."""
        start, end = self.span(node)
        if len(quotes) > 1:  # no third kind of quotes is as short: any constant will do
            self.found.append((start, end, "0".ljust(end - start)))
            return
        quote = _OTHER[quotes[0][0]]
        inner = node.value[len(node.prefix) + len(node.quote) : -len(node.quote)]
        for taken in ("\\", '"', "'"):
            inner = inner.replace(taken, " ")
        around = quote * len(node.quote)
        self.found.append((start, end, f"{node.prefix}{around}{inner}{around}"))

    def _formatted(self, node: Any, quotes: list[str]) -> list[str]:
        start, end = self.span(node)
        opening = node.start.replace("t", "f").replace("T", "F")
        quote = node.end
        if quotes:
            quote = _OTHER[quotes[0][0]] * len(node.end)
            opening = opening[: -len(quote)] + quote
        if opening != node.start or quote != node.end:
            self.found.append((start, start + len(opening), opening))
            self.found.append((end - len(quote), end, quote))
        return [*quotes, quote]

    def applied(self) -> str:
        """Return the text with every replacement made."""
        text = self.text
        for start, end, new in sorted(self.found, reverse=True):
            text = text[:start] + new + text[end:]
        return text
