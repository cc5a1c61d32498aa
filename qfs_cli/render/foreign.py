"""`qfs replay --callable` and `--command`: their options, and their report as text and JSON."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from qfs.app.failure import EXIT_FINDINGS
from qfs.app.foreign import Divergence, ForeignReport, ForeignRequest, replay_foreign
from qfs_cli.waiting import watched

_GLOBAL = "module global "
Callable = Annotated[
    str,
    typer.Option(
        "--callable",
        metavar="MODULE:NAME",
        help="Call this once an input: package.module:function, file.py:Class.method.",
    ),
]
Inputs = Annotated[
    Path | None, typer.Option(help="Inputs of --callable: JSON Lines, one input a line.")
]
State = Annotated[
    list[str] | None,
    typer.Option(help="Attribute that is state besides the result; of the instance or module."),
]
Machine = Annotated[
    list[str] | None,
    typer.Option(metavar="MODULE:NAME", help="A machine that QFS does not ship, for the LOG."),
]
Command = Annotated[
    str, typer.Option(metavar="CMD", help="Run this whole program: 'python sim.py'.")
]
Watch = Annotated[
    list[str] | None,
    typer.Option(metavar="PATH", help="File or folder that --command writes; compared."),
]
Sealed = Annotated[
    bool,
    typer.Option(
        "--sealed", help="Refuse clock, chance, environment, files, network, threads to --callable."
    ),
]
MayRead = Annotated[
    list[str] | None,
    typer.Option(metavar="PATH", help="Path that a sealed run may read besides its inputs."),
]
Against = Annotated[
    str,
    typer.Option(metavar="REV", help="Compare the program with a revision of its repository."),
]
Seed = Annotated[int, typer.Option(help="Seed of the plan of environments.")]
Repeat = Annotated[int, typer.Option(min=1, help="How often thread scheduling is tried.")]
Timeout = Annotated[int, typer.Option(min=1, help="Seconds that one run may take.")]
Memory = Annotated[int, typer.Option(min=0, help="Bytes of address space of one run; 0: no bound.")]

_ALONE = "  -> in one environment: --perturb varies hash seed, clock, locale and more"


def run(request: ForeignRequest, *, as_json: bool) -> int:
    """Run, print the report, return the exit code."""
    if watched():
        from rich.console import Console  # noqa: PLC0415 (a pipeline need not wait for it)

        with Console(stderr=True).status("running") as status:
            report = replay_foreign(request, status.update)
    else:
        report = replay_foreign(request)
    varied = request.perturb or request.sealed or request.against or request.between is not None
    alone = "" if varied or not report.identical else _ALONE
    _print(report, as_json=as_json, hint=alone)
    return report.exit_code


def _print(report: ForeignReport, *, as_json: bool, hint: str = "") -> None:
    if as_json:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True, ensure_ascii=False))
        return
    *lines, last = text(report)
    typer.echo("\n".join([*lines, *filter(None, [hint]), last]))


def unfit(request: ForeignRequest, *, as_json: bool) -> int | None:
    """Run a log's machine watched, in processes of their own; None if it may run in this one.

    What hangs, exhausts memory, crashes, forks or writes beside the log is printed and named; the
    answer is then the exit code. What raises may run: it halts at its packet.
    """
    report = replay_foreign(request)
    if not report.misdeeds:
        return None
    _print(report, as_json=as_json)
    return report.exit_code or EXIT_FINDINGS


def text(report: ForeignReport) -> list[str]:
    """Return the lines of the report."""
    lines = [f"program     {report.target}"]
    if report.failed is not None:
        lines.append(f"{report.failed.reason:11} {report.failed.words}")
    found = report.perturbed
    if found is not None:
        lines.append(f"inputs      {found.inputs}")
        lines.append(f"digest      {found.digest}")
        lines.append(f"runs        {found.environments}")
        lines.extend(f"NOT VARIED  {name}: {why}" for name, why in found.not_exercised)
        lines.extend(f"note        {kind}: {words}" for kind, words in found.notes)
        lines.extend(
            f"native      {which}: cannot be watched or sealed" for which in _native(found.native)
        )
        lines.extend(f"OPEN        {words}" for words in found.open_questions)
    lines.extend(_divergence(report))
    for one in report.refusals:
        lines.append(f"refused     {one['call']} at {one['place']}")
        lines.append(f"  instead   {one['instead']}")
    if report.halted:
        lines.append(f"halted      {report.halted}")
    lines.append(f"identical   {'yes' if report.identical else 'no'}")
    return lines


def _reason(found: Divergence) -> str:
    if found.variable == "unrepeatable":
        return "nothing that was varied: native code may read a clock, or chance"
    return f"{found.variable}={found.level}"


def _native(names: tuple[str, ...]) -> list[str]:
    """Return one name a package, with how many of its modules are native."""
    packages = Counter([name.partition(".")[0] for name in names])
    return [f"{name}, {count} modules" if count > 1 else name for name, count in packages.items()]


def _divergence(report: ForeignReport) -> list[str]:
    found = report.perturbed.divergence if report.perturbed is not None else None
    if found is None:
        return []
    place = f"at input {found.input}" if isinstance(found.input, int) else f"in {found.input}"
    lines = [
        f"diverges    {place}, {found.key or 'as a whole'}",
        f"  because of {_reason(found)}",
        f"  expected  {found.expected}",
        f"  actual    {found.actual}",
    ]
    if found.command:
        lines.append(f"  at        {found.command}")
    if found.runs > 1:
        lines.append(f"  in        {found.differs} of {found.runs} runs")
    lines.extend(f"  kept in   {name}" for name in found.places)
    state = [name.removeprefix(_GLOBAL) for name in found.places if name.startswith(_GLOBAL)]
    if found.variable == "history" and state:
        lines.append(f"  or say    --state-attr {state[0]}, if that is the program's state")
    cause = report.cause
    if cause is not None:
        lines.append(f"  cause     {cause.path}:{cause.line}: {cause.source}")
        if cause.rule:
            covered = "covers this line" if cause.rule_at_line else "covers this kind"
            lines.append(f"  rule      {cause.rule} {cause.rule_name} {covered}")
            lines.append(f"  instead   {cause.instead}")
    return lines
