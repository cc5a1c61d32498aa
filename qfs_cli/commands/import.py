"""`qfs import`: a history that another program kept, as a QFS log."""  # noqa: N999 (the command's own name)

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from qfs.app import importing as use_case
from qfs.app.importing import ImportReport, ImportRequest


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("import")(import_)


def import_(
    source: Annotated[Path, typer.Argument(help="The file that another program wrote.")],
    log: Annotated[Path, typer.Argument(help="The ledger directory to make.")],
    *,
    form: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="FORMAT",
            show_default="told by the file's name",
            help=f"What the file is: {', '.join(use_case.NAMES)}.",
        ),
    ] = "",
    stream: Annotated[
        str, typer.Option(metavar="FIELD", help="The field that names a record's stream.")
    ] = "",
    batch: Annotated[
        int, typer.Option(min=1, max=use_case.BATCH_MAX, help="Records a packet.")
    ] = use_case.BATCH,
    key: Annotated[
        Path | None,
        typer.Option(help="Private key's file that signs; without one, a key that everybody has."),
    ] = None,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            "--passphrase-file", help="A file whose first line is the passphrase; mode 0600."
        ),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
) -> None:
    """Make a QFS log of a history: JSON Lines, CSV, eventsourcing, beancount, Temporal.

    Each record is kept byte for byte (qfs export gives the file back) and field by field, so that
    qfs replay and qfs bisect work on it. What cannot be read is named by line and column, and
    nothing is made.
    """
    request = ImportRequest(source, log, form, stream, batch, key, passphrase_file)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("importing", total=None)
        report = use_case.import_history(
            request, lambda done, total: bar.update(task, completed=done, total=total)
        )
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True, ensure_ascii=False))
    else:
        typer.echo("\n".join(_text(report, log)))


def _text(report: ImportReport, log: Path) -> list[str]:
    signer = report.key if report.own_key else "a key that everybody has: whole, nobody's consent"
    return [
        f"imported    {report.records} records in {report.packets} packets ({report.form})",
        f"streams     {report.streams}",
        f"source      {report.size} bytes, SHA-256 {report.source.hex()}",
        f"signed by   {signer}",
        f"state root  {report.state_root.hex()}",
        f"log         {log}",
    ]
