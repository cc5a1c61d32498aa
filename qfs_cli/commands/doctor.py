"""`qfs doctor`: try every signature provider on this machine."""

import json
from enum import Enum
from typing import Annotated

import typer

from qfs.app import doctor as use_case
from qfs.app.doctor import DoctorReport


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("doctor")(doctor)


def doctor(
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
) -> None:
    """Try every signature provider: known answers, forgeries, and each one's signatures by each.

    Exit code 0: all that QFS needs works. 2: a provider fails.
    """
    report = use_case.doctor()
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
    else:
        typer.echo("\n".join(_text(report)))
    raise typer.Exit(report.exit_code)


def _text(report: DoctorReport) -> list[str]:
    lines = [f"python        {report.python}"]
    for row in report.providers:
        passed = len([check for check in row.checks if not check.detail])
        optional = "" if row.needed else ", optional"
        lines.append(
            f"{row.name:12}  {row.status} ({row.version or 'not installed'}{optional}): "
            f"{passed} of {len(row.checks)} checks"
        )
        lines.extend(
            f"  {check.profile.value} {check.what}: {check.detail}"
            for check in row.checks
            if check.detail
        )
    return lines
