"""One process that runs generated programs: a line of JSON in is a program, one out its answer.

The process's hash seed, addresses, time and number are its own; the input is the same everywhere.
"""

import json
import signal
import sys
import types

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
SECONDS = 20
RAISED = (
    ArithmeticError, AttributeError, LookupError, NameError, RuntimeError, StopIteration, TypeError,
    ValueError,
)  # fmt: skip
"""What a program may end with; anything else ends the process."""


def answer(code: str, number: int) -> str:
    """Return what a program's entry gives, or the exception that it ends with."""
    module = types.ModuleType(f"case_{number}")
    sys.modules[module.__name__] = module
    signal.alarm(SECONDS)
    try:
        exec(compile(code, "case.py", "exec"), module.__dict__)
        return repr(module.__dict__["entry"](list(NAMES)))
    except RAISED as error:
        return f"raised {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
        del sys.modules[module.__name__]


def main() -> None:
    """Answer line by line."""
    for number, line in enumerate(sys.stdin):
        sys.__stdout__.write(json.dumps(answer(json.loads(line), number)) + "\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
