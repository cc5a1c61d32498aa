"""Scenario files as trees whose every value knows its line and column.

- TOML is read by ``tomllib``, a line of JSON by ``json``; both say what is wrong with the syntax.
  A scanner over the same text then finds where each value stands.
- Only text, whole numbers, booleans, lists and tables: a fraction, a date, ``null`` and a key
  given twice are refused where they stand.
- Files have at most 16 MiB, in UTF-8, nested at most 32 deep. Lines and columns count from 1.
"""

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from qfs.errors import InputError

MAX_BYTES = 16 * 1024 * 1024  # 16_777_216: about a hundred thousand steps
MAX_DEPTH = 32
_MAX_DIGITS = 400

Where: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root to a value."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file, and where it stands."""

    value: "str | int | bool | list[Node] | dict[str, Node]"
    file: str
    line: int
    column: int

    @property
    def place(self) -> str:
        """``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"

    def error(self, what: str, way_out: str = "") -> InputError:
        """Return an error about this place, to be raised."""
        return InputError(what, place=self.place, way_out=way_out)


def read(path: Path) -> list[Node]:
    """Return the tables of a scenario file: one of a ``.toml``, one a line of a ``.jsonl``.

    Raises InputError, naming file, line and column.
    """
    text = _text(path)
    if path.suffix == ".toml":
        return [_toml(text, path.name)]
    if path.suffix in (".jsonl", ".ndjson"):
        lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1)]
        return [_json(line, path.name, number) for number, line in lines if line.strip()]
    raise InputError(
        f"{path.name!r} is no kind of scenario",
        place=path.name,
        way_out="name it *.toml or *.jsonl",
    )


class Fields:
    """The fields of one table, taken one by one with their types; what is left over is an error."""

    def __init__(self, own: Node) -> None:
        if not isinstance(own.value, dict):
            raise own.error(f"{_kind(own)} where a table belongs")
        self.own = own
        self._fields = own.value
        self._taken: set[str] = set()

    def names(self) -> list[str]:
        """Return the names of all fields, in the order of the file."""
        return list(self._fields)

    def node(self, name: str) -> Node:
        """Return a field that must be there."""
        self._taken.add(name)
        if name not in self._fields:
            raise self.own.error(f"{name!r} is missing", "add it")
        return self._fields[name]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; the default, where there is one, when it is missing."""
        if default is not None and name not in self._fields:
            return default
        node = self.node(name)
        if not isinstance(node.value, str):
            raise node.error(f"{name!r} is {_kind(node)}, not text", 'write it in quotes: "..."')
        return node.value

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number low .. high; the default, if there is one, when it is missing."""
        if default is not None and name not in self._fields:
            return default
        node = self.node(name)
        if type(node.value) is not int:
            raise node.error(f"{name!r} is {_kind(node)}, not a whole number")
        if not low <= node.value <= high:
            raise node.error(f"{name!r} is out of range", f"use {low} to {high}")
        return node.value

    def maybe_whole(self, name: str, low: int, high: int) -> int | None:
        """Return a whole number low .. high, or None when it is missing."""
        return self.whole(name, low, high) if name in self._fields else None

    def bytes_(self, name: str, size: int | None) -> bytes:
        """Return bytes written as hexadecimal text; size None is any."""
        text = self.text(name)
        pairs = re.fullmatch(r"(?:[0-9a-f]{2})*", text)
        if pairs is None or (size is not None and len(text) != 2 * size):
            digits = "an even number of" if size is None else f"{2 * size}"
            raise self.node(name).error(
                f"{name!r} is no hexadecimal text", f"write {digits} digits 0-9, a-f"
            )
        return bytes.fromhex(text)

    def maybe_bytes(self, name: str, size: int | None) -> bytes | None:
        """Return bytes written as hexadecimal text, or None when they are missing."""
        return self.bytes_(name, size) if name in self._fields else None

    def list_(self, name: str, default: list[Node] | None = None) -> list[Node]:
        """Return a list; the default, where there is one, when it is missing."""
        if default is not None and name not in self._fields:
            return default
        node = self.node(name)
        if not isinstance(node.value, list):
            raise node.error(f"{name!r} is {_kind(node)}, not a list")
        return node.value

    def table(self, name: str) -> "Fields":
        """Return a table; an empty one when it is missing."""
        if name in self._fields:
            return Fields(self.node(name))
        return Fields(Node({}, self.own.file, self.own.line, self.own.column))

    def end(self) -> None:
        """Raise an InputError at the first field that nobody has taken."""
        for name, node in self._fields.items():
            if name not in self._taken:
                raise node.error(f"{name!r} means nothing here", "check its spelling")


def _kind(node: Node) -> str:
    names = {str: "text", int: "a number", bool: "a truth value", list: "a list", dict: "a table"}
    return names[type(node.value)]


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"cannot read it: {error.strerror}", place=path.name, way_out="check the path"
        ) from None
    if len(data) > MAX_BYTES:
        raise InputError(
            f"more than {MAX_BYTES} bytes", place=path.name, way_out="split the scenario"
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise InputError(
            "not UTF-8", place=f"{path.name}:{line}:{column}", way_out="save the file as UTF-8"
        ) from None


def _toml(text: str, file: str) -> Node:
    text = text.replace("\r\n", "\n")
    try:
        value = tomllib.loads(text, parse_float=_Fraction)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
        end = text.count("\n") + 1
        what, line, column = found.groups() if found else (str(error), end, 1)
        raise InputError(f"no TOML: {what}", place=f"{file}:{line}:{column}") from None
    except (ValueError, RecursionError) as error:
        _too_much(text, file, 1, error)
    return _tree(value, file, _Scanner(text, file, 1).toml())


def _json(text: str, file: str, line: int) -> Node:
    try:
        value = json.loads(
            text, parse_float=_Fraction, parse_constant=_Fraction, object_pairs_hook=_Pairs
        )
    except json.JSONDecodeError as error:
        raise InputError(f"no JSON: {error.msg}", place=f"{file}:{line}:{error.colno}") from None
    except (ValueError, RecursionError) as error:
        _too_much(text, file, line, error)
    return _tree(value, file, _Scanner(text, file, line).json())


class _Fraction(str):
    """A number that is not whole, as it was written."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """A JSON object, with the keys that it gives twice."""

    __slots__ = ()


def _too_much(text: str, file: str, line: int, error: Exception) -> NoReturn:
    digits = re.search(rf"[0-9_]{{{_MAX_DIGITS},}}", text)
    at = digits.start() if digits else 0
    line += text.count("\n", 0, at)
    column = at - text.rfind("\n", 0, at)
    what = "nested too deeply" if isinstance(error, RecursionError) else "a number too long"
    raise InputError(what, place=f"{file}:{line}:{column}") from None


def _tree(
    value: Any,
    file: str,
    places: dict[Where, tuple[int, int]],
    at: Where = (),
    around: tuple[int, int] = (1, 1),
) -> Node:
    """Return the value with its places; refuses what a scenario cannot hold."""
    line, column = here = places.get(at, around)

    def node(made: "str | int | bool | list[Node] | dict[str, Node]") -> Node:
        return Node(made, file, line, column)

    if len(at) > MAX_DEPTH:
        raise node("").error("nested too deeply", f"nest at most {MAX_DEPTH} deep")
    if type(value) is _Fraction:
        raise node("").error(
            f"{value[:40]} is a binary fraction in most readers",
            'write amounts as text: "12.5"',
        )
    if type(value) in (str, int, bool):
        return node(value)
    if type(value) is list:
        return node([_tree(one, file, places, (*at, i), here) for i, one in enumerate(value)])
    if type(value) is dict or type(value) is _Pairs:
        found: dict[str, Node] = {}
        for name, one in value.items() if type(value) is dict else value:
            if name in found:
                raise node("").error(f"{name!r} is given twice", "give each field once")
            found[name] = _tree(one, file, places, (*at, name), here)
        return node(found)
    raise node("").error(f"a {type(value).__name__} has no place in a scenario", "write text")


class _Scanner:
    """Finds where values stand, in text that its parser has already accepted."""

    def __init__(self, text: str, file: str, line: int) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.line = line
        self.line_start = 0
        self.counted = 0
        self.places: dict[Where, tuple[int, int]] = {}

    def json(self) -> dict[Where, tuple[int, int]]:
        """Return the place of each value of one JSON text."""
        self._blank()
        self._value((), ":", json.loads)
        return self.places

    def toml(self) -> dict[Where, tuple[int, int]]:
        """Return the place of each value of a TOML document."""
        tables: dict[Where, int] = {}
        here: Where = ()
        self._blank()
        while self.at < len(self.text):
            if self.text[self.at] != "[":
                self._pair(here, "=", _toml_text)
            else:
                self._mark(("",))
                place = self.places.pop(("",))
                many = self.text.startswith("[[", self.at)
                self.at += 2 if many else 1
                keys = self._keys(_toml_text)
                self.at += 2 if many else 1
                here = ()
                for key in keys[:-1]:
                    here = (*here, key)
                    if here in tables:
                        here = (*here, tables[here])
                here = (*here, keys[-1])
                if many:
                    tables[here] = tables.get(here, -1) + 1
                    self.places.setdefault(here, place)
                    here = (*here, tables[here])
                elif here in tables:
                    here = (*here, tables[here])
                self.places.setdefault(here, place)
            self._blank()
        return self.places

    def _mark(self, at: Where) -> None:
        lines = self.text.count("\n", self.counted, self.at)
        if lines:
            self.line += lines
            self.line_start = self.text.rfind("\n", 0, self.at) + 1
        self.counted = self.at
        self.places[at] = (self.line, self.at - self.line_start + 1)

    def _blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        if found:
            self.at = found.end()

    def _keys(self, text_of: "Callable[[str], Any]") -> list[str]:
        keys: list[str] = []
        while True:
            self._blank()
            start = self.at
            if self.text[self.at] in "\"'":
                self._string()
                keys.append(str(text_of(self.text[start : self.at])))
            else:
                found = _BARE.match(self.text, self.at)
                self.at = found.end() if found else self.at + 1
                keys.append(self.text[start : self.at])
            self._blank()
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _pair(self, here: Where, sign: str, text_of: "Callable[[str], Any]") -> None:
        keys = self._keys(text_of) if sign == "=" else [str(self._json_key())]
        self._blank()
        self.at += len(sign)
        self._blank()
        self._value((*here, *keys), sign, text_of)

    def _json_key(self) -> Any:
        start = self.at
        self._string()
        return json.loads(self.text[start : self.at])

    def _value(self, where: Where, sign: str, text_of: "Callable[[str], Any]") -> None:
        self._mark(where)
        first = self.text[self.at]
        if first in "\"'":
            self._string()
        elif first in "[{":
            close = "]" if first == "[" else "}"
            self.at += 1
            self._blank()
            index = 0
            while not self.text.startswith(close, self.at):
                if first == "[":
                    self._value((*where, index), sign, text_of)
                else:
                    self._pair(where, sign, text_of)
                index += 1
                self._blank()
                if self.text.startswith(",", self.at):
                    self.at += 1
                    self._blank()
            self.at += 1
        else:
            found = _ATOM.match(self.text, self.at)
            self.at = found.end() if found else self.at + 1

    def _string(self) -> None:
        quote = self.text[self.at]
        long = self.text.startswith(quote * 3, self.at)
        found = _STRINGS[quote * 3 if long else quote].match(self.text, self.at)
        self.at = found.end() if found else len(self.text)


def _toml_text(quoted: str) -> Any:
    return tomllib.loads(f"x = {quoted}")["x"]


_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ATOM = re.compile(r"[^,\]}\n#]+")
_STRINGS = {
    '"': re.compile(r'"(?:[^"\\]|\\.)*"'),
    "'": re.compile(r"'[^']*'"),
    '"""': re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}', re.DOTALL),
    "'''": re.compile(r"'''(?:[^']|'(?!''))*'{3,5}", re.DOTALL),
}
