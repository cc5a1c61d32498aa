"""`qfs evidence write | check`: what the tree proves about itself."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import evidence as use_case
from qfs.app.evidence import EvidenceReport
from qfs.app.failure import EXIT_FINDINGS
from qfs_cli.grouping import Group
from qfs_cli.paranoid import verifying
from qfs_cli.waiting import waiting


class Format(Enum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"


_Root = Annotated[Path, typer.Argument(help="Root of the source tree.")]
_Format = Annotated[Format, typer.Option("--format", help="How to print the report.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(
        cls=Group, help="What the tree proves about itself, in audit/.", no_args_is_help=True
    )
    group.command("write")(verifying(write))
    group.command("check")(verifying(check))
    app.add_typer(group, name="evidence")


def write(path: _Root = Path(), *, output_format: _Format = Format.TEXT) -> None:
    """Regenerate every file in audit/ from the tree."""
    with waiting("deriving the evidence"):
        report = use_case.write(path)
    _show(report, output_format)


def check(path: _Root = Path(), *, output_format: _Format = Format.TEXT) -> None:
    """Compare every file in audit/ with the tree, byte for byte; exit 1 if one is stale."""
    with waiting("deriving the evidence"):
        report = use_case.check(path)
    _show(report, output_format)
    if not report.current:
        raise typer.Exit(EXIT_FINDINGS)


def _show(report: EvidenceReport, output_format: Format) -> None:
    if output_format is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
        return
    for piece in report.pieces:
        typer.echo(f"{piece.state.value:8} audit/{piece.name:16} {piece.sha256[:16]}".rstrip())
    if not report.current:
        typer.echo(f"audit/ is not what the tree gives; mend it: {use_case.MEND}")
