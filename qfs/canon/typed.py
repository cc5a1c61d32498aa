"""Typed arrays: many fixed-width integers as one byte string.

- Little-endian by definition, never the machine's order.
- Source: RFC 8746 §2.1; the tag is 0b010_f_s_e_ll: signed bit, endianness bit, width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from qfs.errors import CanonError


class ArrayKind(Enum):
    """CBOR tag of each kind that has a canonical form here."""

    U8 = 64
    U16 = 69
    U32 = 70
    U64 = 71
    I16 = 77
    I32 = 78
    I64 = 79

    @property
    def width(self) -> int:
        """Bytes an element: 1, 2, 4 or 8."""
        return _WIDTH[self.value]

    @property
    def signed(self) -> bool:
        """Whether elements are two's complement."""
        return self.value >= 72


_WIDTH = {64: 1, 69: 2, 70: 4, 71: 8, 77: 2, 78: 4, 79: 8}


@dataclass(frozen=True, slots=True)
class TypedArray:
    """Integers of one width, packed."""

    kind: ArrayKind
    """Width and sign."""
    data: bytes
    """The elements, little-endian; its length is a multiple of the width."""

    def __post_init__(self) -> None:
        if len(self.data) % self.kind.width:
            raise CanonError(
                f"{len(self.data)} bytes are no whole number of {self.kind.name} elements",
                way_out=f"pass a multiple of {self.kind.width} bytes",
            )

    def __len__(self) -> int:
        return len(self.data) // self.kind.width

    @classmethod
    def of(cls, kind: ArrayKind, values: Sequence[int]) -> "TypedArray":
        """Pack integers; raises CanonError for one that does not fit the kind."""
        out = bytearray()
        for index, value in enumerate(values):
            try:
                out += value.to_bytes(kind.width, "little", signed=kind.signed)
            except OverflowError:
                raise CanonError(f"{value} does not fit {kind.name}", place=f"[{index}]") from None
        return cls(kind, bytes(out))

    def to_list(self) -> list[int]:
        """Return the elements as integers."""
        width, signed, data = self.kind.width, self.kind.signed, self.data
        return [
            int.from_bytes(data[at : at + width], "little", signed=signed)
            for at in range(0, len(data), width)
        ]
