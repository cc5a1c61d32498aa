"""A machine's state field by field: its root, its snapshot, its differences.

- A state is a frozen dataclass; each field is a Store or a canonical value, told by its annotation.
- Root: digest over [name, version, [field name, field digest] ...] in declared order.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_origin, get_type_hints

from qfs.canon import Digest, Value, decode, digest, encode
from qfs.canon.records import converter
from qfs.errors import CanonError, ContractError
from qfs.kernel.contract import Difference


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a state."""

    name: str
    codec: Any
    """Converter of a canonical value; None for a Store."""


_LAYOUTS: dict[type, tuple[Field, ...]] = {}


def layout(cls: type) -> tuple[Field, ...]:
    """Return the fields of a state's class, made once a class; raises ContractError."""
    found = _LAYOUTS.get(cls)
    if found is None:
        if not is_dataclass(cls) or not cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            raise ContractError(
                f"{cls.__qualname__} is no frozen dataclass",
                place="state",
                way_out="declare it with @dataclass(frozen=True, slots=True)",
            )
        hints = get_type_hints(cls)
        found = _LAYOUTS[cls] = tuple(
            [_field(cls, one.name, hints[one.name]) for one in fields(cls)]
        )
    return found


def machine_root(name: str, version: int, state: Any) -> Digest:
    """Return the root of one machine."""
    return root_of_fields(name, version, field_digests(state))


def field_digests(state: Any) -> list[tuple[str, Digest]]:
    """Return each field's name and digest, in declared order: what a machine's root covers."""
    return [(field.name, _field_digest(field, state)) for field in layout(type(state))]


def root_of_fields(name: str, version: int, fields: Sequence[tuple[str, Digest]]) -> Digest:
    """Return the root of a machine whose fields have these digests."""
    parts: list[Value] = [name, version]
    parts.extend([[field, known] for field, known in fields])
    return digest("qfs/machine/1", parts)


def restore(state: Any) -> None:
    """Make every store of a state the newest version again, now rather than at the next read."""
    for field in layout(type(state)):
        if field.codec is None:
            getattr(state, field.name).restore()


def private(state: Any) -> Any:
    """Return an equal state whose stores share nothing with another world's."""
    cls = type(state)
    values = [getattr(state, field.name) for field in layout(cls)]
    return cls(
        *[
            value.load(value.snapshot()) if field.codec is None else value
            for field, value in zip(layout(cls), values, strict=True)
        ]
    )


def snapshot(state: Any) -> Iterator[bytes]:
    """Yield the records of a state: a store's rows and then an empty one, or the one value."""
    for field in layout(type(state)):
        value = getattr(state, field.name)
        if field.codec is None:
            yield from value.snapshot()
            yield b""
        else:
            yield encode(field.codec.pack(value))


def load(empty: Any, records: Iterator[bytes]) -> Any:
    """Return the state of a snapshot; empty is any state of its class. Raises CanonError."""
    cls = type(empty)
    values: list[Any] = []
    for field in layout(cls):
        if field.codec is None:
            values.append(getattr(empty, field.name).load(_until_empty(records)))
        else:
            values.append(field.codec.unpack(decode(next(records, b""))))
    return cls(*values)


def difference(name: str, here: Any, there: Any) -> Difference | None:
    """Return the first field, and key in it, in which two states of a machine differ."""
    if type(here) is not type(there):
        return Difference(name, "", None, type(here).__qualname__, type(there).__qualname__)
    for field in layout(type(here)):
        one, other = getattr(here, field.name), getattr(there, field.name)
        if _field_digest(field, here) == _field_digest(field, there):
            continue
        if field.codec is None:
            key, expected, actual = one.diff(other)[0]
            return Difference(name, field.name, key, expected, actual)
        return Difference(name, field.name, None, one, other)
    return None


def _field(cls: type, name: str, hint: Any) -> Field:
    kept = get_origin(hint) or hint
    if hasattr(kept, "seal") and hasattr(kept, "restore"):
        return Field(name, None)
    return Field(name, converter(hint, f"{cls.__qualname__}.{name}"))


def _field_digest(field: Field, state: Any) -> Digest:
    value = getattr(state, field.name)
    if field.codec is None:
        sealed: Digest = value.seal()
        return sealed
    return digest("qfs/value/1", field.codec.pack(value))


def _until_empty(records: Iterable[bytes]) -> Iterator[bytes]:
    for record in records:
        if not record:
            return
        yield record
    raise CanonError("truncated", place="the end of a store's rows")
