"""`qfs bench`: how this machine does under load."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import load as load_
from qfs.app.failure import EXIT_FINDINGS
from qfs_cli.grouping import Group


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the group of commands to the program."""
    group = typer.Typer(cls=Group, no_args_is_help=True, help="How this machine does under load.")
    group.callback()(_bench)
    group.command("load")(load)
    app.add_typer(group, name="bench")


def _bench() -> None:
    """Keep `load` a word of its own: a group of one command would do without."""


def load(
    directory: Annotated[Path, typer.Argument(help="Folder for a new ledger, on the disk to ask.")],
    *,
    rate: Annotated[
        list[int] | None,
        typer.Option(help="Transfers a second; repeatable.  [default: 100, 500, 1000, 1500]"),
    ] = None,
    seconds: Annotated[int, typer.Option(help="How long each rate is driven.")] = 5,
    accounts: Annotated[int, typer.Option(help="How many accounts take part.")] = 1_000,
    output_format: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Drive a new ledger with signed transfers at fixed rates, and say how long answers take.

    A latency counts from when its transfer was due, fdatasync included. Exits with 1 when one was
    refused or not answered in time.
    """
    request = load_.LoadRequest(directory, tuple(rate or load_.RATES), seconds, accounts)
    if output_format is Format.JSON:
        report = load_.load(request)
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
    else:
        typer.echo("  rate/s      sent    errors   packets    p50 ms    p99 ms    max ms")
        report = load_.load(request, lambda row: typer.echo(_line(row)))
    if any(row.errors for row in report.rows):
        raise typer.Exit(EXIT_FINDINGS)


def _line(row: load_.RateReport) -> str:
    counts = f"{row.rate:>8}{row.sent:>10}{row.errors:>10}{row.packets:>10}"
    waits = "".join([f"{_ms(wait):>10}" for wait in (row.p50_us, row.p99_us, row.max_us)])
    return counts + waits


def _ms(wait_us: int) -> str:
    return f"{wait_us // 1000}.{wait_us % 1000 // 100}"
