"""`qfs certify [PATH]`: sign, or check, what a source tree is and what the audit found in it."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import certify as use_case
from qfs.app.certify import CertifyReport, CertifyRequest
from qfs.app.failure import EXIT_FINDINGS, UsageError
from qfs_cli.paranoid import verifying
from qfs_cli.waiting import waiting


class Format(Enum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("certify")(verifying(certify))


def certify(
    path: Annotated[Path, typer.Argument(help="Root of the source tree.")] = Path(),
    *,
    target: Annotated[
        list[Path] | None,
        typer.Option(help="What to audit in it; by default what holds its deterministic zone."),
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Private key that signs.")] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="A file whose first line is the passphrase; mode 0600.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new file for the certificate.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option(help="Check this certificate against the tree instead.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="Public key that must have signed it.")
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to print it.")
    ] = Format.TEXT,
) -> None:
    """Sign what a source tree is and what the audit found in it, or check such a certificate.

    Without a key it shows the statement that it would sign. Exit code 1: the audit is not clean, or
    the tree is not what the certificate says.
    """
    targets = tuple(target or ())
    if check is not None:
        if public_key is None or key is not None or output is not None:
            raise UsageError("--check takes --public-key, and neither --key nor --output")
        with waiting("auditing"):
            report = use_case.verify(path, check, public_key, targets)
    else:
        if output is not None and key is None:
            raise UsageError("--output needs --key", way_out="make one with `qfs keys new`")
        if key is not None and output is None:
            raise UsageError("--key needs --output", way_out="name a new file for the certificate")
        request = CertifyRequest(path, targets, key, passphrase_file, output)
        with waiting("auditing"):
            report = use_case.certify(request)
    if output_format is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
    else:
        _show(report, checked=check is not None)
    if not report.clean or report.differences:
        raise typer.Exit(EXIT_FINDINGS)


def _show(report: CertifyReport, *, checked: bool) -> None:
    for name, value in report.facts():
        typer.echo(f"  {name:24} {value}")
    for line in report.differences:
        typer.echo(f"differs: {line}")
    if not report.clean:
        typer.echo("NOT CERTIFIED: the audit has findings; see `qfs audit`")
    elif report.differences:
        typer.echo("NOT THIS TREE: the signature is good, but the tree is another one")
    elif checked:
        typer.echo("CERTIFIED: the signature is good and the tree is the one it is about")
    else:
        typer.echo("SIGNED" if report.envelope else "UNSIGNED: pass --key and --output to sign it")
