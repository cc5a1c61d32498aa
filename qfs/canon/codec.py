"""The writer and the strict reader of canonical bytes.

- Integers -2**64 .. 2**64-1 in the shortest head; larger ones as tag 2 or 3 with no leading zero
  byte, up to 256 bits. Definite lengths only. Depth at most 16. Simple values: false, true, null.
- Typed arrays are a tag from ArrayKind over one byte string.
- The reader's errors name the byte. What it accepts, the writer reproduces byte for byte.
- Source: RFC 8949 §3, §4.2.1; RFC 8746 §2.
"""

from struct import Struct
from typing import TypeAlias

from qfs.canon.typed import ArrayKind, TypedArray
from qfs.errors import CanonError

MAX_DEPTH = 16
MAX_BYTES = 64 * 1024 * 1024  # 67_108_864: four times the largest batch of 8 MiB packets
_MAX_BIGNUM_BYTES = 32
_TWO_64 = 1 << 64

Value: TypeAlias = "int | bytes | str | bool | TypedArray | list[Value] | tuple[Value, ...] | None"

_BREAK = 255
"""What no value begins with (RFC 8949 §3.2.1)."""
_WIDE = {
    major + 24 + power: (1 + (1 << power), 24 if power == 0 else 1 << (4 << power))
    for power in range(4)
    for major in (0, 64)
}
"""First byte -> how many bytes a head has that begins with it, and its smallest number."""
_EIGHT = 27
"""First byte of a number of eight bytes: those of accounts."""
_eight = Struct(">Q").unpack_from

_ARRAY_KINDS = {kind.value: kind for kind in ArrayKind}


def encode(value: Value) -> bytes:
    """Return the canonical bytes of a value.

    Tuples encode as lists. Raises CanonError for any other type (bool is not int, a subclass is
    not its base), an integer beyond 256 bits, a string with lone surrogates, or depth above 16.
    """
    out: list[bytes] = []
    _put(out, value, 0)
    return b"".join(out)


def decode(data: bytes) -> Value:
    """Return the value whose canonical bytes are data; lists come back as lists.

    Raises CanonError, naming the byte, for anything that `encode` cannot have written.
    """
    reader = Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise CanonError("trailing bytes", place=f"byte {reader.at}")
    return value


def head(major: int, number: int) -> bytes:
    """Return the shortest CBOR head; number in 0 .. 2**64-1 (RFC 8949 §3)."""
    top = major << 5
    if number < 24:
        return bytes((top | number,))
    if number < 0x100:
        return bytes((top | 24, number))
    if number < 0x10000:
        return bytes((top | 25, number >> 8, number & 255))
    if number < 0x1_0000_0000:
        return bytes((top | 26,)) + number.to_bytes(4, "big")
    return bytes((top | 27,)) + number.to_bytes(8, "big")


def _put(out: list[bytes], value: object, depth: int) -> None:
    kind = type(value)
    if kind is int:
        _put_int(out, value)  # type: ignore[arg-type]
    elif kind is bytes:
        out.append(head(2, len(value)))  # type: ignore[arg-type]
        out.append(value)  # type: ignore[arg-type]
    elif kind is str:
        try:
            text = value.encode("utf-8")  # type: ignore[attr-defined]
        except UnicodeEncodeError:
            raise CanonError(f"{value!r} holds a lone surrogate") from None
        out.append(head(3, len(text)))
        out.append(text)
    elif kind is list or kind is tuple:
        if depth >= MAX_DEPTH:
            raise CanonError(f"nested deeper than {MAX_DEPTH}")
        out.append(head(4, len(value)))  # type: ignore[arg-type]
        for item in value:  # type: ignore[attr-defined]
            _put(out, item, depth + 1)
    elif value is None:
        out.append(b"\xf6")
    elif value is True:
        out.append(b"\xf5")
    elif value is False:
        out.append(b"\xf4")
    elif isinstance(value, TypedArray) and kind is TypedArray:
        out.append(head(6, value.kind.value))
        out.append(head(2, len(value.data)))
        out.append(value.data)
    else:
        raise CanonError(
            f"{kind.__name__} has no canonical form",
            way_out="use int, bytes, str, bool, None, list or TypedArray",
        )


def _put_int(out: list[bytes], value: int) -> None:
    number = value if value >= 0 else -1 - value
    if number < _TWO_64:
        out.append(head(0 if value >= 0 else 1, number))
        return
    size = (number.bit_length() + 7) >> 3
    if size > _MAX_BIGNUM_BYTES:
        raise CanonError(f"an integer of {number.bit_length()} bits exceeds 256")
    out.append(b"\xc2" if value >= 0 else b"\xc3")
    out.append(head(2, size))
    out.append(number.to_bytes(size, "big"))


class Reader:
    """A cursor over canonical bytes, for those who know what comes next.

    Each method raises CanonError, naming the byte, for what `encode` cannot have written there.
    """

    def __init__(self, data: bytes) -> None:
        """Stand before the first byte; raises CanonError for more than MAX_BYTES."""
        if len(data) > MAX_BYTES:
            raise CanonError(f"{len(data)} bytes exceed the limit of {MAX_BYTES}")
        self.data: bytes = data
        self.at: int = 0

    def value(self, depth: int) -> Value:
        """Read one value; depth counts the arrays around it."""
        start = self.at
        if start >= len(self.data):
            raise CanonError("truncated", place=f"byte {start}")
        first = self.data[start]
        major = first >> 5
        if major == 7:
            return self._simple(first)
        number = first & 31
        if number < 24:  # most heads are one byte or two: no call for them
            self.at = start + 1
        elif number == 24 and self.data[start + 1 : start + 2] > b"\x17":
            number = self.data[start + 1]
            self.at = start + 2
        else:
            number = self.number(number)
        if major == 2:
            start = self.at
            self.at = start + number
            if self.at > len(self.data):
                raise CanonError("truncated", place=f"byte {start}")
            return self.data[start : self.at]
        if major == 0:
            return number
        if major == 1:
            return -1 - number
        if major == 3:
            at = self.at
            try:
                return self._take(number).decode("utf-8")
            except UnicodeDecodeError:
                raise CanonError("not UTF-8", place=f"byte {at}") from None
        if major == 4:
            return self.array(number, depth)
        if major == 6:
            return self._tagged(number, start)
        raise CanonError("a map has no canonical form", place=f"byte {start}")

    def _simple(self, first: int) -> Value:
        self.at += 1
        if first == 0xF6:
            return None
        if first == 0xF5:
            return True
        if first == 0xF4:
            return False
        raise CanonError("a simple value or float", place=f"byte {self.at - 1}")

    def number(self, low: int) -> int:
        """Read the number of a head whose first byte has these low five bits."""
        start = self.at
        at = start + 1
        self.at = at
        if low < 24:
            return low
        if low > 27:
            raise CanonError("an indefinite or reserved length", place=f"byte {start}")
        size = 1 << (low - 24)
        end = at + size
        if end > len(self.data):
            raise CanonError("truncated", place=f"byte {at}")
        self.at = end
        number = int.from_bytes(self.data[at:end], "big")
        if number < (24 if size == 1 else 1 << (4 * size)):
            raise CanonError("not the shortest form", place=f"byte {start}")
        return number

    def _take(self, size: int) -> bytes:
        at = self.at
        if size > len(self.data) - at:
            raise CanonError("truncated", place=f"byte {at}")
        self.at = at + size
        return self.data[at : at + size]

    def array(self, size: int, depth: int) -> "list[Value]":
        """Read the elements of an array whose head has been read; depth as for `value`."""
        if depth >= MAX_DEPTH:
            raise CanonError(f"nested deeper than {MAX_DEPTH}", place=f"byte {self.at}")
        data, at = self.data, self.at
        end = len(data)
        if size > end - at:  # an element takes a byte at least
            raise CanonError("truncated", place=f"byte {at}")
        found: list[Value] = []
        put = found.append
        for _ in range(size):  # what most values are is read here: a call each is most of the time
            first = data[at] if at < end else _BREAK
            if first < 24:
                put(first)
                at += 1
                continue
            if first == _EIGHT and at + 9 <= end:
                number = _eight(data, at + 1)[0]
                if number >> 32:
                    put(number)
                    at += 9
                    continue
            after = at + first - 63
            if 64 <= first < 88 and after <= end:
                put(data[at + 1 : after])
                at = after
                continue
            if 128 <= first < 152:
                self.at = at + 1
                put(self.array(first - 128, depth + 1))
                at = self.at
                continue
            wide = _WIDE.get(first)
            if wide is not None:
                least, after = wide[1], at + wide[0]
                number = int.from_bytes(data[at + 1 : after], "big")
                if first < 64:
                    if number >= least and after <= end:
                        put(number)
                        at = after
                        continue
                elif number >= least and after + number <= end:
                    at = after + number
                    put(data[after:at])
                    continue
            self.at = at
            put(self.value(depth + 1))
            at = self.at
        self.at = at
        return found

    def _tagged(self, tag: int, start: int) -> Value:
        kind = _ARRAY_KINDS.get(tag)
        if kind is None and tag not in (2, 3):
            raise CanonError(f"tag {tag} has no canonical form", place=f"byte {start}")
        if self.at >= len(self.data) or self.data[self.at] >> 5 != 2:
            raise CanonError("a tag over no byte string", place=f"byte {start}")
        body = self._take(self.number(self.data[self.at] & 31))
        if kind is not None:
            return TypedArray(kind, body)
        if not 9 <= len(body) <= _MAX_BIGNUM_BYTES or body[0] == 0:
            raise CanonError("not the shortest form", place=f"byte {start}")
        number = int.from_bytes(body, "big")
        return number if tag == 2 else -1 - number
