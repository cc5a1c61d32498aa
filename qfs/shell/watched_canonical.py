"""What a foreign program's value is, told so strictly that two runs can be compared byte for byte.

- A value becomes leaves, each a path and a text. The order of a dict counts (it is seen by whoever
  iterates or prints it), the order of a set does not; 1, 1.0 and True differ; -0.0 is not 0.0.
- Objects are their class and their attributes, else what pickling would take apart.
- What has no such form (a lock, a socket, an iterator) is told as its class, and noted: such a
  value cannot be compared. Text that holds an address (``<Book object at 0x7f...>``) is noted too.
- Runs in the watched process, on whichever Python that is: the standard library alone.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

NODES_MAX = 2_000_000
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{4,}")
_PLAIN = (int, bool, str, float, bytes, type(None), complex)
_CODE = ("function", "builtin_function_or_method", "method_descriptor", "wrapper_descriptor")
# How a value of a subclass loses it, whatever the subclass overrides.
_BARE: tuple[tuple[type, Any], ...] = (
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (bytes, bytes),
)
_WEAK = ("ReferenceType", "WeakMethod", "WeakSet", "WeakKeyDictionary", "WeakValueDictionary")
_OPAQUE_MODULES = ("_thread", "threading", "_socket", "socket", "_io", "select", "mmap")


scratch = [""]
"""The folder of this run alone, which is told as ``(scratch)``: each run has another."""


class TooLargeError(Exception):
    """A value of more parts than can be told."""


class Teller:
    """Takes values apart; collects the leaves of one of them, and notes."""

    def __init__(self, *, nodes_max: int = NODES_MAX, paths: bool = False) -> None:
        self.leaves: list[tuple[str, str]] = []
        self.notes: dict[str, str] = {}
        self._left = nodes_max
        self._paths = paths
        self._open: dict[int, int] = {}

    def digest(self) -> str:
        """Return the digest of everything told so far."""
        return sha256(
            "\n".join([text for _, text in self.leaves]).encode("utf-8", "surrogatepass")
        ).hexdigest()

    def tell(self, value: Any, path: str = "") -> None:
        """Append the leaves of a value."""
        self._left -= 1
        if self._left < 0:
            raise TooLargeError("a value of more parts than can be compared")
        kind = type(value)
        if kind in _PLAIN:
            self._leaf(path, value)
            return
        if id(value) in self._open:
            self.leaves.append((path, f"the value {len(self._open) - self._open[id(value)]} above"))
            return
        self._open[id(value)] = len(self._open)
        try:
            self._compound(kind, value, path)
        finally:
            del self._open[id(value)]

    def _leaf(self, path: str, value: Any) -> None:
        kind = type(value)
        if kind is int:
            # Hexadecimal has no limit of digits, whatever the program under test sets.
            text = str(value) if -(1 << 64) < value < 1 << 64 else hex(value)
        elif kind is float:
            text = repr(value)
        else:
            text = ascii(value)
            if kind is str and "0x" in value and _ADDRESS.search(value):
                self.notes.setdefault("address", f"{path or 'the value'}: {text[:120]}")
        self.leaves.append((path, f"{kind.__name__} {_general(text)}"))

    def _compound(self, kind: type, value: Any, path: str) -> None:
        if kind is list or kind is tuple:
            self._sequence(kind.__name__, value, path)
        elif kind is dict:
            self._mapping("dict", value, path)
        elif kind is set or kind is frozenset:
            self._unordered(kind.__name__, value, path)
        elif isinstance(value, type) or kind.__name__ in _CODE:
            name = f"{getattr(value, '__module__', '')}:{getattr(value, '__qualname__', '')}"
            self.leaves.append((path, f"{kind.__name__} {name}"))
        elif isinstance(value, bytearray | memoryview):
            self.leaves.append((path, f"{kind.__name__} {bytes(value)!a}"))
        elif kind.__module__ in _OPAQUE_MODULES:
            self._opaque(kind, path)
        else:
            self._object(kind, value, path)

    def _sequence(self, name: str, value: Any, path: str) -> None:
        self.leaves.append((path, f"{name} of {len(value)}"))
        for number, item in enumerate(value):
            self.tell(item, f"{path}[{number}]" if self._paths else "")

    def _mapping(self, name: str, value: Any, path: str) -> None:
        self.leaves.append((path, f"{name} of {len(value)}"))
        for number, (key, item) in enumerate(value.items()):
            place = ""
            if self._paths:
                plain = type(key) in _PLAIN
                place = f"{path}[{key!r}]" if plain else f"{path}[key {number}]"
            self.tell(key, f"{place} (key {number})" if self._paths else "")
            self.tell(item, place)

    def _unordered(self, name: str, value: Any, path: str) -> None:
        self.leaves.append((path, f"{name} of {len(value)}"))
        told: list[list[tuple[str, str]]] = []
        for item in value:
            mark = len(self.leaves)
            self.tell(item, f"{path}{{}}" if self._paths else "")
            told.append(self.leaves[mark:])
            del self.leaves[mark:]
        for leaves in sorted(told, key=lambda leaves: [text for _, text in leaves]):
            self.leaves.extend(leaves)

    def _object(self, kind: type, value: Any, path: str) -> None:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if isinstance(value, BaseException):
            self.leaves.append((path, f"raises {name}"))
            self.tell(list(value.args), f"{path}.args")
            return
        base = next(
            (one for one in (dict, list, tuple, set, frozenset) if isinstance(value, one)), None
        )
        if kind.__name__ in _WEAK and kind.__module__ in ("weakref", "_weakrefset"):
            self._weak(name, value, path)
        elif base is not None:
            self._subclass(base, name, value, path)
        elif isinstance(value, str | int | float | bytes):
            self.leaves.append((path, name))
            self._leaf(path, next(to(value) for base, to in _BARE if isinstance(value, base)))
        elif kind.__module__.startswith("numpy") and hasattr(value, "tobytes"):
            self.leaves.append((path, f"{name} {value.dtype.str} {value.shape}"))
            self.tell(value.tolist(), path)
        elif kind.__module__ in ("decimal", "_decimal", "fractions", "uuid", "datetime", "pathlib"):
            self.leaves.append((path, f"{kind.__qualname__} {_general(repr(value))}"))
        else:
            self._attributes(kind, name, value, path)

    def _weak(self, name: str, value: Any, path: str) -> None:
        """Tell what a weak container or reference holds now; it is held while it is told."""
        if hasattr(value, "items"):
            self._mapping(name, dict(value.items()), path)
        elif hasattr(value, "__iter__"):
            self._unordered(name, list(value), path)
        else:
            self._sequence(name, [value()], path)

    def _subclass(self, base: type, name: str, value: Any, path: str) -> None:
        if base is dict:
            self._mapping(name, value, path)
        elif base in (list, tuple):
            self._sequence(name, value, path)
        else:
            self._unordered(name, value, path)
        attributes = getattr(value, "__dict__", None)
        if attributes:
            self._named(attributes, path)

    def _attributes(self, kind: type, name: str, value: Any, path: str) -> None:
        own = getattr(value, "__dict__", None)
        found = dict(_slots(kind, value))
        if isinstance(own, dict):
            found.update(own)
        if (found or own is not None) and not _keeps_more(kind):
            self.leaves.append((path, name))
            self._named(found, path)
            return
        try:
            parts = value.__reduce_ex__(2)
        except (TypeError, AttributeError, ValueError, RuntimeError):
            self._opaque(kind, path)
            return
        self.leaves.append((path, name))
        if isinstance(parts, str):
            self.leaves.append((path, parts))
            return
        self.tell(parts[1], path)
        for number, part in enumerate(parts[2:]):
            if part is not None:
                taken = part if number == 0 else list(part)
                self.tell(taken, f"{path}[:]" if number else path)

    def _named(self, attributes: dict[str, Any], path: str) -> None:
        for key in sorted(attributes, key=str):
            self.leaves.append((path, f".{key}"))
            self.tell(attributes[key], f"{path}.{key}")

    def _opaque(self, kind: type, path: str) -> None:
        name = f"{kind.__module__}.{kind.__qualname__}"
        self.notes.setdefault("opaque", f"{path or 'the value'}: a {name} cannot be compared")
        self.leaves.append((path, f"opaque {name}"))


def _keeps_more(kind: type) -> bool:
    """Say whether a class says itself how it is taken apart: it keeps more than attributes."""
    names = ("__reduce__", "__reduce_ex__")
    return any(name in base.__dict__ for base in kind.__mro__[:-1] for name in names)


def _general(text: str) -> str:
    return text.replace(scratch[0], "(scratch)") if scratch[0] else text


def _slots(kind: type, value: Any) -> Iterator[tuple[str, Any]]:
    for base in kind.__mro__:
        names = base.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                yield name, getattr(value, name)


def first_difference(
    a: list[tuple[str, str]], b: list[tuple[str, str]]
) -> tuple[str, str, str] | None:
    """Return the path and both texts of the first leaf in which two told values differ."""
    for (path, mine), (other_path, yours) in zip(a, b, strict=False):
        if (path, mine) != (other_path, yours):
            return path, mine, yours
    if len(a) != len(b):
        longer = a if len(a) > len(b) else b
        path, text = longer[min(len(a), len(b))]
        return path, text if longer is a else "nothing", text if longer is b else "nothing"
    return None
