"""One module a command; each has ``register(app)``."""

import typer


def register(app: typer.Typer) -> None:
    """Add every command to the program, in the order of its help."""
    for module in ():
        module.register(app)
