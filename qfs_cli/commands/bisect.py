"""`qfs bisect A B`: the first packet, command and key at which two logs differ."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import bisection as use_case
from qfs.app.bisection import BisectReport, BisectRequest, Side
from qfs_cli.paranoid import verifying


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("bisect")(verifying(bisect))


def bisect(
    a: Annotated[Path, typer.Argument(help="A ledger directory, or a log file in it.")],
    b: Annotated[Path, typer.Argument(help="Another one.")],
    *,
    trust_signatures: Annotated[
        bool, typer.Option("--trust-signatures", help="Do not verify signatures.")
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
) -> None:
    """Find the first packet, command and key at which two logs differ.

    Exit code 0: they agree. 1: they differ. 2: no logs. 3: one is corrupt (CIR-302).
    """
    report = use_case.bisect(BisectRequest(a, b, trust_signatures))
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True, ensure_ascii=False))
    else:
        typer.echo("\n".join(_text(report)))
    raise typer.Exit(report.exit_code)


def _text(report: BisectReport) -> list[str]:
    lines = [f"packets     {report.packets[0]} and {report.packets[1]}"]
    if report.packet is None:
        return [*lines, "identical   yes"]
    lines.append(f"differ      at packet {report.packet}")
    lines.extend(f"  in        {part}" for part in report.parts)
    if report.machine is not None:
        lines.append(f"state       {report.machine}: {report.key}")
        lines.append(f"  a         {report.value_a}")
        lines.append(f"  b         {report.value_b}")
    for name, side in (("a", report.a), ("b", report.b)):
        if side is not None:
            lines.extend(_side(name, side))
    return [*lines, "identical   no"]


def _side(name: str, side: Side) -> list[str]:
    lines = [f"log {name}       recorded root {side.recorded or 'none: it has ended'}"]
    if side.derived is not None and side.derived != side.recorded:
        lines.append(f"  derived   {side.derived}: the recorded root is not this packet's")
    if side.stopped is not None:
        lines.append(f"  stopped   {side.stopped}")
    if side.command is not None:
        lines.append(f"  written   by {side.command}")
    return lines
