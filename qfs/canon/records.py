"""Records: frozen dataclasses as canonical lists, with exact types both ways.

- A plain value packs to [field ...]; a registered kind packs to [kind, version, field ...].
- Shapes come from annotations: int, bytes, str, bool, None, a NewType over one of them, an Enum
  (by value), Digest, TypedArray, Optional, tuple[X, ...], tuple[X, Y], another frozen dataclass,
  or an object that brings ``canonical()`` and ``from_canonical()`` (``Fixed``).
- True is not 1 and a subclass is not its base, interpreted and compiled alike.
- Released kinds are never edited: a new meaning is a new version and an upcast from the old one.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from qfs.canon.codec import Value
from qfs.canon.typed import TypedArray
from qfs.errors import ContractError, RecordError

T = TypeVar("T")
Upcast = Callable[[list[Value]], list[Value]]

_PLAIN: tuple[type, ...] = (int, bytes, str, bool, NoneType, TypedArray)


class _Shape:
    """How a class's fields stand in a list: names, and one converter each way a field."""

    def __init__(self, cls: type) -> None:
        hints = get_type_hints(cls)
        self.cls = cls
        self.names: tuple[str, ...] = tuple(field.name for field in fields(cls))
        self.codecs: tuple[_Codec, ...] = tuple(
            _codec(hints[name], f"{cls.__qualname__}.{name}") for name in self.names
        )

    def to_list(self, value: object) -> list[Value]:
        return [
            codec.pack(getattr(value, name))
            for name, codec in zip(self.names, self.codecs, strict=True)
        ]

    def from_list(self, items: Sequence[Value]) -> Any:
        if len(items) != len(self.codecs):
            raise RecordError(
                f"{self.cls.__qualname__} has {len(self.codecs)} fields, not {len(items)}"
            )
        return self.cls(
            *[codec.unpack(item) for codec, item in zip(self.codecs, items, strict=True)]
        )


class _Codec:
    """One field's way to a canonical value and back."""

    def __init__(self, pack_: Callable[[Any], Value], unpack_: Callable[[Value], Any]) -> None:
        self.pack = pack_
        self.unpack = unpack_


_SHAPES: dict[type, _Shape] = {}


def shape(cls: type) -> _Shape:
    """Return the shape of a frozen dataclass, made once a class.

    Raises ContractError for a class or a field without a canonical form.
    """
    found = _SHAPES.get(cls)
    if found is None:
        if not is_dataclass(cls) or not cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            raise ContractError(
                f"{cls.__qualname__} is no frozen dataclass",
                way_out="declare it with @dataclass(frozen=True, slots=True)",
            )
        found = _SHAPES[cls] = _Shape(cls)
    return found


def pack(value: object) -> list[Value]:
    """Return a frozen dataclass as its list of canonical fields."""
    return shape(type(value)).to_list(value)


def unpack(cls: type[T], items: Value) -> T:
    """Return the dataclass whose fields the list holds; raises RecordError on any mismatch."""
    if type(items) is not list:
        raise RecordError(f"{cls.__qualname__} is a list, not {type(items).__name__}")
    made: T = shape(cls).from_list(items)
    return made


def converter(hint: Any, where: str) -> "_Codec":
    """Return the exact converter of one annotation; where names it in errors.

    Its ``pack`` and ``unpack`` are for stores that hold values of one type.
    Raises ContractError for an annotation without a canonical form.
    """
    return _codec(hint, where)


class Registry:
    """Kinds of one family (a machine's commands, events, effects): number to class and back."""

    def __init__(self, family: str) -> None:
        self.family = family
        self._by_kind: dict[int, tuple[int, _Shape, tuple[Upcast, ...]]] = {}
        self._by_class: dict[type, tuple[int, int, _Shape]] = {}

    def add(self, kind: int, version: int, cls: type, *upcasts: Upcast) -> "Registry":
        """Register a class; upcasts[i] turns the fields of version i+1 into those of i+2.

        Raises ContractError if the kind or class is taken or an upcast is missing.
        """
        if kind in self._by_kind or cls in self._by_class or len(upcasts) != version - 1:
            raise ContractError(
                f"{self.family} kind {kind} ({cls.__qualname__}) version {version} does not fit",
                way_out="number each kind once and give one upcast for each older version",
            )
        made = shape(cls)
        self._by_kind[kind] = (version, made, upcasts)
        self._by_class[cls] = (kind, version, made)
        return self

    def classes(self) -> list[type]:
        """Return the registered classes in the order of their kinds."""
        return [self._by_kind[kind][1].cls for kind in sorted(self._by_kind)]

    def pack(self, value: object) -> list[Value]:
        """Return [kind, version, field ...]; raises RecordError for an unregistered class."""
        entry = self._by_class.get(type(value))
        if entry is None:
            raise RecordError(f"{type(value).__qualname__} is no {self.family}")
        kind, version, made = entry
        return [kind, version, *made.to_list(value)]

    def unpack(self, items: Value) -> Any:
        """Return the value of [kind, version, field ...], upcast to the newest version."""
        if type(items) is not list or len(items) < 2:
            raise RecordError(f"a {self.family} is a list [kind, version, field ...]")
        kind, version = items[0], items[1]
        entry = self._by_kind.get(kind) if type(kind) is int else None
        if entry is None:
            raise RecordError(f"unknown {self.family} kind {kind!r}")
        newest, made, upcasts = entry
        if type(version) is not int or not 1 <= version <= newest:
            raise RecordError(f"{self.family} kind {kind!r} has no version {version!r}")
        rest = items[2:]
        for upcast in upcasts[version - 1 :]:
            try:
                rest = upcast(rest)
            except (LookupError, TypeError, ValueError):
                raise RecordError(
                    f"{self.family} kind {kind!r} version {version!r} does not have these fields"
                ) from None
        return made.from_list(rest)


def _codec(hint: Any, where: str) -> _Codec:
    while hasattr(hint, "__supertype__"):  # a NewType
        hint = hint.__supertype__
    if hint in _PLAIN:
        return _exactly(hint, where)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType) and len(arguments) == 2 and NoneType in arguments:
        inner = arguments[0] if arguments[1] is NoneType else arguments[1]
        return _optional(_codec(inner, where))
    if origin is tuple:
        return _tuple(arguments, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint, where)
    if isinstance(hint, type) and hasattr(hint, "from_canonical"):
        return _Codec(lambda value: value.canonical(), hint.from_canonical)
    if isinstance(hint, type) and is_dataclass(hint):
        inside: _Shape = shape(hint)
        return _Codec(inside.to_list, lambda items: unpack(inside.cls, items))
    raise ContractError(
        f"{where}: {hint!r} has no canonical form",
        way_out="use int, bytes, str, bool, Optional, tuple, an Enum or a frozen dataclass",
    )


def _exactly(cls: type, where: str) -> _Codec:
    def same(value: Any) -> Any:
        if type(value) is not cls:
            raise RecordError(f"{where} is {cls.__name__}, not {type(value).__name__}")
        return value

    return _Codec(same, same)


def _optional(inner: _Codec) -> _Codec:
    return _Codec(
        lambda value: None if value is None else inner.pack(value),
        lambda value: None if value is None else inner.unpack(value),
    )


def _tuple(arguments: tuple[Any, ...], where: str) -> _Codec:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        inner = _codec(arguments[0], where)

        def unpack_many(items: Value) -> tuple[Any, ...]:
            if type(items) is not list:
                raise RecordError(f"{where} is a list, not {type(items).__name__}")
            return tuple([inner.unpack(item) for item in items])

        return _Codec(lambda value: [inner.pack(item) for item in value], unpack_many)
    each = [_codec(argument, where) for argument in arguments]

    def unpack_each(items: Value) -> tuple[Any, ...]:
        if type(items) is not list or len(items) != len(each):
            raise RecordError(f"{where} is a list of {len(each)}")
        return tuple([codec.unpack(item) for codec, item in zip(each, items, strict=True)])

    return _Codec(
        lambda value: [codec.pack(item) for codec, item in zip(each, value, strict=True)],
        unpack_each,
    )


def _enum(cls: type[Enum], where: str) -> _Codec:
    members = {member.value: member for member in cls}

    def member_of(value: Value) -> Enum:
        if type(value) not in (int, str) or value not in members:
            raise RecordError(f"{where}: {value!r} is no {cls.__name__}")
        found = members[value]
        if type(found.value) is not type(value):
            raise RecordError(f"{where}: {value!r} is no {cls.__name__}")
        return found

    def value_of(member: Any) -> Value:
        if type(member) is not cls:
            raise RecordError(f"{where} is {cls.__name__}, not {type(member).__name__}")
        value: Value = member.value
        return value

    return _Codec(value_of, member_of)
