"""`qfs packet sign|cosign|batch|verify|show`: DRV packets from and to files and pipes."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import packet as use_case
from qfs.app.packet import BatchRequest, PacketReport, SignRequest
from qfs.app.verifiers import PROVIDERS
from qfs_cli.grouping import Group
from qfs_cli.paranoid import verifying


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


Output = Annotated[Format, typer.Option("--format", help="How to print it.")]
Source = Annotated[Path, typer.Argument(help="An envelope; - is standard input.")]
Key = Annotated[Path, typer.Option(help="The private key's file.")]
Passphrase = Annotated[
    Path | None, typer.Option(help="A file whose first line is the passphrase; mode 0600.")
]
NewFile = Annotated[Path, typer.Option("--output", "-o", help="A new file; - is standard output.")]
Deterministic = Annotated[
    bool,
    typer.Option("--deterministic", help="A function of key and packet (needs fast-mldsa)."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(
        cls=Group,
        help="Sign, cosign, verify and show DRV packets.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("sign")(sign)
    group.command("cosign")(cosign)
    group.command("batch")(batch)
    group.command("verify")(verifying(verify))
    group.command("show")(show)
    app.add_typer(group, name="packet")


def sign(
    source: Annotated[
        Path, typer.Argument(help="A packet body, or a draft in JSON; - is standard input.")
    ],
    *,
    key: Key,
    passphrase_file: Passphrase = None,
    output: NewFile = Path("-"),
    deterministic: Deterministic = False,
) -> None:
    """Sign a packet and write its envelope; the packet's id goes to standard error."""
    signed = use_case.sign(SignRequest(source, key, passphrase_file, output, deterministic))
    typer.echo(f"packet {signed.id.hex()}", err=True)


def cosign(
    source: Source,
    *,
    key: Key,
    passphrase_file: Passphrase = None,
    output: NewFile = Path("-"),
    deterministic: Deterministic = False,
) -> None:
    """Add a key's signature to a packet that others have signed; its id stays what it is."""
    signed = use_case.cosign(SignRequest(source, key, passphrase_file, output, deterministic))
    typer.echo(f"packet {signed.id.hex()}, {len(signed.cosignatures)} cosigners", err=True)


def batch(
    sources: Annotated[
        list[Path], typer.Argument(help="Packet bodies, or drafts in JSON, in their order.")
    ],
    *,
    key: Key,
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder: 0001.drv and on.")],
    passphrase_file: Passphrase = None,
    deterministic: Deterministic = False,
    chain: Annotated[
        bool, typer.Option("--chain", help="Set each one's seq and previous by the one before it.")
    ] = False,
) -> None:
    """Sign many packets with one signature over their Merkle root; each then travels alone.

    The ids go to standard error.
    """
    request = BatchRequest(tuple(sources), key, output, passphrase_file, deterministic, chain)
    for signed in use_case.batch(request):
        typer.echo(f"packet {signed.id.hex()}", err=True)


def verify(
    source: Source,
    *,
    key: Annotated[Path, typer.Option(help="The public key's file (SPKI PEM).")],
    provider: Annotated[
        str, typer.Option(help=f"Who verifies: {', '.join(PROVIDERS)}.")
    ] = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Verify a signer's or cosigner's signature on a packet, its own or its batch's.

    Exit code 0: good. 1: not good. 2: no packet, no key, or the provider cannot answer.
    """
    _print(use_case.verify(source, key, provider), output)


def show(source: Source, *, output: Output = Format.TEXT) -> None:
    """Show a packet's fields; verifies nothing."""
    _print(use_case.show(source), output)


def _print(report: PacketReport, output: Format) -> None:
    document = report.document()
    if output is Format.JSON:
        typer.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))
    else:
        words = {None: "not verified", True: "good", False: "NOT GOOD"}
        signature = words[report.verified]
        rows = {
            "packet": document["id"],
            "ledger": document["ledger"],
            "sequence": document["seq"],
            "time (us)": document["time_us"],
            "previous": document["previous"],
            "key": document["key"],
            "kind": document["kind"],
            "payload": json.dumps(document["payload"], ensure_ascii=True),
            "signature": f"{signature}{', says ' + report.provider if report.provider else ''}",
        }
        typer.echo("\n".join([f"{name:10}  {value}" for name, value in rows.items()]))
    raise typer.Exit(report.exit_code)
