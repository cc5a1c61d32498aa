"""`qfs ledger`: begin a ledger, submit scenarios to it, show it, hold it to its sentences."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from qfs.app import (
    checking,
    exporting,
    inbound,
    ledger,
    proving,
    recertifying,
    replica,
    snapshots,
    submission,
)
from qfs.app.failure import EXIT_FINDINGS, Halt, QFSError
from qfs.app.program import ProgramReport
from qfs.app.verifiers import PROVIDERS
from qfs_cli.grouping import Group
from qfs_cli.paranoid import verifying
from qfs_cli.waiting import progressing, waiting


class Format(Enum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"


Directory = Annotated[Path, typer.Argument(help="Folder of the ledger.")]
Output = Annotated[Format, typer.Option("--format", help="text or json.")]


Strict = Annotated[
    bool, typer.Option("--strict", help="Halt (CIR-302) when the gate refuses a packet.")
]


def register(app: typer.Typer) -> None:
    """Add the group of commands to the program."""
    group = typer.Typer(
        cls=Group, no_args_is_help=True, help="A ledger of five tokens in a folder."
    )
    group.command("init")(verifying(init))
    group.command("submit")(verifying(submit))
    group.command("receive")(verifying(receive))
    group.command("state")(verifying(state))
    group.command("check")(verifying(check))
    group.command("certify")(verifying(certify))
    group.command("prove")(verifying(prove))
    group.command("verify-proof")(verify_proof)
    group.command("snapshot")(verifying(snapshot))
    group.command("prune")(verifying(prune))
    group.command("export")(verifying(export))
    group.command("import")(verifying(import_))
    app.add_typer(group, name="ledger")


def init(
    directory: Annotated[Path, typer.Argument(help="Folder that holds no ledger yet.")],
    *,
    root_key: Annotated[list[Path], typer.Option(help="Public key that governs; repeatable.")],
    operator: Annotated[
        list[Path],
        typer.Option(help="Public key that runs the ledger; the first owns its own accounts."),
    ],
    submitter: Annotated[
        list[Path] | None, typer.Option(help="Public key that may sign transactions; repeatable.")
    ] = None,
    name: Annotated[str, typer.Option(help="Part of the ledger's identity.")] = ledger.DEFAULT_NAME,
    holds: Annotated[
        bool, typer.Option("--holds", help="Enable transfers across packets, with an escrow.")
    ] = False,
    require_certificate: Annotated[
        Path | None,
        typer.Option(help="Certificate of the program that must run it (qfs certify)."),
    ] = None,
    output_format: Output = Format.TEXT,
) -> None:
    """Begin a ledger: five tokens, their own accounts, the keys that may sign."""
    request = ledger.InitRequest(
        directory, tuple(root_key), tuple(operator), tuple(submitter or ()), name, holds,
        require_certificate,
    )  # fmt: skip
    report = ledger.init(request)
    if output_format is Format.JSON:
        _json(report.document())
        return
    console = _console()
    console.print(f"ledger {report.name} begins: {report.ledger.hex()}")
    console.print(f"state root {report.state_root.hex()}")
    for key, role in report.keys:
        console.print(f"  {role:<9} {key}")
    if report.program is not None:
        _print_program(console, report.program)


def submit(
    directory: Directory,
    scenario: Annotated[Path, typer.Argument(help="Scenario: a .toml or .jsonl file.")],
    *,
    key: Annotated[
        list[Path], typer.Option(help="Private key; its name is the file's, up to the first point.")
    ],
    passphrase_file: Annotated[
        Path | None, typer.Option(help="File whose first line opens the keys named *.age.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything in memory and write nothing.")
    ] = False,
    first: Annotated[
        int,
        typer.Option("--from", min=1, metavar="STEP", help="Begin here: those before it stand."),
    ] = 1,
    strict: Strict = False,
    output_format: Output = Format.TEXT,
) -> None:
    """Sign a scenario's steps into packets and append them to the ledger.

    Exits with 1 when a step is answered otherwise than the scenario expects, with 3 when the
    ledger is halted.
    """
    request = submission.SubmitRequest(
        directory, scenario, tuple(key), passphrase_file, dry_run, strict, first=first
    )
    behind = (0, 0)
    with progressing("submitting") as tell:

        def step(done: int, total: int) -> None:
            nonlocal behind
            behind = done, total
            tell(done, total)

        try:
            report = submission.submit(request, step)
        except (QFSError, Halt, OSError, KeyboardInterrupt):
            if behind[0] and not dry_run:
                way_out = f"{behind[0]} of {behind[1]} steps stand: go on with --from"
                typer.echo(f"{scenario.name}: {way_out} {behind[0] + 1}", err=True)
            raise
    if output_format is Format.JSON:
        _json(report.document())
    else:
        _print_submission(report)
    if not report.as_expected:
        raise typer.Exit(EXIT_FINDINGS)


def certify(
    directory: Directory,
    certificate: Annotated[Path, typer.Argument(help="Of `qfs certify --output`.")],
    *,
    key: Annotated[Path, typer.Option(help="Private key that signed it; signs the packet too.")],
    passphrase_file: Annotated[
        Path | None, typer.Option(help="A file whose first line is the passphrase; mode 0600.")
    ] = None,
    output_format: Output = Format.TEXT,
) -> None:
    """Certify the program that a ledger requires from now on, where its genesis requires one.

    Exits with 1 when the key may not, with 2 for a ledger that requires no certificate.
    """
    request = recertifying.CertifyRequest(directory, certificate, key, passphrase_file)
    report = recertifying.recertify(request)
    if output_format is Format.JSON:
        _json(report.document())
    else:
        console = _console()
        console.print(f"refused: {report.refusal}" if report.refusal else "certified")
        _print_program(console, report.program)
        console.print(f"packet {report.seq}, state root {report.state_root.hex()}")
    raise typer.Exit(report.exit_code)


def _print_program(console: Console, program: ProgramReport) -> None:
    console.print(f"  requires the program {program.certified or '(none is certified)'}")
    if program.objection is not None:
        console.print(f"  NOT this one, {program.running}: {program.objection.value}")


def receive(
    directory: Directory,
    packets: Annotated[list[Path], typer.Argument(help="Envelopes; - is standard input.")],
    *,
    strict: Strict = False,
    provider: Annotated[
        str, typer.Option(help=f"Who verifies: {', '.join(PROVIDERS)}.")
    ] = PROVIDERS[0],
    output_format: Output = Format.TEXT,
) -> None:
    """Take signed packets from outside: through the gate into the log, or refused and counted.

    Exits with 1 when the gate refuses one, with 3 when the ledger is halted. `qfs trail refused`
    counts what was refused.
    """
    report = inbound.receive(inbound.ReceiveRequest(directory, tuple(packets), strict, provider))
    if output_format is Format.JSON:
        _json(report.document())
    else:
        console = _console()
        for one in report.received:
            if one.refusal is not None:
                console.print(f"{one.place}: refused: {one.subcode} {one.refusal}")
            else:
                answers = ", ".join([answer or "accepted" for answer in one.answers])
                console.print(f"{one.place}: admitted{': ' if answers else ''}{answers}")
        console.print(f"{report.seq} packets, state root {report.state_root.hex()}")
    raise typer.Exit(report.exit_code)


def state(directory: Directory, *, output_format: Output = Format.TEXT) -> None:
    """Show every account after the last packet; signatures verified, every root re-derived."""
    with waiting("replaying"):
        report = ledger.state(directory)
    if output_format is Format.JSON:
        _json(report.document())
        return
    console = _console()
    console.print(f"ledger {report.name} after {report.packets} packets")
    console.print(f"state root {report.state_root.hex()}")
    for row in report.accounts:
        held = [f"{amount} {symbol}" for symbol, amount in row.balances if amount != "0"]
        console.print(
            f"account {row.id}  owner {row.owner[:12]}  nonce {row.nonce}  {', '.join(held) or '-'}"
        )
    for symbol, issued, cap in report.tokens:
        console.print(f"{symbol}: {issued} of {cap} issued")
    for one in report.rotations:
        console.print(f"rotation DUE: {one}" if one.overdue else f"next rotation: {one}")


def check(directory: Directory, *, output_format: Output = Format.TEXT) -> None:
    """Hold a ledger to every sentence that it must keep: packets, roots, invariants.

    Exits with 1 when a sentence is false, with 3 when the log cannot be re-derived.
    """
    with waiting("replaying"):
        report = checking.check(directory)
    if output_format is Format.JSON:
        _json(report.document())
    else:
        console = _console()
        for name, holds in report.checks:
            verdict = Text("holds ", "green") if holds else Text("BROKEN", "bold red")
            console.print(verdict, name.replace("_", " "))
        if report.torn_at is not None:
            console.print(f"a crash tore the log at byte {report.torn_at}; a writer cuts it off")
        console.print(f"{report.packets} packets, state root {report.state_root.hex()}")
    if not report.holds:
        raise typer.Exit(EXIT_FINDINGS)


def prove(
    directory: Directory,
    account: Annotated[
        int | None, typer.Argument(help="Id of the account; it need not be open.")
    ] = None,
    *,
    packet: Annotated[
        int | None, typer.Option(help="Prove this packet instead; it need not be there yet.")
    ] = None,
    output: Annotated[Path, typer.Option(help="File for the proof; must not exist.")],
    output_format: Output = Format.TEXT,
) -> None:
    """Write a proof of what an account holds, or of a packet, for whoever has only the root."""
    with waiting("replaying"):
        report = proving.prove_one(directory, account, packet, output)
    if output_format is Format.JSON:
        _json(report.document())
        return
    _print_proof(report)
    _console().print(f"{report.size} bytes written to {output}")


def verify_proof(
    proof: Annotated[Path, typer.Argument(help="File that qfs ledger prove wrote.")],
    *,
    root: Annotated[str, typer.Option(help="State root that you trust, in hexadecimal.")],
    output_format: Output = Format.TEXT,
) -> None:
    """Check a proof with nothing but a state root, and say what it shows.

    Exits with 1 when the proof does not lead to the root.
    """
    report = proving.verify_file(proof, root)
    if output_format is Format.JSON:
        _json(report.document())
    else:
        _print_proof(report)
    if not report.verified:
        raise typer.Exit(EXIT_FINDINGS)


def snapshot(directory: Directory, *, output_format: Output = Format.TEXT) -> None:
    """Write the ledger's world beside its log, so that the next start derives the tail alone."""
    with waiting("replaying"):
        report = snapshots.take(directory)
    if output_format is Format.JSON:
        _json(report.document())
        return
    _console().print(f"{report.name}: {report.packets} packets, {report.size} bytes")
    _console().print(f"state root {report.state_root.hex()}")


def prune(directory: Directory, *, output_format: Output = Format.TEXT) -> None:
    """Let go of the bodies of all packets: a snapshot, every root and every proof stay.

    What then needs a body says so: replaying from genesis, exporting older movements, being
    followed by a ledger that is behind.
    """
    with waiting("replaying"):
        report = snapshots.prune(directory)
    if output_format is Format.JSON:
        _json(report.document())
        return
    _console().print(f"{report.pruned} packets pruned, {report.freed} bytes freed")
    _console().print(f"state root {report.state_root.hex()}")


def export(
    directory: Directory,
    output: Annotated[Path, typer.Argument(help="File to write; must not exist.")],
    *,
    table: Annotated[
        exporting.Table, typer.Option(help="What to write.")
    ] = exporting.Table.MOVEMENTS,
    form: Annotated[
        exporting.Form | None,
        typer.Option(
            "--as",
            help="How to write it, where the file's ending does not say; "
            "beancount holds movements.",
        ),
    ] = None,
    output_format: Output = Format.TEXT,
) -> None:
    """Write a ledger's accounts, movements or transactions for other programs."""
    with waiting("replaying"):
        report = exporting.export(directory, output, table, form)
    if output_format is Format.JSON:
        _json(report.document())
        return
    _console().print(
        f"{report.rows} {report.table} after packet {report.packets} written to {output} "
        f"({report.form}, {report.size} bytes)"
    )


def import_(
    directory: Annotated[Path, typer.Argument(help="Folder of the ledger, or one that has none.")],
    other: Annotated[Path, typer.Argument(help="The ledger folder, or log file, to follow.")],
    *,
    output_format: Output = Format.TEXT,
) -> None:
    """Follow somebody else's log: verify, derive and append each packet that is not here yet.

    Exits with 1 when the other log is cut in the middle of a frame, with 2 when the two have
    different pasts, with 3 at a packet that cannot be derived.
    """
    with waiting("replaying"):
        report = replica.follow(directory, other)
    if output_format is Format.JSON:
        _json(report.document())
    else:
        _console().print(f"{report.added} packets added, {report.packets} in all")
        _console().print(f"state root {report.state_root.hex()}")
        if report.torn_at is not None:
            _console().print(f"{other} is cut in the middle of a frame, at byte {report.torn_at}")
    if report.torn_at is not None:
        raise typer.Exit(EXIT_FINDINGS)


def _print_proof(report: proving.ProofReport | proving.PacketReport) -> None:
    console = _console()
    if not report.verified:
        console.print(f"NOT PROVED: {report.why_not}")
        return
    if isinstance(report, proving.PacketReport):
        _print_packet(report)
        return
    console.print(f"proved under state root {report.state_root.hex()}, after packet {report.seq}:")
    if not report.open:
        console.print(f"account {report.account} is not open")
        return
    held = [f"{amount} {symbol}" for symbol, amount in report.balances if amount != "0"]
    console.print(
        f"account {report.account}  owner {report.owner}  nonce {report.nonce}  "
        f"{', '.join(held) or '-'}"
    )


def _print_packet(report: proving.PacketReport) -> None:
    console = _console()
    root = report.state_root.hex()
    console.print(f"proved under state root {root}, after packet {report.packets}:")
    if report.identity is None or report.root_before is None:
        console.print(f"packet {report.packet} is not there yet")
        return
    console.print(f"packet {report.packet} is {report.identity.hex()}")
    console.print(f"state root before it {report.root_before.hex()}")


def _print_submission(report: submission.SubmitReport) -> None:
    console = _console()
    if report.torn_at is not None:
        console.print(f"a crash had torn the log at byte {report.torn_at}; cut off")
    for name in report.passed_over:
        console.print(f"snapshot passed over: {name}")
    verb = "would be appended" if report.dry_run else "appended"
    done = report.accepted + report.refused
    console.print(
        f"{report.scenario}: {done} of {report.steps} steps in {report.packets} packets {verb}; "
        f"{report.accepted} accepted, {report.refused} refused as expected"
    )
    for one in report.surprises:
        console.print(
            f"{one.place}: step {one.step} ({one.do}): expected {one.expected}, got {one.actual}"
        )
    if report.not_admitted is not None:
        console.print(f"not admitted: {report.not_admitted}")
    if report.go_on_from is not None:
        stand = report.go_on_from - 1
        console.print(f"  -> steps up to {stand} stand: go on with --from {stand + 1},")
        console.print("     unless the scenario came to its end before: then nothing is left to do")
    console.print(
        f"packet {report.seq}, {report.cost} cost units, state root {report.state_root.hex()}"
    )


def _console() -> Console:
    """Return a console that never breaks a line in the middle of a digest."""
    return Console(soft_wrap=True, highlight=False, markup=False)


def _json(document: dict[str, object]) -> None:
    typer.echo(json.dumps(document, indent=2, sort_keys=True))
