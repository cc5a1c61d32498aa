"""One module a command; each has ``register(app)``."""

import typer

from qfs_cli.commands import build, explain, ledger, replay

# In the order of the help; one line a command.
COMMANDS = (
    build,  # reproducible builds
    ledger,  # five tokens in a folder
    replay,  # every state root again
    explain,  # the catalogue of codes
)


def register(app: typer.Typer) -> None:
    """Add every command to the program, in the order of its help."""
    for module in COMMANDS:
        module.register(app)
