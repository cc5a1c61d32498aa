"""Values as texts for people who browse: hexadecimal for bytes, names for members, no classes."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from qfs.canon import TypedArray

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ITEMS_MAX = 64
_SECOND_US = 1_000_000


def told(value: Any) -> str:
    """Return a value as one text."""
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, bytes | bytearray):
        return _bytes(bytes(value))
    if isinstance(value, TypedArray):
        return _many([str(one) for one in value.to_list()])
    if isinstance(value, tuple | list):
        return _many([told(one) for one in value])
    if value is None:
        return "-"
    if is_dataclass(value) and not isinstance(value, type):
        parts = [f"{name}={text}" for name, text in parts_of(value)]
        return f"{type(value).__name__}({', '.join(parts)})"
    return str(value)


def parts_of(value: Any) -> tuple[tuple[str, str], ...]:
    """Return the fields of a record; pairs of texts, one a line; nothing for what has no parts."""
    if is_dataclass(value) and not isinstance(value, type | Enum):
        found: list[tuple[str, str]] = []
        for one in fields(value):
            inside = getattr(value, one.name)
            if _is_pairs(inside):
                found += [(f"{one.name}.{name}", text) for name, text in inside]
            else:
                found.append((one.name, told(inside)))
        return tuple(found)
    return ()


def moment_of(time_us: int) -> str:
    """Return a time in microseconds since 1970 in UTC, to the second; - for none."""
    if time_us == 0:
        return "-"
    seconds, _ = divmod(time_us, _SECOND_US)
    try:
        return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")
    except OverflowError:
        return f"{time_us} us"


def _is_pairs(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and bool(value)
        and all(
            isinstance(one, tuple) and len(one) == 2 and all(isinstance(two, str) for two in one)
            for one in value
        )
    )


def _bytes(value: bytes) -> str:
    """Return printable text in quotes as it is, everything else in hexadecimal."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()
    plain = len(text) > 1 and len(value) != 32 and text.rstrip("\r\n").isprintable()
    return repr(text) if plain else value.hex()


def _many(texts: list[str]) -> str:
    shown = ", ".join(texts[:_ITEMS_MAX])
    more = f", ... {len(texts) - _ITEMS_MAX} more" if len(texts) > _ITEMS_MAX else ""
    return f"({shown}{more})"
