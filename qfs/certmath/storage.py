"""The unsigned 128-bit profile: 16 bytes for amounts that are never negative.

- 0 to 2**128 - 1 units: up to 340282366920938463463.374607431768211455.
- Most significant byte first, so that bytes sort as the numbers do.
"""

from typing import Final

from qfs.certmath.fixed import Fixed, Number, from_raw, raw_of
from qfs.errors import ConversionSyntax, Overflow

U128_BYTES: Final = 16
U128_MAX: Final = 2**128 - 1  # 340282366920938463463374607431768211455


def to_u128(x: Number) -> bytes:
    """Return the 16-byte form; raises Overflow for a negative or larger number."""
    raw = raw_of(x)
    if not 0 <= raw <= U128_MAX:
        raise Overflow(
            f"{x} is outside the unsigned 128-bit profile",
            way_out="store it in 32 bytes (to_bytes), or keep it in 0 .. 3.4e20",
        )
    return raw.to_bytes(U128_BYTES, "big")


def from_u128(data: bytes) -> Fixed:
    """Return the number of a 16-byte form; raises ConversionSyntax for any other bytes."""
    if type(data) is not bytes or len(data) != U128_BYTES:
        raise ConversionSyntax("not the 16-byte form of a Fixed", way_out="pass 16 bytes")
    return from_raw(int.from_bytes(data, "big"))
