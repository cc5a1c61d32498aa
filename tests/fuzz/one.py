"""One target in Atheris's hands: `python -m tests.fuzz.one NAME LIBFUZZER-OPTION...`.

- Only QFS's own modules are instrumented: coverage of the standard library guides nobody.
- Needs Atheris, which `make fuzz` installs in an environment of its own.
"""

import sys

import atheris

with atheris.instrument_imports(include=["qfs"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]

    def one(data: bytes) -> None:
        """Hand the target one input."""
        target(data)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
