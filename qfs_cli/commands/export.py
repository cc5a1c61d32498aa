"""`qfs export`: the file that a log was imported from."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from qfs.app import importing as use_case
from qfs_cli.paranoid import verifying


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("export")(verifying(export))


def export(
    log: Annotated[Path, typer.Argument(help="A ledger directory, or a log file in it.")],
    output: Annotated[Path, typer.Argument(help="File to write; must not exist.")],
    *,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to print it.")
    ] = Format.TEXT,
) -> None:
    """Write the file that qfs import made a log of: the same bytes, or the same tables and rows.

    Every signature is verified and every root derived again on the way.
    """
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("exporting", total=None)
        report = use_case.export_history(
            log, output, lambda done, total: bar.update(task, completed=done, total=total)
        )
    if output_format is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
        return
    typer.echo(f"exported    {report.records} records of {report.packets} packets ({report.form})")
    typer.echo(f"state root  {report.state_root.hex()}")
    typer.echo(f"written     {report.size} bytes to {output}")
