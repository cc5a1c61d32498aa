"""`qfs keys`: ML-DSA and ML-KEM key files that other programs open, and orders to a registry."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import key_orders, key_sync, rotation
from qfs.app import keys as use_case
from qfs.app.failure import EXIT_FINDINGS, UsageError
from qfs.app.key_orders import Asking, OrderReport
from qfs.app.key_sync import OpenRequest, SealRequest
from qfs.app.keys import KeysReport, NewKeyRequest
from qfs.app.rotation import RegistryReport
from qfs.app.verifiers import PROVIDERS
from qfs_cli.grouping import Group
from qfs_cli.paranoid import verifying


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


class Profile(Enum):
    """A signature algorithm of FIPS 204, or what a key that receives secrets is for (FIPS 203)."""

    ML_DSA_87 = "ML-DSA-87"
    ML_DSA_65 = "ML-DSA-65"
    ML_DSA_44 = "ML-DSA-44"
    ML_KEM_1024 = "ML-KEM-1024"


class Form(Enum):
    """How a public key is written."""

    SPKI = "spki"
    JWK = "jwk"
    ID = "id"


Passphrase = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="A file whose first line is the passphrase; mode 0600."),
]
Output = Annotated[Format, typer.Option("--format", help="How to print it.")]
Folder = Annotated[Path, typer.Option("--dir", help="The folder for the files; it must be there.")]
Clear = Annotated[bool, typer.Option("--unencrypted", help="Write the private key in the clear.")]
Provider = Annotated[str, typer.Option(help=f"Who verifies: {', '.join(PROVIDERS)}.")]
Ledger = Annotated[Path, typer.Argument(help="Folder of the ledger.")]
Signer = Annotated[Path, typer.Option("--key", help="The private key's file that signs.")]
NewKey = Annotated[Path, typer.Option("--new", help="The new key's private file (qfs keys new).")]
Expires = Annotated[
    int | None,
    typer.Option(help="First packet that the new key may no longer sign.", show_default="policy"),
]
Packet = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write the packet to this new file; append nothing."),
]
OrderFile = Annotated[
    Path | None,
    typer.Option(help="Keep the order in this new file for qfs keys send; sign nothing."),
]
Id = Annotated[str, typer.Argument(help="A key's id in hexadecimal, or its public key's file.")]
NewFile = Annotated[Path, typer.Option("--output", "-o", help="A new file; - is standard output.")]
LedgerId = Annotated[str, typer.Option("--ledger", help="The ledger's id, in hexadecimal.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(
        cls=Group,
        help="Make keys in files that other programs open, and govern those of a ledger.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("new")(new)
    group.command("list")(verifying(list_))
    group.command("export")(export)
    group.command("import")(import_)
    group.command("rotate")(verifying(rotate))
    group.command("revoke")(verifying(revoke))
    group.command("enrol")(verifying(enrol))
    group.command("recover")(verifying(recover))
    group.command("approve")(verifying(approve))
    group.command("policy")(verifying(policy))
    group.command("send")(verifying(send))
    group.command("seal")(seal)
    group.command("open")(verifying(open_))
    app.add_typer(group, name="keys")


def new(
    name: Annotated[str, typer.Argument(help="The key's name: its files are called so.")],
    *,
    directory: Folder = Path(),
    profile: Annotated[
        Profile,
        typer.Option(help="The algorithm; an ML-KEM key receives what qfs keys seal makes."),
    ] = Profile.ML_DSA_87,
    passphrase_file: Passphrase = None,
    unencrypted: Clear = False,
    output: Output = Format.TEXT,
) -> None:
    """Make a key pair: NAME.pub.pem (SPKI) and NAME.pem.age (seed-only PKCS#8 in age's format).

    The private key's file opens with the age program; --unencrypted writes NAME.pem instead.
    """
    _check_kept(passphrase_file, unencrypted=unencrypted)
    request = NewKeyRequest(directory, name, profile.value, passphrase_file)
    _print(use_case.new_key(request), output)


def list_(
    directory: Annotated[Path, typer.Argument(help="A folder of keys.")] = Path(),
    *,
    ledger: Annotated[
        Path | None,
        typer.Option(
            help="A ledger: list every key that it knows, and when each is to be rotated."
        ),
    ] = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """List the keys of a folder: name, algorithm, key id, and how the private key is kept."""
    if ledger is None:
        _print(use_case.list_keys(directory), output)
        return
    report = rotation.registry(ledger, directory, provider)
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
    else:
        _print_registry(report)


def export(
    key: Annotated[Path, typer.Argument(help="A public or private key's file.")],
    *,
    form: Annotated[Form, typer.Option("--as", help="How to write it.")] = Form.SPKI,
    passphrase_file: Passphrase = None,
) -> None:
    """Print a key's public half: as SPKI in PEM, as JSON Web Key (AKP), or its id alone."""
    typer.echo(use_case.export(key, form.value, passphrase_file), nl=False)


def import_(
    source: Annotated[Path, typer.Argument(help="PKCS#8, SPKI, an age file, or a JSON Web Key.")],
    name: Annotated[str, typer.Argument(help="The key's name: its files are called so.")],
    *,
    directory: Folder = Path(),
    source_passphrase_file: Annotated[
        Path | None, typer.Option(help="What opens the source; mode 0600.")
    ] = None,
    passphrase_file: Passphrase = None,
    unencrypted: Clear = False,
    output: Output = Format.TEXT,
) -> None:
    """Make key files of an ML-DSA key that another program wrote; a public key makes one.

    A private key must hold its seed: openssl's and JSON Web Keys (AKP) do.
    """
    if passphrase_file is not None:
        _check_kept(passphrase_file, unencrypted=unencrypted)
    request = NewKeyRequest(directory, name, passphrase_file=passphrase_file)
    report = use_case.import_key(source, request, source_passphrase_file, unencrypted=unencrypted)
    _print(report, output)


def rotate(
    ledger: Ledger,
    *,
    key: Signer,
    new: NewKey,
    overlap: Annotated[int, typer.Option(help="Packets for which the old key goes on.")] = 0,
    expires: Expires = None,
    passphrase_file: Passphrase = None,
    packet: Packet = None,
    order_file: OrderFile = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Replace a key of a ledger by a new one; both sign the order, and accounts stay.

    Exit code 0: done. 1: refused, and nothing is appended.
    """
    asking = Asking(ledger, key, passphrase_file, packet, order_file, provider)
    _answer(key_orders.rotate(asking, new, overlap, expires), output)


def revoke(
    ledger: Ledger,
    target: Id,
    *,
    key: Signer,
    reason: Annotated[str, typer.Option(help=f"{', '.join(key_orders.REASONS)}.")],
    from_packet: Annotated[
        int, typer.Option("--from", help="First packet that is refused; 0: the next one.")
    ] = 0,
    passphrase_file: Passphrase = None,
    packet: Packet = None,
    order_file: OrderFile = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Refuse a key from a packet on; what it signed before stays valid.

    Exit code 0: done. 1: refused, and nothing is appended.
    """
    asking = Asking(ledger, key, passphrase_file, packet, order_file, provider)
    _answer(key_orders.revoke(asking, target, reason, from_packet), output)


def enrol(
    ledger: Ledger,
    *,
    key: Signer,
    new: NewKey,
    role: Annotated[list[str], typer.Option(help=f"{', '.join(key_orders.ROLES)}; repeatable.")],
    expires: Expires = None,
    passphrase_file: Passphrase = None,
    packet: Packet = None,
    order_file: OrderFile = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Make a key known to a ledger, as the first of its line.

    Exit code 0: done. 1: refused, and nothing is appended.
    """
    asking = Asking(ledger, key, passphrase_file, packet, order_file, provider)
    _answer(key_orders.enrol(asking, new, tuple(role), expires), output)


def recover(
    ledger: Ledger,
    line: Id,
    *,
    key: Signer,
    new: NewKey,
    expires: Expires = None,
    passphrase_file: Passphrase = None,
    packet: Packet = None,
    order_file: OrderFile = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Give a line whose keys are lost or stolen a new key; the root threshold must agree.

    Exit code 0: done. 1: refused, and nothing is appended.
    """
    asking = Asking(ledger, key, passphrase_file, packet, order_file, provider)
    _answer(key_orders.recover(asking, line, new, expires), output)


def approve(
    ledger: Ledger,
    subject: Annotated[str, typer.Argument(help="What a refused or kept order printed.")],
    *,
    key: Signer,
    passphrase_file: Passphrase = None,
    packet: Packet = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Say yes, as a root key, to an order that needs the root threshold.

    Exit code 0: done. 1: refused, and nothing is appended.
    """
    asking = Asking(ledger, key, passphrase_file, packet, None, provider)
    _answer(key_orders.approve(asking, subject), output)


def policy(
    ledger: Ledger,
    *,
    key: Signer,
    threshold: Annotated[
        int | None, typer.Option(help="Root lines that must agree; 0: the majority.")
    ] = None,
    cryptoperiod: Annotated[
        int | None, typer.Option(help="Packets after which a new key expires; 0: never.")
    ] = None,
    overlap_max: Annotated[
        int | None, typer.Option(help="Most packets that a rotated key may go on.")
    ] = None,
    passphrase_file: Passphrase = None,
    packet: Packet = None,
    order_file: OrderFile = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Change how a ledger's keys are governed; what is not given stays as it is.

    Exit code 0: done. 1: refused, and nothing is appended.
    """
    asking = Asking(ledger, key, passphrase_file, packet, order_file, provider)
    _answer(key_orders.set_policy(asking, threshold, cryptoperiod, overlap_max), output)


def send(
    ledger: Ledger,
    order: Annotated[Path, typer.Argument(help="A file that --order-file wrote.")],
    *,
    key: Signer,
    passphrase_file: Passphrase = None,
    packet: Packet = None,
    provider: Provider = PROVIDERS[0],
    output: Output = Format.TEXT,
) -> None:
    """Send an order that was kept in a file, once the root keys have approved it.

    Exit code 0: done. 1: refused, and nothing is appended.
    """
    asking = Asking(ledger, key, passphrase_file, packet, None, provider)
    _answer(key_orders.send(asking, order), output)


def seal(
    secret: Annotated[Path, typer.Argument(help="A secret's file, mode 0600; - standard input.")],
    *,
    to: Annotated[Path, typer.Option(help="The recipient's ML-KEM-1024 public key.")],
    key: Annotated[Path, typer.Option(help="The sender's private ML-DSA key.")],
    ledger: LedgerId,
    passphrase_file: Passphrase = None,
    output: NewFile = Path("-"),
) -> None:
    """Seal a secret for one recipient (HPKE with ML-KEM-1024) and sign it (ML-DSA)."""
    parties = key_sync.seal(SealRequest(secret, to, key, ledger, passphrase_file, output))
    typer.echo(f"sealed for {parties.recipient.hex()} by {parties.sender.hex()}", err=True)


def open_(
    sealed: Annotated[Path, typer.Argument(help="What qfs keys seal wrote; - standard input.")],
    *,
    sender: Annotated[Path, typer.Option("--from", help="The sender's ML-DSA public key.")],
    key: Annotated[Path, typer.Option(help="The recipient's private ML-KEM-1024 key.")],
    ledger: LedgerId,
    passphrase_file: Passphrase = None,
    provider: Provider = PROVIDERS[0],
    output: NewFile = Path("-"),
) -> None:
    """Open what a sender has sealed for this recipient and ledger; others' is an error."""
    request = OpenRequest(sealed, key, sender, ledger, passphrase_file, output, provider)
    parties = key_sync.open_sealed(request)
    typer.echo(f"sealed for {parties.recipient.hex()} by {parties.sender.hex()}", err=True)


def _check_kept(passphrase_file: Path | None, *, unencrypted: bool) -> None:
    if (passphrase_file is None) != unencrypted:
        raise UsageError(
            "say how the private key is kept, once",
            way_out="give --passphrase-file FILE, or --unencrypted",
        )


def _answer(report: OrderReport, output: Format) -> None:
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
    elif report.refusal is not None:
        typer.echo(f"refused: {report.refusal}; nothing is appended")
    elif report.appended:
        typer.echo(f"{report.what}: packet {report.seq}  {report.packet.hex()}")
        typer.echo(f"state root {report.state_root.hex()}")
    if output is not Format.JSON and not report.appended:
        typer.echo(f"subject {report.subject.hex()}")
    raise typer.Exit(EXIT_FINDINGS if report.refusal is not None else 0)


def _print_registry(report: RegistryReport) -> None:
    for row in report.keys:
        due = "" if row.due is None else f"  rotate from {row.due}, expires {row.expires}"
        typer.echo(
            f"{row.name or '-':20}  {row.profile}  {row.key_id}  "
            f"{row.standing}, {', '.join(row.roles)}{due}"
        )
    late = [row for row in report.keys if row.overdue]
    for row in late:
        typer.echo(f"rotation due: {row.name or row.key_id} at packet {report.packets}", err=True)


def _print(report: KeysReport, output: Format) -> None:
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
        return
    for row in report.keys:
        typer.echo(f"{row.name:20}  {row.profile}  {row.key_id}  private key: {row.private}")
