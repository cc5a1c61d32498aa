"""`qfs lock [PATH]`: hash-locked requirements, and the check that they still fit."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import lock as use_case
from qfs.app.failure import EXIT_FINDINGS
from qfs_cli.waiting import waiting


class Format(Enum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("lock")(lock)


def lock(
    path: Annotated[Path, typer.Argument(help="Root of the project.")] = Path(),
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; compare, without a network.")
    ] = False,
    pylock: Annotated[
        bool,
        typer.Option("--pylock", help="Write pylock.<name>.toml (PEP 751) too, for this platform."),
    ] = False,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to print the report.")
    ] = Format.TEXT,
) -> None:
    """Lock requirements/*.in and the build requirements by version and hash, or check the locks.

    pip-tools resolves. Exit code 1: a lock file is missing or does not fit what is asked for.
    """
    with waiting("resolving"):
        report = use_case.check(path) if check else use_case.lock(path, pylock=pylock)
    if output_format is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
    else:
        for name, state in report.files:
            typer.echo(f"{state:9} {name}")
        for problem in report.problems:
            place = f"{problem.file}:{problem.line}" if problem.line else problem.file
            typer.echo(f"{place}: {problem.sentence}")
        for sentence in report.checked:
            typer.echo(f"  checked: {sentence}")
        typer.echo(f"  not checked {report.not_checked}")
    if report.problems:
        raise typer.Exit(EXIT_FINDINGS)
