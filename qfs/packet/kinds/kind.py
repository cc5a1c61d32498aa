"""What a kind of packet is: a number on the wire and the two ways between action and payload."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qfs.canon import Value
from qfs.kernel.admitted import Action


def _left_to_unpack(_payload: bytes) -> None:
    """Tell nothing at once."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of packet."""

    number: int
    """On the wire; never used again for another meaning."""
    name: str
    """One lower-case word for people."""
    action: type[Action]
    """The kernel's class that its packets carry."""
    pack: Callable[[Any], Value]
    """Action -> canonical value; raises RecordError for one that the kind cannot carry."""
    unpack: Callable[[Value], Action]
    """Canonical value -> action; raises RecordError for any that pack cannot have made."""
    read: Callable[[bytes], Action | None] = _left_to_unpack
    """Canonical bytes -> the action of decoding and unpacking them, where it can tell at once."""
