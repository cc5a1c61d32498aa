"""Prints the digest of every vector's results in every mode; run by each interpreter in turn.

``python digest.py VECTORS`` with QFS on the path. The second word says how many of the hot modules
are compiled, so that a test of the compiled ones cannot pass on interpreted code.
"""

import hashlib
import importlib
import sys
from pathlib import Path

from qfs.certmath import CertifiedMathError, Rounding, raw

HOT = (
    "rounding", "basic", "series", "ziv", "exponential", "logarithm", "power", "roots",
    "circular", "hyperbolic", "special", "finance",
)  # fmt: skip
EXACT = ("add", "sub", "sum")


def results(path: Path) -> list[str]:
    """Return one text a vector line: what each mode gives, or the name of the error."""
    out = []
    for line in path.read_text(encoding="ascii").splitlines()[2:]:
        function, *texts = line.split(":")[0].split()
        arguments = [
            tuple(int(part) for part in text.split(",") if part) if "," in text else int(text)
            for text in texts
        ]
        for mode in Rounding:
            try:
                call = getattr(raw, function)
                value = call(*arguments) if function in EXACT else call(*arguments, mode)
            except CertifiedMathError as error:
                value = type(error).__name__
            out.append(f"{function} {mode} {value}")
    return out


def main() -> None:
    lines = results(Path(sys.argv[1]))
    compiled = sum(
        not str(importlib.import_module(f"qfs.certmath.{name}").__file__).endswith(".py")
        for name in HOT
    )
    text = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    sys.stdout.write(f"{text} {compiled} {len(lines)}\n")


if __name__ == "__main__":
    main()
