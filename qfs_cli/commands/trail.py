"""`qfs trail show|verify`: the audit trail, offline."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import trail as use_case
from qfs.app.packet import PROVIDERS
from qfs.app.trail import TrailReport


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


Log = Annotated[Path, typer.Argument(help="A ledger directory, or a log file in it.")]
Output = Annotated[Format, typer.Option("--format", help="How to print it.")]
Provider = Annotated[str, typer.Option(help=f"Who verifies: {', '.join(PROVIDERS)}.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(
        help="Show and verify the audit trail of keys, upgrades and halts.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("show")(show)
    group.command("verify")(verify)
    group.command("checkpoint")(checkpoint)
    app.add_typer(group, name="trail")


def show(log: Log, *, provider: Provider = PROVIDERS[0], output: Output = Format.TEXT) -> None:
    """Show the audit trail that a ledger's log leads to, its signatures verified."""
    _print(use_case.derive_trail(log, provider), output)


def verify(
    log: Log,
    *,
    earlier: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="A checkpoint taken earlier, which it must lead to."),
    ] = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Derive the audit trail again and compare it with an earlier checkpoint.

    Exit code 0: it leads to the checkpoint. 2: no log, no checkpoint. 3: halted (CIR-302), the log
    or the trail is not what it was.
    """
    _print(use_case.verify_trail(log, earlier, provider), output)


def checkpoint(
    log: Log,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A new file; - is standard output.")
    ] = Path("-"),
    provider: Provider = PROVIDERS[0],
) -> None:
    """Write the trail's checkpoint (C2SP tlog-checkpoint), to keep and to compare with later."""
    use_case.write_checkpoint(log, output, provider)


def _print(report: TrailReport, output: Format) -> None:
    document = report.document()
    if output is Format.JSON:
        typer.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))
        return
    for entry in report.entries:
        answer = f" refused: {entry.answer}" if entry.answer else ""
        typer.echo(
            f"{entry.index:6}  packet {entry.seq:6}  {entry.kind.name.lower():8} {entry.machine:8}"
            f" by {entry.actor.hex()[:16]}  {entry.hash().hex()[:16]}{answer}"
        )
    if report.against is not None:
        typer.echo(f"leads to the checkpoint of {report.against.size} entries")
    typer.echo(report.trail.checkpoint().to_text(), nl=False)
