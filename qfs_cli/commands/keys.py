"""`qfs keys new|list|export`: ML-DSA key files that other programs open."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from qfs.app import keys as use_case
from qfs.app.failure import UsageError
from qfs.app.keys import KeysReport, NewKeyRequest


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


class Profile(Enum):
    """A signature algorithm of FIPS 204."""

    ML_DSA_87 = "ML-DSA-87"
    ML_DSA_65 = "ML-DSA-65"
    ML_DSA_44 = "ML-DSA-44"


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


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(
        help="Make, list and export ML-DSA keys in files that other programs open.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("new")(new)
    group.command("list")(list_)
    group.command("export")(export)
    app.add_typer(group, name="keys")


def new(
    name: Annotated[str, typer.Argument(help="The key's name: its files are called so.")],
    *,
    directory: Annotated[
        Path, typer.Option("--dir", help="The folder for the files; it must be there.")
    ] = Path(),
    profile: Annotated[Profile, typer.Option(help="The signature algorithm.")] = Profile.ML_DSA_87,
    passphrase_file: Passphrase = None,
    unencrypted: Annotated[
        bool, typer.Option("--unencrypted", help="Write the private key in the clear.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Make a key pair: NAME.pub.pem (SPKI) and NAME.pem.age (seed-only PKCS#8 in age's format).

    The private key's file opens with the age program; --unencrypted writes NAME.pem instead.
    """
    if (passphrase_file is None) != unencrypted:
        raise UsageError(
            "say how the private key is kept, once",
            way_out="give --passphrase-file FILE, or --unencrypted",
        )
    request = NewKeyRequest(directory, name, profile.value, passphrase_file)
    _print(use_case.new_key(request), output)


def list_(
    directory: Annotated[Path, typer.Argument(help="A folder of keys.")] = Path(),
    *,
    output: Output = Format.TEXT,
) -> None:
    """List the keys of a folder: name, algorithm, key id, and how the private key is kept."""
    _print(use_case.list_keys(directory), output)


def export(
    key: Annotated[Path, typer.Argument(help="A public or private key's file.")],
    *,
    form: Annotated[Form, typer.Option("--as", help="How to write it.")] = Form.SPKI,
    passphrase_file: Passphrase = None,
) -> None:
    """Print a key's public half: as SPKI in PEM, as JSON Web Key (AKP), or its id alone."""
    typer.echo(use_case.export(key, form.value, passphrase_file), nl=False)


def _print(report: KeysReport, output: Format) -> None:
    if output is Format.JSON:
        typer.echo(json.dumps(report.document(), indent=2, sort_keys=True))
        return
    for row in report.keys:
        typer.echo(f"{row.name:20}  {row.profile}  {row.key_id}  private key: {row.private}")
