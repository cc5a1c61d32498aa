"""`qfs explain [CODE]`: what an error, refusal, halt or exit code means."""

import json
from enum import Enum
from typing import Annotated

import typer

from qfs.app import explain as use_case


class Format(Enum):
    """How the explanation is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("explain")(explain)


def explain(
    code: Annotated[
        str | None,
        typer.Argument(help="An error, refusal, halt or exit code; without one, all are listed."),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
) -> None:
    """Say what an error, refusal, halt or exit code means."""
    report = use_case.explain(code)
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True, ensure_ascii=False))
    elif code is None:
        width = max(len(one.code) for one in report.found)
        for one in report.found:
            typer.echo(f"{one.code:{width}}  {one.kind:7}  {one.summary}")
    else:
        typer.echo("\n\n".join(_text(one) for one in report.found))


def _text(one: use_case.Explanation) -> str:
    return f"{one.code} ({one.kind}, {one.name})\n\n{one.text}\n\nexit code: {one.exit_code}"
