"""`qfs replay LOG`: derive every state root again, here and in other environments."""

import json
import os
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import replay as use_case
from qfs.app import time_travel
from qfs.app.failure import UsageError
from qfs.app.foreign import ForeignRequest
from qfs.app.foreign_machine import program_of
from qfs.app.program import ProgramReport
from qfs.app.replay import ReplayReport, ReplayRequest
from qfs_cli.paranoid import verifying
from qfs_cli.render import foreign, runs
from qfs_cli.waiting import progressing


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


PROCESSES = min(4, os.cpu_count() or 1)

Log = Annotated[Path | None, typer.Argument(help="A ledger directory, or a log file in it.")]
Perturb = Annotated[
    bool,
    typer.Option(
        "--perturb",
        help="Also replay under other hash seeds, time zones, locales, allocators, Pythons.",
    ),
]
TrustSignatures = Annotated[
    bool,
    typer.Option(
        "--trust-signatures",
        help="Verify no signatures, and derive no state a second time from its events.",
    ),
]
Compiled = Annotated[
    Path | None,
    typer.Option(help="A compiled core (python -m tools.compiled core) to replay with as well."),
]
Jobs = Annotated[
    int,
    typer.Option(
        min=1,
        show_default="one a processor, at most 4",
        help="Processes at a time: for full verification, and for --perturb.",
    ),
]
Proofs = Annotated[
    Path | None,
    typer.Option(help="A folder for what CertifiedMath did in each transaction (qfs explain)."),
]
Until = Annotated[
    int | None, typer.Option(min=0, metavar="SEQ", help="Show the state after this packet.")
]
Show = Annotated[
    str,
    typer.Option(metavar="KEY", help="Show this of the state: ledger, ledger.accounts[4294967296]"),
]
Output = Annotated[Format, typer.Option("--format", help="How to print it.")]


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("replay")(verifying(replay))


def replay(
    log: Log = None,
    *,
    call: foreign.Callable = "",
    inputs: foreign.Inputs = None,
    state_attr: foreign.State = None,
    machine: foreign.Machine = None,
    command: foreign.Command = "",
    watch: foreign.Watch = None,
    sealed: foreign.Sealed = False,
    may_read: foreign.MayRead = None,
    against: foreign.Against = "",
    seed: foreign.Seed = 0,
    repeat: foreign.Repeat = 10,
    timeout: foreign.Timeout = 60,
    memory: foreign.Memory = 0,
    perturb: Perturb = False,
    trust_signatures: TrustSignatures = False,
    compiled: Compiled = None,
    jobs: Jobs = PROCESSES,
    proofs: Proofs = None,
    until: Until = None,
    show: Show = "",
    output: Output = Format.TEXT,
) -> None:
    """Derive every state root of a log again and compare it with the recorded one.

    With --callable or --command: run any program again, elsewhere, and name what makes it differ.

    Exit code 0: identical. 1: truncated, diverging or refused. 2: not a log, or an environment gave
    no answer. 3: halted (CIR-302). Nothing on the disk is changed.
    """
    wanted = ForeignRequest(
        callable=call,
        inputs=inputs,
        state=tuple(state_attr or ()),
        machines=tuple(machine or ()),
        command=command,
        watch=tuple(watch or ()),
        perturb=perturb,
        sealed=sealed,
        readable=tuple(may_read or ()),
        against=against,
        seed=seed,
        jobs=jobs,
        repeats=repeat,
        timeout_s=timeout,
        memory_bytes=memory,
    )
    if log is None or call or command:
        if log is not None or until is not None or show:
            raise UsageError("a log and a program", way_out="replay one of them")
        raise typer.Exit(foreign.run(wanted, as_json=output is Format.JSON))
    if until is not None or show:
        raise typer.Exit(_show(log, until, show, wanted, output))
    own = perturb and not machine
    request = ReplayRequest(log, trust_signatures, own, compiled, jobs, wanted.machines, proofs)
    request = replace(request, against="" if machine else against, seed=seed)
    raise typer.Exit(_replay_log(request, wanted, output))


def _show(log: Path, until: int | None, show: str, wanted: ForeignRequest, output: Format) -> int:
    """Print the state at a moment, and return the exit code."""
    unfit = _unfit(log, wanted, output)
    if unfit is not None:
        return unfit
    program = program_of(wanted.machines, Path.cwd())
    found = time_travel.moment(log, until, show, program)
    if output is Format.JSON:
        typer.echo(json.dumps(found.document(), indent=2, sort_keys=True, ensure_ascii=False))
        return 0
    lines = [f"packet      {found.packet}", f"state root  {found.state_root}"]
    lines += [f"{place} = {text}" for place, text in found.rows]
    if found.more:
        lines.append(f"and {found.more} more: --show a part of them")
    typer.echo("\n".join(lines))
    return 0


def _unfit(log: Path, wanted: ForeignRequest, output: Format) -> int | None:
    """Run the user's machines watched first; return the exit code where one is not fit."""
    if not wanted.machines:
        return None
    alone = replace(wanted, log=log, perturb=False, against="")
    return foreign.unfit(alone, as_json=output is Format.JSON)


def _replay_log(request: ReplayRequest, wanted: ForeignRequest, output: Format) -> int:
    """Replay a log, print the report, and return the exit code."""
    unfit = _unfit(request.path, wanted, output)
    if unfit is not None:
        return unfit
    with progressing("replaying") as tell:
        report = use_case.replay(request, tell)
    if (wanted.perturb or wanted.against) and wanted.machines and report.exit_code == 0:
        steps = replace(wanted, log=request.path)
        return foreign.run(steps, as_json=output is Format.JSON)
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True, ensure_ascii=False))
    else:
        typer.echo("\n".join(_text(report)))
    return report.exit_code


def _program(program: ProgramReport) -> list[str]:
    """Say whether the program that ran is the one that the ledger requires."""
    if program.objection is None:
        return [f"program     {program.running}: the certified one"]
    return [
        f"program     NOT CERTIFIED: {program.objection.name}: {program.objection.value}",
        f"  certified {program.certified or 'none'}",
        f"  running   {program.running}",
    ]


def _text(report: ReplayReport) -> list[str]:
    lines = [
        f"packets     {report.packets}",
        f"commands    {report.commands}",
        f"state root  {report.state_root.hex()}",
        f"signatures  {report.signatures}",
    ]
    if report.truncated is not None:
        cut = report.truncated
        lines.append(
            f"truncated   in packet {cut.packet}, segment {cut.segment}, byte {cut.offset}: "
            "what stands before it was replayed"
        )
    if report.proofs:
        operations = sum(proof.operations for proof in report.proofs)
        lines.append(f"proof logs  {len(report.proofs)}, {operations} operations")
    lines.extend(runs.run(run) for run in report.environments)
    if report.divergence is not None:
        lines.extend(runs.divergence(report.divergence))
    if report.halt is not None:
        halt = use_case.halt_document(report.halt)
        lines.append(f"halted      {halt['code']} {halt['name']} at packet {halt['packet']}")
        lines.append(f"  last agreed root {halt['root']}")
        lines.extend(f"  {name}: {value}" for name, value in halt["facts"].items())
        lines.append(f"  halt record {halt['digest']}")
        lines.append(f"  what to do: qfs explain {halt['code'].removeprefix('CIR-')}")
    if report.program is not None:
        lines.extend(_program(report.program))
    lines.append(f"identical   {'yes' if report.identical else 'no'}")
    return lines
