"""`qfs halt show|resume`: CIR-302."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import halt as use_case
from qfs.app.failure import EXIT_CLEAN, EXIT_FINDINGS, EXIT_HALTED
from qfs.app.halt import ResumeRequest
from qfs.app.verifiers import PROVIDERS
from qfs_cli.grouping import Group
from qfs_cli.paranoid import verifying


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


Directory = Annotated[Path, typer.Argument(help="A ledger directory.")]
Output = Annotated[Format, typer.Option("--format", help="How to print it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(
        cls=Group,
        help="Show the halt (CIR-302) in which a ledger stands, and end it.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("show")(show)
    group.command("resume")(verifying(resume))
    app.add_typer(group, name="halt")


def show(directory: Directory, *, output: Output = Format.TEXT) -> None:
    """Show the record of the halt in which a ledger stands.

    Exit code 0: none stands. 3: one does.
    """
    report = use_case.show_halt(directory)
    record = report.record
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
    elif record is None:
        typer.echo("not halted")
    else:
        typer.echo(f"halted      CIR-{record.code} {use_case.name_of(record.code)}")
        typer.echo(f"record      {record.digest().hex()}")
        typer.echo(f"at packet   {record.seq}  {record.packet.hex()}")
        typer.echo(f"last root   {record.root.hex()}")
        for fact in record.facts:
            typer.echo(f"  {fact}")
        typer.echo(f"what to do  qfs explain {record.code}")
    raise typer.Exit(EXIT_CLEAN if record is None else EXIT_HALTED)


def resume(
    directory: Directory,
    *,
    keys: Annotated[
        list[Path],
        typer.Option("--key", help="A root key's private file; once for each of the threshold."),
    ],
    passphrase_file: Annotated[
        Path | None, typer.Option(help="A file whose first line is the passphrase; mode 0600.")
    ] = None,
    provider: Annotated[
        str, typer.Option(help=f"Who verifies: {', '.join(PROVIDERS)}.")
    ] = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """End a ledger's halt with a packet that the root threshold signs.

    Exit code 0: it goes on. 1: the gate refuses the packet. 2: not halted, or keys that cannot be
    read. 3: the log itself cannot be derived again, so it stays halted.
    """
    request = ResumeRequest(directory, tuple(keys), passphrase_file, provider)
    report = use_case.resume(request)
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
    elif report.refusal is None:
        typer.echo(f"resumed by packet {report.seq}  {report.packet.hex()}")
        typer.echo(f"state root {report.state_root.hex()}")
    else:
        typer.echo(f"refused: {report.refusal}; the ledger stays halted")
    raise typer.Exit(EXIT_CLEAN if report.refusal is None else EXIT_FINDINGS)
