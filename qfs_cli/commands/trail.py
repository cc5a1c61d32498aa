"""`qfs trail show|verify`: the audit trail, offline."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import inbound, noting, publishing
from qfs.app import trail as use_case
from qfs.app.failure import UsageError
from qfs.app.publishing import Signing
from qfs.app.trail import TrailReport
from qfs.app.trail_words import words_of
from qfs.app.verifiers import PROVIDERS
from qfs_cli.grouping import Group
from qfs_cli.paranoid import verifying
from qfs_cli.waiting import waiting


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


Log = Annotated[Path, typer.Argument(help="A ledger directory, or a log file in it.")]
Output = Annotated[Format, typer.Option("--format", help="How to print it.")]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", help="A private key's file that signs; once for each signature."),
]
Trusted = Annotated[
    list[Path] | None,
    typer.Option("--key", help="A public key's file that must have signed; once for each."),
]
Passphrase = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="A file whose first line is the passphrase; mode 0600."),
]
NewFile = Annotated[Path, typer.Option("--output", "-o", help="A new file; - is standard output.")]
Provider = Annotated[str, typer.Option(help=f"Who verifies: {', '.join(PROVIDERS)}.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(
        cls=Group,
        help="Show and verify the audit trail of keys, upgrades and halts.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("show")(verifying(show))
    group.command("verify")(verifying(verify))
    group.command("checkpoint")(verifying(checkpoint))
    group.command("export")(verifying(export))
    group.command("prove")(verifying(prove))
    group.command("verify-proof")(verifying(verify_proof))
    group.command("serve")(serve)
    group.command("note")(verifying(note))
    group.command("refused")(refused)
    app.add_typer(group, name="trail")


def show(log: Log, *, provider: Provider = PROVIDERS[0], output: Output = Format.TEXT) -> None:
    """Show the audit trail that a ledger's log leads to, its signatures verified."""
    with waiting("verifying"):
        report = use_case.derive_trail(log, provider)
    _print(report, output)


def verify(
    path: Annotated[
        Path, typer.Argument(help="A ledger directory, its log, or an exported trail.")
    ],
    *,
    earlier: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="A checkpoint taken earlier, which it must lead to."),
    ] = None,
    keys: Trusted = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Verify an audit trail: derived again from a ledger, or read from an exported folder.

    Exit code 0: everything leads to the checkpoints. 2: a file is not what it claims. 3: halted
    (CIR-302), the log or the trail is not what it was.
    """
    with waiting("verifying"):
        report = use_case.verify_trail(path, earlier, provider, tuple(keys or ()))
    _print(report, output)
    if output is Format.TEXT:
        derived = "derived again from the log, its signatures verified"
        derived += "; the checkpoint is signed as said" if keys else ""
        signed = "everything leads to the checkpoint; "
        signed += "signed as said" if keys else "who signed it was not asked: --key"
        typer.echo(f"verified    {signed if use_case.is_export(path) else derived}")


def checkpoint(
    log: Log,
    *,
    keys: Keys = None,
    passphrase_file: Passphrase = None,
    output: NewFile = Path("-"),
    provider: Provider = PROVIDERS[0],
) -> None:
    """Write the trail's checkpoint (C2SP tlog-checkpoint), signed by each --key."""
    signing = Signing(tuple(keys or ()), passphrase_file)
    publishing.checkpoint(log, output, signing, provider)


def export(
    log: Log,
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    *,
    keys: Keys = None,
    passphrase_file: Passphrase = None,
    provider: Provider = PROVIDERS[0],
) -> None:
    """Export the trail as static files (C2SP tlog-tiles) with a signed checkpoint."""
    signing = Signing(tuple(keys or ()), passphrase_file)
    report = publishing.export(log, folder, signing, provider)
    typer.echo(report.trail.checkpoint().to_text(), nl=False)


def prove(
    log: Log,
    index: Annotated[int, typer.Argument(help="The entry's place in the trail, from 0 on.")],
    *,
    keys: Keys = None,
    passphrase_file: Passphrase = None,
    output: NewFile = Path("-"),
    provider: Provider = PROVIDERS[0],
) -> None:
    """Write a proof (C2SP tlog-proof) that an entry is in the trail: it needs no ledger."""
    signing = Signing(tuple(keys or ()), passphrase_file)
    publishing.prove(log, index, output, signing, provider)


def verify_proof(
    proof: Annotated[Path, typer.Argument(help="A proof of qfs trail prove.")],
    *,
    keys: Trusted = None,
    output: Output = Format.TEXT,
) -> None:
    """Verify a proof with nothing but the public keys of those who sign checkpoints.

    Exit code 0: it holds. 1: it does not. 2: a file is not what it claims, or no --key is given.
    """
    if not keys:
        raise UsageError("no key is trusted", way_out="give --key FILE, a public key")
    report = publishing.verify_proof(proof, tuple(keys))
    if output is Format.JSON:
        document = report.document() | {"entry": publishing.entry_text(report.proof)}
        typer.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))
    else:
        typer.echo(f"entry {report.proof.index}: {report.problem or 'proved'}")
    raise typer.Exit(report.exit_code)


def serve(
    folder: Annotated[Path, typer.Argument(help="An exported trail.")],
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8302,
    requests: Annotated[
        int | None,
        typer.Option(min=0, help="Stop after so many.", show_default="until interrupted"),
    ] = None,
) -> None:
    """Serve an exported trail to this machine as static files, once it is verified."""
    publishing.serve(folder, port, requests, lambda address: typer.echo(address, err=True))


def note(
    directory: Annotated[Path, typer.Argument(help="A ledger directory.")],
    *,
    key: Annotated[Path, typer.Option(help="The private key's file that signs the packet.")],
    passphrase_file: Passphrase = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="A signed checkpoint of this ledger's trail.")
    ] = None,
    certificates: Annotated[
        list[Path] | None, typer.Option("--certificate", help="A certificate; repeatable.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="The public key that signed the certificates.")
    ] = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Show certificates and a signed checkpoint to a ledger: then every replica's trail has them.

    Exit code 0: noted. 1: refused. 2: a file is not what it claims. 3: the ledger is halted.
    """
    report = noting.note(
        noting.NoteRequest(
            directory,
            key,
            passphrase_file,
            checkpoint,
            tuple(certificates or ()),
            public_key,
            provider,
        )
    )
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
    else:
        for name, answer in report.rows():
            typer.echo(f"{name}: {f'refused: {answer}' if answer else 'noted'}")
        typer.echo(f"packet {report.seq}, state root {report.state_root.hex()}")
    raise typer.Exit(report.exit_code)


def refused(
    directory: Annotated[Path, typer.Argument(help="A ledger directory.")],
    *,
    output: Output = Format.TEXT,
) -> None:
    """Count the packets that the gate refused on this computer: the operational trail.

    It is not replicated, and no halt. Exit code 2: its lines do not follow each other.
    """
    report = inbound.refused(directory)
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
        return
    for subcode, name, number in report.counts():
        typer.echo(f"{number:8}  {subcode}  {name}")
    typer.echo(f"{report.total:8}  refused in all")


def _print(report: TrailReport, output: Format) -> None:
    document = report.document()
    if output is Format.JSON:
        typer.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))
        return
    for entry in report.entries:
        answer = f" refused: {entry.answer}" if entry.answer else ""
        typer.echo(
            f"{entry.index:6}  packet {entry.seq:6}  {entry.kind.name.lower():8} {entry.machine:8}"
            f" by {entry.actor.hex()[:16]}  {entry.hash().hex()[:16]}{answer}"
        )
        if words := words_of(entry):
            typer.echo(f"        {words}")
    if report.signers:
        typer.echo(f"signed by {', '.join(report.signers)}")
    if report.against is not None:
        typer.echo(f"leads to the checkpoint of {report.against.size} entries")
    typer.echo(report.trail.checkpoint().to_text(), nl=False)
