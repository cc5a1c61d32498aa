"""Machine words: 64 bits with a sign, many of them side by side, compiled or interpreted.

- Compiled by mypyc, ``i64`` is the processor's word and ``vec[i64]`` a flat array of them;
  interpreted, an int, and a memoryview or a list. This module itself is never compiled.
- Compiled arithmetic wraps silently, interpreted does not, and a memoryview takes no more than 64
  bits: whoever computes checks first that the result is a word.
- Bytes are little-endian by definition, whatever the machine's order.
- Source: mypyc's native integers; librt.vecs, which mypy brings, is not needed interpreted.
"""

from collections.abc import Callable, Iterable
from struct import pack, unpack
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from librt.vecs import vec
    from mypy_extensions import i64
else:
    i64 = int

    class vec:  # noqa: N801 (the name is mypyc's)
        """An array that is written like mypyc's: ``vec[i64](items)`` copies a column or a list."""

        def __class_getitem__(cls, _: type) -> Callable[[Iterable[int]], Any]:
            return _copy


__all__ = ["LITTLE", "bytes_of", "i64", "signed", "unsigned", "vec", "words_of"]

LITTLE: Final = memoryview(b"\1" + bytes(7)).cast("q")[0] == 1
"""Whether the machine's own order is that of the bytes."""
_WORD: Final = (1 << 64) - 1
_SIGN: Final = 1 << 63


def words_of(data: bytes | bytearray | memoryview, *, little: bool = LITTLE) -> memoryview:
    """Return the words that a whole number of 8 bytes holds; little is the machine's order."""
    return memoryview(data if little else _swapped(data)).cast("q")


def bytes_of(words: Any, *, little: bool = LITTLE) -> memoryview:
    """Return the bytes of a vec of words; they change with it where the orders are the same."""
    plain = memoryview(words).cast("B")
    return plain if little else memoryview(_swapped(plain))


def signed(number: int) -> int:
    """Return the word that holds a number 0 .. 2**64 - 1."""
    return ((number & _WORD) ^ _SIGN) - _SIGN


def unsigned(word: int) -> int:
    """Return the number 0 .. 2**64 - 1 that a word holds."""
    return word & _WORD


def _swapped(data: bytes | bytearray | memoryview) -> bytes:
    count = len(data) >> 3
    return pack(f"<{count}q", *unpack(f">{count}q", data))


def _copy(items: Iterable[int]) -> Any:
    if isinstance(items, memoryview):
        return memoryview(bytearray(items)).cast("q")
    return list(items)
