"""`qfs bisect`: the first packet, command and key at which two runs differ, and why."""

import json
import shlex
from enum import Enum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from qfs.app import bisection as use_case
from qfs.app import revisions
from qfs.app.bisection import BisectReport, BisectRequest, Side
from qfs.app.failure import UsageError
from qfs.app.foreign import ForeignRequest
from qfs_cli.paranoid import verifying
from qfs_cli.render import foreign
from qfs_cli.render.runs import comparison
from qfs_cli.waiting import waiting


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("bisect")(verifying(bisect))


A = Annotated[
    Path | None, typer.Argument(help="A ledger directory, a log file in it, or a snapshot.")
]
Rev = Annotated[
    tuple[str, str] | None,
    typer.Option("--rev", metavar="A B", help="Two revisions: of --callable, or of QFS for a LOG."),
]
Env = Annotated[
    tuple[str, str] | None,
    typer.Option("--env", metavar="A B", help="Two environments: PYTHONHASHSEED=1,TZ=QFS-14"),
]


Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="FIELD",
        help="Leave a field of imported histories out: its way, * for any part. Repeatable.",
    ),
]


def bisect(
    a: A = None,
    b: Annotated[Path | None, typer.Argument(help="Another one.")] = None,
    *,
    rev: Rev = None,
    env: Env = None,
    call: foreign.Callable = "",
    inputs: foreign.Inputs = None,
    state_attr: foreign.State = None,
    machine: foreign.Machine = None,
    ignore: Ignore = None,
    trust_signatures: Annotated[
        bool, typer.Option("--trust-signatures", help="Do not verify signatures.")
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
) -> None:
    """Find the first packet, command and key at which two logs differ.

    Also two snapshots, or one log or program under two revisions (--rev) or environments (--env).

    Exit code 0: they agree. 1: they differ. 2: no logs. 3: one is corrupt (CIR-302).
    """
    wanted = None
    if a is not None and b is not None:
        wanted = BisectRequest(a, b, trust_signatures, tuple(ignore or ()))
    elif ignore:
        raise UsageError("--ignore without two logs", way_out="give two imported histories")
    if (wanted is None) == (rev is None and env is None) or (rev is not None and env is not None):
        raise UsageError(
            "what is to be compared?", way_out="give two logs or snapshots, or --rev, or --env"
        )
    if wanted is not None:
        with waiting("comparing"):
            found = use_case.bisect(wanted)
        _print(found, output)
    if rev is not None and a is not None and not call and not machine:
        _print_revisions(rev, a, output)
    request = ForeignRequest(
        callable=call,
        inputs=inputs,
        state=tuple(state_attr or ()),
        log=a,
        machines=tuple(machine or ()),
        against="" if rev is None else rev[0],
        revision="" if rev is None else rev[1],
        between=env,
    )
    raise typer.Exit(foreign.run(request, as_json=output is Format.JSON))


def _print(report: BisectReport, output: Format) -> NoReturn:
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True, ensure_ascii=False))
    else:
        typer.echo("\n".join(_text(report)))
    raise typer.Exit(report.exit_code)


def _print_revisions(rev: tuple[str, str], log: Path, output: Format) -> NoReturn:
    report = revisions.bisect(log, rev, Path.cwd())
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True, ensure_ascii=False))
    else:
        typer.echo("\n".join([f"packets     {report.packets}", *comparison(report)]))
    raise typer.Exit(report.exit_code)


def _text(report: BisectReport) -> list[str]:
    lines = [f"packets     {report.packets[0]} and {report.packets[1]}"]
    if report.executed:
        lines.append(f"executed    {report.executed}")
    lines.extend(f"left out    {name}: {count} values" for name, count in report.left_out)
    if report.identical:
        return [*lines, "identical   yes"]
    if report.packet is not None:
        lines.append(f"differ      at packet {report.packet}")
    lines.extend(f"  in        {part}" for part in report.parts)
    if report.machine is not None:
        lines.append(f"state       {report.machine}: {report.key}")
        lines.append(f"  a         {report.value_a}")
        lines.append(f"  b         {report.value_b}")
    for name, side in (("a", report.a), ("b", report.b)):
        if side is not None:
            lines.extend(_side(name, side))
    if report.field is not None:
        lines.append(f"  -> to look behind this field: --ignore {shlex.quote(report.field)}")
    return [*lines, "identical   no"]


def _side(name: str, side: Side) -> list[str]:
    lines = [f"log {name}       recorded root {side.recorded or 'none: it has ended'}"]
    if side.derived is not None and side.derived != side.recorded:
        lines.append(f"  derived   {side.derived}: the recorded root is not this packet's")
    if side.stopped is not None:
        lines.append(f"  stopped   {side.stopped}")
    if side.command is not None:
        lines.append(f"  written   by {side.command}")
    if side.source is not None:
        lines.append(f"  line      {side.source}")
    return lines
