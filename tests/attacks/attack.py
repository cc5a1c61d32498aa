"""What an attack on the gate is, and the list of them."""

from collections.abc import Callable
from dataclasses import dataclass

from qfs.gate import Refusal
from tests.gate.worlds import Run


@dataclass(frozen=True)
class Attack:
    """One attack."""

    name: str
    make: Callable[[Run], bytes]
    refusal: Refusal


ATTACKS: list[Attack] = []


def attack(name: str, refusal: Refusal) -> Callable[[Callable[[Run], bytes]], None]:
    """List an attack."""

    def add(make: Callable[[Run], bytes]) -> None:
        ATTACKS.append(Attack(name, make, refusal))

    return add
