"""Records: exact types both ways; old versions read as the newest."""

from dataclasses import dataclass
from enum import Enum
from typing import NewType

import pytest

from qfs.canon import ArrayKind, Registry, TypedArray, pack, unpack
from qfs.canon.records import converter
from qfs.errors import ContractError, RecordError

Height = NewType("Height", int)


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Everything:
    number: int
    data: bytes
    text: str
    flag: bool
    height: Height
    colour: Colour
    maybe: int | None
    many: tuple[int, ...]
    pair: tuple[str, bytes]
    point: Point
    points: tuple[Point, ...]
    array: TypedArray


WHOLE = Everything(
    1,
    b"b",
    "t",
    True,
    Height(7),
    Colour.BLUE,
    None,
    (1, 2),
    ("a", b"b"),
    Point(3, 4),
    (Point(5, 6),),
    TypedArray.of(ArrayKind.U8, [1]),
)
PACKED = [
    1,
    b"b",
    "t",
    True,
    7,
    2,
    None,
    [1, 2],
    ["a", b"b"],
    [3, 4],
    [[5, 6]],
    TypedArray.of(ArrayKind.U8, [1]),
]


def test_a_record_is_the_list_of_its_fields():
    assert pack(WHOLE) == PACKED
    assert unpack(Everything, PACKED) == WHOLE


WRONG = [
    ("True for a number", 0, True),
    ("a number for True", 3, 1),
    ("text for bytes", 1, "b"),
    ("bytes for text", 2, b"t"),
    ("no colour", 5, 3),
    ("True for a colour", 5, True),
    ("text for an optional number", 6, "7"),
    ("a number for many", 7, 1),
    ("True among many", 7, [1, True]),
    ("a pair of three", 8, ["a", b"b", 1]),
    ("a point of one", 9, [3]),
    ("a point of text", 9, "34"),
    ("a list for an array", 11, [1]),
]


@pytest.mark.parametrize(("at", "value"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_a_field_of_the_wrong_type_is_refused(at, value):
    fields = [*PACKED]
    fields[at] = value
    with pytest.raises(RecordError):
        unpack(Everything, fields)


@pytest.mark.parametrize("items", [PACKED[:-1], [*PACKED, 1], tuple(PACKED), None, 7])
def test_a_record_of_the_wrong_shape_is_refused(items):
    with pytest.raises(RecordError):
        unpack(Everything, items)


@pytest.mark.parametrize(
    "value", [Point(True, 1), Point("1", 1), Point(1, None)], ids=["bool", "str", "None"]
)
def test_a_record_with_a_wrong_field_is_not_written(value):
    with pytest.raises(RecordError):
        pack(value)


def test_a_registry_tells_kinds_apart():
    registry = Registry("shape").add(1, 1, Point)
    assert registry.pack(Point(1, 2)) == [1, 1, 1, 2]
    assert registry.unpack([1, 1, 1, 2]) == Point(1, 2)
    assert registry.classes() == [Point]
    for items in ([2, 1, 1, 2], [1, 2, 1, 2], [1, 0, 1, 2], [True, 1, 1, 2], [1, True, 1, 2], [1]):
        with pytest.raises(RecordError):
            registry.unpack(items)
    with pytest.raises(RecordError, match="is no shape"):
        registry.pack(WHOLE)


def test_an_old_version_reads_as_the_newest():
    """Version 1 had x alone, version 2 both with y first."""
    registry = Registry("shape").add(
        1, 3, Point, lambda old: [0, old[0]], lambda old: [old[1], old[0]]
    )
    assert registry.unpack([1, 1, 5]) == Point(5, 0)
    assert registry.unpack([1, 2, 6, 5]) == Point(5, 6)
    assert registry.unpack([1, 3, 5, 6]) == Point(5, 6)
    assert registry.pack(Point(5, 6)) == [1, 3, 5, 6]
    for cut in ([1, 1], [1, 2, 6], [1, 3, 5]):
        with pytest.raises(RecordError):
            registry.unpack(cut)


def test_a_registry_keeps_its_numbers():
    registry = Registry("shape").add(1, 1, Point)
    for kind, version, cls in ((1, 1, Everything), (2, 1, Point), (3, 2, Everything)):
        with pytest.raises(ContractError):
            registry.add(kind, version, cls)


@dataclass
class Open:
    x: int


@dataclass(frozen=True)
class Fraction:
    x: float


@pytest.mark.parametrize("cls", [Open, Fraction, int], ids=["not frozen", "a float", "no record"])
def test_a_class_without_a_canonical_form_is_named(cls):
    with pytest.raises(ContractError, match=cls.__name__):
        Registry("shape").add(1, 1, cls)


def test_a_converter_is_for_one_annotation():
    codec = converter(tuple[int, ...], "numbers")
    assert (codec.pack((1, 2)), codec.unpack([1, 2])) == ([1, 2], (1, 2))
    with pytest.raises(RecordError, match="numbers"):
        codec.unpack(["1"])
