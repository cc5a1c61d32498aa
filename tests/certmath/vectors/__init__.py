"""Reads the committed vectors: what Arb and MPFR say."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).parent / "certmath.txt"
MAX = 2**255 - 1


def say(text: str) -> None:
    """Print what a run did not exercise, so that it is not taken for tested."""
    sys.stdout.write(f"\n{text}\n")


class Vector(NamedTuple):
    """One argument tuple, and the oracles' answer in every mode."""

    function: str
    arguments: tuple[Any, ...]
    answer: tuple[str, ...]

    def expected(self, index: int) -> Any:
        """Return the result in the mode of that index, or the name of the error."""
        if len(self.answer) == 1:
            if self.function == "allocate":
                return [int(part) for part in self.answer[0].split(",")]
            return self.answer[0]
        value = int(self.answer[0]) + int(self.answer[1][index])
        if self.function in ("divmod", "mod"):
            rest = self.arguments[0] - value * self.arguments[1]
            if abs(rest) > MAX:
                return "Overflow"
            return (value, rest) if self.function == "divmod" else rest
        if self.function == "quantize":
            value *= 10 ** (18 - self.arguments[1])
        return value if abs(value) <= MAX else "Overflow"


def read() -> tuple[list[str], list[Vector]]:
    """Return the names of the modes, and the vectors."""
    _, modes, *lines = FILE.read_text(encoding="ascii").splitlines()
    vectors = []
    for line in lines:
        head, answer = line.split(" : ") if " : " in line else line.split(": ")
        function, *arguments = head.split()
        vectors.append(
            Vector(function, tuple([_read(text) for text in arguments]), tuple(answer.split()))
        )
    return modes.split()[2:], vectors


# A sequence of one number is told from a number by its function and place.
def _read(text: str) -> Any:
    return tuple([int(part) for part in text.split(",") if part]) if "," in text else int(text)
