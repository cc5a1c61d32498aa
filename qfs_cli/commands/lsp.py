"""`qfs lsp`: the language server, which an editor starts."""

import typer

from qfs.app.failure import EnvironmentFault


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lsp")(command)


def command() -> None:
    """Serve an editor on standard input and output: findings as diagnostics, fixes as actions."""
    try:
        from qfs.app.language_server import serve  # noqa: PLC0415 (an extra, which may be missing)
    except ModuleNotFoundError as error:
        raise EnvironmentFault(
            f"no module {error.name!r}", way_out="pip install 'qfs-toolchain[lsp]'"
        ) from None
    serve()
