"""``qfs audit``: options in, a rendered report out."""

from pathlib import Path
from typing import Annotated

import typer

from qfs.app.audit import AuditReport, AuditRequest, audit, today
from qfs.app.audit import update_summaries as compute_summaries
from qfs.app.audit_baseline import write_report
from qfs.app.failure import UsageError
from qfs_cli.render import audit as text
from qfs_cli.render import (
    audit_github,
    audit_gitlab,
    audit_json,
    audit_junit,
    audit_markdown,
    audit_sarif,
)
from qfs_cli.waiting import waiting

FORMATS = {
    "text": text.render,
    "json": audit_json.render,
    "sarif": audit_sarif.render,
    "github": audit_github.render,
    "gitlab": audit_gitlab.render,
    "junit": audit_junit.render,
    "markdown": audit_markdown.render,
}


_Paths = Annotated[
    list[Path] | None, typer.Argument(help="Files and folders.", show_default="here")
]
_Form = Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")]
_Output = Annotated[Path | None, typer.Option(help="Write the report to a file.")]
_Select = Annotated[list[str] | None, typer.Option(help="Report these codes only.")]
_Ignore = Annotated[list[str] | None, typer.Option(help="Do not report these codes.")]
_Entry = Annotated[
    list[str] | None, typer.Option(help="Entry points, module:qualname; globs allowed.")
]
_Pack = Annotated[
    list[str] | None, typer.Option(help="Rule packs besides core; all for every one.")
]
_FloatPolicy = Annotated[
    str,
    typer.Option(
        help="ban, ieee-basic or allow.", show_default="ban; ieee-basic with the pack simulation"
    ),
]
_RequireProof = Annotated[
    bool, typer.Option("--require-proof", help="Fail on anything that is not proved.")
]
_PerFile = Annotated[
    bool, typer.Option("--per-file", help="Judge each file alone: fast, and blind between.")
]
_Since = Annotated[
    str | None, typer.Option(metavar="REF", help="Only what files changed since a revision touch.")
]
_Baseline = Annotated[
    Path | None, typer.Option(help="Do not report the findings that this file knows.")
]
_WriteBaseline = Annotated[
    Path | None, typer.Option(help="Write every finding to this file as known.")
]
_Fix = Annotated[
    bool, typer.Option("--fix", help="Mend what can be mended safely, and audit again.")
]
_UnsafeFixes = Annotated[
    bool, typer.Option("--unsafe-fixes", help="Mend also what changes results.")
]
_Diff = Annotated[bool, typer.Option("--diff", help="Show the fixes; write nothing.")]
_TestCommand = Annotated[
    str,
    typer.Option(
        metavar="CMD", help="Run these tests before and after --fix; put back what makes them fail."
    ),
]
_NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Neither read nor write the user's cache.")
]
_Witness = Annotated[
    bool,
    typer.Option(
        "--witness", help="Run the entry points in other environments; confirm what then differs."
    ),
]
_Inputs = Annotated[
    Path | None,
    typer.Option(help="Inputs of the entry points for --witness: JSON Lines, one input a line."),
]
_Jobs = Annotated[
    int,
    typer.Option(
        min=0, show_default="as many as large sources are worth", help="Processes; 1 for one."
    ),
]
_UpdateSummaries = Annotated[
    bool,
    typer.Option(
        "--update-summaries", help="Compute qfs-summaries.lock for the libraries imported here."
    ),
]
_Statistics = Annotated[
    bool, typer.Option("--statistics", help="Print counts a rule, and the summary, only.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(command)


def command(
    paths: _Paths = None,
    *,
    form: _Form = "text",
    output: _Output = None,
    select: _Select = None,
    ignore: _Ignore = None,
    entry: _Entry = None,
    pack: _Pack = None,
    float_policy: _FloatPolicy = "",
    require_proof: _RequireProof = False,
    per_file: _PerFile = False,
    since: _Since = None,
    baseline: _Baseline = None,
    write_baseline: _WriteBaseline = None,
    fix: _Fix = False,
    unsafe_fixes: _UnsafeFixes = False,
    diff: _Diff = False,
    test_command: _TestCommand = "",
    no_cache: _NoCache = False,
    jobs: _Jobs = 0,
    witness: _Witness = False,
    inputs: _Inputs = None,
    update_summaries: _UpdateSummaries = False,
    statistics: _Statistics = False,
) -> None:
    """Scan sources for non-determinism: which value, by which way, differs between two runs."""
    mending = fix or unsafe_fixes or diff
    untested = bool(test_command) and not mending
    _check(form, inputs=bool(inputs) and not witness, tests=untested, statistics=statistics)
    request = AuditRequest(
        paths=tuple(paths or [Path()]),
        select=_codes(select),
        ignore=_codes(ignore),
        entries=_codes(entry),
        packs=_codes(pack),
        policy=float_policy,
        require_proof=require_proof,
        per_file=per_file,
        since=since,
        baseline=baseline,
        write_baseline=write_baseline,
        today=today(),
        cache=not no_cache,
        jobs=jobs,
        last=not (mending or witness or update_summaries),
    )
    if update_summaries:
        updated = compute_summaries(request)
        typer.echo("\n".join([*updated.lines, f"written: {updated.path}"]))
        return
    if mending:
        report = _mended(request, unsafe=unsafe_fixes, diff=diff, test_command=test_command)
    else:
        report = _awaited(request)
    if witness:
        report = _witnessed(report, request, inputs)
    _write(output, text.statistics(report) if statistics else FORMATS[form](report))
    _finish(report)


def _awaited(request: AuditRequest) -> AuditReport:
    """Audit; somebody at a terminal sees that it goes on."""
    with waiting("auditing"):
        return audit(request)


def _mended(request: AuditRequest, *, unsafe: bool, diff: bool, test_command: str) -> AuditReport:
    """Mend what can be mended and say what was; with diff, exit after it."""
    from qfs.app.audit_fix import fix  # noqa: PLC0415 (an audit alone need not wait for it)

    made = fix(request, unsafe=unsafe, diff=diff, test_command=test_command)
    typer.echo(text.fixes(made), nl=False, err=not diff)
    if diff:
        raise typer.Exit(made.report.exit_code)
    return made.report


def _witnessed(report: AuditReport, request: AuditRequest, inputs: Path | None) -> AuditReport:
    """Run the entry points in other environments."""
    from qfs.app.witness import witness  # noqa: PLC0415 (an audit alone need not wait for it)

    with waiting("running the entry points"):
        return witness(report, request, inputs)


def _check(form: str, *, inputs: bool, tests: bool, statistics: bool) -> None:
    """Refuse a format that is not there, and inputs or tests that nothing would use."""
    if form not in FORMATS:
        raise UsageError(f"no format {form!r}", way_out=f"use {', '.join(FORMATS)}")
    if inputs:
        raise UsageError("--inputs without --witness", way_out="add --witness, which runs them")
    if statistics and form != "text":
        raise UsageError(f"--statistics in {form}", way_out="leave out --statistics or --format")
    if tests:
        raise UsageError("--test-command without --fix", way_out="add --fix or --unsafe-fixes")


def _write(path: Path | None, rendered: str) -> None:
    if path is None:
        typer.echo(rendered, nl=False)
        return
    write_report(path, rendered)


def _finish(report: AuditReport) -> None:
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _codes(values: list[str] | None) -> tuple[str, ...]:
    """Return the codes of repeated options, each of which may hold several between commas."""
    return tuple([code.strip() for value in values or () for code in value.split(",") if code])
