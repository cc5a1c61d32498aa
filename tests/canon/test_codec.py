"""Canonical bytes: what the RFC says, what cbor2 says, and nothing else is accepted."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.canon import MAX_BYTES, MAX_DEPTH, ArrayKind, TypedArray, decode, encode
from qfs.errors import CanonError

# RFC 8949, Appendix A: the rows that have a canonical form here.
RFC_8949_APPENDIX_A = [
    (0, "00"),
    (1, "01"),
    (10, "0a"),
    (23, "17"),
    (24, "1818"),
    (25, "1819"),
    (100, "1864"),
    (1000, "1903e8"),
    (1000000, "1a000f4240"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (18446744073709551616, "c249010000000000000000"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (-18446744073709551617, "c349010000000000000000"),
    (-1, "20"),
    (-10, "29"),
    (-100, "3863"),
    (-1000, "3903e7"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (b"", "40"),
    (b"\x01\x02\x03\x04", "4401020304"),
    ("", "60"),
    ("a", "6161"),
    ("IETF", "6449455446"),
    ('"\\', "62225c"),
    ("ü", "62c3bc"),
    ("水", "63e6b0b4"),
    ("𐅑", "64f0908591"),
    ([], "80"),
    ([1, 2, 3], "83010203"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    (
        list(range(1, 26)),
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
    ),
]

# The same appendix: rows that have no canonical form here, and classic malformed input.
REFUSED = [
    ("a float", "f90000"),
    ("a double", "fb3ff199999999999a"),
    ("infinity", "f97c00"),
    ("not a number", "f97e00"),
    ("undefined", "f7"),
    ("a simple value", "f0"),
    ("a simple value in two bytes", "f8ff"),
    ("a date", "c074323031332d30332d32315432303a30343a30305a"),
    ("an epoch", "c11a514b67b0"),
    ("a tag over an integer", "c200"),
    ("an empty map", "a0"),
    ("a map", "a201020304"),
    ("an indefinite byte string", "5f42010243030405ff"),
    ("an indefinite text", "7f657374726561646d696e67ff"),
    ("an indefinite array", "9fff"),
    ("a break alone", "ff"),
    ("a reserved length", "1c"),
    ("0 in two bytes", "1800"),
    ("23 in two bytes", "1817"),
    ("255 in three bytes", "1900ff"),
    ("65535 in five bytes", "1a0000ffff"),
    ("2**32 - 1 in nine bytes", "1b00000000ffffffff"),
    ("a length in two bytes", "580161"),
    ("2**64 - 1 as a bignum", "c248ffffffffffffffff"),
    ("a bignum with a leading zero", "c24a00010000000000000000"),
    ("a bignum of 33 bytes", "c25821" + "01" * 33),
    ("no bytes", ""),
    ("a cut integer", "19"),
    ("a cut text", "6461"),
    ("a cut array", "8301"),
    ("an array of 2**64 - 1", "9bffffffffffffffff"),
    ("a text that is no UTF-8", "61ff"),
    ("a surrogate in UTF-8", "63eda080"),
    ("an overlong slash", "62c0af"),
    ("trailing bytes", "0000"),
    ("seventeen arrays in each other", "81" * 17 + "00"),
    ("a cut element of a typed array", "d84543010203"),
    ("a typed array over an array", "d8458100"),
    ("big-endian elements", "d841420001"),
    ("float elements", "d8554400000000"),
]

# RFC 8746 §2.1: little-endian, by tag.
TYPED = [
    (ArrayKind.U8, [0, 255], "d8404200ff"),
    (ArrayKind.U16, [1, 65535], "d845440100ffff"),
    (ArrayKind.U32, [1], "d8464401000000"),
    (ArrayKind.U64, [2**64 - 1], "d84748ffffffffffffffff"),
    (ArrayKind.I16, [-1, 1], "d84d44ffff0100"),
    (ArrayKind.I32, [-2], "d84e44feffffff"),
    (ArrayKind.I64, [-(2**63)], "d84f480000000000000080"),
]

values = st.recursive(
    st.integers(-(2**256), 2**256 - 1) | st.binary() | st.text() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=20,
)


@pytest.mark.parametrize(("value", "data"), RFC_8949_APPENDIX_A, ids=lambda one: repr(one)[:20])
def test_the_examples_of_the_rfc(value, data):
    assert encode(value).hex() == data
    back = decode(bytes.fromhex(data))
    assert (back, type(back)) == (value, type(value))


@pytest.mark.parametrize("data", [one[1] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_what_has_no_canonical_form_is_refused(data):
    for bad in (data, f"81{data}"):  # alone, and as an element
        with pytest.raises(CanonError):
            decode(bytes.fromhex(bad))


@pytest.mark.parametrize(("kind", "numbers", "data"), TYPED, ids=[one[0].name for one in TYPED])
def test_typed_arrays_are_little_endian_whatever_the_machine(kind, numbers, data):
    array = TypedArray.of(kind, numbers)
    assert encode(array).hex() == data
    assert decode(bytes.fromhex(data)) == array
    assert (array.to_list(), len(array)) == (numbers, len(numbers))


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (ArrayKind.U8, 256),
        (ArrayKind.U8, -1),
        (ArrayKind.I64, 2**63),
        (ArrayKind.I16, -(2**15) - 1),
    ],
)
def test_a_number_that_does_not_fit_its_kind_is_refused(kind, number):
    with pytest.raises(CanonError, match="does not fit"):
        TypedArray.of(kind, [0, number])


@given(values)
def test_values_come_back_and_cbor2_writes_the_same_bytes(value):
    data = encode(value)
    assert decode(data) == value
    assert data == cbor2.dumps(value, canonical=True)


@given(st.binary(max_size=60))
def test_whatever_is_accepted_is_written_again_byte_for_byte(data):
    try:
        value = decode(data)
    except CanonError:
        return
    assert encode(value) == data


@given(values, st.data())
def test_a_changed_byte_is_refused_or_another_value(value, data):
    encoded = bytearray(encode(value))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    try:
        other = decode(bytes(encoded))
    except CanonError:
        return
    assert encode(other) == bytes(encoded)
    assert bytes(encoded) != encode(value)


@pytest.mark.parametrize(
    "value", [1.0, {}, {1}, 2**256, -(2**256) - 1, "\ud800", object(), bytearray(b"x"), range(3)]
)
def test_what_cannot_be_written_is_said_to_be_so(value):
    with pytest.raises(CanonError):
        encode([value])


def test_subclasses_are_not_their_bases():
    class Number(int):
        pass

    class Text(str):
        __slots__ = ()

    for value in (Number(1), Text("a")):
        with pytest.raises(CanonError, match="no canonical form"):
            encode(value)


def test_the_depth_has_a_limit_both_ways():
    value: list = []
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert decode(encode(value)) == value
    with pytest.raises(CanonError, match="nested deeper"):
        encode([value])
    with pytest.raises(CanonError, match="nested deeper"):
        decode(b"\x81" * 100_000)


def test_too_many_bytes_are_not_even_read():
    with pytest.raises(CanonError, match="exceed the limit"):
        decode(bytes(MAX_BYTES + 1))


def test_an_error_names_the_byte():
    with pytest.raises(CanonError) as caught:
        decode(bytes.fromhex("8301f90000"))
    assert caught.value.place == "byte 2"
