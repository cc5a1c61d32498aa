"""`qfs verify ARTIFACT`: rebuild a published wheel, or check who attested an artefact."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from qfs.app.build import REMEDIES
from qfs.app.build_evidence import check_attestation
from qfs.app.failure import EXIT_FINDINGS, EXIT_USAGE, UsageError
from qfs.app.verify import Agreement, VerifyReport, VerifyRequest
from qfs.app.verify import verify as use_case
from qfs_cli.paranoid import verifying
from qfs_cli.waiting import watched


class Format(Enum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"


_SOURCE = "Its sdist, the folder of its source, or a git repository as LOCATION@TAG."
_FETCH = "Fetch the sdist of the same name and version from the package index, through pip."
_ATTESTATION = "Check this signed provenance instead; builds nothing."
_MEANING = {
    Agreement.BIT_FOR_BIT: "reproduced: the same bytes",
    Agreement.CONTENT_IDENTICAL: "not reproduced: the same files in other wrapping",
    Agreement.METADATA_DIFFERS: "not reproduced: the same code, other metadata",
    Agreement.CODE_DIFFERS: "not reproduced: other files",
    Agreement.NOT_COMPARABLE: "no answer",
}


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("verify")(verifying(verify))


def verify(
    artifact: Annotated[Path, typer.Argument(help="A wheel, or what was attested.")],
    *,
    source: Annotated[str | None, typer.Option(help=_SOURCE)] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help=_FETCH)] = False,
    attestation: Annotated[Path | None, typer.Option(help=_ATTESTATION)] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="Public key that must have signed it.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Let pip make a fresh environment for the back-end.")
    ] = False,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that one step may take.")] = 600,
    output_format: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Rebuild a published wheel from its source and say how far the two agree.

    Exit code 0: bit for bit, or attested; 1: they differ; 2: no answer.
    """
    if attestation is not None:
        if public_key is None or source is not None or fetch:
            raise UsageError("--attestation takes --public-key, and no source")
        _attested(artifact, attestation, public_key, output_format)
        return
    if (source is None) is not fetch:
        raise UsageError(
            "one source is needed, and one is enough",
            way_out="give --source SDIST|FOLDER|GIT, or --fetch to have the sdist from the index",
        )
    report = _with_table(VerifyRequest(artifact, source, timeout, fresh))
    if output_format is Format.JSON:
        typer.echo(json.dumps(_document(report), indent=2, sort_keys=True))
    else:
        _show(report)
    if report.agreement is not Agreement.BIT_FOR_BIT:
        comparable = report.agreement is not Agreement.NOT_COMPARABLE
        raise typer.Exit(EXIT_FINDINGS if comparable else EXIT_USAGE)


def _with_table(request: VerifyRequest) -> VerifyReport:
    """Rebuild under a live table on standard error, where that is a terminal."""
    if not watched():
        return use_case(request)
    from qfs_cli.render.build import live_table  # noqa: PLC0415 (nobody looks at it elsewhere)

    with live_table() as progress:
        return use_case(request, progress)


def _attested(artifact: Path, attestation: Path, key: Path, output_format: Format) -> None:
    statement = check_attestation(artifact, attestation, key)
    if output_format is Format.JSON:
        document: dict[str, Any] = {"schema": "qfs.verify/1", "attested": statement is not None}
        if statement is not None:
            document["statement"] = json.loads(statement.to_bytes())
        typer.echo(json.dumps(document, indent=2, sort_keys=True))
    elif statement is not None:
        typer.echo(f"ATTESTED: {statement.predicate_type}, signed by the given key")
    else:
        typer.echo("NOT ATTESTED: the signature is good, but it is about other bytes")
    if statement is None:
        raise typer.Exit(EXIT_FINDINGS)


def _document(report: VerifyReport) -> dict[str, Any]:
    return {
        "schema": "qfs.verify/1",
        "artifact": report.name,
        "agreement": report.agreement.value,
        "reproduced": report.agreement is Agreement.BIT_FOR_BIT,
        "reason": report.reason,
        "source": report.source,
        "recipe": {
            "generator": report.recipe.generator,
            "pins": list(report.recipe.pins),
            "source_date_epoch": report.recipe.epoch,
            "umask": f"{report.recipe.umask:03o}",
            "attempt": report.attempt,
        },
        "packages": list(report.packages),
        "differences": [
            {
                "member": each.member,
                "cause": each.cause.value,
                "evidence": each.evidence,
                "fix": each.fix,
            }
            for each in report.differences
        ],
    }


def _show(report: VerifyReport) -> None:
    recipe = report.recipe
    typer.echo(f"{report.name}: made by {recipe.generator or 'an unnamed back-end'}")
    if report.source:
        typer.echo(f"  from {report.source}")
    if report.attempt:
        typer.echo(f"  rebuilt {report.attempt}, with {', '.join(report.packages)}")
    for cause in dict.fromkeys([each.cause for each in report.differences]):
        here = [each for each in report.differences if each.cause is cause]
        typer.echo(f"  {REMEDIES[cause].title} [{cause.value}], {len(here)}x")
        typer.echo(f"    {here[0].member or '(whole file)'}: {here[0].evidence}")
    if report.reason:
        typer.echo(f"  {report.reason}")
    typer.echo(f"{report.agreement.value}: {_MEANING[report.agreement]}")
