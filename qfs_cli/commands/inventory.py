"""``qfs inventory``: a source tree file by file."""

from pathlib import Path
from typing import Annotated

import typer

from qfs.app.failure import UsageError
from qfs.app.inventory import PACKS, InventoryRequest, inventory
from qfs_cli.render.inventory import render_csv, render_json, render_markdown, render_text
from qfs_cli.waiting import waiting

FORMATS = {
    "text": render_text,
    "markdown": render_markdown,
    "csv": render_csv,
    "json": render_json,
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inventory")(command)


def command(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders.", show_default="here")
    ] = None,
    *,
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "text",
    pack: Annotated[
        list[str] | None,
        typer.Option(help="Rule packs; all for every one.", show_default=", ".join(PACKS)),
    ] = None,
    coverage: Annotated[
        Path | None, typer.Option(help="What `coverage json` wrote about the tests.")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor write the user's cache.")
    ] = False,
) -> None:
    """List every source file: digest, size, complexity, what the audit finds in it, algorithms.

    `past events` counts changes of state that no returned event tells of, `unguarded` findings on
    who may change a state and with what, `post-quantum` and `classical` name the modules of
    signatures and keys that the file imports. Exit code 2: a file could not be read.
    """
    if form not in FORMATS:
        raise UsageError(f"no format {form!r}", way_out=f"use {', '.join(FORMATS)}")
    asked = InventoryRequest(
        tuple(paths or [Path()]), tuple(pack or PACKS), coverage, cache=not no_cache
    )
    with waiting("auditing"):
        report = inventory(asked)
    typer.echo(FORMATS[form](report), nl=False)
    raise typer.Exit(report.exit_code)
