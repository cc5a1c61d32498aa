"""The option `--paranoid`, the same for every command that verifies a signature.

- While such a command runs, every verifier that it makes is two libraries that must agree. A
  disagreement is a provider's fault: exit code 2, nothing recorded, no verdict.
- tests/cli/test_paranoid.py holds every command to it.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from qfs.app.verifiers import two_providers

Option = Annotated[
    bool,
    typer.Option("--paranoid", help="Verify each signature with two libraries that must agree."),
]


def verifying(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with the option `--paranoid`."""
    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter(
        "paranoid", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Option
    )

    @wraps(command)
    def run(*, paranoid: bool = False, **arguments: Any) -> None:
        if not paranoid:
            command(**arguments)
            return
        with two_providers():
            command(**arguments)

    parameters = [*signature.parameters.values(), option]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # Typer reads it
    return run
