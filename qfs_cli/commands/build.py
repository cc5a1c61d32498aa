"""`qfs build`: build in several environments, compare, explain what differs."""

import json
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qfs.app.build import (
    REMEDIES,
    BuildReport,
    BuildRequest,
    Pairs,
    Verdict,
    build,
    write_artifacts,
)
from qfs.app.build_deep import Deep, deepened
from qfs.app.failure import EXIT_FINDINGS, EXIT_USAGE, UsageError
from qfs_cli.waiting import watched

if TYPE_CHECKING:
    from qfs.crypto import Signer


class Format(Enum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"


class Kind(Enum):
    """A kind of artefact."""

    SDIST = "sdist"
    WHEEL = "wheel"


EXITS = {
    Verdict.REPRODUCIBLE: 0,
    Verdict.DIFFERENT: EXIT_FINDINGS,
    Verdict.INCONCLUSIVE: EXIT_USAGE,
}
_PAIRS = "bare: no help at all; normalised: the recipe, with the clock still moved."
_OUTDIR = "Write artefacts, sums, bill of materials and provenance here if nothing differs."
_REPACK = "Compare, and write, canonically packed artefacts."
_BISECT = "Build on, one variation at a time, for what is not explained."
_DEEP = "Show diffoscope, where it is installed, what has no named cause."
_FRESH = "Let pip make a fresh environment for the back-end."
_KEY = "Private key that signs the provenance; needs --outdir."
_KEY_FILE = "A file whose first line is the passphrase; mode 0600."
_EPOCH = "Time that the normalised pair is told."
_VARY = "NAME=VALUE: a variable that one of the two bare builds alone is told; may be repeated."
_ACCEPT = "Exit 0 if nothing differs and the clock moved, though there is no sandbox."


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("build")(run)


def run(
    path: Annotated[Path, typer.Argument(help="Folder of the project, or its sdist.")] = Path(),
    *,
    pairs: Annotated[Pairs, typer.Option(help=_PAIRS)] = Pairs.BOTH,
    kind: Annotated[list[Kind] | None, typer.Option(help="What to build; both by default.")] = None,
    outdir: Annotated[Path | None, typer.Option(help=_OUTDIR)] = None,
    repack: Annotated[bool, typer.Option("--repack", help=_REPACK)] = False,
    bisect: Annotated[bool, typer.Option(help=_BISECT)] = True,
    deep: Annotated[bool, typer.Option("--deep", help=_DEEP)] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help=_FRESH)] = False,
    key: Annotated[Path | None, typer.Option(help=_KEY)] = None,
    passphrase_file: Annotated[Path | None, typer.Option(help=_KEY_FILE)] = None,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that one step may take.")] = 600,
    source_date_epoch: Annotated[int | None, typer.Option(min=0, help=_EPOCH)] = None,
    vary: Annotated[list[str] | None, typer.Option(help=_VARY)] = None,
    accept_unexercised: Annotated[bool, typer.Option("--accept-unexercised", help=_ACCEPT)] = False,
    output_format: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Build a project several times in different environments and explain every difference.

    Exit code 0: identical though everything varied; 1: different; 2: inconclusive or an error.
    """
    if key is not None and outdir is None:
        raise UsageError("--key needs --outdir", way_out="say where the signed provenance goes")
    signer = None if key is None else _signer(key, passphrase_file)
    if outdir is not None and signer is None:
        _refuse_stale(outdir)
    request = BuildRequest(
        path=path,
        pairs=pairs,
        kinds=tuple([item.value for item in kind or Kind]),
        fresh=fresh,
        repack=repack,
        bisect=bisect,
        seconds=timeout,
        epoch=source_date_epoch,
        settings=tuple([_setting(text) for text in vary or ()]),
    )
    report = _with_table(request)
    if outdir is not None and report.verdict is not Verdict.DIFFERENT:
        _write(report, path, outdir, signer)
    _print(report, deepened(report) if deep else None, output_format)
    inconclusive = report.verdict is Verdict.INCONCLUSIVE
    accepted = accept_unexercised and inconclusive and report.clock_moved()
    raise typer.Exit(0 if accepted else EXITS[report.verdict])


def _print(report: BuildReport, deep: Sequence[Deep] | None, output_format: Format) -> None:
    if output_format is Format.JSON:
        made = document(report)
        if deep is not None:
            made["deep"] = [one.document() for one in deep]
        typer.echo(json.dumps(made, sort_keys=True, indent=2))
        return
    from qfs_cli.render.build import show  # noqa: PLC0415 (JSON need not wait for it)

    show(report, deep)


def _signer(key: Path, passphrase_file: Path | None) -> "Signer":
    from qfs.app.build_evidence import read_signer  # noqa: PLC0415 (a build alone need not wait)

    return read_signer(key, passphrase_file)


def _refuse_stale(outdir: Path) -> None:
    """Raise UsageError for a folder whose provenance would be beside artefacts of another build."""
    from qfs.app.build_evidence import SIGNED  # noqa: PLC0415 (a build alone need not wait)

    if (outdir / SIGNED).exists():
        raise UsageError(
            "is about an earlier build",
            place=str(outdir / SIGNED),
            way_out="sign this one too (--key), or choose another --outdir",
        )


def _write(report: BuildReport, path: Path, outdir: Path, signer: "Signer | None") -> None:
    from qfs.app.build_evidence import write_evidence  # noqa: PLC0415 (nor for this)

    write_artifacts(report, outdir)
    write_evidence(report, path, outdir, signer)


def _setting(text: str) -> tuple[str, str]:
    """Read ``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"--vary {text} names no value", way_out="write it as NAME=VALUE")
    return name, value


def _with_table(request: BuildRequest) -> BuildReport:
    """Build under a live table on standard error, where that is a terminal."""
    if not watched():
        return build(request)
    from qfs_cli.render.build import live_table  # noqa: PLC0415 (nobody looks at it elsewhere)

    with live_table() as progress:
        return build(request, progress)


def document(report: BuildReport) -> dict[str, Any]:
    """Return the report as the JSON document ``qfs.build/1``."""
    return {
        "schema": "qfs.build/1",
        "verdict": report.verdict.value,
        "reproducible": report.verdict is Verdict.REPRODUCIBLE,
        "backend": report.backend,
        "packages": list(report.packages),
        "artifacts": [
            {"name": a.name, "pair": a.pair, "sha256": a.first, "sha256_again": a.second}
            for a in report.artifacts
        ],
        "variations": [
            {"name": v.name, "exercised": v.exercised, "held": v.held, "how": v.how}
            for v in report.variations
        ],
        "differences": [
            {
                "artifact": d.artifact,
                "pair": pair,
                "member": d.member,
                "cause": d.cause.value,
                "evidence": d.evidence,
                "fix": d.fix,
                "upstream": REMEDIES[d.cause].upstream,
            }
            for pair, d in report.differences
        ],
    }
