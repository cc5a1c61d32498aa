"""Deterministic chance: SHAKE256 over everything a machine may know, and a purpose.

- Reproducible by anyone who has the packet; not fair, since the signer can grind its seed.
- Source: FIPS 202 §6.2; integers below n by rejection, without modulo bias.
"""

from dataclasses import dataclass
from hashlib import shake_256

from qfs.canon import Value, encode
from qfs.errors import UsageError

_DOMAIN = "qfs/chance/1"
_BLOCK = 64
_WORD = 8


@dataclass(frozen=True, slots=True)
class Chance:
    """An endless reproducible byte string; reading says what is where, and changes nothing."""

    key: bytes

    @classmethod
    def of(cls, facts: tuple[Value, ...]) -> "Chance":
        """Return the byte string that the facts define."""
        return cls(encode([_DOMAIN, *facts]))

    def take(self, count: int) -> bytes:
        """Return the first count bytes, 0 <= count <= 2**20."""
        if not 0 <= count <= 1 << 20:
            raise UsageError(f"{count} bytes of chance", way_out="take 0 to 1048576")
        return shake_256(self.key).digest(count)

    def below(self, bound: int, index: int = 0) -> int:
        """Return the index-th number uniform in [0, bound), 1 <= bound <= 2**64."""
        if not 1 <= bound <= 1 << 64:
            raise UsageError(f"a bound of {bound}", way_out="pass 1 to 2**64")
        limit = (1 << 64) // bound * bound
        size = _BLOCK
        accepted = 0
        at = 0
        while True:
            data = shake_256(self.key).digest(size)
            while at < size:
                word = int.from_bytes(data[at : at + _WORD], "little")
                at += _WORD
                if word < limit:
                    if accepted == index:
                        return word % bound
                    accepted += 1
            size *= 2
