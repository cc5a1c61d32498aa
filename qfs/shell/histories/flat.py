"""A JSON value as fields: one a leaf, named by its way, its value as it was written.

- ``{"a": {"b": [1, 2.50]}}`` has the fields ``a.b[0]`` = ``1`` and ``a.b[1]`` = ``2.50``.
- Numbers keep their digits, so that 1.0 and 1.00, and integers of any size, are what they were;
  texts keep their quotes, so that ``"1"`` is not ``1``. Names that stand twice are both kept.
- Source: RFC 8259; NaN and Infinity, which Python's own writer makes, are texts too.
"""

import json
from collections.abc import Iterator
from typing import Any

from qfs.shell.histories.entries import Fields, named


class Number(str):
    """A number's own text."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """An object's names and values; a plain list is an array."""

    __slots__ = ()


DECODER = json.JSONDecoder(
    parse_int=Number,
    parse_float=Number,
    parse_constant=Number,
    object_pairs_hook=Pairs,
)
"""Reads JSON for `flat`; raises ValueError, or RecursionError for what is nested too deep."""


def flat(value: Any) -> Fields:
    """Return the fields of what DECODER has read."""
    return named(_leaves("", value))


def _leaves(way: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Pairs) and value:
        for name, inside in value:
            yield from _leaves(_step(way, name), inside)
    elif isinstance(value, list) and value:
        for number, inside in enumerate(value):
            yield from _leaves(f"{way}[{number}]", inside)
    else:
        yield way or "(value)", _written(value)


def _step(way: str, name: str) -> str:
    if not name or any(mark in name for mark in '.[]"('):
        return f"{way}[{json.dumps(name, ensure_ascii=False)}]"
    return f"{way}.{name}" if way else name


def _written(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Pairs):
        return "{}"
    return json.dumps(value, ensure_ascii=False)
