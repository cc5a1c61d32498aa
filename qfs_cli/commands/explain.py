"""`qfs explain [CODE]`: what a code means, and whether recorded operations are right."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import explain as use_case
from qfs.app import proof_logs
from qfs.app.failure import UsageError


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
    *,
    proof_log: Annotated[
        Path | None,
        typer.Option(help="Check each operation of a proof log again, by independent code."),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
) -> None:
    """Say what an error, refusal, halt or exit code means.

    With --proof-log: whether each recorded operation of CertifiedMath is right; exit code 1 if not.
    """
    if proof_log is not None:
        if code is not None:
            raise UsageError("a code and a proof log", way_out="explain one of them")
        raise typer.Exit(_check(proof_logs.check_file(proof_log), output))
    report = use_case.explain(code)
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True, ensure_ascii=False))
    elif code is None:
        width = max(len(one.code) for one in report.found)
        for one in report.found:
            typer.echo(f"{one.code:{width}}  {one.kind:7}  {one.summary}")
    else:
        typer.echo("\n\n".join(_text(one) for one in report.found))


def _check(report: proof_logs.CheckedLog, output: Format) -> int:
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True, ensure_ascii=False))
        return report.exit_code
    for number, one in enumerate(report.operations, 1):
        typer.echo(f"{number:4}  {'right' if one.right else 'WRONG'}  {one.text}")
        if one.why:
            typer.echo(f"             {one.why}")
    right = len(report.operations) - report.wrong
    typer.echo(
        f"{right} of {len(report.operations)} operations right, digest {report.digest.hex()}"
    )
    return report.exit_code


def _text(one: use_case.Explanation) -> str:
    return f"{one.code} ({one.kind}, {one.name})\n\n{one.text}\n\nexit code: {one.exit_code}"
